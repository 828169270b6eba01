#include "rgrbm/rbm/energies.hpp"

#include "rgrbm/rbm/rbm.hpp"
#include "rgrbm/support/log_sum.hpp"
#include "rgrbm/support/parallel.hpp"

#include <bit>
#include <cmath>

namespace rgrbm {

namespace {
using V = Vector<double>;

constexpr std::size_t rows_per_piece = 128;
constexpr double largest_exponent = 340; // of a product and of a bias: squares of their exponentials are finite
constexpr std::size_t tile_bytes = std::size_t{24} * 1024;
constexpr std::size_t n_lanes = V::n_lanes;

double bias_of_ones(const BitMatrix& source, std::size_t row, const double* bias) {
    double sum = 0;
    for (std::size_t w = 0; w < source.n_words(); ++w)
        for (std::uint64_t left = word(source.row(row), w); left != 0; left &= left - 1)
            sum += bias[w * 64 + static_cast<std::size_t>(std::countr_zero(left))];
    return sum;
}

double softplus(double x) {
    return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}
} // namespace

void free_energies(const Layer<double>& layer, const BitMatrix& source, const double* own_bias, double* out) {
    for_pieces(n_pieces(source.n_rows(), rows_per_piece), [&](std::size_t piece) {
        const std::size_t first = piece * rows_per_piece;
        const std::size_t n = std::min(rows_per_piece, source.n_rows() - first);
        SoftplusSum sums[rows_per_piece];
        layer.apply(
            n, [&](std::size_t s) { return source.row(first + s); },
            [&](std::size_t s, std::size_t, const V& x) { sums[s].add(x, exp_minus_magnitude(x)); });
        for (std::size_t s = 0; s < n; ++s)
            out[first + s] = -bias_of_ones(source, first + s, own_bias) - sums[s].total();
    });
}

// Of some samples: 1 − p_j, p_j and x_j, each in a vector of the hidden units.
struct PseudoLikelihood::Tile {
    Tile(std::size_t n_samples, std::size_t width) : width(width), values(3 * n_samples * width) {}
    double* of(std::size_t s) { return &values[3 * s * width]; }
    const double* of(std::size_t s) const { return &values[3 * s * width]; }

    std::size_t width;
    AlignedVector<double> values;
};

PseudoLikelihood::PseudoLikelihood(std::size_t n_visible, std::size_t n_hidden, const double* weights,
                                   const double* visible_bias, const double* hidden_bias, std::size_t n_samples)
    : n_visible_(n_visible), n_hidden_(n_hidden),
      layer_(make_layer(n_visible, n_hidden, weights, hidden_bias, false, n_samples)),
      weights_(weights, weights + n_visible * n_hidden), bias_(visible_bias, visible_bias + n_visible),
      kind_(n_visible, Kind::bounded) {
    const std::size_t width = layer_.n_units;
    for (int sign = 0; sign < 2; ++sign) {
        factors_[sign].assign(n_visible * width, 1.0);
        own_[sign].resize(n_visible);
    }
    for (std::size_t i = 0; i < n_visible; ++i) {
        double sum = std::abs(bias_[i]);
        bool any = false;
        for (std::size_t j = 0; j < n_hidden; ++j) {
            const double w = weights[i * n_hidden + j];
            factors_[0][i * width + j] = std::exp(w);
            factors_[1][i * width + j] = std::exp(-w);
            sum += std::abs(w);
            any = any || w != 0;
        }
        own_[0][i] = std::exp(bias_[i]);
        own_[1][i] = std::exp(-bias_[i]);
        kind_[i] = sum > largest_exponent ? Kind::large : any ? Kind::bounded : Kind::free;
    }
}

void PseudoLikelihood::logs(const BitMatrix& visible, double* out) const {
    const std::size_t width = layer_.n_units;
    const std::size_t per_tile = std::clamp<std::size_t>(tile_bytes / (3 * width * sizeof(double)), 4, rows_per_piece);
    for_pieces(
        n_pieces(visible.n_rows(), per_tile), [&] { return Tile(per_tile, width); },
        [&](std::size_t number, Tile& tile) {
            const std::size_t first = number * per_tile;
            const std::size_t n = std::min(per_tile, visible.n_rows() - first);
            layer_.apply(
                n, [&](std::size_t s) { return visible.row(first + s); },
                [&](std::size_t s, std::size_t j, const V& x) {
                    double* const to = tile.of(s) + j * n_lanes;
                    const V opposite = V::map([](auto value) { return -value; }, x);
                    logistic_of(exp_negative(opposite)).store(to);
                    logistic_of(exp_negative(x)).store(to + width);
                    x.store(to + 2 * width);
                });
            for (std::size_t s = 0; s < n; ++s)
                out[first + s] = of_sample(tile, s, visible.row(first + s));
        });
}

double PseudoLikelihood::of_sample(const Tile& tile, std::size_t s, const std::uint16_t* bits) const {
    const double* const p = tile.of(s);
    double log = 0, factor = 1; // of Π_i (1 + exp(change of F by a flip)), what is in log and what is not yet
    for (std::size_t i = 0; i < n_visible_; ++i) {
        const bool is_one = (bits[i / 16] >> (i % 16) & 1) != 0;
        if (kind_[i] == Kind::large) {
            log += softplus(large_change(i, is_one ? -1.0 : 1.0, p + 2 * tile.width));
            continue;
        }
        const double ratio = own_[is_one][i] * (kind_[i] == Kind::free ? 1.0 : product(i, is_one, p));
        factor *= 1 + ratio;
        if (factor > 1e150) {
            log += std::log(factor);
            factor = 1;
        }
    }
    return -(log + std::log(factor));
}

// Π_j (1 − p_j + p_j exp(d W_ij)).
double PseudoLikelihood::product(std::size_t i, bool is_one, const double* p) const {
    const std::size_t width = layer_.n_units;
    const double* const factors = &factors_[is_one][i * width];
    V product = V::fill(1);
    for (std::size_t j = 0; j < width; j += n_lanes)
        product = V::map([](auto a, auto q, auto x, auto f) { return a * (q + x * f); }, product, V::load(p + j),
                         V::load(p + width + j), V::load(factors + j));
    double result = 1;
    for (const auto& part : product.part)
        for (std::size_t k = 0; k < V::per_native; ++k)
            result *= part[k];
    return result;
}

// d c_i + Σ_j [softplus(x_j + d W_ij) − softplus(x_j)], whatever the weights.
double PseudoLikelihood::large_change(std::size_t i, double d, const double* x) const {
    double sum = d * bias_[i];
    for (std::size_t j = 0; j < n_hidden_; ++j)
        sum += softplus(x[j] + d * weights_[i * n_hidden_ + j]) - softplus(x[j]);
    return sum;
}

} // namespace rgrbm
