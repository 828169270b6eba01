// A matrix of bits, one row per configuration, in halfwords of 16 units as the vectors of 16 lanes draw them.
#pragma once

#include "rgrbm/support/aligned.hpp"
#include "rgrbm/support/simd.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace rgrbm {

class BitMatrix {
public:
    BitMatrix() = default;
    BitMatrix(std::size_t n_rows, std::size_t n_columns)
        : n_rows_(n_rows), n_columns_(n_columns), stride_(round_up(n_columns, 64) / 16), halves_(n_rows * stride_) {}

    std::size_t n_rows() const { return n_rows_; }
    std::size_t n_columns() const { return n_columns_; }
    std::size_t n_words() const { return stride_ / 4; }
    std::uint16_t* row(std::size_t i) { return halves_.data() + i * stride_; }
    const std::uint16_t* row(std::size_t i) const { return halves_.data() + i * stride_; }

    // Copies one configuration of bytes, nonzero meaning 1.
    void pack(std::size_t i, const std::uint8_t* bytes) {
        std::uint16_t* const to = row(i);
        std::size_t half = 0;
        for (; 16 * half + 16 <= n_columns_; ++half)
            to[half] = pack_sixteen(bytes + 16 * half);
        std::fill(to + half, to + stride_, std::uint16_t{0});
        if (const std::size_t rest = n_columns_ - 16 * half; rest > 0) {
            std::uint8_t padded[16] = {};
            std::copy_n(bytes + 16 * half, rest, padded);
            to[half] = pack_sixteen(padded);
        }
    }
    void unpack(std::size_t i, std::uint8_t* bytes) const {
        for (std::size_t j = 0; j < n_columns_; ++j)
            bytes[j] = (row(i)[j / 16] >> (j % 16)) & 1;
    }
    void copy_row(std::size_t i, const std::uint16_t* source) { std::copy_n(source, stride_, row(i)); }

private:
    // Bit k is set where byte k is not 0.
    static std::uint16_t pack_sixteen(const std::uint8_t* bytes) {
#if defined(__SSE2__)
        const __m128i zero = _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)), __m128i{});
        return static_cast<std::uint16_t>(~_mm_movemask_epi8(zero));
#else
        unsigned result = 0;
        for (unsigned k = 0; k < 16; ++k)
            result |= static_cast<unsigned>(bytes[k] != 0) << k;
        return static_cast<std::uint16_t>(result);
#endif
    }

    std::size_t n_rows_ = 0, n_columns_ = 0, stride_ = 0;
    AlignedVector<std::uint16_t> halves_;
};

// All rows of bytes (n_rows, n_columns) as bits, and back.
BitMatrix packed(const std::uint8_t* bytes, std::size_t n_rows, std::size_t n_columns);
void unpack(const BitMatrix& bits, std::uint8_t* bytes);

// Copies n numbers to bytes if each is 0 or 1, and says whether it is so.
template <class Number>
bool copy_binary(const Number* numbers, std::size_t n, std::uint8_t* bytes);

// The 64 units that start at halfword 4 w.
RGRBM_INLINE std::uint64_t word(const std::uint16_t* row, std::size_t w) {
    std::uint64_t result;
    std::memcpy(&result, row + 4 * w, sizeof result);
    return result;
}

} // namespace rgrbm
