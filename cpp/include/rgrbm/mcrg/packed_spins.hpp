// Configurations of spins ±1 on a periodic grid, one bit per spin: a word holds one site of 512 configurations.
//
// What is measured on them, and blocked, works on whole words (block_spins.hpp, spin_operators.hpp). A block of 512
// configurations is a piece of work of its own, so that results do not depend on the number of threads.
#pragma once

#include "rgrbm/support/simd.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace rgrbm {

// Steps along layers, rows and columns.
using Offset = std::array<std::int64_t, 3>;

// Sites along the axes of a periodic grid; a square lattice is one layer, a ring one row of it. Who leaves the last row
// comes back to the first `shift` columns ahead, which the block spins of a triangular lattice need.
struct Grid {
    std::size_t layers;
    std::size_t rows;
    std::size_t columns;
    std::size_t shift = 0;

    std::size_t n_sites() const { return layers * rows * columns; }

    // Layer, row and column of a site anywhere, as they fall on the grid.
    std::array<std::size_t, 3> wrapped(const Offset& site) const;

    std::size_t number(const Offset& site) const {
        const auto [layer, row, column] = wrapped(site);
        return (layer * rows + row) * columns + column;
    }
};

class PackedSpins {
public:
    // All spins are −1.
    PackedSpins(Grid grid, std::size_t n_configurations);

    const Grid& grid() const { return grid_; }
    std::size_t size() const { return n_configurations_; }
    std::size_t n_blocks() const { return (n_configurations_ + Word::n_bits - 1) / Word::n_bits; }
    std::size_t size_of(std::size_t block) const;

    // The sites of a block, row by row. Bits beyond the last configuration mean nothing.
    Word* block(std::size_t index) { return words_.data() + index * grid_.n_sites(); }
    const Word* block(std::size_t index) const { return words_.data() + index * grid_.n_sites(); }

    // From and to int8 of shape (size, n_sites). False if a value is neither −1 nor +1.
    bool pack(const std::int8_t* spins);
    void unpack(std::int8_t* spins) const;

private:
    Grid grid_;
    std::size_t n_configurations_;
    std::vector<Word> words_;
};

} // namespace rgrbm
