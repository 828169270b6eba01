#include "rgrbm/mcrg/block_spins.hpp"

#include "rgrbm/support/parallel.hpp"
#include "rgrbm/support/sigmoid.hpp"

#include <algorithm>
#include <bit>

namespace rgrbm {

namespace {

Offset place(const Grid& grid, std::size_t number) {
    const std::size_t line = number / grid.columns;
    return {static_cast<std::int64_t>(line / grid.rows), static_cast<std::int64_t>(line % grid.rows),
            static_cast<std::int64_t>(number % grid.columns)};
}

// Fills the new spins, rule(words of a block, sites of a window, the block's stream) for each.
template <class Rule>
PackedSpins blocked(const PackedSpins& spins, const Windows& windows, const StepStreams& streams, const Rule& rule) {
    const Grid& coarse = windows.coarse;
    PackedSpins result(coarse, spins.size());
    for_pieces(spins.n_blocks(), [&](std::size_t block) {
        Stream stream(streams.key, streams.first_block + block, streams.step);
        std::vector<std::size_t> sites(windows.window.size());
        Word* out = result.block(block);
        for (std::size_t number = 0; number < coarse.n_sites(); ++number) {
            const Offset spin = place(coarse, number);
            for (std::size_t i = 0; i < sites.size(); ++i)
                sites[i] = spins.grid().number(windows.site(spin, windows.window[i]));
            *out++ = rule(spins.block(block), sites, stream);
        }
    });
    return result;
}

// How many words have a bit set, in binary: plane p holds bit p of 512 counts.
struct BitCounts {
    static constexpr std::size_t n_planes = 16;

    RGRBM_INLINE void add(Word carry, std::size_t n_used) {
        for (std::size_t plane = 0; plane < n_used; ++plane) {
            const Word sum = planes[plane] ^ carry;
            carry = planes[plane] & carry;
            planes[plane] = sum;
        }
    }

    std::array<Word, n_planes> planes{};
};

RGRBM_INLINE Word majority_of(const Word* words, const std::vector<std::size_t>& sites, Stream& stream) {
    const auto n_used = static_cast<std::size_t>(std::bit_width(sites.size()));
    BitCounts up;
    for (const std::size_t site : sites)
        up.add(words[site], n_used);
    // Compare with half of the sites, from the highest bit on.
    const std::size_t half = sites.size() / 2;
    Word more = Word::zero(), equal = Word::ones();
    for (std::size_t plane = n_used; plane-- > 0;) {
        const Word bit = up.planes[plane], wanted = Word::fill_bit(half >> plane);
        more = more | (equal & and_not(bit, wanted));
        equal = and_not(equal, bit ^ wanted);
    }
    return sites.size() % 2 == 1 ? more : more | (equal & stream.next());
}

// Sixteen configurations at a time: Σ w v + θ = θ − Σ w + Σ 2w·bit, and a draw from σ of twice that.
RGRBM_INLINE Word filter_of(const Word* words, const std::vector<std::size_t>& sites, const std::vector<double>& slopes,
                            double offset, Stream& stream) {
    using Reals = Vector<double>;
    Word result = Word::zero();
    for (std::size_t lane = 0; lane < Word::n_lanes; ++lane) {
        std::uint64_t drawn = 0;
        for (std::size_t shift = 0; shift < 64; shift += Reals::n_lanes) {
            Reals input = Reals::fill(offset);
            for (std::size_t i = 0; i < sites.size(); ++i) {
                const auto bits = static_cast<std::uint16_t>(words[sites[i]].lane(lane) >> shift);
                input += expand<double>(bits) * Reals::fill(slopes[i]);
            }
            drawn |= std::uint64_t{draw(stream, exp_negative(input))} << shift;
        }
        result.set_lane(lane, drawn);
    }
    return result;
}

} // namespace

Offset Windows::site(const Offset& spin, const Offset& offset) const {
    Offset result = offset;
    for (std::size_t axis = 0; axis < 3; ++axis)
        for (std::size_t step = 0; step < 3; ++step)
            result[axis] += spin[step] * steps[step][axis];
    return result;
}

bool Windows::fits(const Grid& fine) const {
    const auto signed_of = [](std::size_t n) { return static_cast<std::int64_t>(n); };
    const std::array<Offset, 3> periods{Offset{signed_of(coarse.layers), 0, 0},
                                        Offset{0, signed_of(coarse.rows), -signed_of(coarse.shift)},
                                        Offset{0, 0, signed_of(coarse.columns)}};
    return std::ranges::all_of(periods,
                               [&](const Offset& period) { return fine.number(site(period, {0, 0, 0})) == 0; });
}

PackedSpins decimated(const PackedSpins& spins, const Windows& windows) {
    const auto rule = [](const Word* words, const std::vector<std::size_t>& sites, Stream&) { return words[sites[0]]; };
    return blocked(spins, windows, {{0, 0}, 0, 0}, rule);
}

PackedSpins majority(const PackedSpins& spins, const Windows& windows, const StepStreams& streams) {
    return blocked(spins, windows, streams, majority_of);
}

PackedSpins filtered(const PackedSpins& spins, const Windows& windows, const std::vector<double>& weights, double field,
                     const StepStreams& streams) {
    std::vector<double> slopes(weights.size()); // of twice the input
    double offset = 2 * field;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        slopes[i] = 4 * weights[i];
        offset -= 2 * weights[i];
    }
    const auto rule = [&](const Word* words, const std::vector<std::size_t>& sites, Stream& stream) {
        return filter_of(words, sites, slopes, offset, stream);
    };
    return blocked(spins, windows, streams, rule);
}

} // namespace rgrbm
