#include "rgrbm/model_moments.hpp"

#include "rgrbm/log_sum.hpp"
#include "rgrbm/partition_function.hpp"

#include <algorithm>
#include <vector>

namespace rgrbm {

namespace {

constexpr std::size_t parts_at_a_time = 64; // bounds the memory of moments

LayerMoments all_moments(const LayerEnumeration& e) {
    std::vector<double> logs(e.n_parts());
    e.log_sums(0, logs.size(), logs.data());
    const double log_z = log_sum_exp(logs.data(), logs.size());
    LayerMoments sum = e.moments(0, std::min(parts_at_a_time, e.n_parts()), log_z);
    for (std::size_t first = parts_at_a_time; first < e.n_parts(); first += parts_at_a_time)
        sum += e.moments(first, std::min(parts_at_a_time, e.n_parts() - first), log_z);
    return sum;
}

} // namespace

template <class Real>
void ModelMoments<Real>::enumerate(const Layer<Real>& up, const Layer<Real>& down, std::size_t n, std::size_t m) {
    const bool by_visible = n < m; // the layer that is enumerated
    std::vector<double> matrix(n * m);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < m; ++j)
            matrix[by_visible ? i * m + j : j * n + i] = static_cast<double>(up.matrix[i * up.n_units + j]);
    const std::vector<double> visible_bias(down.bias.data(), down.bias.data() + n),
        hidden_bias(up.bias.data(), up.bias.data() + m);
    const LayerMoments moments =
        all_moments(by_visible ? LayerEnumeration(n, m, matrix.data(), visible_bias.data(), hidden_bias.data())
                               : LayerEnumeration(m, n, matrix.data(), hidden_bias.data(), visible_bias.data()));
    // The total is 1 but for the rounding of log Z, which dividing by it takes out.
    const auto mean = [&](double sum) { return static_cast<Real>(sum / moments.total); };
    products.assign(up.matrix.size(), Real{0});
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < m; ++j)
            products[i * up.n_units + j] = mean(moments.products[by_visible ? i * m + j : j * n + i]);
    visible.assign(up.n_source, Real{0});
    hidden.assign(up.n_units, Real{0});
    std::ranges::transform(by_visible ? moments.enumerated : moments.summed, visible.begin(), mean);
    std::ranges::transform(by_visible ? moments.summed : moments.enumerated, hidden.begin(), mean);
}

template struct ModelMoments<float>;
template struct ModelMoments<double>;

} // namespace rgrbm
