// Bernoulli masks: a word in which each bit is 1 with a given probability, independently of all others.
//
// A bit is 1 when a uniform 64-bit number u is below t = p·2⁶⁴. All 512 numbers are compared with their
// thresholds at once, one bit plane (a random word) at a time from the top: a lane is decided at the first
// plane in which u and t differ. Drawing stops as soon as every lane that needs a decision has one, after
// about log₂ 512 + 1.3 ≈ 10 planes instead of 64; the law is exact to 2⁻⁶⁴ all the same.
#pragma once

#include "rgrbm/random.hpp"

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

// Two kinds of lanes in one word, each with a threshold of its own, served by the same random planes.
struct Lanes {
    Word first;
    Word second;
};

struct Thresholds {
    std::uint64_t first;
    std::uint64_t second;
};

// Bits of lanes.first are 1 with probability thresholds.first / 2⁶⁴, those of lanes.second likewise, all
// others are 0. A lane must not be in both.
RGRBM_INLINE Word draw_bernoulli(Stream& stream, const Lanes& lanes, const Thresholds& thresholds) {
    Word undecided = lanes.first | lanes.second;
    Word drawn = Word::zero();
    std::uint64_t first = thresholds.first, second = thresholds.second;
    for (int plane = 0; plane < 64; ++plane, first <<= 1, second <<= 1) {
        const Word u = stream.next();
        const Word t =
            (lanes.first & Word::fill_bit(first >> 63)) | (lanes.second & Word::fill_bit(second >> 63));
        drawn = drawn | and_not(undecided & t, u);
        undecided = and_not(undecided, u ^ t);
        if (!undecided.any())
            break;
    }
    return drawn;
}

// The same for lanes of one kind.
RGRBM_INLINE Word draw_bernoulli(Stream& stream, const Word& lanes, std::uint64_t threshold) {
    Word undecided = lanes;
    Word drawn = Word::zero();
    for (int plane = 0; plane < 64; ++plane, threshold <<= 1) {
        const Word u = stream.next();
        const Word t = Word::fill_bit(threshold >> 63);
        drawn = drawn | and_not(undecided & t, u);
        undecided = and_not(undecided, u ^ t);
        if (!undecided.any())
            break;
    }
    return drawn;
}

} // namespace rgrbm
