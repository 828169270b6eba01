// Metropolis sampling of chains of bistable units (the φ⁴ chain) on a periodic ring of n ≥ 2 sites,
//     H(u) = Σ_i λ (u_i² − 1)² + ½ κ (u_i − u_{i+1})²,   p(u) ∝ e^(−H),
// with temperature in the units of λ and κ. On a ring of two sites both bonds join the same two sites, and both count.
//
// A step proposes u' = u + δ with δ uniform in (−w, w) and is accepted with probability min(1, e^(−ΔH)) (Metropolis et
// al., J. Chem. Phys. 21, 1087 (1953)). With s = u + u' and the neighbours' sum a,
//     ΔH = δ (s (½ λ (s² + δ²) − 2λ + κ) − κ a),
// which loses no digits where δ is small. Where λ is large, steps hardly cross the barrier between the wells at ±1. So
// every fourth sweep proposes u' = −u at each site instead, with ΔH = 2 κ u a. It is its own inverse, hence symmetric.
//
// A sweep visits the even sites, then the odd ones, and of an odd ring the last site after both. Sites of such a group
// do not interact, so that the processor works on several at once.
//
// Blocks of 16 chains, one chain per lane and one vector per site, with a random stream per block that is kept between
// calls: the result has the same bits for any number of threads and however sweeps are spread over calls. Random
// numbers have 32 bits, and e^(−ΔH) is computed in single precision: acceptance probabilities are right to 3e-7 of
// their values and to 2^−32, far below any statistical error. Positions and ΔH are in double precision.
#pragma once

#include "rgrbm/support/aligned.hpp"
#include "rgrbm/support/random.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rgrbm {

// Numbers of accepted and of all proposals.
struct Acceptance {
    std::uint64_t accepted_steps = 0, steps = 0;
    std::uint64_t accepted_flips = 0, flips = 0;
};

class BistableChains {
public:
    static constexpr std::uint64_t flip_period = 4; // of so many sweeps, the last proposes flips

    // Starts at u (n_chains, n_sites), with steps of the half-width w = 1.
    BistableChains(std::size_t n_sites, double lambda, double kappa, std::size_t n_chains, const Key& key,
                   const double* start);

    std::size_t n_sites() const { return n_; }
    std::size_t n_chains() const { return n_chains_; }
    double lambda() const { return lambda_; }
    double kappa() const { return kappa_; }
    double step() const { return width_; }
    std::uint64_t n_sweeps() const { return n_sweeps_; }

    // Sets the half-width w of the steps of later sweeps.
    void set_step(double width) { width_ = width; }

    // Makes n sweeps of all chains; returns the acceptance of these sweeps.
    Acceptance sweep(std::uint64_t n);

    // Copies u to out, (n_chains, n_sites).
    void states(double* out) const;

private:
    std::size_t n_, n_chains_;
    double lambda_, kappa_, width_ = 1;
    std::uint64_t n_sweeps_ = 0;
    AlignedVector<double> u_; // block after block, site after site, 16 chains
    std::vector<Stream> streams_;
};

} // namespace rgrbm
