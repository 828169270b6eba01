// Periodic lattices, and the neighbours of a site in an array of spins.
//
// Sites are numbered row by row. Bonds lie along axes: each site has one neighbour ahead and one behind along each,
// and each axis has a coupling of its own. Axes are named in the order of python/rgrbm/spins/lattice.py: layers, rows,
// columns; on the triangular lattice rows, columns and their diagonal, from (r, c) to (r + 1, c + 1).
//
// The sites of one colour are no neighbours of each other. Colour k holds the sites whose places along the axes add up
// to k, modulo 2 on hypercubic lattices with even sides, modulo 3 on triangular ones with sides divisible by 3.
#pragma once

#include "rgrbm/support/simd.hpp"

#include <algorithm>
#include <array>

namespace rgrbm {

inline constexpr std::size_t max_axes = 3;

// A side of 2 has double bonds, as the closed formulas count them.
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

    std::size_t n_sites() const { return layers * rows * columns; }
    std::size_t n_axes() const { return kind == Kind::ring ? 1 : kind == Kind::square ? 2 : 3; }
    bool is_ring() const { return kind == Kind::ring; }
    bool is_bipartite() const { return kind != Kind::triangular && has_colours(); }
    bool has_colours() const {
        const std::size_t n = kind == Kind::triangular ? 3 : 2;
        return columns % n == 0 && (kind == Kind::ring || rows % n == 0) && (kind != Kind::cubic || layers % n == 0);
    }
    std::size_t shortest_side() const {
        const std::size_t in_plane = kind == Kind::ring ? columns : std::min(rows, columns);
        return kind == Kind::cubic ? std::min(layers, in_plane) : in_plane;
    }
};

RGRBM_INLINE std::size_t behind(std::size_t i, std::size_t n) {
    return i == 0 ? n - 1 : i - 1;
}
RGRBM_INLINE std::size_t ahead(std::size_t i, std::size_t n) {
    return i + 1 == n ? 0 : i + 1;
}

// Each of the following gives the neighbours of a site, behind and ahead along one axis after the other, and calls
// a function with each site of a colour and its neighbours.

struct RingSites {
    static constexpr std::size_t n_axes = 1;
    static constexpr std::size_t n_colours = 2;

    explicit RingSites(const Lattice& lattice) : n(lattice.columns) {}

    RGRBM_INLINE std::array<Word, 2> neighbours(const Word* spins, std::size_t site) const {
        return {spins[behind(site, n)], spins[ahead(site, n)]};
    }

    template <class F>
    RGRBM_INLINE void for_colour(const Word* spins, std::size_t colour, F&& f) const {
        for (std::size_t site = colour; site < n; site += n_colours)
            f(site, neighbours(spins, site));
    }

    std::size_t n;
};

struct SquareSites {
    static constexpr std::size_t n_axes = 2;
    static constexpr std::size_t n_colours = 2;

    explicit SquareSites(const Lattice& lattice) : rows(lattice.rows), columns(lattice.columns) {}

    RGRBM_INLINE std::array<Word, 4> neighbours(const Word* spins, std::size_t row, std::size_t column) const {
        const Word* here = spins + row * columns;
        return {spins[behind(row, rows) * columns + column], spins[ahead(row, rows) * columns + column],
                here[behind(column, columns)], here[ahead(column, columns)]};
    }
    RGRBM_INLINE std::array<Word, 4> neighbours(const Word* spins, std::size_t site) const {
        const std::size_t row = site / columns;
        return neighbours(spins, row, site - row * columns);
    }

    template <class F>
    RGRBM_INLINE void for_colour(const Word* spins, std::size_t colour, F&& f) const {
        for (std::size_t row = 0; row < rows; ++row)
            for (std::size_t column = (row + colour) % 2; column < columns; column += 2)
                f(row * columns + column, neighbours(spins, row, column));
    }

    std::size_t rows, columns;
};

struct CubicSites {
    static constexpr std::size_t n_axes = 3;
    static constexpr std::size_t n_colours = 2;

    explicit CubicSites(const Lattice& lattice) : layers(lattice.layers), plane(lattice) {}

    RGRBM_INLINE std::array<Word, 6> neighbours(const Word* spins, std::size_t layer, std::size_t row,
                                                std::size_t column) const {
        const std::size_t area = plane.rows * plane.columns, place = row * plane.columns + column;
        const auto within = plane.neighbours(spins + layer * area, row, column);
        return {spins[behind(layer, layers) * area + place],
                spins[ahead(layer, layers) * area + place],
                within[0],
                within[1],
                within[2],
                within[3]};
    }
    RGRBM_INLINE std::array<Word, 6> neighbours(const Word* spins, std::size_t site) const {
        const std::size_t line = site / plane.columns, layer = line / plane.rows;
        return neighbours(spins, layer, line - layer * plane.rows, site - line * plane.columns);
    }

    template <class F>
    RGRBM_INLINE void for_colour(const Word* spins, std::size_t colour, F&& f) const {
        for (std::size_t layer = 0; layer < layers; ++layer)
            for (std::size_t row = 0; row < plane.rows; ++row)
                for (std::size_t column = (layer + row + colour) % 2; column < plane.columns; column += 2)
                    f((layer * plane.rows + row) * plane.columns + column, neighbours(spins, layer, row, column));
    }

    std::size_t layers;
    SquareSites plane;
};

struct TriangularSites {
    static constexpr std::size_t n_axes = 3;
    static constexpr std::size_t n_colours = 3;

    explicit TriangularSites(const Lattice& lattice) : square(lattice) {}

    RGRBM_INLINE std::array<Word, 6> neighbours(const Word* spins, std::size_t row, std::size_t column) const {
        const std::size_t rows = square.rows, columns = square.columns;
        const auto within = square.neighbours(spins, row, column);
        return {within[0],
                within[1],
                within[2],
                within[3],
                spins[behind(row, rows) * columns + behind(column, columns)],
                spins[ahead(row, rows) * columns + ahead(column, columns)]};
    }
    RGRBM_INLINE std::array<Word, 6> neighbours(const Word* spins, std::size_t site) const {
        const std::size_t row = site / square.columns;
        return neighbours(spins, row, site - row * square.columns);
    }

    template <class F>
    RGRBM_INLINE void for_colour(const Word* spins, std::size_t colour, F&& f) const {
        for (std::size_t row = 0; row < square.rows; ++row) // row + column ≡ colour, and −row ≡ 2 row
            for (std::size_t column = (colour + 2 * row) % 3; column < square.columns; column += 3)
                f(row * square.columns + column, neighbours(spins, row, column));
    }

    SquareSites square;
};

// Calls f with the sites of a lattice, in their own type.
template <class F>
void with_sites(const Lattice& lattice, F&& f) {
    switch (lattice.kind) {
    case Lattice::Kind::ring:
        return f(RingSites(lattice));
    case Lattice::Kind::square:
        return f(SquareSites(lattice));
    case Lattice::Kind::cubic:
        return f(CubicSites(lattice));
    case Lattice::Kind::triangular:
        return f(TriangularSites(lattice));
    }
}

} // namespace rgrbm
