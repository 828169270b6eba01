// The model's side of the gradient from all states of the smaller layer ("exact"), without sampling.
#include "rgrbm/contrastive_divergence.hpp"
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
void Trainer<Real>::enumerate_model() {
    const bool visible = n_visible_ < n_hidden_; // is the layer that is enumerated
    const std::size_t n = n_visible_, m = n_hidden_;
    std::vector<double> matrix(n * m);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < m; ++j)
            matrix[visible ? i * m + j : j * n + i] = static_cast<double>(up_.matrix[i * up_.n_units + j]);
    const std::vector<double> visible_bias(down_.bias.data(), down_.bias.data() + n),
        hidden_bias(up_.bias.data(), up_.bias.data() + m);
    const LayerMoments moments =
        all_moments(visible ? LayerEnumeration(n, m, matrix.data(), visible_bias.data(), hidden_bias.data())
                            : LayerEnumeration(m, n, matrix.data(), hidden_bias.data(), visible_bias.data()));
    // The total is 1 but for the rounding of log Z, which dividing by it takes out.
    const auto mean = [&](double sum) { return static_cast<Real>(sum / moments.total); };
    model_products_.assign(up_.matrix.size(), Real{0});
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < m; ++j)
            model_products_[i * up_.n_units + j] = mean(moments.products[visible ? i * m + j : j * n + i]);
    model_visible_.assign(up_.n_source, Real{0});
    model_hidden_.assign(up_.n_units, Real{0});
    std::ranges::transform(visible ? moments.enumerated : moments.summed, model_visible_.begin(), mean);
    std::ranges::transform(visible ? moments.summed : moments.enumerated, model_hidden_.begin(), mean);
}

template class Trainer<float>;
template class Trainer<double>;

} // namespace rgrbm
