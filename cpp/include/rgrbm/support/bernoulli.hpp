// Bernoulli masks: a word in which each bit is 1 with a given probability, independently of all others.
//
// A bit is 1 when a uniform 64-bit number u is below t = p·2⁶⁴. All 512 numbers are compared with their
// thresholds at once, one bit plane (a random word) at a time from the top: a lane is decided at the first
// plane in which u and t differ. Drawing stops when every lane that needs a decision has one, mostly after 12 planes
// instead of 64; the probability is exact to 2⁻⁶⁴ all the same.
#pragma once

#include "rgrbm/support/random.hpp"

#include <array>
#include <cmath>
#include <utility>

namespace rgrbm {

// t = p·2⁶⁴, rounded down; p ≥ 1 is taken as 1 − 2⁻⁶⁴.
inline std::uint64_t bernoulli_threshold(double p) {
    if (!(p > 0))
        return 0;
    if (p >= 1)
        return ~std::uint64_t{0};
    return static_cast<std::uint64_t>(std::ldexp(p, 64));
}

// Planes that are drawn before the first question whether all lanes are decided. A question after each plane would be
// answered wrongly by the branch predictor about once a draw, which costs more than the planes that it saves; after
// twelve, one lane in 4,096 is open, and a word of 512 in a tenth of all draws.
inline constexpr std::size_t n_sure_planes = 12;

// Compares a uniform number with a threshold in each undecided lane: 1 where it is below, 0 elsewhere. plane(k) holds
// bit k of the thresholds, from the top.
template <class Plane>
RGRBM_INLINE Word draw_below(Stream& stream, const Word& undecided, Plane&& plane) {
    // From the lowest of the sure planes up: where u and t differ in a plane, t decides; else the planes below it.
    Word below = Word::zero(), open = undecided;
    const auto compare = [&](std::size_t k) __attribute__((always_inline)) {
        const Word u = stream.next();
        const Word& t = plane(k);
        below = first_unless_equal(t, u, below);
        open = and_equal(open, u, t);
    };
    [&]<std::size_t... i>(std::index_sequence<i...>) __attribute__((always_inline)) {
        (compare(n_sure_planes - 1 - i), ...);
    }(std::make_index_sequence<n_sure_planes>{});
    below = below & undecided;
    if (open.any()) [[unlikely]]
        for (std::size_t k = n_sure_planes; k < 64; ++k) {
            const Word u = stream.next();
            const Word& t = plane(k);
            below = below | and_not(open & t, u);
            open = and_equal(open, u, t);
            if (!open.any())
                break;
        }
    return below;
}

// Bits of `lanes` are 1 with probability threshold / 2⁶⁴, all others are 0.
RGRBM_INLINE Word draw_bernoulli(Stream& stream, const Word& lanes, std::uint64_t threshold) {
    return draw_below(stream, lanes, [&](std::size_t k) { return Word::fill_bit(threshold >> (63 - k)); });
}

// The bits of n thresholds, plane by plane: bit i of plane(k) is bit k, from the top, of threshold i.
template <std::size_t n>
class ThresholdPlanes {
public:
    ThresholdPlanes() = default;
    explicit ThresholdPlanes(const std::array<std::uint64_t, n>& thresholds) {
        for (std::size_t k = 0; k < 64; ++k)
            for (std::size_t i = 0; i < n; ++i)
                planes_[k] |= static_cast<std::uint8_t>((thresholds[i] >> (63 - k) & 1) << i);
    }
    RGRBM_INLINE std::size_t operator()(std::size_t k) const { return planes_[k]; }

private:
    std::array<std::uint8_t, 64> planes_{};
};

// The same for n kinds of lanes in one word, each with a threshold of its own, served by the same random planes. A lane
// must not be in two of them.
template <std::size_t n>
RGRBM_INLINE Word draw_bernoulli(Stream& stream, const std::array<Word, n>& lanes, const ThresholdPlanes<n>& planes) {
    // All unions of kinds: the lanes whose thresholds have a bit set are one of them.
    std::array<Word, std::size_t{1} << n> unions;
    unions[0] = Word::zero();
    for (std::size_t set = 1; set < unions.size(); ++set) {
        const auto lowest = static_cast<std::size_t>(__builtin_ctzll(set));
        unions[set] = unions[set & (set - 1)] | lanes[lowest];
    }
    return draw_below(stream, unions.back(), [&](std::size_t k) -> const Word& { return unions[planes(k)]; });
}

} // namespace rgrbm
