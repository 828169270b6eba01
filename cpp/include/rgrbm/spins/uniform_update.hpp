// Updates of 512 spins at once where all bonds have one coupling J and there is no field; see single_spin.hpp for the
// probabilities, and field_update.hpp for other models. The spins are one site of 512 chains, or 512 sites of one
// colour of one chain.
//
// Only the number n of satisfied bonds out of z matters: a flip changes H by 2|J|(2n − z). Bit adders find the lanes in
// which it is z, z − 1, … z/2 + 1; each of these has one threshold.
#pragma once

#include "rgrbm/spins/single_spin.hpp"
#include "rgrbm/support/bernoulli.hpp"

#include <array>
#include <cmath>

namespace rgrbm {

// Which lanes have all, all but one, … of their z words set, as long as that is a majority.
RGRBM_INLINE std::array<Word, 1> majorities(const std::array<Word, 2>& a) {
    return {a[0] & a[1]};
}

RGRBM_INLINE std::array<Word, 2> majorities(const std::array<Word, 4>& a) {
    const Word both01 = a[0] & a[1], both23 = a[2] & a[3];
    const Word one01 = a[0] ^ a[1], one23 = a[2] ^ a[3];
    return {both01 & both23, (both01 & one23) | (one01 & both23)};
}

// How many of six words are set, in binary, by full adders.
struct Count {
    Word ones, twos, fours;
};

RGRBM_INLINE Count count(const std::array<Word, 6>& a) {
    const Word odd012 = a[0] ^ a[1] ^ a[2], two012 = (a[0] & a[1]) | (a[2] & (a[0] ^ a[1]));
    const Word odd345 = a[3] ^ a[4] ^ a[5], two345 = (a[3] & a[4]) | (a[5] & (a[3] ^ a[4]));
    const Word carry = odd012 & odd345, unlike = two012 ^ two345;
    return {odd012 ^ odd345, unlike ^ carry, (two012 & two345) | (carry & unlike)};
}

RGRBM_INLINE std::array<Word, 3> majorities(const std::array<Word, 6>& a) {
    const Count n = count(a);
    return {and_not(n.fours & n.twos, n.ones), n.fours & n.ones, and_not(n.fours, n.twos | n.ones)};
}

// The same for majorities of either kind, set or not set, and which of both it is.
template <std::size_t z>
struct Votes {
    std::array<Word, z / 2> majorities;
    Word up;
};

RGRBM_INLINE Votes<2> votes(const std::array<Word, 2>& a) {
    return {{~(a[0] ^ a[1])}, a[0] & a[1]};
}

RGRBM_INLINE Votes<4> votes(const std::array<Word, 4>& a) {
    const Word both01 = a[0] & a[1], both23 = a[2] & a[3];
    const Word some01 = a[0] | a[1], some23 = a[2] | a[3];
    return {{(both01 & both23) | ~(some01 | some23), a[0] ^ a[1] ^ a[2] ^ a[3]}, (both01 & some23) | (some01 & both23)};
}

RGRBM_INLINE Votes<6> votes(const std::array<Word, 6>& a) {
    const Count n = count(a);
    const Word unlike = n.twos ^ n.fours;
    return {{~(n.ones | unlike), and_not(n.ones, n.twos), and_not(unlike, n.ones)}, n.fours};
}

template <std::size_t n>
RGRBM_INLINE Word any_of(const std::array<Word, n>& words) {
    Word result = words[0];
    for (std::size_t i = 1; i < n; ++i)
        result = result | words[i];
    return result;
}

// A lazy update tries each move with a given probability only, independently in all lanes, and keeps the spin
// otherwise.
template <Update update, std::size_t n_axes, bool lazy = false>
class UniformUpdate {
    static_assert(update == Update::metropolis || !lazy);

public:
    static constexpr std::size_t z = 2 * n_axes;

    explicit UniformUpdate(const Couplings& couplings, double tried = 1)
        : inverted_(couplings.along[0] < 0 ? Word::ones() : Word::zero()) {
        std::array<std::uint64_t, n_kinds> leaving;
        for (std::size_t k = 0; k < n_axes; ++k) {
            const double n_satisfied = static_cast<double>(z - k);
            const double rise = 2 * std::abs(couplings.along[0]) * (2 * n_satisfied - z); // of H, when flipped
            const double boltzmann = std::exp(-rise);
            leaving[k] =
                bernoulli_threshold(update == Update::metropolis ? tried * boltzmann : boltzmann / (1 + boltzmann));
        }
        if constexpr (lazy)
            leaving[n_axes] = bernoulli_threshold(tried);
        leaving_ = ThresholdPlanes<n_kinds>(leaving);
    }

    // The new spins.
    RGRBM_INLINE Word operator()(const Word& spin, std::array<Word, z> neighbours, Stream& stream) const {
        // The neighbours as the site wants to be: inverted if J < 0, where it wants to differ from them.
        for (auto& word : neighbours)
            word = word ^ inverted_;
        if constexpr (update == Update::metropolis)
            return metropolis(spin, neighbours, stream);
        else
            return heat_bath(neighbours, stream);
    }

private:
    static constexpr std::size_t n_kinds = n_axes + (lazy ? 1 : 0);

    // Flips where that raises H not at all, else with probability e^(−ΔH).
    RGRBM_INLINE Word metropolis(const Word& spin, std::array<Word, z>& satisfied, Stream& stream) const {
        for (auto& word : satisfied)
            word = ~(word ^ spin);
        const auto rises = majorities(satisfied);
        const Word falls = ~any_of(rises); // or stays
        if constexpr (lazy) {
            std::array<Word, n_kinds> kinds;
            std::copy(rises.begin(), rises.end(), kinds.begin());
            kinds[n_axes] = falls;
            return spin ^ draw_bernoulli(stream, kinds, leaving_);
        } else {
            return spin ^ (draw_bernoulli(stream, rises, leaving_) | falls);
        }
    }

    // The direction of the majority, left with the given probability; a random one where there is none.
    RGRBM_INLINE Word heat_bath(const std::array<Word, z>& want, Stream& stream) const {
        const Votes<z> vote = votes(want);
        const Word leaves = draw_bernoulli(stream, vote.majorities, leaving_);
        const Word tied = ~any_of(vote.majorities);
        return (vote.up ^ leaves) | (tied & stream.next());
    }

    Word inverted_;
    ThresholdPlanes<n_kinds> leaving_; // probability to leave the direction that the neighbours want
};

} // namespace rgrbm
