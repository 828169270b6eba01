#include "rgrbm/spins/packed_lattice.hpp"

#include "rgrbm/support/aligned.hpp"

#include <numeric>

namespace rgrbm {

PackedLattice::PackedLattice(const Lattice& lattice)
    : n_sites(lattice.n_sites()), n_dimensions(lattice.n_dimensions()), n_axes(lattice.n_axes()), side(lattice.columns),
      words_per_line((side + 63) / 64), n_words(n_sites / side * words_per_line),
      n_padded(round_up(n_words, Word::n_lanes)), triangular(lattice.is_triangular()), valid(n_padded, 0),
      last(n_padded, 0), previous(n_padded), next(n_padded), column(n_padded, 0) {
    const std::vector<std::size_t> sides = lattice.sides();
    std::iota(previous.begin(), previous.end(), 0);
    next = previous;
    forward.fill(previous); // words past the end are their own neighbours
    backward.fill(previous);
    place.fill(column);
    for (std::size_t word = 0; word < n_words; ++word) {
        const std::size_t line = word / words_per_line, first = line * words_per_line, in_line = word - first;
        const std::size_t n_bits = in_line + 1 < words_per_line ? 64 : side - 64 * in_line;
        valid[word] = ~std::uint64_t{0} >> (64 - n_bits);
        last[word] = static_cast<std::uint8_t>(n_bits - 1);
        column[word] = static_cast<std::uint32_t>(64 * in_line);
        previous[word] = static_cast<std::uint32_t>(first + (in_line == 0 ? words_per_line : in_line) - 1);
        next[word] = static_cast<std::uint32_t>(first + (in_line + 1 == words_per_line ? 0 : in_line + 1));
        std::size_t stride = words_per_line; // of words, along the axis
        for (std::size_t axis = along(); axis-- > 0;) {
            const std::size_t length = sides[axis], at = word / stride % length;
            place[axis][word] = static_cast<std::uint32_t>(at);
            forward[axis][word] = static_cast<std::uint32_t>(at + 1 == length ? word - at * stride : word + stride);
            backward[axis][word] = static_cast<std::uint32_t>(at == 0 ? word + (length - 1) * stride : word - stride);
            stride *= length;
        }
    }
}

} // namespace rgrbm
