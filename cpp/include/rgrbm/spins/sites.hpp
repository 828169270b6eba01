// The neighbours of a site, in an array that holds one value for each site: a word of 512 chains, or one spin.
#pragma once

#include "rgrbm/spins/lattice.hpp"
#include "rgrbm/support/simd.hpp"

#include <array>

namespace rgrbm {

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

    template <class T>
    RGRBM_INLINE std::array<T, 2> neighbours(const T* spins, std::size_t site) const {
        return {spins[behind(site, n)], spins[ahead(site, n)]};
    }

    template <class T, class F>
    RGRBM_INLINE void for_colour(const T* spins, std::size_t colour, F&& f) const {
        for (std::size_t site = colour; site < n; site += n_colours)
            f(site, neighbours(spins, site));
    }

    std::size_t n;
};

struct SquareSites {
    static constexpr std::size_t n_axes = 2;
    static constexpr std::size_t n_colours = 2;

    explicit SquareSites(const Lattice& lattice) : rows(lattice.rows), columns(lattice.columns) {}

    template <class T>
    RGRBM_INLINE std::array<T, 4> neighbours(const T* spins, std::size_t row, std::size_t column) const {
        const T* here = spins + row * columns;
        return {spins[behind(row, rows) * columns + column], spins[ahead(row, rows) * columns + column],
                here[behind(column, columns)], here[ahead(column, columns)]};
    }
    template <class T>
    RGRBM_INLINE std::array<T, 4> neighbours(const T* spins, std::size_t site) const {
        const std::size_t row = site / columns;
        return neighbours(spins, row, site - row * columns);
    }

    template <class T, class F>
    RGRBM_INLINE void for_colour(const T* spins, std::size_t colour, F&& f) const {
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

    template <class T>
    RGRBM_INLINE std::array<T, 6> neighbours(const T* spins, std::size_t layer, std::size_t row,
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
    template <class T>
    RGRBM_INLINE std::array<T, 6> neighbours(const T* spins, std::size_t site) const {
        const std::size_t line = site / plane.columns, layer = line / plane.rows;
        return neighbours(spins, layer, line - layer * plane.rows, site - line * plane.columns);
    }

    template <class T, class F>
    RGRBM_INLINE void for_colour(const T* spins, std::size_t colour, F&& f) const {
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

    template <class T>
    RGRBM_INLINE std::array<T, 6> neighbours(const T* spins, std::size_t row, std::size_t column) const {
        const std::size_t rows = square.rows, columns = square.columns;
        const auto within = square.neighbours(spins, row, column);
        return {within[0],
                within[1],
                within[2],
                within[3],
                spins[behind(row, rows) * columns + behind(column, columns)],
                spins[ahead(row, rows) * columns + ahead(column, columns)]};
    }
    template <class T>
    RGRBM_INLINE std::array<T, 6> neighbours(const T* spins, std::size_t site) const {
        const std::size_t row = site / square.columns;
        return neighbours(spins, row, site - row * square.columns);
    }

    template <class T, class F>
    RGRBM_INLINE void for_colour(const T* spins, std::size_t colour, F&& f) const {
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
