#include "rgrbm/spins/spin_chains.hpp"

#include "rgrbm/support/bernoulli.hpp"

#include <cmath>

namespace rgrbm {

void SpinChains::record(std::size_t i, const SpinRecord& to) const {
    const std::size_t first = i * n_chains_;
    bond_sums(to.bond_sums + first * lattice_.n_axes());
    magnetizations(false, to.magnetizations + first);
    magnetizations(true, to.alternating + first);
    if (to.structure)
        structure(to.structure + first * lattice_.n_dimensions());
}

void SpinChains::flip_globally() {
    std::vector<std::int64_t> sums(n_chains_);
    magnetizations(false, sums.data());
    std::vector<std::uint64_t> flipped((n_chains_ + 63) / 64);
    Word uniform = Word::zero();
    for (std::size_t chain = 0; chain < n_chains_; ++chain) {
        if (chain % Word::n_lanes == 0)
            uniform = flips_[0].next();
        const double mirrored = 1 / (1 + std::exp(2 * field_ * static_cast<double>(sums[chain])));
        if (uniform.lane(chain % Word::n_lanes) < bernoulli_threshold(mirrored))
            flipped[chain / 64] |= std::uint64_t{1} << (chain % 64);
    }
    flip_chains(flipped);
}

void SpinChains::measure(std::size_t n, std::size_t spacing, bool with_flips, const SpinRecord& to) {
    for (std::size_t i = 0; i < n; ++i) {
        sweep(spacing);
        if (with_flips)
            flip_globally();
        record(i, to);
    }
}

} // namespace rgrbm
