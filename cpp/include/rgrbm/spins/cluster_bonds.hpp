// Bonds of Fortuin and Kasteleyn: what both cluster updates draw, 512 sites at a time.
//
// H = −Σ_a J_a Σ s s′ − h Σ s, β = 1. A bond is satisfied where J s s′ > 0; a satisfied one is active with probability
// p = 1 − e^(−2|J|), any other never (Fortuin & Kasteleyn, Physica 57, 536 (1972)). Spins tied together by active bonds
// are a cluster, and flipping all spins of a cluster keeps each of its bonds satisfied. That is right for any signs:
// with J < 0 a cluster is ordered antiferromagnetically; where the lattice is frustrated it is right as well, although
// clusters are then no longer those of correlated spins. A field is a bond |h| to one more spin, the ghost, that always
// points along it.
#pragma once

#include "rgrbm/spins/packed_lattice.hpp"
#include "rgrbm/support/bernoulli.hpp"

#include <array>
#include <cmath>
#include <cstring>

namespace rgrbm {

struct BondProbabilities {
    std::array<double, max_axes> couplings{};
    double field = 0;
    std::array<std::uint64_t, max_axes> thresholds{};   // of active among satisfied bonds
    std::array<std::uint64_t, max_axes> antiparallel{}; // all ones where J < 0
    std::uint64_t ghost_threshold = 0, field_down = 0;

    BondProbabilities(const double* J, std::size_t n_axes, double h) : field(h) {
        for (std::size_t bond = 0; bond < n_axes; ++bond) {
            couplings[bond] = J[bond];
            thresholds[bond] = bernoulli_threshold(-std::expm1(-2 * std::abs(J[bond])));
            antiparallel[bond] = J[bond] < 0 ? ~std::uint64_t{0} : 0;
        }
        ghost_threshold = bernoulli_threshold(-std::expm1(-2 * std::abs(h)));
        field_down = h < 0 ? ~std::uint64_t{0} : 0;
    }
};

// The active bonds of one configuration, a bit for each site and bond. Bonds along the line are kept at the right of
// their two sites, all others at the site that owns them.
class ActiveBonds {
public:
    explicit ActiveBonds(const PackedLattice& lattice) : lattice_(&lattice), bits_(lattice.n_axes * lattice.n_padded) {}

    const std::uint64_t* of(std::size_t bond) const { return bits_.data() + bond * lattice_->n_padded; }

    // Draws the bonds of eight words, of the spins as they are now.
    RGRBM_INLINE void draw(std::size_t granule, const std::uint64_t* spins, const BondProbabilities& probabilities,
                           Stream& stream) {
        for (std::size_t bond = 0; bond < lattice_->n_axes; ++bond) {
            std::array<std::uint64_t, Word::n_lanes> satisfied;
            for (std::size_t lane = 0; lane < Word::n_lanes; ++lane) {
                const std::size_t word = granule * Word::n_lanes + lane;
                const std::uint64_t unequal = spins[word] ^ lattice_->neighbours(spins, word, bond);
                satisfied[lane] = ~(unequal ^ probabilities.antiparallel[bond]) & lattice_->valid[word];
            }
            Word lanes;
            std::memcpy(&lanes, satisfied.data(), sizeof lanes);
            const Word active = draw_bernoulli(stream, lanes, probabilities.thresholds[bond]);
            std::memcpy(bits_.data() + bond * lattice_->n_padded + granule * Word::n_lanes, &active, sizeof active);
        }
    }

private:
    const PackedLattice* lattice_;
    std::vector<std::uint64_t> bits_;
};

} // namespace rgrbm
