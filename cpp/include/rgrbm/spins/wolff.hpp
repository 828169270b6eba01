// Wolff's update (Phys. Rev. Lett. 62, 361 (1989)): the cluster of a random site is grown and flipped.
//
// Bonds are drawn when the cluster first comes near, for eight words at a time, and hold until it is complete; so the
// cluster is that of all bonds drawn at once. It grows word by word: from the sites where it has come into a word it
// spreads along the line through that word's active bonds, upwards by one addition (carries run through tied sites),
// downwards by doubling steps, and from there by whole words to their neighbours.
//
// In a field h the cluster is grown without it and flipped with probability min(1, e^(−2h S)), S its sum of spins.
#pragma once

#include "rgrbm/spins/cluster_bonds.hpp"
#include "rgrbm/spins/cluster_sums.hpp"

namespace rgrbm {

// One cluster: how many sites it has, and how many were flipped, all or none.
struct GrownCluster {
    std::size_t sites = 0, flipped = 0;

    GrownCluster& operator+=(const GrownCluster& other) {
        sites += other.sites;
        flipped += other.flipped;
        return *this;
    }
};

class Wolff {
public:
    Wolff(const PackedLattice& lattice, const Waves& waves);

    // Grows one cluster and flips it unless the field forbids. With sums, adds those of the cluster; the fourth moments
    // do not follow from one cluster, and are NaN.
    GrownCluster update(std::uint64_t* spins, const BondProbabilities& probabilities, Stream& stream,
                        ClusterSums* sums = nullptr);

private:
    void grow(const std::uint64_t* spins, const BondProbabilities& probabilities, Stream& stream);
    void reach(std::size_t word, std::uint64_t sites);
    void measure(const std::uint64_t* spins, std::size_t size, ClusterSums& sums) const;
    RGRBM_INLINE void need(std::size_t word, const std::uint64_t* spins, const BondProbabilities& probabilities,
                           Stream& stream);

    const PackedLattice* lattice_;
    const Waves* waves_;
    ActiveBonds bonds_;
    std::vector<std::uint8_t> drawn_;        // granules whose bonds are drawn
    std::vector<std::uint32_t> granules_;    // their numbers
    std::vector<std::uint64_t> sites_, new_; // of the cluster; where it has come in and not spread from
    std::vector<std::uint32_t> waiting_;     // words that have new sites
};

} // namespace rgrbm
