#include "rgrbm/spins/ising.hpp"

#include "rgrbm/spins/ising_updates.hpp"
#include "rgrbm/spins/local_field.hpp"
#include "rgrbm/support/bits.hpp"
#include "rgrbm/support/threads.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace rgrbm {

namespace {

// One sweep of updates at sites drawn at random.
template <class Sites, class Law>
void sweep_at_random(Word* spins, std::size_t n_sites, const Sites& sites, const Law& shared_law,
                     Stream& shared_stream) {
    Stream stream = shared_stream; // local copies stay in registers
    const Law law = shared_law;
    for (std::size_t done = 0; done < n_sites;) {
        const Word uniform = stream.next();
        const std::size_t batch = std::min(Word::n_lanes, n_sites - done);
        for (std::size_t i = 0; i < batch; ++i) {
            // Multiplying into the range is biased by less than n_sites / 2⁶⁴ (Lemire 2019).
            const auto site =
                static_cast<std::size_t>((static_cast<unsigned __int128>(uniform.lane(i)) * n_sites) >> 64);
            spins[site] = law(spins[site], sites.neighbours(spins, site), stream);
        }
        done += batch;
    }
    shared_stream = stream;
}

// One sweep colour by colour.
template <class Sites, class Law>
void sweep_in_turn(Word* spins, const Sites& sites, const Law& shared_law, Stream& shared_stream) {
    Stream stream = shared_stream;
    const Law law = shared_law;
    for (std::size_t colour = 0; colour < Sites::n_colours; ++colour)
        sites.for_colour(spins, colour, [&](std::size_t site, const auto& neighbours) {
            spins[site] = law(spins[site], neighbours, stream);
        });
    shared_stream = stream;
}

using TurningThresholds = std::array<std::uint64_t, 2>;

// The ring as a Markov chain along its sites, closed on the first spin s₀. With t = tanh J and m bonds left
// after site i, the rest of the ring has weight ∝ 1 ± tᵐ where s_i = ± s₀. Hence the probability to turn, s_i
// ≠ s_(i−1), in the two cases s_(i−1) = s₀ (first) and s_(i−1) ≠ s₀ (second).
//
// For strong couplings 1 − |t|ᵐ and the weight e^(−2|J|) of the unlikely bond, both relative to 1, vanish together: an
// odd antiferromagnetic ring has one bond that is unsatisfied, and their ratio, 2m at last, tells where. It is taken
// from |t|ᵐ = exp(−2m artanh e^(−2|J|)), where no digits are lost.
TurningThresholds turning_thresholds(double coupling, std::size_t bonds_left) {
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

void sample_ring_exactly(Word* spins, const std::vector<TurningThresholds>& turning, Stream& stream) {
    spins[0] = stream.next();
    for (std::size_t site = 1; site < turning.size(); ++site) {
        const Word unequal = spins[site - 1] ^ spins[0];
        spins[site] = spins[site - 1] ^ draw_bernoulli(stream, std::array{~unequal, unequal}, turning[site]);
    }
}

} // namespace

IsingChains::IsingChains(Lattice lattice, const Couplings& couplings, std::size_t n_chains, const Key& key)
    : lattice_(lattice), couplings_(couplings), n_chains_(n_chains) {
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

bool IsingChains::has_one_coupling() const {
    const auto end = couplings_.along.begin() + static_cast<std::ptrdiff_t>(lattice_.n_axes());
    return std::all_of(couplings_.along.begin(), end, [&](double J) { return J == couplings_.along[0]; });
}

bool IsingChains::in_turn(Update update) const {
    if (lattice_.is_ring() || !lattice_.has_colours())
        return false;
    if (update == Update::heat_bath)
        return true;
    const double J = couplings_.along[0];
    const bool frustrated = J < 0 && !(lattice_.is_bipartite() && couplings_.field == 0);
    return has_one_coupling() && J != 0 && !frustrated && lattice_.shortest_side() >= 8;
}

template <class Sites, class Law>
void IsingChains::sweep_blocks(const Sites& sites, const Law& law, bool in_turn, std::size_t n) {
    const auto n_blocks = static_cast<std::ptrdiff_t>(streams_.size());
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(n_blocks))
    for (std::ptrdiff_t b = 0; b < n_blocks; ++b) {
        const auto index = static_cast<std::size_t>(b);
        for (std::size_t i = 0; i < n; ++i) {
            if (in_turn)
                sweep_in_turn(block(index), sites, law, streams_[index]);
            else
                sweep_at_random(block(index), lattice_.n_sites(), sites, law, streams_[index]);
        }
    }
}

void IsingChains::sweep(std::size_t n, Update update) {
    with_sites(lattice_, [&]<class Sites>(const Sites& sites) {
        const auto sweep_by = [&]<Update u>(std::integral_constant<Update, u>) {
            if (has_one_coupling() && couplings_.field == 0)
                sweep_blocks(sites, PlainUpdate<u, Sites::n_axes>(couplings_), in_turn(u), n);
            else
                sweep_blocks(sites, FieldUpdate<u, Sites::n_axes>(couplings_), in_turn(u), n);
        };
        if (update == Update::metropolis)
            sweep_by(std::integral_constant<Update, Update::metropolis>{});
        else
            sweep_by(std::integral_constant<Update, Update::heat_bath>{});
    });
}

void IsingChains::sample_exactly() {
    std::vector<TurningThresholds> turning(lattice_.n_sites());
    for (std::size_t site = 1; site < turning.size(); ++site)
        turning[site] = turning_thresholds(couplings_.along[0], turning.size() - site);
    const auto n_blocks = static_cast<std::ptrdiff_t>(streams_.size());
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(n_blocks))
    for (std::ptrdiff_t b = 0; b < n_blocks; ++b) {
        const auto i = static_cast<std::size_t>(b);
        sample_ring_exactly(block(i), turning, streams_[i]);
    }
}

void IsingChains::bond_sums(std::int64_t* out) const {
    with_sites(lattice_, [&]<class Sites>(const Sites& sites) {
        const auto n_blocks = static_cast<std::ptrdiff_t>(streams_.size());
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(n_blocks))
        for (std::ptrdiff_t b = 0; b < n_blocks; ++b) {
            const auto index = static_cast<std::size_t>(b);
            const Word* spins = block(index);
            std::array<VerticalCounter, Sites::n_axes> unequal;
            for (std::size_t site = 0; site < lattice_.n_sites(); ++site) {
                const auto neighbours = sites.neighbours(spins, site);
                for (std::size_t axis = 0; axis < Sites::n_axes; ++axis)
                    unequal[axis].add(spins[site] ^ neighbours[2 * axis + 1]);
            }
            for (std::size_t axis = 0; axis < Sites::n_axes; ++axis) {
                std::int64_t* sums = out + axis * n_chains_ + index * Word::n_bits;
                unequal[axis].read(sums, chains_in(index));
                for (std::size_t i = 0; i < chains_in(index); ++i)
                    sums[i] = static_cast<std::int64_t>(lattice_.n_sites()) - 2 * sums[i];
            }
        }
    });
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
