// Chains of an Ising model that are moved by cluster updates, each with couplings and a random stream of its own.
//
// The probabilities are in cluster_bonds.hpp, the updates in swendsen_wang.hpp and wolff.hpp, improved estimators in
// cluster_sums.hpp. Only integers decide which spins flip (but for Wolff's in a field, which takes one exponential), so
// that spins are the same bits on every instruction set; and for any number of threads, as threads share out chains.
#pragma once

#include "rgrbm/spins/cluster_bonds.hpp"
#include "rgrbm/spins/cluster_sums.hpp"
#include "rgrbm/spins/spin_chains.hpp"
#include "rgrbm/support/aligned.hpp"

#include <cstdint>
#include <vector>

namespace rgrbm {

enum class ClusterUpdate { wolff, swendsen_wang };

// Where measurements of clusters go, beside those of spins: arrays (n, n_chains, …).
struct ClusterRecord {
    double* squares;       // (n, n_chains): improved estimators of M²,
    double* fourths;       // (n, n_chains): of M⁴ (NaN by Wolff's clusters),
    double* structure;     // (n, n_chains, n_dimensions): and of |M(k)|²
    double* cluster_sizes; // (n, n_chains): mean sites of Wolff's clusters; NaN by Swendsen and Wang's
};

class ClusterChains final : public SpinChains {
public:
    // Couplings of each chain, (n_chains, n_axes). Chains start at random (infinite temperature).
    ClusterChains(const Lattice& lattice, ClusterUpdate update, const double* couplings, double field,
                  std::size_t n_chains, const Key& key, const Alternating& alternating);

    // Wolff's clusters in a sweep, 1 at first: a number that is fixed in advance. A sweep that ended when enough spins
    // are flipped would prefer configurations of large clusters.
    void set_clusters_per_sweep(std::size_t n) { clusters_per_sweep_ = n; }

    void set_couplings(const double* couplings) override;
    void align(bool up) override;
    void sweep(std::size_t n) override;
    void bond_sums(std::int64_t* out) const override;
    void magnetizations(bool alternating, std::int64_t* out) const override;
    void structure(double* out) const override;
    void unpack(std::size_t n, std::int8_t* out) const override;
    bool pack(const std::int8_t* spins) override;
    std::vector<std::span<std::uint64_t>> state() override;

    // Makes n sweeps; writes the mean number of sites of Wolff's clusters of each chain, and of those that flipped
    // (less than all in a field only).
    void sweep(std::size_t n, double* sizes, double* flipped);
    // Measures n times, each time after so many sweeps as the spacing says; improved estimators are those of the last
    // sweep, and none are made if there is no record for them.
    void measure_clusters(std::size_t n, std::size_t spacing, bool with_flips, const SpinRecord& record,
                          const ClusterRecord* clusters);

private:
    void flip_chains(const std::vector<std::uint64_t>& chains) override;
    class Worker;
    void measure_in_range(std::size_t begin, std::size_t end, std::size_t spacing, const SpinRecord& record,
                          const ClusterRecord* clusters);
    template <class F>
    void for_chains(F&& f) const;

    std::uint64_t* spins(std::size_t chain) { return spins_.data() + chain * packed_.n_padded; }
    const std::uint64_t* spins(std::size_t chain) const { return spins_.data() + chain * packed_.n_padded; }
    void count_bonds(std::size_t chain, std::int64_t* out) const;
    std::int64_t magnetization(std::size_t chain, bool alternating) const;
    void structure(std::size_t chain, double* out) const;

    ClusterUpdate update_;
    std::size_t clusters_per_sweep_ = 1;
    PackedLattice packed_;
    Waves waves_;
    std::vector<std::uint64_t> odd_; // sites of ε = −1
    std::vector<BondProbabilities> probabilities_;
    AlignedVector<std::uint64_t> spins_; // chain after chain, word after word
    std::vector<Stream> streams_;
};

} // namespace rgrbm
