// Exact sums over all states of one layer of an RBM, E(v,h) = −(b·h + c·v + v·W·h).
//
// One layer, x, is enumerated; the other, y, is summed in closed form (Eqs. 8, 13, 14):
//     Z = Σ_x exp(S(x)),   S(x) = e·x + Σ_i ln(1 + exp(a_i(x))),   a_i(x) = s_i + Σ_j M_ji x_j,
// with M (n_enumerated, n_summed), e the biases of x, s those of y. Unit j of x is bit j of a state's number.
//
// States come in blocks that differ in their low bits only. With a_i = A_i(high) + B_i(low) and B_i ≤ B̂_i,
//     1 + e^(a_i) = (1 + e^(A_i + B̂_i)) · (c_i + d_i t_i(low)),   t_i = e^(B_i − B̂_i),   d_i = σ(A_i + B̂_i) = 1 − c_i:
// the first factor is one softplus per block, and a state costs two products and a sum per unit, without exp or
// log. Every factor lies in [e^(−Σ|M_ji|), 1], so nothing overflows; units are taken in groups whose factors cannot
// underflow, with the exponent of the product set aside between groups. Where single weights are too large even
// for that, each state is a block of its own.
//
// States are split into parts of fixed size, and every part is summed alone: the results have the same bits
// for any number of threads and however the parts are spread over calls.
#pragma once

#include "rgrbm/support/aligned.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rgrbm {

// Means over the model, as unnormalised sums Σ_x exp(S(x) − log_z) … Aligned, as the order in which Eigen adds depends
// on where in memory it does.
struct LayerMoments {
    double total = 0;                 // … of 1, which is 1 if all parts are summed
    AlignedVector<double> enumerated; // … of x_j
    AlignedVector<double> summed;     // … of ⟨y_i⟩ given x
    AlignedVector<double> products;   // … of x_j ⟨y_i⟩ given x, (n_enumerated, n_summed)

    LayerMoments& operator+=(const LayerMoments& other);
};

class LayerEnumeration {
public:
    static constexpr std::size_t max_units = 40; // of the enumerated layer
    static constexpr std::size_t max_part_bits = 12;

    LayerEnumeration(std::size_t n_enumerated, std::size_t n_summed, const double* matrix,
                     const double* enumerated_bias, const double* summed_bias);

    std::size_t n_enumerated() const { return n_; }
    std::size_t n_summed() const { return m_; }
    std::size_t n_parts() const { return std::size_t{1} << (n_ - part_bits_); }
    std::size_t part_size() const { return std::size_t{1} << part_bits_; }
    std::size_t low_bits() const { return low_bits_; }

    // out[p] = ln Σ exp(S(x)) over the states of part first + p.
    void log_sums(std::size_t first, std::size_t count, double* out) const;
    // out[x − first · part_size] = S(x) for the states of the parts.
    void log_weights(std::size_t first, std::size_t count, double* out) const;
    // Sums over the states of the parts.
    LayerMoments moments(std::size_t first, std::size_t count, double log_z) const;

private:
    struct Scratch;

    void choose_blocks();
    void fill_tables();
    double part_log_sum(std::size_t part, Scratch& scratch) const;
    void add_moments(std::size_t part, double log_z, LayerMoments& moments) const;
    void arguments(std::uint64_t bits, std::size_t first_bit, double* a) const;
    double bias_sum(std::uint64_t bits) const;
    double block_scale(const double* a, double* scaled) const;
    double block_log_sum(const double* scaled, Scratch& scratch) const;

    std::size_t n_, m_, stride_, part_bits_, low_bits_ = 0;
    AlignedVector<double> matrix_; // (n, stride), zero in the padding
    std::vector<double> enumerated_bias_;
    AlignedVector<double> summed_bias_;   // (stride), far below 0 in the padding
    AlignedVector<double> summed_top_;    // s_i + B̂_i
    double enumerated_top_ = 0;           // largest e·low
    std::vector<std::size_t> group_ends_; // units of each group end here
    AlignedVector<double> table_;         // t_i(low), (chunk, unit, state of the chunk)
    AlignedVector<double> bias_table_;    // exp(e·low − enumerated_top)
};

} // namespace rgrbm
