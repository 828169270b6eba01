#include "rgrbm/spins/cluster_sums.hpp"

namespace rgrbm {

Waves::Waves(const Lattice& lattice, const PackedLattice& packed)
    : phase_(8 * packed.words_per_line), straight_(packed.side + 1), alternating_(packed.side + 1) {
    const std::vector<Wave> line = circle(packed.side);
    for (std::size_t x = 0; x < packed.side; ++x) {
        straight_[x + 1] = straight_[x] + line[x];
        alternating_[x + 1] = alternating_[x] + (x % 2 ? -line[x] : line[x]);
    }
    for (std::size_t byte = 0; byte < phase_.size(); ++byte)
        phase_[byte] = line[8 * byte % packed.side]; // NOLINT(clang-analyzer-core.DivideZero): a line has sites
    for (std::size_t byte = 0; byte < 256; ++byte) {
        bytes_[byte] = 0;
        for (std::size_t bit = 0; bit < 8; ++bit)
            if (byte >> bit & 1)
                bytes_[byte] += line[bit % packed.side];
    }
    for (std::size_t axis = 0; axis < packed.along(); ++axis) {
        const std::vector<Wave> waves = circle(lattice.sides()[axis]);
        for (const std::uint32_t at : packed.place[axis])
            words_[axis].push_back(waves[at]);
    }
}

} // namespace rgrbm
