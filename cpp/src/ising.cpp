#include "rgrbm/ising.hpp"

#include "rgrbm/bits.hpp"
#include "rgrbm/ising_updates.hpp"
#include "rgrbm/threads.hpp"

#include <algorithm>
#include <cmath>

namespace rgrbm {

namespace {

// One sweep of updates at sites drawn at random.
template <Update update, class Sites>
void sweep_random_sites(Word* spins, std::size_t n_sites, const Sites& sites, const Thresholds& thresholds,
                        const Word& inverted, Stream& shared_stream) {
    Stream stream = shared_stream; // a local copy stays in registers
    for (std::size_t done = 0; done < n_sites;) {
        const Word uniform = stream.next();
        const std::size_t batch = std::min(Word::n_lanes, n_sites - done);
        for (std::size_t i = 0; i < batch; ++i) {
            // Multiplying into the range is biased by less than n_sites / 2⁶⁴ (Lemire 2019).
            const auto site =
                static_cast<std::size_t>((static_cast<unsigned __int128>(uniform.lane(i)) * n_sites) >> 64);
            const auto want = wanted(sites.neighbours(spins, site), inverted);
            spins[site] = updated(update, spins[site], want, thresholds, stream);
        }
        done += batch;
    }
    shared_stream = stream;
}

// One sweep of a square lattice, first the even sites of the checkerboard and then the odd ones.
template <Update update>
void sweep_checkerboard(Word* spins, const SquareSites& sites, const Thresholds& thresholds, const Word& inverted,
                        Stream& shared_stream) {
    Stream stream = shared_stream;
    for (std::size_t colour = 0; colour < 2; ++colour)
        for (std::size_t row = 0; row < sites.rows; ++row)
            for (std::size_t column = (row + colour) % 2; column < sites.columns; column += 2) {
                const auto want = wanted(sites.neighbours(spins, row, column), inverted);
                Word& spin = spins[row * sites.columns + column];
                spin = updated(update, spin, want, thresholds, stream);
            }
    shared_stream = stream;
}

template <Update update>
void sweep_block(Word* spins, const Lattice& lattice, double coupling, std::size_t n, Stream& stream) {
    const Word inverted = coupling < 0 ? Word::ones() : Word::zero();
    const Thresholds ring = leaving_thresholds<2>(update, coupling);
    const Thresholds square = leaving_thresholds<4>(update, coupling);
    const bool blinks = update == Update::metropolis && (coupling == 0 || lattice.is_small());
    for (std::size_t i = 0; i < n; ++i) {
        if (lattice.is_ring())
            sweep_random_sites<update>(spins, lattice.n_sites(), RingSites(lattice), ring, inverted, stream);
        else if (lattice.has_checkerboard() && !blinks)
            sweep_checkerboard<update>(spins, SquareSites(lattice), square, inverted, stream);
        else
            sweep_random_sites<update>(spins, lattice.n_sites(), SquareSites(lattice), square, inverted, stream);
    }
}

// The ring as a Markov chain along its sites, closed on the first spin s₀. With t = tanh J and m bonds left
// after site i, the rest of the ring has weight ∝ 1 ± tᵐ where s_i = ± s₀. Hence the probability to turn, s_i
// ≠ s_(i−1), in the two cases s_(i−1) = s₀ (first) and s_(i−1) ≠ s₀ (second).
//
// For strong couplings 1 − |t|ᵐ and the weight e^(−2|J|) of the unlikely bond, both relative to 1, vanish together: an
// odd antiferromagnetic ring has one bond that is unsatisfied, and their ratio, 2m at last, tells where. It is taken
// from |t|ᵐ = exp(−2m artanh e^(−2|J|)), where no digits are lost.
Thresholds turning_thresholds(double coupling, std::size_t bonds_left) {
    const double m = static_cast<double>(bonds_left), unlikely = std::exp(-2 * std::abs(coupling));
    const double scaled = unlikely > 1e-100 ? -std::expm1(-2 * m * std::atanh(unlikely)) / unlikely : 2 * m;
    const double less = unlikely * scaled, more = 2 - less; // 1 − |t|ᵐ and 1 + |t|ᵐ
    const bool ferromagnet = coupling >= 0, closes = ferromagnet || bonds_left % 2 == 0;
    // With w = ``unlikely``: w less : more and w more : less for the ferromagnet, w being taken out of the second. Of
    // the antiferromagnet the change is the likely bond.
    const auto ratio = [&](bool likely, bool to_more) {
        if (likely)
            return to_more ? more / (more + unlikely * less) : scaled / (scaled + more);
        return to_more ? more / (more + scaled) : unlikely * less / (unlikely * less + more);
    };
    // After a turn from s₀ the spin is −s₀, of weight 1 − tᵐ; after one from −s₀ it is s₀, of weight 1 + tᵐ.
    return {bernoulli_threshold(ratio(!ferromagnet, !closes)), bernoulli_threshold(ratio(!ferromagnet, closes))};
}

void sample_ring_exactly(Word* spins, const std::vector<Thresholds>& turning, Stream& stream) {
    spins[0] = stream.next();
    for (std::size_t site = 1; site < turning.size(); ++site) {
        const Word unequal = spins[site - 1] ^ spins[0];
        spins[site] = spins[site - 1] ^ draw_bernoulli(stream, {~unequal, unequal}, turning[site]);
    }
}

} // namespace

IsingChains::IsingChains(Lattice lattice, double coupling, std::size_t n_chains, const Key& key)
    : lattice_(lattice), coupling_(coupling), n_chains_(n_chains) {
    const std::size_t n_blocks = (n_chains + Word::n_bits - 1) / Word::n_bits;
    spins_.resize(n_blocks * lattice.n_sites());
    streams_.reserve(n_blocks);
    for (std::size_t b = 0; b < n_blocks; ++b) {
        streams_.emplace_back(key, b);
        std::generate(block(b), block(b) + lattice.n_sites(), [&] { return streams_[b].next(); });
    }
}

std::size_t IsingChains::chains_in(std::size_t block) const {
    return std::min(Word::n_bits, n_chains_ - block * Word::n_bits);
}

void IsingChains::align() {
    std::fill(spins_.begin(), spins_.end(), Word::ones());
}

void IsingChains::sweep(std::size_t n, Update update) {
    const auto n_blocks = static_cast<std::ptrdiff_t>(streams_.size());
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(n_blocks))
    for (std::ptrdiff_t b = 0; b < n_blocks; ++b) {
        const auto i = static_cast<std::size_t>(b);
        if (update == Update::metropolis)
            sweep_block<Update::metropolis>(block(i), lattice_, coupling_, n, streams_[i]);
        else
            sweep_block<Update::heat_bath>(block(i), lattice_, coupling_, n, streams_[i]);
    }
}

void IsingChains::sample_exactly() {
    std::vector<Thresholds> turning(lattice_.n_sites());
    for (std::size_t site = 1; site < turning.size(); ++site)
        turning[site] = turning_thresholds(coupling_, turning.size() - site);
    const auto n_blocks = static_cast<std::ptrdiff_t>(streams_.size());
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(n_blocks))
    for (std::ptrdiff_t b = 0; b < n_blocks; ++b) {
        const auto i = static_cast<std::size_t>(b);
        sample_ring_exactly(block(i), turning, streams_[i]);
    }
}

void IsingChains::bond_sums(std::int64_t* out) const {
    const auto n_blocks = static_cast<std::ptrdiff_t>(streams_.size());
    const std::size_t n_bonds = (lattice_.is_ring() ? 1 : 2) * lattice_.n_sites();
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(n_blocks))
    for (std::ptrdiff_t b = 0; b < n_blocks; ++b) {
        const auto index = static_cast<std::size_t>(b);
        const Word* spins = block(index);
        VerticalCounter unequal;
        for (std::size_t row = 0; row < lattice_.rows; ++row) {
            const Word* here = spins + row * lattice_.columns;
            const Word* below = spins + (row + 1 == lattice_.rows ? 0 : row + 1) * lattice_.columns;
            for (std::size_t column = 0; column < lattice_.columns; ++column) {
                unequal.add(here[column] ^ here[column + 1 == lattice_.columns ? 0 : column + 1]);
                if (!lattice_.is_ring())
                    unequal.add(here[column] ^ below[column]);
            }
        }
        std::int64_t* sums = out + index * Word::n_bits;
        unequal.read(sums, chains_in(index));
        for (std::size_t i = 0; i < chains_in(index); ++i)
            sums[i] = static_cast<std::int64_t>(n_bonds) - 2 * sums[i];
    }
}

void IsingChains::magnetizations(std::int64_t* out) const {
    const auto n_blocks = static_cast<std::ptrdiff_t>(streams_.size());
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(n_blocks))
    for (std::ptrdiff_t b = 0; b < n_blocks; ++b) {
        const auto index = static_cast<std::size_t>(b);
        const Word* spins = block(index);
        VerticalCounter up;
        for (std::size_t site = 0; site < lattice_.n_sites(); ++site)
            up.add(spins[site]);
        std::int64_t* sums = out + index * Word::n_bits;
        up.read(sums, chains_in(index));
        for (std::size_t i = 0; i < chains_in(index); ++i)
            sums[i] = 2 * sums[i] - static_cast<std::int64_t>(lattice_.n_sites());
    }
}

void IsingChains::unpack(std::size_t n, std::int8_t* out) const {
    const auto n_blocks = static_cast<std::ptrdiff_t>((n + Word::n_bits - 1) / Word::n_bits);
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(n_blocks))
    for (std::ptrdiff_t b = 0; b < n_blocks; ++b) {
        const auto i = static_cast<std::size_t>(b);
        const std::size_t first = i * Word::n_bits, n_here = std::min(Word::n_bits, n - first);
        unpack_spins(block(i), lattice_.n_sites(), n_here, out + first * lattice_.n_sites(), lattice_.n_sites());
    }
}

} // namespace rgrbm
