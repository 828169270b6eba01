// Sums of products of spins over a periodic grid, S_α = Σ_x Σ_P Π_(o ∈ P) s(x + o), for many configurations at once.
//
// An operator is a list of products P of equally many spins, which are the images of one of them under the symmetries
// of the lattice; a product is a list of offsets. Nothing else distinguishes operators. On packed bits a
// product of k spins is the exclusive or of k words, and the sum is a count of bits: the product is −1 where the number
// of spins −1 is odd, that is where the exclusive or differs from k mod 2.
//
// R. H. Swendsen, Phys. Rev. Lett. 42, 859 (1979), on what such sums are for.
#pragma once

#include "rgrbm/mcrg/packed_spins.hpp"

#include <cstdint>
#include <vector>

namespace rgrbm {

using Product = std::vector<Offset>;
using Operator = std::vector<Product>;

// out[configuration · n_operators + operator]; each operator has at least one product, each product equally many
// offsets, at least one.
void operator_sums(const PackedSpins& spins, const std::vector<Operator>& operators, std::int64_t* out);

} // namespace rgrbm
