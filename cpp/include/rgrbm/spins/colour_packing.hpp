// One lattice packed along its lines, colour by colour: 64 sites of a line and colour to a word of 64 bits.
//
// The sites of colour q on the line of layer z and row y are those of columns C k + o, k = 0, 1, …, where C is the
// number of colours and o = (q − y − z) mod C. Site k is bit k mod 64 of word k / 64 of its line; the bits of a line
// that are left over are 0. Lines follow each other without gaps, so that eight words in a row, a granule, are one Word
// even where lines are short.
//
// In these numbers all neighbours are close. Above and below (and in the layers before and behind) they are site k of
// the next line and of the next colour. To the left it is site k of the same line and of the colour before, or k − 1
// where o = 0; to the right k of the colour behind, or k + 1 where o = C − 1. The diagonal of a triangular lattice
// leads to the line below in the same way as to the right, and to the line above in the same way as to the left. So a
// granule's neighbours are granules at a fixed distance, moved by one bit in some lanes; and a few lanes, at the
// borders, find them around the lattice.
#pragma once

#include "rgrbm/spins/lattice.hpp"
#include "rgrbm/support/simd.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace rgrbm {

// Which of a granule's eight words are …
struct GranuleLanes {
    std::uint8_t first = 0, last = 0;        // the first and the last of their lines
    std::uint8_t top = 0, bottom = 0;        // on the first and the last row
    std::uint8_t front = 0, back = 0;        // in the first and the last layer
    std::uint8_t present = 0;                // words of the lattice, and not those that fill up the last granule
    std::array<std::uint8_t, 3> no_offset{}; // of the lines with o = 0, for each colour
    std::array<std::uint8_t, 3> full_offset{};
};

class ColourPacking {
public:
    // The lattice must have colours, and be no ring.
    explicit ColourPacking(const Lattice& lattice);

    std::size_t n_colours, sites_per_line, words_per_line, n_lines, n_words, n_granules;
    std::size_t row_stride, layer_stride; // words from a line to the next, and from a layer to the next
    std::size_t rows, layers;
    int last_bit;            // of a line's last word
    std::uint64_t last_mask; // its bits that are sites
    std::vector<GranuleLanes> granules;

    // Words of one colour, with room at both ends: lanes that are not needed are read there.
    std::size_t margin;
    std::size_t stored_words() const { return n_granules * Word::n_lanes + 2 * margin; }

    std::size_t offset(std::size_t colour, std::size_t line) const {
        const std::size_t place = line / rows + line % rows;
        return (colour + n_colours * place - place) % n_colours;
    }

    // Bits that are sites.
    RGRBM_INLINE Word valid(const GranuleLanes& lanes) const {
        const Word present = Word::fill_lanes(lanes.present);
        return present & (Word::fill(last_mask) | ~Word::fill_lanes(lanes.last));
    }

    // The words of another colour as a granule finds them: here, or on the line above or below, or in the layer in
    // front or behind. Each gives the Word that lies so many words further on.
    struct Here {
        const std::uint64_t* words;

        RGRBM_INLINE Word operator()(std::ptrdiff_t further) const { return Word::load(words + further); }
    };
    // Moved by one number of words, or by another in the lanes at a border.
    struct Moved {
        const std::uint64_t *near, *around;
        std::uint8_t border;

        RGRBM_INLINE Word operator()(std::ptrdiff_t further) const {
            if (border == 0)
                return Word::load(near + further);
            if (border == 0xFF)
                return Word::load(around + further);
            return select(Word::fill_lanes(border), Word::load(around + further), Word::load(near + further));
        }
    };

    RGRBM_INLINE Moved above(const std::uint64_t* words, const GranuleLanes& lanes) const {
        return {words - row_stride, words + (rows - 1) * row_stride, lanes.top};
    }
    RGRBM_INLINE Moved below(const std::uint64_t* words, const GranuleLanes& lanes) const {
        return {words + row_stride, words - (rows - 1) * row_stride, lanes.bottom};
    }
    RGRBM_INLINE Moved in_front(const std::uint64_t* words, const GranuleLanes& lanes) const {
        return {words - layer_stride, words + (layers - 1) * layer_stride, lanes.front};
    }
    RGRBM_INLINE Moved at_back(const std::uint64_t* words, const GranuleLanes& lanes) const {
        return {words + layer_stride, words - (layers - 1) * layer_stride, lanes.back};
    }

    // Site k − 1, or k + 1, of the lines in the lanes that are moving, around the lattice; site k of all others.
    template <class Words>
    RGRBM_INLINE Word left(const Words& words, const GranuleLanes& lanes, std::uint8_t moving) const {
        const Word here = words(0);
        if (moving == 0)
            return here;
        Word carry = Word::zero();
        if (lanes.first != 0xFF)
            carry = words(-1) >> 63;
        if (lanes.first != 0)
            carry = select(Word::fill_lanes(lanes.first), words(to_line_end) >> last_bit, carry);
        const Word moved = (here << 1) | carry;
        return moving == 0xFF ? moved : select(Word::fill_lanes(moving), moved, here);
    }
    template <class Words>
    RGRBM_INLINE Word right(const Words& words, const GranuleLanes& lanes, std::uint8_t moving) const {
        const Word here = words(0);
        if (moving == 0)
            return here;
        Word carry = Word::zero();
        if (lanes.last != 0xFF)
            carry = words(1) << 63;
        if (lanes.last != 0)
            carry = select(Word::fill_lanes(lanes.last), words(-to_line_end) << last_bit, carry);
        const Word moved = (here >> 1) | carry;
        return moving == 0xFF ? moved : select(Word::fill_lanes(moving), moved, here);
    }

private:
    std::ptrdiff_t to_line_end; // words from the first of a line to the last
};

} // namespace rgrbm
