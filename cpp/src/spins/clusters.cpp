#include "rgrbm/spins/clusters.hpp"

#include "rgrbm/spins/swendsen_wang.hpp"
#include "rgrbm/spins/wolff.hpp"
#include "rgrbm/support/bits.hpp"
#include "rgrbm/support/threads.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>

namespace rgrbm {

// One thread's room for the update that is asked for.
class ClusterChains::Worker {
public:
    Worker(const ClusterChains& chains, const ClusterSweep& sweep) : n_clusters_(sweep.n_clusters) {
        if (sweep.update == ClusterUpdate::wolff)
            wolff_.emplace(chains.packed_, chains.waves_);
        else
            swendsen_wang_.emplace(chains.packed_, chains.waves_);
    }

    // One sweep; returns the number of sites of all of Wolff's clusters.
    std::size_t sweep(std::uint64_t* spins, const BondLaw& law, Stream& stream, ClusterSums* sums = nullptr) {
        std::size_t sites = 0;
        if (swendsen_wang_)
            swendsen_wang_->update(spins, law, stream, sums);
        else if (wolff_)
            for (std::size_t i = 0; i < n_clusters_; ++i)
                sites += wolff_->update(spins, law, stream, sums);
        return sites;
    }

    // The mean size of Wolff's clusters over n sweeps.
    double mean_size(std::size_t n_sweeps, std::size_t sites) const {
        if (!wolff_)
            return std::numeric_limits<double>::quiet_NaN();
        return static_cast<double>(sites) / static_cast<double>(n_sweeps * n_clusters_);
    }

    // Sums over the clusters of a sweep as estimators of the chain's moments.
    void finish(ClusterSums& sums, bool in_field) const {
        if (!wolff_)
            return;
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const double scale = in_field ? nan : 1 / static_cast<double>(n_clusters_);
        sums.squares *= scale; // in a field signs of clusters are not free
        for (double& value : sums.structure)
            value *= scale;
    }

private:
    std::size_t n_clusters_;
    std::optional<Wolff> wolff_;
    std::optional<SwendsenWang> swendsen_wang_;
};

ClusterChains::ClusterChains(const ClusterLattice& lattice, const double* couplings, double field, std::size_t n_chains,
                             const Key& key)
    : lattice_(lattice), packed_(lattice_), waves_(lattice_, packed_), field_(field),
      spins_(n_chains * packed_.n_padded) {
    streams_.reserve(n_chains);
    for (std::size_t chain = 0; chain < n_chains; ++chain) {
        streams_.emplace_back(key, chain);
        for (std::size_t word = 0; word < packed_.n_padded; word += Word::n_lanes) {
            const Word random = streams_[chain].next();
            for (std::size_t lane = 0; lane < Word::n_lanes; ++lane)
                spins(chain)[word + lane] = random.lane(lane) & packed_.valid[word + lane];
        }
    }
    set_couplings(couplings);
}

void ClusterChains::align() {
    for (std::size_t chain = 0; chain < n_chains(); ++chain)
        std::copy(packed_.valid.begin(), packed_.valid.end(), spins(chain));
}

void ClusterChains::set_couplings(const double* couplings) {
    laws_.clear();
    for (std::size_t chain = 0; chain < n_chains(); ++chain)
        laws_.emplace_back(couplings + chain * packed_.n_bonds, packed_.n_bonds, field_);
}

void ClusterChains::sweep(std::size_t n, const ClusterSweep& sweep, double* sizes) {
    const auto n_pieces = static_cast<std::ptrdiff_t>(n_chains());
#pragma omp parallel num_threads(threads_for(n_pieces))
    {
        Worker worker(*this, sweep);
#pragma omp for schedule(dynamic)
        for (std::ptrdiff_t c = 0; c < n_pieces; ++c) {
            const auto chain = static_cast<std::size_t>(c);
            std::size_t sites = 0;
            for (std::size_t i = 0; i < n; ++i)
                sites += worker.sweep(spins(chain), laws_[chain], streams_[chain]);
            if (sizes)
                sizes[chain] = worker.mean_size(n, sites);
        }
    }
}

void ClusterChains::measure(std::size_t n, std::size_t spacing, const ClusterSweep& sweep,
                            const ClusterRecord& record) {
    const auto n_pieces = static_cast<std::ptrdiff_t>(n_chains());
#pragma omp parallel num_threads(threads_for(n_pieces))
    {
        Worker worker(*this, sweep);
#pragma omp for schedule(dynamic)
        for (std::ptrdiff_t c = 0; c < n_pieces; ++c) {
            const auto chain = static_cast<std::size_t>(c);
            for (std::size_t i = 0; i < n; ++i) {
                ClusterSums sums;
                std::size_t sites = 0;
                for (std::size_t step = 1; step < spacing; ++step)
                    sites += worker.sweep(spins(chain), laws_[chain], streams_[chain]);
                sites += worker.sweep(spins(chain), laws_[chain], streams_[chain], &sums);
                worker.finish(sums, field_ != 0);
                const std::size_t at = i * n_chains() + chain;
                count_bonds(chain, record.bonds + at * packed_.n_bonds);
                record.magnetizations[at] = magnetization(chain);
                structure(chain, record.structure + at * packed_.n_axes);
                record.squares[at] = sums.squares;
                record.fourths[at] = sums.fourths;
                std::copy_n(sums.structure.begin(), packed_.n_axes, record.cluster_structure + at * packed_.n_axes);
                record.cluster_sizes[at] = worker.mean_size(spacing, sites);
            }
        }
    }
}

void ClusterChains::count_bonds(std::size_t chain, std::int64_t* out) const {
    for (std::size_t bond = 0; bond < packed_.n_bonds; ++bond) {
        std::int64_t unequal = 0;
        for (std::size_t word = 0; word < packed_.n_words; ++word) {
            const std::uint64_t other = packed_.neighbours(spins(chain), word, bond);
            unequal += std::popcount((spins(chain)[word] ^ other) & packed_.valid[word]);
        }
        out[bond] = static_cast<std::int64_t>(packed_.n_sites) - 2 * unequal;
    }
}

std::int64_t ClusterChains::magnetization(std::size_t chain) const {
    std::int64_t up = 0;
    for (std::size_t word = 0; word < packed_.n_words; ++word)
        up += std::popcount(spins(chain)[word]);
    return 2 * up - static_cast<std::int64_t>(packed_.n_sites);
}

void ClusterChains::structure(std::size_t chain, double* out) const {
    std::array<Wave, PackedLattice::max_axes> waves{};
    for (std::size_t word = 0; word < packed_.n_words; ++word) {
        const std::uint64_t up = spins(chain)[word];
        const double moment = 2 * std::popcount(up) - std::popcount(packed_.valid[word]);
        for (std::size_t axis = 0; axis < packed_.along(); ++axis)
            waves[axis] += moment * waves_.of_word(axis, word);
        waves[packed_.along()] += 2.0 * waves_.sum(up, packed_.column[word]); // the wave over all sites is zero
    }
    for (std::size_t axis = 0; axis < packed_.n_axes; ++axis)
        out[axis] = std::norm(waves[axis]);
}

void ClusterChains::bond_sums(std::int64_t* out) const {
    const auto n_pieces = static_cast<std::ptrdiff_t>(n_chains());
#pragma omp parallel for schedule(static) num_threads(threads_for(n_pieces))
    for (std::ptrdiff_t c = 0; c < n_pieces; ++c)
        count_bonds(static_cast<std::size_t>(c), out + static_cast<std::size_t>(c) * packed_.n_bonds);
}

void ClusterChains::magnetizations(std::int64_t* out) const {
    for (std::size_t chain = 0; chain < n_chains(); ++chain)
        out[chain] = magnetization(chain);
}

void ClusterChains::unpack(std::size_t n, std::int8_t* out) const {
    for (std::size_t chain = 0; chain < n; ++chain)
        for (std::size_t word = 0; word < packed_.n_words; ++word) {
            const std::size_t line = word / packed_.words_per_line;
            std::int8_t* to = out + chain * packed_.n_sites + line * packed_.side + packed_.column[word];
            std::uint64_t bits = spins(chain)[word];
            for (std::size_t left = packed_.last[word] + std::size_t{1}; left > 0; bits >>= 8, to += 8) {
                const std::size_t here = std::min<std::size_t>(left, 8);
                std::memcpy(to, &spins_of_byte[bits & 255], here);
                left -= here;
            }
        }
}

} // namespace rgrbm
