// Chains of an Ising model that are moved by cluster updates, each with couplings and a random stream of its own.
//
// The laws are told in cluster_bonds.hpp, the updates in swendsen_wang.hpp and wolff.hpp, what is measured in
// cluster_sums.hpp. Only integers decide where spins turn (but for Wolff's in a field, which takes one exponential), so
// that spins are the same bits on every instruction set; and for any number of threads, as threads share out chains.
#pragma once

#include "rgrbm/spins/cluster_bonds.hpp"
#include "rgrbm/spins/cluster_sums.hpp"
#include "rgrbm/support/aligned.hpp"

#include <cstdint>
#include <vector>

namespace rgrbm {

enum class ClusterUpdate { wolff, swendsen_wang };

// How many updates make a sweep: all clusters at once of Swendsen and Wang, or a number of Wolff's clusters that is
// fixed in advance (a sweep that ended when enough spins are turned would prefer configurations of large clusters).
struct ClusterSweep {
    ClusterUpdate update;
    std::size_t n_clusters;
};

// Where the measurements of n sweeps of all chains go, one array for each quantity, sweep after sweep.
struct ClusterRecord {
    std::int64_t* bonds;          // (n, n_chains, n_bonds): Σ s s′ over the bonds of each kind
    std::int64_t* magnetizations; // (n, n_chains): Σ s
    double* structure;            // (n, n_chains, n_axes): |Σ s e^(ikx)|² for k = 2π/L along each axis
    double* squares;              // (n, n_chains): improved estimators of M²,
    double* fourths;              // (n, n_chains): of M⁴ (NaN by Wolff's clusters),
    double* cluster_structure;    // (n, n_chains, n_axes): and of |M(k)|²
    double* cluster_sizes;        // (n, n_chains): mean sites of Wolff's clusters; NaN by Swendsen and Wang's
};

class ClusterChains {
public:
    // Couplings of each chain, (n_chains, n_bonds). Chains start at random (infinite temperature).
    ClusterChains(const ClusterLattice& lattice, const double* couplings, double field, std::size_t n_chains,
                  const Key& key);

    std::size_t n_chains() const { return streams_.size(); }
    const ClusterLattice& lattice() const { return lattice_; }

    // Sets every spin of every chain to +1.
    void align();
    // Gives the chains other couplings, (n_chains, n_bonds).
    void set_couplings(const double* couplings);

    // Makes n sweeps; writes the mean number of sites of Wolff's clusters of each chain where sizes are asked for.
    void sweep(std::size_t n, const ClusterSweep& sweep, double* sizes = nullptr);
    // Makes n times so many sweeps and measures after each time; improved estimators are those of the last sweep.
    void measure(std::size_t n, std::size_t spacing, const ClusterSweep& sweep, const ClusterRecord& record);

    // (n_chains, n_bonds) and (n_chains,)
    void bond_sums(std::int64_t* out) const;
    void magnetizations(std::int64_t* out) const;

    // The first n chains as int8 ±1, shape (n, n_sites).
    void unpack(std::size_t n, std::int8_t* out) const;

private:
    class Worker;

    std::uint64_t* spins(std::size_t chain) { return spins_.data() + chain * packed_.n_padded; }
    const std::uint64_t* spins(std::size_t chain) const { return spins_.data() + chain * packed_.n_padded; }
    void count_bonds(std::size_t chain, std::int64_t* out) const;
    std::int64_t magnetization(std::size_t chain) const;
    void structure(std::size_t chain, double* out) const;

    ClusterLattice lattice_;
    PackedLattice packed_;
    Waves waves_;
    double field_;
    std::vector<BondLaw> laws_;
    AlignedVector<std::uint64_t> spins_; // chain after chain, word after word
    std::vector<Stream> streams_;
};

} // namespace rgrbm
