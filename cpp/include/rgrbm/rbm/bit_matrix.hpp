// A matrix of bits, one row per configuration, in halfwords of 16 units as the vectors of 16 lanes draw them.
#pragma once

#include "rgrbm/support/aligned.hpp"
#include "rgrbm/support/simd.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

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
        std::fill_n(row(i), stride_, std::uint16_t{0});
        for (std::size_t j = 0; j < n_columns_; j += 8)
            row(i)[j / 16] =
                static_cast<std::uint16_t>(row(i)[j / 16] | pack_bytes(bytes + j, n_columns_ - j) << (j & 8));
    }
    void unpack(std::size_t i, std::uint8_t* bytes) const {
        for (std::size_t j = 0; j < n_columns_; ++j)
            bytes[j] = (row(i)[j / 16] >> (j % 16)) & 1;
    }
    void copy_row(std::size_t i, const std::uint16_t* source) { std::copy_n(source, stride_, row(i)); }

private:
    // Of up to eight bytes, one bit each: bit k is set where byte k is not 0. With bytes of 0 and 1, the product has
    // byte k at bit 8k + 7(8 − k) = 56 + k, and nothing else there.
    static unsigned pack_bytes(const std::uint8_t* bytes, std::size_t n) {
        std::uint64_t x = 0;
        std::memcpy(&x, bytes, std::min<std::size_t>(n, 8));
        constexpr std::uint64_t sevens = 0x7f7f7f7f7f7f7f7fu;
        const std::uint64_t ones = ((((x & sevens) + sevens) | x) & ~sevens) >> 7;
        return static_cast<unsigned>(ones * 0x0102040810204080u >> 56);
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
