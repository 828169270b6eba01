// Chains of spins σ and block spins τ under a bias of the block spins, for the variational Monte Carlo renormalization
// group (Y. Wu & R. Car, Phys. Rev. Lett. 119, 220602 (2017)):
//     p(σ, τ) ∝ e^(−H(σ)) T(τ|σ) e^(−V(τ)),   −H = Σ_bonds K σσ′,   V = Σ_α J_α S_α(τ).
// The V that makes τ uniform is −H′(τ) = ln Σ_σ T(τ|σ) e^(−H(σ)) up to a constant: its J are renormalized couplings.
//
// T is a product over windows of spins that do not overlap. It depends on each window by m, how many of its spins are
// up: p(τ_j = +1 | σ) = t(m_j). Majority rule, decimation (windows of one spin) and equal weights, t = σ(2w(2m − n)),
// are of this kind.
//
// A sweep goes from window to window. The others' block spins act on τ_j by the field f = −Σ_α J_α A_α, where A_α sums
// the products of S_α with τ_j, τ_j left out. τ_j is summed over while the spins of its window are drawn,
//     Z(m) = t(m) e^f + (1 − t(m)) e^(−f),   p(σ_i = +1 | rest) : p(σ_i = −1 | rest) = e^(2 Σ K σ′) Z(m₀ + 1) : Z(m₀)
// with m₀ spins of the others up. Then τ_j is drawn from p(τ_j = +1) = t(m) e^f / Z(m). A τ_j that was held fixed would
// hold the sign of its window under strong weights. The spins outside of all windows follow, by their neighbours alone.
//
// Blocks of 32 chains, one lane each, with a random stream per block that is kept between calls: the result has the
// same bits for any number of threads and however sweeps are spread over calls. Probabilities are in single precision,
// right to 1e-6 of their values and to 2^−32. Exponents of more than 40 are cut.
#pragma once

#include "rgrbm/support/aligned.hpp"
#include "rgrbm/support/random.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rgrbm {

// Products of block spins near one of them, given by their places in its surroundings: places (n, order).
struct LocalProducts {
    std::size_t n, order;
    std::vector<std::uint16_t> places;
};

// S = Σ_j (products at j), and A(j), all products that hold τ_j, without it.
struct LocalOperator {
    LocalProducts products, others;
};

struct BiasedModel {
    std::size_t n_sites, n_axes;             // one to three axes
    std::vector<std::uint32_t> neighbours;   // (n_sites, n_axes, 2)
    std::vector<double> couplings;           // K along each axis
    std::size_t n_windows, n_window;         // windows of 1 to 255 sites
    std::vector<std::uint32_t> windows;      // (n_windows, n_window)
    std::vector<double> up;                  // t(0) … t(n_window)
    std::size_t n_around;                    // at most 2^16
    std::vector<std::uint32_t> surroundings; // (n_windows, n_around), the same for each block spin up to a translation
    std::vector<LocalOperator> operators;
};

class BiasedChains {
public:
    static constexpr std::size_t lanes = 32;
    static constexpr std::size_t largest_window = 255;

    // Starts at random spins and block spins, independent of each other, without a bias.
    BiasedChains(BiasedModel model, std::size_t n_chains, const Key& key);

    std::size_t n_chains() const { return n_chains_; }
    std::size_t n_sites() const { return model_.n_sites; }
    std::size_t n_windows() const { return model_.n_windows; }
    std::size_t n_operators() const { return model_.operators.size(); }

    // Sets J, one number for each operator, rounded to single precision.
    void set_bias(const double* couplings);

    // n times `spacing` sweeps and a measurement of all S_α: out (n, n_chains, n_operators).
    void sample(std::size_t n, std::size_t spacing, std::int32_t* out);

    // σ as ±1, (n_chains, n_sites), and τ, (n_chains, n_windows).
    void spins(std::int8_t* out) const;
    void block_spins(std::int8_t* out) const;

private:
    // n sweeps; `equal` if there is one coupling for all axes, `is_small` for windows of up to eight spins.
    template <std::size_t n_axes>
    void sweep(std::size_t block, std::size_t n);
    template <std::size_t n_axes, bool equal, bool is_small>
    void sweep(std::size_t block, std::size_t n);
    void measure(std::size_t block, std::int32_t* out) const;
    void gather(const std::uint8_t* tau, std::size_t site, std::uint8_t* around) const;

    BiasedModel model_;
    std::size_t n_chains_;
    std::vector<std::uint32_t> free_; // sites outside of all windows
    std::vector<float> boltzmann_;    // e^(2 Σ K σ′) by the number of neighbours up, or by the numbers along each axis
    std::vector<float> bias_;
    AlignedVector<std::uint8_t> sigma_, tau_; // 1 is up; block after block, site after site, 32 chains
    std::vector<Stream> streams_;
};

} // namespace rgrbm
