// Bernoulli masks: a word in which each bit is 1 with a given probability, independently of all others.
//
// A bit is 1 when a uniform 64-bit number u is below t = p·2⁶⁴. All 512 numbers are compared with their
// thresholds at once, one bit plane (a random word) at a time from the top: a lane is decided at the first
// plane in which u and t differ. Drawing stops as soon as every lane that needs a decision has one, after
// about log₂ 512 + 1.3 ≈ 10 planes instead of 64; the law is exact to 2⁻⁶⁴ all the same.
#pragma once

#include "rgrbm/support/random.hpp"

#include <array>
#include <cmath>

namespace rgrbm {

// t = p·2⁶⁴, rounded down; p ≥ 1 is taken as 1 − 2⁻⁶⁴.
inline std::uint64_t bernoulli_threshold(double p) {
    if (!(p > 0))
        return 0;
    if (p >= 1)
        return ~std::uint64_t{0};
    return static_cast<std::uint64_t>(std::ldexp(p, 64));
}

// Compares a uniform number with a threshold in each undecided lane: 1 where it is below, 0 elsewhere. plane(k) holds
// bit k of the thresholds, from the top.
template <class Plane>
RGRBM_INLINE Word draw_below(Stream& stream, Word undecided, Plane&& plane) {
    Word drawn = Word::zero();
    for (std::size_t k = 0; k < 64; ++k) {
        const Word u = stream.next();
        const Word t = plane(k);
        drawn = drawn | and_not(undecided & t, u);
        undecided = and_not(undecided, u ^ t);
        if (!undecided.any())
            break;
    }
    return drawn;
}

// Bits of `lanes` are 1 with probability threshold / 2⁶⁴, all others are 0.
RGRBM_INLINE Word draw_bernoulli(Stream& stream, const Word& lanes, std::uint64_t threshold) {
    return draw_below(stream, lanes, [&](std::size_t) {
        const Word t = Word::fill_bit(threshold >> 63);
        threshold <<= 1;
        return t;
    });
}

// The same for n kinds of lanes in one word, each with a threshold of its own, served by the same random planes. A lane
// must not be in two of them.
template <std::size_t n>
RGRBM_INLINE Word draw_bernoulli(Stream& stream, const std::array<Word, n>& lanes,
                                 std::array<std::uint64_t, n> thresholds) {
    if constexpr (n == 1) {
        return draw_bernoulli(stream, lanes[0], thresholds[0]);
    } else {
        Word undecided = lanes[0];
        for (std::size_t i = 1; i < n; ++i)
            undecided = undecided | lanes[i];
        return draw_below(stream, undecided, [&](std::size_t) {
            Word t = lanes[0] & Word::fill_bit(thresholds[0] >> 63);
            for (std::size_t i = 1; i < n; ++i)
                t = t | (lanes[i] & Word::fill_bit(thresholds[i] >> 63));
            for (auto& threshold : thresholds)
                threshold <<= 1;
            return t;
        });
    }
}

} // namespace rgrbm
