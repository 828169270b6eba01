// Swendsen and Wang's update (Phys. Rev. Lett. 58, 86 (1987)): all clusters at once, each flipped with
// probability ½.
//
// Clusters are labelled by runs, not by sites. A run is a stretch of a word whose sites are tied along the line; the
// number of a site's run is the number of runs that start up to it, one popcount. Of the bonds between two runs only
// the first is examined, which word-wide addition finds. What remains is joined by Rem's union-find with splicing
// (Dijkstra, A Discipline of Programming (1976), ch. 23; Patwary, Blair & Manne, SEA 2010), in which parents have
// lower numbers than their children, so that one pass in order finds the roots and builds the mask of the spins
// that flip. Run 0 is the ghost of the field, whose cluster stays.
#pragma once

#include "rgrbm/spins/cluster_bonds.hpp"
#include "rgrbm/spins/cluster_sums.hpp"
#include "rgrbm/support/aligned.hpp"

namespace rgrbm {

class SwendsenWang {
public:
    SwendsenWang(const PackedLattice& lattice, const Waves& waves);

    // One update of the spins of a chain; with sums, also the sums over its clusters.
    void update(std::uint64_t* spins, const BondProbabilities& probabilities, Stream& stream,
                ClusterSums* sums = nullptr);

private:
    void start_runs();
    void join_runs();
    void join_to_ghost(const std::uint64_t* spins, const BondProbabilities& probabilities, Stream& stream);
    void measure(const std::uint64_t* spins, const BondProbabilities& probabilities, ClusterSums& sums);
    void flip_clusters(std::uint64_t* spins, Stream& stream);

    const PackedLattice* lattice_;
    const Waves* waves_;
    ActiveBonds bonds_;
    std::size_t n_runs_ = 0;
    std::vector<std::uint64_t> starts_; // sites where runs start
    std::vector<std::uint32_t> first_;  // number of each word's first run
    std::vector<std::uint32_t> parent_;
    AlignedVector<std::uint8_t> coin_;
    std::vector<std::int64_t> moment_; // of each cluster, at its root
    std::vector<Wave> waves_of_;
};

} // namespace rgrbm
