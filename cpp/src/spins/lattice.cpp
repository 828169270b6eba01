#include "rgrbm/spins/lattice.hpp"

#include <stdexcept>
#include <string>

namespace rgrbm {

Lattice Lattice::checked(const std::vector<std::size_t>& sides, bool triangular) {
    if (sides.empty() || sides.size() > max_dimensions)
        throw std::invalid_argument("a lattice must have 1 to 3 sides, got " + std::to_string(sides.size()));
    if (triangular && sides.size() != 2)
        throw std::invalid_argument("a triangular lattice must have 2 sides, got " + std::to_string(sides.size()));
    std::size_t n_sites = 1;
    for (const std::size_t side : sides) {
        if (side < 2 || side > max_sites / n_sites)
            throw std::invalid_argument("each side must have at least 2 sites, and the lattice at most 2^31");
        n_sites *= side;
    }
    if (triangular)
        return Lattice::triangular(sides[0], sides[1]);
    if (sides.size() == 1)
        return ring(sides[0]);
    return sides.size() == 2 ? square(sides[0], sides[1]) : cubic(sides[0], sides[1], sides[2]);
}

} // namespace rgrbm
