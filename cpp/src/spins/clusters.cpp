#include "rgrbm/spins/clusters.hpp"

#include "rgrbm/spins/swendsen_wang.hpp"
#include "rgrbm/spins/wolff.hpp"
#include "rgrbm/support/bits.hpp"
#include "rgrbm/support/parallel.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>

namespace rgrbm {

// One thread's working memory for the update.
class ClusterChains::Worker {
public:
    explicit Worker(const ClusterChains& chains) : n_clusters_(chains.clusters_per_sweep_) {
        if (chains.update_ == ClusterUpdate::wolff)
            wolff_.emplace(chains.packed_, chains.waves_);
        else
            swendsen_wang_.emplace(chains.packed_, chains.waves_);
    }

    // One sweep; returns the number of sites of all of Wolff's clusters.
    GrownCluster sweep(std::uint64_t* spins, const BondProbabilities& probabilities, Stream& stream,
                       ClusterSums* sums = nullptr) {
        GrownCluster all;
        if (swendsen_wang_)
            swendsen_wang_->update(spins, probabilities, stream, sums);
        else if (wolff_)
            for (std::size_t i = 0; i < n_clusters_; ++i)
                all += wolff_->update(spins, probabilities, stream, sums);
        return all;
    }

    // The mean over Wolff's clusters of n sweeps.
    double mean(std::size_t n_sweeps, std::size_t sum) const {
        if (!wolff_)
            return std::numeric_limits<double>::quiet_NaN();
        return static_cast<double>(sum) / static_cast<double>(n_sweeps * n_clusters_);
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

ClusterChains::ClusterChains(const Lattice& lattice, ClusterUpdate update, const double* couplings, double field,
                             std::size_t n_chains, const Key& key, const Alternating& alternating)
    : SpinChains(lattice, field, n_chains, key, alternating), update_(update), packed_(lattice),
      waves_(lattice, packed_), odd_(packed_.n_padded), spins_(n_chains * packed_.n_padded) {
    streams_.reserve(n_chains);
    for (std::size_t chain = 0; chain < n_chains; ++chain) {
        streams_.emplace_back(key, chain);
        for (std::size_t word = 0; word < packed_.n_padded; word += Word::n_lanes)
            (streams_[chain].next() & Word::load(packed_.valid.data() + word)).store(spins(chain) + word);
    }
    for (std::size_t word = 0; word < packed_.n_words; ++word) {
        const std::size_t line = word / packed_.words_per_line;
        // Words of a line begin at even columns.
        const std::uint64_t along = alternating[2] ? 0xAAAAAAAAAAAAAAAAu : 0;
        const bool odd = is_odd(line / lattice.rows, line % lattice.rows, 0);
        odd_[word] = (odd ? ~along : along) & packed_.valid[word];
    }
    set_couplings(couplings);
}

// Calls f with each chain and a worker of its thread, side by side.
template <class F>
void ClusterChains::for_chains(F&& f) const {
    for_pieces(n_chains_, [&] { return Worker(*this); }, f);
}

void ClusterChains::align(bool up) {
    std::fill(spins_.begin(), spins_.end(), 0);
    for (std::size_t chain = 0; up && chain < n_chains_; ++chain)
        std::copy(packed_.valid.begin(), packed_.valid.end(), spins(chain));
}

void ClusterChains::set_couplings(const double* couplings) {
    probabilities_.clear();
    for (std::size_t chain = 0; chain < n_chains_; ++chain)
        probabilities_.emplace_back(couplings + chain * packed_.n_axes, packed_.n_axes, field_);
}

void ClusterChains::sweep(std::size_t n) {
    sweep(n, nullptr, nullptr);
}

void ClusterChains::sweep(std::size_t n, double* sizes, double* flipped) {
    for_chains([&](std::size_t chain, Worker& worker) {
        GrownCluster all;
        for (std::size_t i = 0; i < n && !interrupt_requested(); ++i)
            all += worker.sweep(spins(chain), probabilities_[chain], streams_[chain]);
        if (sizes)
            sizes[chain] = worker.mean(n, all.sites);
        if (flipped)
            flipped[chain] = worker.mean(n, all.flipped);
    });
}

void ClusterChains::measure_clusters(std::size_t n, std::size_t spacing, bool with_flips, const SpinRecord& record,
                                     const ClusterRecord* clusters) {
    if (!with_flips)
        return measure_in_range(0, n, spacing, record, clusters);
    for (std::size_t i = 0; i < n; ++i) {
        flip_globally();
        measure_in_range(i, i + 1, spacing, record, clusters);
    }
}

void ClusterChains::measure_in_range(std::size_t begin, std::size_t end, std::size_t spacing, const SpinRecord& record,
                                     const ClusterRecord* clusters) {
    for_chains([&](std::size_t chain, Worker& worker) {
        for (std::size_t i = begin; i < end && !interrupt_requested(); ++i) {
            ClusterSums sums;
            GrownCluster all;
            for (std::size_t step = 1; step < spacing && !interrupt_requested(); ++step)
                all += worker.sweep(spins(chain), probabilities_[chain], streams_[chain]);
            all += worker.sweep(spins(chain), probabilities_[chain], streams_[chain], clusters ? &sums : nullptr);
            const std::size_t at = i * n_chains_ + chain, n_dimensions = packed_.n_dimensions;
            count_bonds(chain, record.bond_sums + at * packed_.n_axes);
            record.magnetizations[at] = magnetization(chain, false);
            record.alternating[at] = magnetization(chain, true);
            if (record.structure)
                structure(chain, record.structure + at * n_dimensions);
            if (!clusters)
                continue;
            worker.finish(sums, field_ != 0);
            clusters->squares[at] = sums.squares;
            clusters->fourths[at] = sums.fourths;
            std::copy_n(sums.structure.begin(), n_dimensions, clusters->structure + at * n_dimensions);
            clusters->cluster_sizes[at] = worker.mean(spacing, all.sites);
        }
    });
}

void ClusterChains::count_bonds(std::size_t chain, std::int64_t* out) const {
    for (std::size_t axis = 0; axis < packed_.n_axes; ++axis) {
        std::int64_t unequal = 0;
        for (std::size_t word = 0; word < packed_.n_words; ++word) {
            const std::uint64_t other = packed_.neighbours(spins(chain), word, axis);
            unequal += std::popcount((spins(chain)[word] ^ other) & packed_.valid[word]);
        }
        out[axis] = static_cast<std::int64_t>(packed_.n_sites) - 2 * unequal;
    }
}

std::int64_t ClusterChains::magnetization(std::size_t chain, bool alternating) const {
    std::int64_t up = 0;
    for (std::size_t word = 0; word < packed_.n_words; ++word)
        up += std::popcount(alternating ? spins(chain)[word] ^ odd_[word] : spins(chain)[word]);
    return 2 * up - static_cast<std::int64_t>(packed_.n_sites);
}

void ClusterChains::structure(std::size_t chain, double* out) const {
    std::array<Wave, max_dimensions> waves{};
    for (std::size_t word = 0; word < packed_.n_words; ++word) {
        const std::uint64_t up = spins(chain)[word];
        const double moment = 2 * std::popcount(up) - std::popcount(packed_.valid[word]);
        for (std::size_t axis = 0; axis < packed_.along(); ++axis)
            waves[axis] += moment * waves_.of_word(axis, word);
        waves[packed_.along()] += 2.0 * waves_.sum(up, packed_.column[word]); // the wave over all sites is zero
    }
    for (std::size_t axis = 0; axis < packed_.n_dimensions; ++axis)
        out[axis] = std::norm(waves[axis]);
}

void ClusterChains::bond_sums(std::int64_t* out) const {
    for (std::size_t chain = 0; chain < n_chains_; ++chain)
        count_bonds(chain, out + chain * packed_.n_axes);
}

void ClusterChains::magnetizations(bool alternating, std::int64_t* out) const {
    for (std::size_t chain = 0; chain < n_chains_; ++chain)
        out[chain] = magnetization(chain, alternating);
}

void ClusterChains::structure(double* out) const {
    for (std::size_t chain = 0; chain < n_chains_; ++chain)
        structure(chain, out + chain * packed_.n_dimensions);
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

bool ClusterChains::pack(const std::int8_t* given) {
    if (!std::all_of(given, given + n_chains_ * packed_.n_sites, [](std::int8_t s) { return s == 1 || s == -1; }))
        return false;
    std::fill(spins_.begin(), spins_.end(), 0);
    for (std::size_t chain = 0; chain < n_chains_; ++chain)
        for (std::size_t word = 0; word < packed_.n_words; ++word) {
            const std::size_t line = word / packed_.words_per_line;
            const std::int8_t* from = given + chain * packed_.n_sites + line * packed_.side + packed_.column[word];
            for (std::size_t bit = 0; bit <= packed_.last[word]; ++bit)
                spins(chain)[word] |= std::uint64_t{from[bit] > 0} << bit;
        }
    return true;
}

void ClusterChains::flip_chains(const std::vector<std::uint64_t>& chains) {
    for (std::size_t chain = 0; chain < n_chains_; ++chain)
        if (chains[chain / 64] >> (chain % 64) & 1)
            for (std::size_t word = 0; word < packed_.n_words; ++word)
                spins(chain)[word] ^= packed_.valid[word];
}

std::vector<std::span<std::uint64_t>> ClusterChains::state() {
    return {{spins_.data(), spins_.size()}, words_of(streams_), flip_state()};
}

} // namespace rgrbm
