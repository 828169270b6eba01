#include "rgrbm/spins/swendsen_wang.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace rgrbm {

namespace {

// The lowest set bit of each stretch of bits; `starts` are the lowest bits of the stretches. A carry runs up from each
// set bit to the end of its stretch: what it reaches from below is not the lowest.
RGRBM_INLINE std::uint64_t lowest_of_stretches(std::uint64_t bits, std::uint64_t starts) {
    const std::uint64_t runs_on = ~starts;
    const std::uint64_t either = bits | runs_on;
    const std::uint64_t carried = either ^ bits ^ (either + bits);
    return bits & ~(runs_on & carried);
}

RGRBM_INLINE void join(std::uint32_t* parent, std::uint32_t a, std::uint32_t b) {
    std::uint32_t up_a = parent[a], up_b = parent[b];
    while (up_a != up_b) {
        if (up_a < up_b) {
            std::swap(a, b);
            std::swap(up_a, up_b);
        }
        parent[a] = up_b;
        if (a == up_a)
            return;
        a = up_a;
        up_a = parent[a];
    }
}

} // namespace

SwendsenWang::SwendsenWang(const PackedLattice& lattice, const Waves& waves)
    : lattice_(&lattice), waves_(&waves), bonds_(lattice), starts_(lattice.n_padded), first_(lattice.n_padded),
      parent_(lattice.n_sites + 1), coin_(round_up(lattice.n_sites + 1, sizeof(Word))) {}

void SwendsenWang::update(std::uint64_t* spins, const BondProbabilities& probabilities, Stream& shared_stream,
                          ClusterSums* sums) {
    Stream stream = shared_stream; // a local copy stays in registers
    for (std::size_t granule = 0; granule < lattice_->n_granules(); ++granule)
        bonds_.draw(granule, spins, probabilities, stream);
    start_runs();
    join_runs();
    if (probabilities.field != 0)
        join_to_ghost(spins, probabilities, stream);
    if (sums)
        measure(spins, probabilities, *sums);
    flip_clusters(spins, stream);
    shared_stream = stream;
}

void SwendsenWang::start_runs() {
    const std::uint64_t* along = bonds_.of(lattice_->along());
    std::size_t n_runs = 1; // the ghost
    for (std::size_t word = 0; word < lattice_->n_words; ++word) {
        starts_[word] = (~along[word] | 1) & lattice_->valid[word];
        first_[word] = static_cast<std::uint32_t>(n_runs);
        n_runs += static_cast<std::size_t>(std::popcount(starts_[word]));
    }
    n_runs_ = n_runs;
    std::iota(parent_.begin(), parent_.begin() + static_cast<std::ptrdiff_t>(n_runs), 0);
}

void SwendsenWang::join_runs() {
    const PackedLattice& lattice = *lattice_;
    const std::uint64_t* starts = starts_.data();
    std::uint32_t* parent = parent_.data();
    const auto run = [&](std::size_t word, int bit) {
        return first_[word] + static_cast<std::uint32_t>(std::popcount(starts[word] << (63 - bit))) - 1;
    };
    for (std::size_t word = 0; word < lattice.n_words; ++word) {
        if (bonds_.of(lattice.along())[word] & 1) {
            const std::uint32_t before = lattice.previous[word];
            join(parent, run(before, lattice.last[before]), first_[word]);
        }
        for (std::size_t axis = 0; axis < lattice.along(); ++axis) {
            const std::size_t other = lattice.forward[axis][word];
            std::uint64_t bonds = lowest_of_stretches(bonds_.of(axis)[word], starts[word] | starts[other]);
            for (; bonds; bonds &= bonds - 1) {
                const int bit = std::countr_zero(bonds);
                join(parent, run(word, bit), run(other, bit));
            }
        }
        if (lattice.triangular) {
            const std::size_t other = lattice.forward[0][word], beyond = lattice.next[other];
            const std::uint64_t right = lattice.from_right(starts, other);
            std::uint64_t bonds = lowest_of_stretches(bonds_.of(lattice.diagonal())[word], starts[word] | right);
            for (; bonds; bonds &= bonds - 1) {
                const int bit = std::countr_zero(bonds);
                join(parent, run(word, bit), bit < lattice.last[word] ? run(other, bit + 1) : first_[beyond]);
            }
        }
    }
}

void SwendsenWang::join_to_ghost(const std::uint64_t* spins, const BondProbabilities& probabilities, Stream& stream) {
    for (std::size_t granule = 0; granule < lattice_->n_granules(); ++granule) {
        std::array<std::uint64_t, Word::n_lanes> bits;
        for (std::size_t lane = 0; lane < Word::n_lanes; ++lane) {
            const std::size_t word = granule * Word::n_lanes + lane;
            bits[lane] = (spins[word] ^ probabilities.field_down) & lattice_->valid[word];
        }
        Word lanes;
        std::memcpy(&lanes, bits.data(), sizeof lanes);
        const Word active = draw_bernoulli(stream, lanes, probabilities.ghost_threshold);
        std::memcpy(bits.data(), &active, sizeof active);
        for (std::size_t lane = 0; lane < Word::n_lanes; ++lane) {
            const std::size_t word = granule * Word::n_lanes + lane;
            std::uint64_t tied = lowest_of_stretches(bits[lane], starts_[word]);
            for (; tied; tied &= tied - 1) {
                const int shift = 63 - std::countr_zero(tied);
                const auto run = first_[word] + static_cast<std::uint32_t>(std::popcount(starts_[word] << shift)) - 1;
                join(parent_.data(), 0, run);
            }
        }
    }
}

void SwendsenWang::measure(const std::uint64_t* spins, const BondProbabilities& probabilities, ClusterSums& sums) {
    const PackedLattice& lattice = *lattice_;
    const bool alternating = probabilities.couplings[lattice.along()] < 0;
    moment_.assign(n_runs_, 0);
    waves_of_.assign(n_runs_ * lattice.n_dimensions, 0);
    std::uint32_t number = 1;
    for (std::size_t word = 0; word < lattice.n_words; ++word)
        for (std::uint64_t starts = starts_[word]; starts; ++number) {
            const int begin = std::countr_zero(starts);
            starts &= starts - 1;
            const int end = starts ? std::countr_zero(starts) - 1 : lattice.last[word];
            const std::uint32_t root = parent_[number] = parent_[parent_[number]];
            const int sign = spins[word] >> begin & 1 ? 1 : -1, length = end - begin + 1;
            const int moment = sign * (alternating ? length % 2 : length);
            moment_[root] += moment;
            for (std::size_t axis = 0; axis < lattice.along(); ++axis)
                waves_of_[root * lattice.n_dimensions + axis] +=
                    static_cast<double>(moment) * waves_->of_word(axis, word);
            const std::size_t x = lattice.column[word] + static_cast<std::size_t>(begin);
            waves_of_[root * lattice.n_dimensions + lattice.along()] +=
                static_cast<double>(sign) * waves_->stretch(x, x + static_cast<std::size_t>(length) - 1, alternating);
        }
    sums = {};
    for (std::size_t run = 0; run < n_runs_; ++run)
        if (parent_[run] == run) {
            const double square = static_cast<double>(moment_[run]) * static_cast<double>(moment_[run]);
            sums.squares += square;
            sums.fourths += square * square;
            for (std::size_t axis = 0; axis < lattice.n_dimensions; ++axis)
                sums.structure[axis] += std::norm(waves_of_[run * lattice.n_dimensions + axis]);
        }
    sums.fourths = 3 * sums.squares * sums.squares - 2 * sums.fourths;
}

void SwendsenWang::flip_clusters(std::uint64_t* spins, Stream& stream) {
    std::uint8_t* coin = coin_.data();
    for (std::size_t toss = 0; toss < n_runs_; toss += sizeof(Word)) {
        const Word random = stream.next();
        std::memcpy(coin + toss, &random, sizeof random);
    }
    coin[0] = 0; // the ghost points along the field
    const std::uint32_t* parent = parent_.data();
    std::uint32_t run = 1;
    for (std::size_t word = 0; word < lattice_->n_words; ++word) {
        std::uint64_t flipped = 0, before = 0;
        for (std::uint64_t starts = starts_[word]; starts; starts &= starts - 1, ++run) {
            const std::uint8_t mine = coin[parent[run]]; // a root's own, else what its parent took over
            coin[run] = mine;
            const std::uint64_t now = mine & 1;
            flipped ^= (0 - (now ^ before)) << std::countr_zero(starts); // a change holds for all sites above
            before = now;
        }
        spins[word] ^= flipped & lattice_->valid[word];
    }
}

} // namespace rgrbm
