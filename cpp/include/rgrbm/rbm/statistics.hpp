// Sums over samples of unit × vector, rows[i] += Σ_s (v_si p_s − v'_si p'_s) with binary v and v': the statistics
// vᵀ p − v'ᵀ p' of a batch.
//
// The bits are transposed, so that each unit has the samples in which it is 1 as bits of words, and its sum stays in
// registers. Most units of a reconstruction are those of the data: then the sum is taken as Σ_s v_si (p_s − p'_s), and
// ± p'_s wherever v' differs from v. Sparse units (a quarter of ones or fewer) add one row per set bit. Dense units
// take a table of the 16 partial sums of each four samples; and where v' differs often, a table of p and one of p'.
#pragma once

#include "rgrbm/rbm/bit_matrix.hpp"
#include "rgrbm/support/vector.hpp"

#include <bit>
#include <cstring>

namespace rgrbm {

// The highest bit of each of 64 bytes.
RGRBM_INLINE std::uint64_t top_bits(const Word& bytes) {
    std::uint64_t bits = 0;
#if defined(__AVX512BW__)
    bits = _cvtmask64_u64(_mm512_movepi8_mask((__m512i)bytes.part[0]));
#elif defined(__AVX2__)
    for (std::size_t i = 0; i < 2; ++i)
        bits |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8((__m256i)bytes.part[i]))} << (32 * i);
#elif defined(__SSE2__)
    for (std::size_t i = 0; i < 4; ++i)
        bits |= std::uint64_t{static_cast<std::uint16_t>(_mm_movemask_epi8((__m128i)bytes.part[i]))} << (16 * i);
#else
    for (std::size_t i = 0; i < Word::n_lanes; ++i) // gathers the eight bits in the highest byte of a product
        bits |= ((bytes.lane(i) & 0x8080808080808080u) * 0x0002040810204081u >> 56) << (8 * i);
#endif
    return bits;
}

// out[i * stride + w]: bit s is unit i (of 16) of sample 64 w + s < n. half(s) gives the 16 units of sample s.
template <class Half>
RGRBM_INLINE void transpose_units(std::size_t n, Half&& half, std::uint64_t* out, std::size_t stride) {
    for (std::size_t w = 0; w * 64 < n; ++w) {
        alignas(64) std::uint8_t bytes[2][64];
        const std::size_t count = std::min<std::size_t>(64, n - w * 64);
        for (std::size_t s = 0; s < count; ++s) {
            const unsigned units = half(w * 64 + s);
            bytes[0][s] = static_cast<std::uint8_t>(units);
            bytes[1][s] = static_cast<std::uint8_t>(units >> 8);
        }
        for (std::size_t s = count; s < 64; ++s)
            bytes[0][s] = bytes[1][s] = 0;
        for (std::size_t byte = 0; byte < 2; ++byte) {
            Word units;
            std::memcpy(&units, bytes[byte], sizeof units);
            for (std::size_t i = 8; i-- > 0; units = shift_left<1>(units)) // what crosses bytes is never on top
                out[(byte * 8 + i) * stride + w] = top_bits(units);
        }
    }
}

template <class Real>
struct Statistics {
    using V = Vector<Real>;
    static constexpr std::size_t lanes = V::n_lanes;
    static constexpr std::size_t table_samples = 16;

    const std::uint64_t *data, *model; // transposed bits of v and v', (n_units, n_words); data may be null, as if v = 0
    std::size_t n_words;
    const Real *difference, *negative; // p − p' and p', (n_samples, width)
    std::size_t n_samples, width;

    // sparse: v has few ones. apart: v' differs from v so often that two tables are fewer additions.
    void add(std::size_t first_unit, std::size_t last_unit, bool sparse, bool apart, Real* rows) const {
        std::size_t j = 0;
        for (; (sparse || apart) && j + 4 * lanes <= width; j += 4 * lanes)
            add_columns<4>(first_unit, last_unit, sparse, apart, rows, j);
        for (; j + 2 * lanes <= width; j += 2 * lanes)
            add_columns<2>(first_unit, last_unit, sparse, apart, rows, j);
        if (j < width)
            add_columns<1>(first_unit, last_unit, sparse, apart, rows, j);
    }

private:
    template <std::size_t n_block>
    void add_columns(std::size_t first_unit, std::size_t last_unit, bool sparse, bool apart, Real* rows,
                     std::size_t j) const {
        const auto plus = [](V& sum, const V& p) { sum += p; };
        const auto minus = [](V& sum, const V& p) { sum -= p; };
        if (apart) {
            add_two_tables<n_block>(first_unit, last_unit, rows, j);
            return;
        }
        if (data && !sparse)
            add_tables<n_block>(first_unit, last_unit, rows, j);
        for (std::size_t i = first_unit; i < last_unit; ++i) {
            Real* row = rows + i * width + j;
            V sum[n_block];
            for (std::size_t c = 0; c < n_block; ++c)
                sum[c] = V::load(row + c * lanes);
            for (std::size_t w = 0; w < n_words; ++w) {
                const std::uint64_t v = data ? data[i * n_words + w] : 0, u = model[i * n_words + w];
                const std::size_t at = 64 * w * width + j;
                if (sparse)
                    add_rows<n_block>(v, difference + at, sum, plus);
                add_rows<n_block>(v & ~u, negative + at, sum, plus);
                add_rows<n_block>(u & ~v, negative + at, sum, minus);
            }
            for (std::size_t c = 0; c < n_block; ++c)
                sum[c].store(row + c * lanes);
        }
    }

    template <std::size_t n_block, class Add>
    RGRBM_INLINE void add_rows(std::uint64_t samples, const Real* p, V (&sum)[n_block], Add&& add) const {
        for (; samples != 0; samples &= samples - 1) {
            const Real* row = p + static_cast<std::size_t>(std::countr_zero(samples)) * width;
            for (std::size_t c = 0; c < n_block; ++c)
                add(sum[c], V::load(row + c * lanes));
        }
    }

    // The partial sums of samples s … s + 3, those past the end being zero; value_at(i) gives the vector at i.
    template <std::size_t n_block, class Value>
    RGRBM_INLINE void fill_group(Value&& value_at, std::size_t s, std::size_t j, Real* table) const {
        for (std::size_t c = 0; c < n_block; ++c) {
            V sums[16];
            sums[0] = V::zero();
            for (unsigned r = 0; r < 4; ++r) {
                const V row = s + r < n_samples ? value_at((s + r) * width + j + c * lanes) : V::zero();
                for (unsigned value = 0; value < (1u << r); ++value)
                    sums[(1u << r) + value] = sums[value] + row;
            }
            for (std::size_t value = 0; value < 16; ++value)
                sums[value].store(table + (value * n_block + c) * lanes);
        }
    }

    // Σ_s v_si (p_s − p'_s).
    template <std::size_t n_block>
    void add_tables(std::size_t first_unit, std::size_t last_unit, Real* rows, std::size_t j) const {
        constexpr std::size_t stride = n_block * lanes, group = 16 * stride, n_groups = table_samples / 4;
        alignas(64) Real table[n_groups * group];
        for (std::size_t s = 0; s < n_samples; s += table_samples) {
            for (std::size_t g = 0; g < n_groups; ++g)
                fill_group<n_block>([&](std::size_t i) { return V::load(difference + i); }, s + 4 * g, j,
                                    table + g * group);
            for (std::size_t i = first_unit; i < last_unit; ++i) {
                Real* row = rows + i * width + j;
                V sum[n_block];
                for (std::size_t c = 0; c < n_block; ++c)
                    sum[c] = V::load(row + c * lanes);
                const auto samples = static_cast<unsigned>(data[i * n_words + s / 64] >> (s % 64));
                for (std::size_t g = 0; g < n_groups; ++g) {
                    const Real* p = table + g * group + ((samples >> (4 * g)) & 15) * stride;
                    for (std::size_t c = 0; c < n_block; ++c)
                        sum[c] += V::load(p + c * lanes);
                }
                for (std::size_t c = 0; c < n_block; ++c)
                    sum[c].store(row + c * lanes);
            }
        }
    }

    // Σ_s v_si p_s − v'_si p'_s.
    template <std::size_t n_block>
    void add_two_tables(std::size_t first_unit, std::size_t last_unit, Real* rows, std::size_t j) const {
        constexpr std::size_t stride = n_block * lanes, group = 16 * stride, n_groups = table_samples / 4;
        alignas(64) Real of_data[n_groups * group], of_model[n_groups * group];
        const auto positive = [&](std::size_t i) { return V::load(difference + i) + V::load(negative + i); };
        for (std::size_t s = 0; s < n_samples; s += table_samples) {
            for (std::size_t g = 0; g < n_groups; ++g) {
                fill_group<n_block>(positive, s + 4 * g, j, of_data + g * group);
                fill_group<n_block>([&](std::size_t i) { return V::load(negative + i); }, s + 4 * g, j,
                                    of_model + g * group);
            }
            for (std::size_t i = first_unit; i < last_unit; ++i) {
                Real* row = rows + i * width + j;
                V sum[n_block];
                for (std::size_t c = 0; c < n_block; ++c)
                    sum[c] = V::load(row + c * lanes);
                const auto v = static_cast<unsigned>(data[i * n_words + s / 64] >> (s % 64));
                const auto u = static_cast<unsigned>(model[i * n_words + s / 64] >> (s % 64));
                for (std::size_t g = 0; g < n_groups; ++g) {
                    const Real* p = of_data + g * group + ((v >> (4 * g)) & 15) * stride;
                    const Real* q = of_model + g * group + ((u >> (4 * g)) & 15) * stride;
                    for (std::size_t c = 0; c < n_block; ++c)
                        sum[c] += V::load(p + c * lanes) - V::load(q + c * lanes);
                }
                for (std::size_t c = 0; c < n_block; ++c)
                    sum[c].store(row + c * lanes);
            }
        }
    }
};

} // namespace rgrbm
