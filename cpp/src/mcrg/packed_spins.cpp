#include "rgrbm/mcrg/packed_spins.hpp"

#include "rgrbm/support/bits.hpp"
#include "rgrbm/support/parallel.hpp"

#include <algorithm>

namespace rgrbm {

namespace {

std::size_t remainder(std::int64_t site, std::size_t length) {
    const auto n = static_cast<std::int64_t>(length);
    return static_cast<std::size_t>(((site % n) + n) % n);
}

} // namespace

std::array<std::size_t, 3> Grid::wrapped(const Offset& site) const {
    const std::size_t row = remainder(site[1], rows);
    const std::int64_t times = (site[1] - static_cast<std::int64_t>(row)) / static_cast<std::int64_t>(rows);
    const std::int64_t ahead = times * static_cast<std::int64_t>(shift);
    return {remainder(site[0], layers), row, remainder(site[2] + ahead, columns)};
}

PackedSpins::PackedSpins(Grid grid, std::size_t n_configurations) : grid_(grid), n_configurations_(n_configurations) {
    words_.resize(n_blocks() * grid.n_sites(), Word::zero());
}

std::size_t PackedSpins::size_of(std::size_t block) const {
    return std::min(Word::n_bits, n_configurations_ - block * Word::n_bits);
}

bool PackedSpins::pack(const std::int8_t* spins) {
    std::atomic<bool> right{true};
    for_pieces(n_blocks(), [&](std::size_t i) {
        const std::int8_t* first = spins + i * Word::n_bits * grid_.n_sites();
        if (!pack_spins(first, grid_.n_sites(), size_of(i), grid_.n_sites(), block(i)))
            right = false;
    });
    return right;
}

void PackedSpins::unpack(std::int8_t* spins) const {
    for_pieces(n_blocks(), [&](std::size_t i) {
        unpack_spins(block(i), grid_.n_sites(), size_of(i), spins + i * Word::n_bits * grid_.n_sites(),
                     grid_.n_sites());
    });
}

} // namespace rgrbm
