#include "rgrbm/spins/colour_packing.hpp"

#include "rgrbm/support/aligned.hpp"

namespace rgrbm {

namespace {

void set(std::uint8_t& lanes, std::size_t lane, bool value) {
    lanes = static_cast<std::uint8_t>(lanes | (value ? 1u << lane : 0u));
}

} // namespace

ColourPacking::ColourPacking(const Lattice& lattice)
    : n_colours(lattice.n_colours()), sites_per_line(lattice.columns / n_colours),
      words_per_line((sites_per_line + 63) / 64), n_lines(lattice.layers * lattice.rows),
      n_words(n_lines * words_per_line), n_granules((n_words + Word::n_lanes - 1) / Word::n_lanes),
      row_stride(words_per_line), layer_stride(lattice.rows * words_per_line), rows(lattice.rows),
      layers(lattice.layers), last_bit(static_cast<int>((sites_per_line - 1) % 64)),
      last_mask(~std::uint64_t{0} >> (63 - last_bit)), granules(n_granules),
      margin(round_up(words_per_line + Word::n_lanes, Word::n_lanes)),
      to_line_end(static_cast<std::ptrdiff_t>(words_per_line) - 1) {
    for (std::size_t word = 0; word < n_words; ++word) {
        GranuleLanes& lanes = granules[word / Word::n_lanes];
        const std::size_t lane = word % Word::n_lanes, line = word / words_per_line, in_line = word % words_per_line;
        const std::size_t row = line % rows, layer = line / rows;
        set(lanes.first, lane, in_line == 0);
        set(lanes.last, lane, in_line + 1 == words_per_line);
        set(lanes.top, lane, row == 0);
        set(lanes.bottom, lane, row + 1 == rows);
        set(lanes.front, lane, layer == 0);
        set(lanes.back, lane, layer + 1 == layers);
        set(lanes.present, lane, true);
        for (std::size_t colour = 0; colour < n_colours; ++colour) {
            set(lanes.no_offset[colour], lane, offset(colour, line) == 0);
            set(lanes.full_offset[colour], lane, offset(colour, line) + 1 == n_colours);
        }
    }
}

} // namespace rgrbm
