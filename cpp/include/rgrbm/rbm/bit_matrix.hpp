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
        for (std::size_t j = 0; j < n_columns_; ++j)
            row(i)[j / 16] = static_cast<std::uint16_t>(row(i)[j / 16] | ((bytes[j] != 0) << (j % 16)));
    }
    void unpack(std::size_t i, std::uint8_t* bytes) const {
        for (std::size_t j = 0; j < n_columns_; ++j)
            bytes[j] = (row(i)[j / 16] >> (j % 16)) & 1;
    }
    void copy_row(std::size_t i, const std::uint16_t* source) { std::copy_n(source, stride_, row(i)); }

private:
    std::size_t n_rows_ = 0, n_columns_ = 0, stride_ = 0;
    AlignedVector<std::uint16_t> halves_;
};

// The 64 units that start at halfword 4 w.
RGRBM_INLINE std::uint64_t word(const std::uint16_t* row, std::size_t w) {
    std::uint64_t result;
    std::memcpy(&result, row + 4 * w, sizeof result);
    return result;
}

} // namespace rgrbm
