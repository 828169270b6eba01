// Updates of single sites in 512 chains at once, for ring and square lattice; see ising.hpp for the laws.
#pragma once

#include "rgrbm/bernoulli.hpp"
#include "rgrbm/ising.hpp"

#include <array>
#include <cmath>

namespace rgrbm {

// The neighbours of a site on the ring, and what an update needs to know of them.
struct RingSites {
    static constexpr int n_neighbours = 2;

    explicit RingSites(const Lattice& lattice) : n(lattice.columns) {}

    RGRBM_INLINE std::array<Word, 2> neighbours(const Word* spins, std::size_t site) const {
        return {spins[site == 0 ? n - 1 : site - 1], spins[site + 1 == n ? 0 : site + 1]};
    }

    std::size_t n;
};

struct SquareSites {
    static constexpr int n_neighbours = 4;

    explicit SquareSites(const Lattice& lattice) : rows(lattice.rows), columns(lattice.columns) {}

    RGRBM_INLINE std::array<Word, 4> neighbours(const Word* spins, std::size_t site) const {
        const std::size_t row = site / columns;
        return neighbours(spins, row, site - row * columns);
    }
    RGRBM_INLINE std::array<Word, 4> neighbours(const Word* spins, std::size_t row,
                                                std::size_t column) const {
        const Word* here = spins + row * columns;
        const Word* above = spins + (row == 0 ? rows - 1 : row - 1) * columns;
        const Word* below = spins + (row + 1 == rows ? 0 : row + 1) * columns;
        return {here[column == 0 ? columns - 1 : column - 1], here[column + 1 == columns ? 0 : column + 1],
                above[column], below[column]};
    }

    std::size_t rows, columns;
};

// Which chains have all, or all but one (square lattice only), of their z neighbour words set.
struct Majority {
    Word all;
    Word all_but_one;
};

RGRBM_INLINE Majority majority(const std::array<Word, 2>& a) {
    return {a[0] & a[1], Word::zero()};
}

RGRBM_INLINE Majority majority(const std::array<Word, 4>& a) {
    const Word both01 = a[0] & a[1], both23 = a[2] & a[3];
    const Word one01 = a[0] ^ a[1], one23 = a[2] ^ a[3];
    return {both01 & both23, (both01 & one23) | (one01 & both23)};
}

template <int z>
RGRBM_INLINE Word draw(Stream& stream, const Majority& lanes, const Thresholds& thresholds) {
    if constexpr (z == 2)
        return draw_bernoulli(stream, lanes.all, thresholds.first);
    return draw_bernoulli(stream, {lanes.all, lanes.all_but_one}, thresholds);
}

// Probability that a spin leaves the direction its neighbours want, for all of z and for all but one of them.
template <int z>
Thresholds leaving_thresholds(Update update, double coupling) {
    const auto threshold = [&](int n_satisfied) {
        const double rise = 2 * std::abs(coupling) * (2 * n_satisfied - z); // of H, when flipped
        const double boltzmann = std::exp(-rise);
        return bernoulli_threshold(update == Update::metropolis ? boltzmann : boltzmann / (1 + boltzmann));
    };
    return {threshold(z), threshold(z - 1)};
}

// The neighbours as the site wants to be: inverted if J < 0, where it wants to differ from them.
template <std::size_t z>
RGRBM_INLINE std::array<Word, z> wanted(std::array<Word, z> neighbours, const Word& inverted) {
    for (auto& word : neighbours)
        word = word ^ inverted;
    return neighbours;
}

// New spins by Metropolis: flip where that raises H not at all, else with probability e^(−ΔH).
template <std::size_t z>
RGRBM_INLINE Word metropolis(const Word& spin, const std::array<Word, z>& want, const Thresholds& thresholds,
                             Stream& stream) {
    std::array<Word, z> satisfied = want;
    for (auto& word : satisfied)
        word = ~(word ^ spin);
    const Majority rises = majority(satisfied);
    const Word accepted = draw<z>(stream, rises, thresholds);
    return spin ^ (accepted | ~(rises.all | rises.all_but_one));
}

// New spins by heat bath: the direction of the majority, left with the given probability; a coin where there
// is none.
template <std::size_t z>
RGRBM_INLINE Word heat_bath(const std::array<Word, z>& want, const Thresholds& thresholds, Stream& stream) {
    std::array<Word, z> opposite = want;
    for (auto& word : opposite)
        word = ~word;
    const Majority up = majority(want), down = majority(opposite);
    const Word leaves = draw<z>(stream, {up.all | down.all, up.all_but_one | down.all_but_one}, thresholds);
    const Word majority_up = up.all | up.all_but_one;
    const Word tied = ~(majority_up | down.all | down.all_but_one);
    return (majority_up ^ leaves) | (tied & stream.next());
}

template <std::size_t z>
RGRBM_INLINE Word updated(Update update, const Word& spin, const std::array<Word, z>& want,
                          const Thresholds& thresholds, Stream& stream) {
    return update == Update::metropolis ? metropolis(spin, want, thresholds, stream)
                                        : heat_bath(want, thresholds, stream);
}

} // namespace rgrbm
