// Sums over samples of unit × vector: rows[i] += Σ_s v_si p_s, with binary v: the statistics vᵀ p of a batch.
//
// The bits are transposed, so that each unit has the samples in which it is 1 as bits of words, and its sum stays
// in registers. Dense units take a table of the 16 partial sums of each four samples; sparse units (a quarter of
// ones or fewer) add one row per set bit.
#pragma once

#include "rgrbm/bit_matrix.hpp"
#include "rgrbm/vector.hpp"

#include <bit>

namespace rgrbm {

// Transposes 8 × 8 bits, byte r being row r (Hacker's Delight, 7-3).
RGRBM_INLINE std::uint64_t transpose8(std::uint64_t x) {
    std::uint64_t t = (x ^ (x >> 7)) & 0x00AA00AA00AA00AAu;
    x ^= t ^ (t << 7);
    t = (x ^ (x >> 14)) & 0x0000CCCC0000CCCCu;
    x ^= t ^ (t << 14);
    t = (x ^ (x >> 28)) & 0x00000000F0F0F0F0u;
    return x ^ t ^ (t << 28);
}

// out[i * stride + w]: bit s tells unit i (of 16) of sample 64 w + s < n. half(s) gives the 16 units of sample s.
template <class Half>
RGRBM_INLINE void transpose_units(std::size_t n, Half&& half, std::uint64_t* out, std::size_t stride) {
    for (std::size_t w = 0; w * 64 < n; ++w) {
        std::uint64_t columns[16] = {};
        for (std::size_t byte = 0; byte < 8 && w * 64 + byte * 8 < n; ++byte) {
            const std::size_t first = w * 64 + byte * 8;
            std::uint64_t low = 0, high = 0;
            for (std::size_t r = 0; r < 8 && first + r < n; ++r) {
                const std::uint64_t units = half(first + r);
                low |= (units & 255) << (8 * r);
                high |= (units >> 8) << (8 * r);
            }
            low = transpose8(low);
            high = transpose8(high);
            for (std::size_t i = 0; i < 8; ++i) {
                columns[i] |= ((low >> (8 * i)) & 255) << (8 * byte);
                columns[8 + i] |= ((high >> (8 * i)) & 255) << (8 * byte);
            }
        }
        for (std::size_t i = 0; i < 16; ++i)
            out[i * stride + w] = columns[i];
    }
}

// The difference of two such sums, v being data and model: rows[i] += Σ_s (v_si p_s − v'_si p'_s).
template <class Real>
struct Statistics {
    using V = Vector<Real>;
    static constexpr std::size_t lanes = V::n_lanes;
    static constexpr std::size_t table_samples = 16;

    const std::uint64_t *data, *model; // transposed bits, (n_units, n_words); data may be null
    std::size_t n_words;
    const Real *positive, *negative; // p and p', (n_samples, width)
    std::size_t n_samples, width;

    void add_dense(std::size_t first_unit, std::size_t last_unit, Real* rows) const {
        std::size_t j = 0;
        for (; j + 2 * lanes <= width; j += 2 * lanes)
            dense_columns<2>(first_unit, last_unit, rows, j);
        if (j < width)
            dense_columns<1>(first_unit, last_unit, rows, j);
    }

    void add_sparse(std::size_t first_unit, std::size_t last_unit, Real* rows) const {
        std::size_t j = 0;
        for (; j + 4 * lanes <= width; j += 4 * lanes)
            sparse_columns<4>(first_unit, last_unit, rows, j);
        for (; j + 2 * lanes <= width; j += 2 * lanes)
            sparse_columns<2>(first_unit, last_unit, rows, j);
        if (j < width)
            sparse_columns<1>(first_unit, last_unit, rows, j);
    }

private:
    // The partial sums of samples s … s + 3, those past the end being zero.
    template <std::size_t n_block>
    RGRBM_INLINE void fill_group(const Real* p, std::size_t s, std::size_t j, Real* table) const {
        for (std::size_t c = 0; c < n_block; ++c) {
            V sums[16];
            sums[0] = V::zero();
            for (unsigned r = 0; r < 4; ++r) {
                const V row = s + r < n_samples ? V::load(&p[(s + r) * width + j + c * lanes]) : V::zero();
                for (unsigned value = 0; value < (1u << r); ++value)
                    sums[(1u << r) + value] = sums[value] + row;
            }
            for (std::size_t value = 0; value < 16; ++value)
                sums[value].store(table + (value * n_block + c) * lanes);
        }
    }

    template <std::size_t n_block>
    void dense_columns(std::size_t first_unit, std::size_t last_unit, Real* rows, std::size_t j) const {
        constexpr std::size_t group = 16 * n_block * lanes, n_groups = table_samples / 4;
        alignas(64) Real plus[n_groups * group], minus[n_groups * group];
        for (std::size_t s = 0; s < n_samples; s += table_samples) {
            for (std::size_t g = 0; g < n_groups; ++g) {
                if (data)
                    fill_group<n_block>(positive, s + 4 * g, j, plus + g * group);
                fill_group<n_block>(negative, s + 4 * g, j, minus + g * group);
            }
            for (std::size_t i = first_unit; i < last_unit; ++i) {
                Real* row = rows + i * width + j;
                V sum[n_block];
                for (std::size_t c = 0; c < n_block; ++c)
                    sum[c] = V::load(row + c * lanes);
                const std::size_t at = i * n_words + s / 64;
                const auto model_bits = static_cast<unsigned>(model[at] >> (s % 64));
                for (std::size_t g = 0; g < n_groups; ++g) {
                    const Real* m = minus + g * group + ((model_bits >> (4 * g)) & 15) * n_block * lanes;
                    for (std::size_t c = 0; c < n_block; ++c)
                        sum[c] -= V::load(m + c * lanes);
                }
                if (data) {
                    const auto data_bits = static_cast<unsigned>(data[at] >> (s % 64));
                    for (std::size_t g = 0; g < n_groups; ++g) {
                        const Real* p = plus + g * group + ((data_bits >> (4 * g)) & 15) * n_block * lanes;
                        for (std::size_t c = 0; c < n_block; ++c)
                            sum[c] += V::load(p + c * lanes);
                    }
                }
                for (std::size_t c = 0; c < n_block; ++c)
                    sum[c].store(row + c * lanes);
            }
        }
    }

    template <std::size_t n_block>
    void sparse_columns(std::size_t first_unit, std::size_t last_unit, Real* rows, std::size_t j) const {
        for (std::size_t i = first_unit; i < last_unit; ++i) {
            Real* row = rows + i * width + j;
            V sum[n_block];
            for (std::size_t c = 0; c < n_block; ++c)
                sum[c] = V::load(row + c * lanes);
            for (std::size_t w = 0; w < n_words; ++w) {
                const std::size_t at = i * n_words + w;
                for (std::uint64_t left = model[at]; left != 0; left &= left - 1) {
                    const Real* p = negative + (64 * w + static_cast<std::size_t>(std::countr_zero(left))) * width + j;
                    for (std::size_t c = 0; c < n_block; ++c)
                        sum[c] -= V::load(p + c * lanes);
                }
                for (std::uint64_t left = data ? data[at] : 0; left != 0; left &= left - 1) {
                    const Real* p = positive + (64 * w + static_cast<std::size_t>(std::countr_zero(left))) * width + j;
                    for (std::size_t c = 0; c < n_block; ++c)
                        sum[c] += V::load(p + c * lanes);
                }
            }
            for (std::size_t c = 0; c < n_block; ++c)
                sum[c].store(row + c * lanes);
        }
    }
};

} // namespace rgrbm
