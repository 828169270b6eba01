// Periodic lattices packed for cluster updates: one chain's spins, one bit each, 64 sites of a line to a word.
//
// A line runs along the last axis; each starts a word of its own. Neighbours along the line are neighbouring bits of
// a word (or of the next one, and around the lattice), those along another axis the same bit of another word. So one
// integer operation serves 64 sites, and the only tables are those of the words. A triangular lattice is a square one
// with a third bond, from (row, column) to (row + 1, column + 1). A side of 2 has double bonds, as the closed formulas
// count them: each site owns the bonds to its neighbours ahead, around the lattice as well.
#pragma once

#include "rgrbm/spins/lattice.hpp"
#include "rgrbm/support/simd.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace rgrbm {

// The words of a lattice and how they hang together. Bits past the end of a line are zero in every mask; words past
// the end of the lattice, which fill up the last Word of 512 bits, have none.
struct PackedLattice {
    explicit PackedLattice(const Lattice& lattice);

    std::size_t n_sites, n_dimensions, n_axes, side, words_per_line, n_words, n_padded;
    bool triangular;
    std::vector<std::uint64_t> valid;                            // bits that are sites
    std::vector<std::uint8_t> last;                              // the highest of them
    std::vector<std::uint32_t> previous, next;                   // words along the line, around the lattice
    std::vector<std::uint32_t> column;                           // of the word's first site
    std::array<std::vector<std::uint32_t>, 2> forward, backward; // words of the neighbours along the other axes
    std::array<std::vector<std::uint32_t>, 2> place;             // coordinate of the word along the other axes

    std::size_t along() const { return n_dimensions - 1; } // the axis of the lines
    std::size_t diagonal() const { return n_dimensions; }  // of a triangular lattice
    std::size_t n_granules() const { return n_padded / Word::n_lanes; }

    // The word and bit of a site, which are numbered row by row.
    std::array<std::size_t, 2> locate(std::size_t site) const {
        const std::size_t line = site / side, in_line = site - line * side;
        return {line * words_per_line + in_line / 64, in_line % 64};
    }

    // Bits moved by one site around their line: what each site finds at its left, or at its right.
    RGRBM_INLINE std::uint64_t from_left(const std::uint64_t* bits, std::size_t word) const {
        const std::uint32_t before = previous[word];
        return (bits[word] << 1) | ((bits[before] >> last[before]) & 1);
    }
    RGRBM_INLINE std::uint64_t from_right(const std::uint64_t* bits, std::size_t word) const {
        return (bits[word] >> 1) | ((bits[next[word]] & 1) << last[word]);
    }

    // The spin at the other end of each site's bond: bonds along the line are those to the left, all others those that
    // a site owns.
    RGRBM_INLINE std::uint64_t neighbours(const std::uint64_t* spins, std::size_t word, std::size_t axis) const {
        if (axis == along())
            return from_left(spins, word);
        if (axis < n_dimensions)
            return spins[forward[axis][word]];
        return from_right(spins, forward[0][word]);
    }
};

} // namespace rgrbm
