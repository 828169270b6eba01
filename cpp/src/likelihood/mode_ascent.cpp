#include "rgrbm/likelihood/mode_ascent.hpp"

#include "rgrbm/support/log_sum.hpp"
#include "rgrbm/support/parallel.hpp"

#include <algorithm>

namespace rgrbm {

namespace {

using V = Vector<double>;
constexpr double nothing = -1000; // softplus is 0
constexpr std::size_t most_sweeps = 1000;
constexpr double least_gain = 1e-9; // rounding must not lead in circles

} // namespace

ModeAscent::ModeAscent(bool gaussian, std::size_t n_visible, std::size_t n_hidden, const double* weights,
                       const double* visible_bias, const double* hidden_bias)
    : gaussian_(gaussian), n_(round_up(n_visible, V::n_lanes)), m_(n_hidden), transposed_(n_ * m_),
      visible_bias_(n_, gaussian ? 0 : nothing), hidden_bias_(hidden_bias, hidden_bias + m_) {
    std::copy_n(visible_bias, n_visible, visible_bias_.begin());
    for (std::size_t i = 0; i < n_visible; ++i)
        for (std::size_t j = 0; j < m_; ++j)
            transposed_[j * n_ + i] = weights[i * m_ + j];
}

// Σ A(a + sign · w)
RGRBM_INLINE double ModeAscent::normalisation(const double* input, const double* weights, double sign) const {
    SoftplusSum softplus;
    V squares = V::zero();
    for (std::size_t i = 0; i < n_; i += V::n_lanes) {
        const V x = V::map([sign](auto a, auto w) { return a + sign * w; }, V::load(input + i), V::load(weights + i));
        if (gaussian_)
            squares += x * x;
        else
            softplus.add(x, exp_minus_magnitude(x));
    }
    return gaussian_ ? 0.5 * squares.sum() : softplus.total();
}

void ModeAscent::climb_one(std::uint8_t* hidden, double* input) const {
    std::copy(visible_bias_.begin(), visible_bias_.end(), input);
    const auto change = [&](std::size_t j, double sign) {
        for (std::size_t i = 0; i < n_; ++i)
            input[i] += sign * transposed_[j * n_ + i];
    };
    for (std::size_t j = 0; j < m_; ++j)
        if (hidden[j] != 0)
            change(j, 1);
    double now = normalisation(input, input, 0);
    std::size_t idle = 0; // units in turn that stayed
    for (std::size_t visit = 0; idle < m_ && visit < most_sweeps * m_; ++visit, ++idle) {
        const std::size_t j = visit % m_;
        const double sign = hidden[j] != 0 ? -1 : 1, then = normalisation(input, &transposed_[j * n_], sign);
        if (sign * hidden_bias_[j] + then - now > least_gain) {
            hidden[j] ^= 1;
            change(j, sign);
            now = then;
            idle = 0;
        }
    }
}

void ModeAscent::climb(std::size_t n_states, std::uint8_t* hidden) const {
    for_pieces(
        n_states, [&] { return AlignedVector<double>(n_); },
        [&](std::size_t s, AlignedVector<double>& input) { climb_one(hidden + s * m_, input.data()); });
}

} // namespace rgrbm
