// One step of a real-space renormalization: a spin for each window of spins.
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

// The new spin (i, j, k) sees the sites i·steps[0] + j·steps[1] + k·steps[2] + o of the old grid, o in `window`. The
// new grid has to close where the old one does: steps take its periods into periods of the old one.
struct Windows {
    Grid coarse;
    std::array<Offset, 3> steps;
    std::vector<Offset> window;

    Offset site(const Offset& spin, const Offset& offset) const;
    bool fits(const Grid& fine) const;
};

// The streams of a step: block i of 512 configurations draws from Stream(key, first_block + i, step).
struct StepStreams {
    Key key;
    std::uint64_t first_block;
    std::uint64_t step;
};

// Decimation takes the first site of each window.
PackedSpins decimated(const PackedSpins& spins, const Windows& windows);
PackedSpins majority(const PackedSpins& spins, const Windows& windows, const StepStreams& streams);

// A weight for each site of the window, in ±1 units.
PackedSpins filtered(const PackedSpins& spins, const Windows& windows, const std::vector<double>& weights, double field,
                     const StepStreams& streams);

} // namespace rgrbm
