// Hidden states of an RBM that no change of one unit makes more probable: where its modes are looked for.
//
// With the visible layer summed, S(h) = ln Σ_v exp(−E(v, h)) = b·h + Σ_i A(a_i), a = c + W h, where A(a) = softplus(a)
// for binary units and ½ a² for Gaussian ones of variance 1. Units are visited in turn, and one changes if that raises
// S, until none does. Two products and a sum per visible unit decide about a change (SoftplusSum).
//
// Mean-field iterations stop where the linear part of the gain is negative; as A is convex, the gain can be positive
// all the same. These are the states that they miss.
#pragma once

#include "rgrbm/support/aligned.hpp"

#include <cstddef>
#include <cstdint>

namespace rgrbm {

class ModeAscent {
public:
    // weights (n_visible, n_hidden)
    ModeAscent(bool gaussian, std::size_t n_visible, std::size_t n_hidden, const double* weights,
               const double* visible_bias, const double* hidden_bias);

    std::size_t n_hidden() const { return m_; }

    // Takes each of the hidden states (n_states, n_hidden), of 0 and 1, uphill to where no single change leads higher.
    void climb(std::size_t n_states, std::uint8_t* hidden) const;

private:
    double normalisation(const double* input, const double* weights, double sign) const;
    void climb_one(std::uint8_t* hidden, double* input) const;

    bool gaussian_;
    std::size_t n_, m_;
    AlignedVector<double> transposed_;   // (n_hidden, n), zero in the padding
    AlignedVector<double> visible_bias_; // far below 0 in the padding of binary units
    AlignedVector<double> hidden_bias_;
};

} // namespace rgrbm
