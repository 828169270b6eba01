#include "rgrbm/spins/wolff.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace rgrbm {

namespace {

// All sites tied to the given ones within a word; bit i of `tied`: sites i − 1 and i hang together.
RGRBM_INLINE std::uint64_t spread(std::uint64_t sites, std::uint64_t tied) {
    const std::uint64_t either = sites | tied;
    std::uint64_t filled = sites | (tied & (either ^ sites ^ (either + sites)));
    std::uint64_t through = tied >> 1; // bit i: sites i and i + 1
    for (int step = 1; step < 64; step *= 2) {
        filled |= through & (filled >> step);
        through &= through >> step;
    }
    return filled;
}

} // namespace

Wolff::Wolff(const PackedLattice& lattice, const Waves& waves)
    : lattice_(&lattice), waves_(&waves), bonds_(lattice), drawn_(lattice.n_granules()), sites_(lattice.n_padded),
      new_(lattice.n_padded) {}

GrownCluster Wolff::update(std::uint64_t* spins, const BondProbabilities& probabilities, Stream& shared_stream,
                           ClusterSums* sums) {
    Stream stream = shared_stream; // a local copy stays in registers
    const Word uniform = stream.next();
    // Multiplying into the range is biased by less than n_sites / 2⁶⁴ (Lemire 2019).
    const auto site =
        static_cast<std::size_t>((static_cast<unsigned __int128>(uniform.lane(0)) * lattice_->n_sites) >> 64);
    const auto [word, bit] = lattice_->locate(site);
    reach(word, std::uint64_t{1} << bit);
    grow(spins, probabilities, stream);
    std::int64_t size = 0, up = 0;
    for (const std::uint32_t granule : granules_)
        for (std::size_t w = granule * Word::n_lanes; w < (granule + 1) * Word::n_lanes; ++w) {
            size += std::popcount(sites_[w]);
            up += std::popcount(sites_[w] & spins[w]);
        }
    const double rise = 2 * probabilities.field * static_cast<double>(2 * up - size); // of H
    const bool flips = rise <= 0 || uniform.lane(1) < bernoulli_threshold(std::exp(-rise));
    if (sums)
        measure(spins, static_cast<std::size_t>(size), *sums);
    for (const std::uint32_t granule : granules_) {
        for (std::size_t w = granule * Word::n_lanes; w < (granule + 1) * Word::n_lanes; ++w) {
            spins[w] ^= flips ? sites_[w] : 0;
            sites_[w] = 0;
        }
        drawn_[granule] = 0;
    }
    granules_.clear();
    shared_stream = stream;
    const auto sites = static_cast<std::size_t>(size);
    return {sites, flips ? sites : 0};
}

RGRBM_INLINE void Wolff::need(std::size_t word, const std::uint64_t* spins, const BondProbabilities& probabilities,
                              Stream& stream) {
    const std::size_t granule = word / Word::n_lanes;
    if (drawn_[granule])
        return;
    drawn_[granule] = 1;
    granules_.push_back(static_cast<std::uint32_t>(granule));
    bonds_.draw(granule, spins, probabilities, stream);
}

RGRBM_INLINE void Wolff::reach(std::size_t word, std::uint64_t sites) {
    sites &= ~(sites_[word] | new_[word]);
    if (!sites)
        return;
    if (!new_[word])
        waiting_.push_back(static_cast<std::uint32_t>(word));
    new_[word] |= sites;
}

void Wolff::grow(const std::uint64_t* spins, const BondProbabilities& probabilities, Stream& stream) {
    const PackedLattice& lattice = *lattice_;
    const std::uint64_t* along = bonds_.of(lattice.along());
    while (!waiting_.empty()) {
        const std::size_t word = waiting_.back();
        waiting_.pop_back();
        need(word, spins, probabilities, stream);
        const std::uint64_t grown = spread(new_[word], along[word] & ~std::uint64_t{1});
        new_[word] = 0;
        sites_[word] |= grown;
        const int last = lattice.last[word];
        if (grown & along[word] & 1)
            reach(lattice.previous[word], std::uint64_t{1} << lattice.last[lattice.previous[word]]);
        if (grown >> last & 1) {
            const std::size_t beyond = lattice.next[word];
            need(beyond, spins, probabilities, stream);
            reach(beyond, along[beyond] & 1);
        }
        for (std::size_t axis = 0; axis < lattice.along(); ++axis) {
            const std::uint64_t* bonds = bonds_.of(axis);
            reach(lattice.forward[axis][word], grown & bonds[word]);
            const std::size_t behind = lattice.backward[axis][word];
            need(behind, spins, probabilities, stream);
            reach(behind, grown & bonds[behind]);
        }
        if (lattice.triangular) {
            const std::uint64_t* bonds = bonds_.of(lattice.diagonal());
            const std::uint64_t owned = grown & bonds[word];
            const std::size_t below = lattice.forward[0][word], above = lattice.backward[0][word];
            reach(below, owned << 1 & lattice.valid[below]);
            reach(lattice.next[below], owned >> last & 1);
            const std::size_t left = lattice.previous[above];
            need(above, spins, probabilities, stream);
            need(left, spins, probabilities, stream);
            reach(above, grown >> 1 & bonds[above]);
            reach(left, (grown & 1) << lattice.last[left] & bonds[left]);
        }
    }
}

void Wolff::measure(const std::uint64_t* spins, std::size_t size, ClusterSums& sums) const {
    const double weight = static_cast<double>(lattice_->n_sites) / static_cast<double>(size);
    double moment = 0;
    std::array<Wave, max_dimensions> waves{};
    for (const std::uint32_t granule : granules_)
        for (std::size_t w = granule * Word::n_lanes; w < (granule + 1) * Word::n_lanes; ++w) {
            if (!sites_[w])
                continue;
            const std::uint64_t up = sites_[w] & spins[w], down = sites_[w] & ~spins[w];
            const double here = std::popcount(up) - std::popcount(down);
            moment += here;
            for (std::size_t axis = 0; axis < lattice_->along(); ++axis)
                waves[axis] += here * waves_->of_word(axis, w);
            waves[lattice_->along()] += waves_->sum(up, lattice_->column[w]) - waves_->sum(down, lattice_->column[w]);
        }
    sums.squares += weight * moment * moment;
    sums.fourths = std::numeric_limits<double>::quiet_NaN();
    for (std::size_t axis = 0; axis < lattice_->n_dimensions; ++axis)
        sums.structure[axis] += weight * std::norm(waves[axis]);
}

} // namespace rgrbm
