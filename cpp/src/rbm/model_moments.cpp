#include "rgrbm/rbm/model_moments.hpp"

#include "rgrbm/likelihood/partition_function.hpp"
#include "rgrbm/spins/spin_enumeration.hpp"
#include "rgrbm/support/log_sum.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <functional>
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

// ⟨h hᵀ⟩ of spins up (h = 1), the diagonal being ⟨h⟩.
std::vector<double> all_up_moments(const SpinEnumeration& e) {
    std::vector<double> logs(e.n_parts());
    e.log_sums(0, logs.size(), logs.data());
    const double log_z = log_sum_exp(logs.data(), logs.size());
    std::vector<double> sum;
    double total = 0;
    for (std::size_t first = 0; first < e.n_parts(); first += parts_at_a_time) {
        const UpMoments part = e.up_moments(first, std::min(parts_at_a_time, e.n_parts() - first), log_z);
        sum.resize(part.pairs.size());
        std::ranges::transform(sum, part.pairs, sum.begin(), std::plus{});
        total += part.total;
    }
    for (double& value : sum) // the total is 1 but for the rounding of log Z
        value /= total;
    return sum;
}

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Index index(std::size_t i) {
    return static_cast<Eigen::Index>(i);
}

// Weights, biases and variances of the visible units, and biases of the hidden units.
struct GaussianParameters {
    Matrix w;
    Eigen::VectorXd c, variance, b;
};

// Means over the model: ⟨v hᵀ⟩, ⟨v⟩, ½⟨v²⟩ and ⟨h⟩.
struct GaussianMoments {
    Matrix products;
    Eigen::VectorXd visible, squares, hidden;
};

// In double precision for both precisions of training: one body, as Eigen's products are slow to compile.
GaussianMoments gaussian_moments(const GaussianParameters& model) {
    const auto& [w, c, variance, b] = model;
    const auto n = static_cast<std::size_t>(w.rows()), m = static_cast<std::size_t>(w.cols());
    // Spins s = 2h − 1: couplings K/4, fields b'/2 + ΣK/4, where h² = h puts the diagonal of K into both.
    const Matrix coupling = w.transpose() * variance.cwiseInverse().asDiagonal() * w;
    const Eigen::VectorXd field = b + w.transpose() * c.cwiseQuotient(variance);
    std::vector<Bond> bonds;
    std::vector<double> fields(m);
    for (std::size_t j = 0; j < m; ++j) {
        fields[j] = field[index(j)] / 2 + coupling.row(index(j)).sum() / 4;
        for (std::size_t k = 0; k < j; ++k)
            bonds.push_back({j, k, coupling(index(j), index(k)) / 4});
    }
    const std::vector<double> pairs = all_up_moments(SpinEnumeration(m, bonds, fields));
    const Eigen::Map<const Matrix> up(pairs.data(), w.cols(), w.cols());
    const Matrix weighted = w * up; // ⟨(W h) hᵀ⟩
    GaussianMoments moments{Matrix(w.rows(), w.cols()), c + w * up.diagonal(), Eigen::VectorXd(w.rows()),
                            up.diagonal()};
    const Eigen::VectorXd& mean = moments.visible;
    for (std::size_t i = 0; i < n; ++i) {
        const Eigen::Index row = index(i);
        moments.squares[row] =
            0.5 * (variance[row] + c[row] * (2 * mean[row] - c[row]) + weighted.row(row).dot(w.row(row)));
        for (std::size_t j = 0; j < m; ++j)
            moments.products(row, index(j)) = c[row] * up(index(j), index(j)) + weighted(row, index(j));
    }
    return moments;
}

} // namespace

template <class Real>
void ModelMoments<Real>::enumerate(const BinaryModel<Real>& model) {
    const std::size_t n = model.n_visible, m = model.n_hidden, width = model.width;
    const bool by_visible = n < m; // the layer that is enumerated
    std::vector<double> matrix(n * m);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < m; ++j)
            matrix[by_visible ? i * m + j : j * n + i] = static_cast<double>(model.weights[i * width + j]);
    const std::vector<double> visible_bias(model.visible_bias, model.visible_bias + n),
        hidden_bias(model.hidden_bias, model.hidden_bias + m);
    const LayerMoments moments =
        all_moments(by_visible ? LayerEnumeration(n, m, matrix.data(), visible_bias.data(), hidden_bias.data())
                               : LayerEnumeration(m, n, matrix.data(), hidden_bias.data(), visible_bias.data()));
    // The total is 1 but for the rounding of log Z, which dividing by it takes out.
    const auto mean = [&](double sum) { return static_cast<Real>(sum / moments.total); };
    products.assign(round_up(n, Vector<Real>::n_lanes) * width, Real{0});
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < m; ++j)
            products[i * width + j] = mean(moments.products[by_visible ? i * m + j : j * n + i]);
    visible.assign(round_up(n, Vector<Real>::n_lanes), Real{0});
    hidden.assign(width, Real{0});
    std::ranges::transform(by_visible ? moments.enumerated : moments.summed, visible.begin(), mean);
    std::ranges::transform(by_visible ? moments.summed : moments.enumerated, hidden.begin(), mean);
}

template <class Real>
void ModelMoments<Real>::enumerate_gaussian(const GaussianModel<Real>& model) {
    const std::size_t n = model.n_visible, m = model.n_hidden;
    GaussianParameters parameters{Matrix(index(n), index(m)), Eigen::VectorXd(index(n)), Eigen::VectorXd(index(n)),
                                  Eigen::VectorXd(index(m))};
    for (std::size_t i = 0; i < n; ++i) {
        parameters.c[index(i)] =
            static_cast<double>(model.visible_bias[i]) - static_cast<double>(model.visible_mean[i]);
        parameters.variance[index(i)] = std::exp(static_cast<double>(model.log_variance[i]));
        for (std::size_t j = 0; j < m; ++j)
            parameters.w(index(i), index(j)) = static_cast<double>(model.weights[i * model.width + j]);
    }
    for (std::size_t j = 0; j < m; ++j)
        parameters.b[index(j)] = static_cast<double>(model.hidden_bias[j]);
    const GaussianMoments moments = gaussian_moments(parameters);
    products.assign(round_up(n, Vector<Real>::n_lanes) * model.width, Real{0});
    visible.assign(round_up(n, Vector<Real>::n_lanes), Real{0});
    squares = visible;
    hidden.assign(model.width, Real{0});
    for (std::size_t j = 0; j < m; ++j)
        hidden[j] = static_cast<Real>(moments.hidden[index(j)]);
    for (std::size_t i = 0; i < n; ++i) {
        visible[i] = static_cast<Real>(moments.visible[index(i)]);
        squares[i] = static_cast<Real>(moments.squares[index(i)]);
        for (std::size_t j = 0; j < m; ++j)
            products[i * model.width + j] = static_cast<Real>(moments.products(index(i), index(j)));
    }
}

template struct ModelMoments<float>;
template struct ModelMoments<double>;

} // namespace rgrbm
