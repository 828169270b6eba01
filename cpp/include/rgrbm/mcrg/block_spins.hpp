// One step of a real-space renormalization: a spin for each window of spins, at equal strides.
//
// Three distributions p(h | v) of the new spin h of a window v. All are conditional distributions, Σ_h p(h | v) = 1, so
// that the partition function is kept:
// - decimation: h is one of the spins;
// - majority: h is the sign of Σ v, and ±1 with probability ½ each where the sum is zero (Swendsen, Phys. Rev. Lett.
//   42, 859 (1979));
// - a filter: p(h = +1 | v) = σ(2(θ + Σ w v)), which is the hidden layer of a restricted Boltzmann machine with shared
//   weights, in ±1 units (Chung and Kao, Phys. Rev. Research 3, 023230 (2021)). For |w| → ∞ it is a majority rule.
//
// Draws come from one Stream for each block of 512 configurations, named by key, the block's number and the step.
#pragma once

#include "rgrbm/mcrg/packed_spins.hpp"
#include "rgrbm/support/random.hpp"

#include <array>
#include <vector>

namespace rgrbm {

// The new spin (i, j) sees the sites from (i · stride + first) on, `sides` of them along each axis, periodically.
struct Windows {
    std::array<std::size_t, 2> strides;
    std::array<std::int64_t, 2> first;
    std::array<std::size_t, 2> sides;

    std::size_t n_sites() const { return sides[0] * sides[1]; }
};

// The streams of a step: block i of 512 configurations draws from Stream(key, first_block + i, step).
struct StepStreams {
    Key key;
    std::uint64_t first_block;
    std::uint64_t step;
};

// Strides divide the grid. Decimation takes the first site of each window.
PackedSpins decimated(const PackedSpins& spins, const Windows& windows);
PackedSpins majority(const PackedSpins& spins, const Windows& windows, const StepStreams& streams);

// Weights of a window row by row, in ±1 units.
PackedSpins filtered(const PackedSpins& spins, const Windows& windows, const std::vector<double>& weights, double field,
                     const StepStreams& streams);

} // namespace rgrbm
