// Periodic lattices as all samplers take them.
//
// Sites are numbered row by row. Bonds lie along axes: each site has one neighbour ahead and one behind along each,
// and each axis has a coupling of its own. Axes are named in the order of python/rgrbm/spins/lattice.py: layers, rows,
// columns; on the triangular lattice rows, columns and their diagonal, from (r, c) to (r + 1, c + 1). A side of 2 has
// double bonds, as the closed formulas count them.
//
// The sites of one colour are no neighbours of each other. Colour k holds the sites whose coordinates add up to k,
// modulo 2 on hypercubic lattices with even sides, modulo 3 on triangular ones with sides divisible by 3.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace rgrbm {

inline constexpr std::size_t max_axes = 3, max_dimensions = 3;
inline constexpr std::size_t max_sites = std::size_t{1} << 31;

struct Lattice {
    enum class Kind { ring, square, cubic, triangular };

    Kind kind;
    std::size_t layers;
    std::size_t rows;
    std::size_t columns;

    static Lattice ring(std::size_t n) { return {Kind::ring, 1, 1, n}; }
    static Lattice square(std::size_t rows, std::size_t columns) { return {Kind::square, 1, rows, columns}; }
    static Lattice cubic(std::size_t layers, std::size_t rows, std::size_t columns) {
        return {Kind::cubic, layers, rows, columns};
    }
    static Lattice triangular(std::size_t rows, std::size_t columns) { return {Kind::triangular, 1, rows, columns}; }

    // One to three sides of at least 2 sites, two if triangular, and at most max_sites in all; else throws
    // std::invalid_argument.
    static Lattice checked(const std::vector<std::size_t>& sides, bool triangular);

    std::size_t n_sites() const { return layers * rows * columns; }
    std::size_t n_axes() const { return kind == Kind::ring ? 1 : kind == Kind::square ? 2 : 3; }
    std::size_t n_dimensions() const { return kind == Kind::ring ? 1 : kind == Kind::cubic ? 3 : 2; }
    bool is_triangular() const { return kind == Kind::triangular; }
    bool is_ring() const { return kind == Kind::ring; }
    std::size_t n_colours() const { return is_triangular() ? 3 : 2; }
    bool has_colours() const {
        const std::size_t n = n_colours();
        return columns % n == 0 && (is_ring() || rows % n == 0) && (kind != Kind::cubic || layers % n == 0);
    }
    bool is_bipartite() const { return !is_triangular() && has_colours(); }

    // Sites along each dimension, from the slowest to the columns.
    std::vector<std::size_t> sides() const {
        const std::array<std::size_t, max_dimensions> all{layers, rows, columns};
        return {all.end() - static_cast<std::ptrdiff_t>(n_dimensions()), all.end()};
    }
    std::size_t shortest_side() const { return std::ranges::min(sides()); }
};

} // namespace rgrbm
