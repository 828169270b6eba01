#include "rgrbm/spins/word_chains.hpp"

#include "rgrbm/spins/field_update.hpp"
#include "rgrbm/spins/sites.hpp"
#include "rgrbm/spins/uniform_update.hpp"
#include "rgrbm/spins/waves.hpp"
#include "rgrbm/support/bits.hpp"
#include "rgrbm/support/parallel.hpp"

#include <algorithm>
#include <cmath>

namespace rgrbm {

namespace {

// One sweep of updates at sites drawn at random.
template <class Sites, class Rule>
void sweep_at_random(Word* spins, std::size_t n_sites, const Sites& sites, const Rule& shared_rule,
                     Stream& shared_stream) {
    Stream stream = shared_stream; // local copies stay in registers
    const Rule rule = shared_rule;
    for (std::size_t done = 0; done < n_sites;) {
        const Word uniform = stream.next();
        const std::size_t batch = std::min(Word::n_lanes, n_sites - done);
        for (std::size_t i = 0; i < batch; ++i) {
            // Multiplying into the range is biased by less than n_sites / 2⁶⁴ (Lemire 2019).
            const auto site =
                static_cast<std::size_t>((static_cast<unsigned __int128>(uniform.lane(i)) * n_sites) >> 64);
            spins[site] = rule(spins[site], sites.neighbours(spins, site), stream);
        }
        done += batch;
    }
    shared_stream = stream;
}

// One sweep, colour after colour.
template <class Sites, class Rule>
void sweep_colours(Word* spins, const Sites& sites, const Rule& shared_rule, Stream& shared_stream) {
    Stream stream = shared_stream;
    const Rule rule = shared_rule;
    for (std::size_t colour = 0; colour < Sites::n_colours; ++colour)
        sites.for_colour(spins, colour, [&](std::size_t site, const auto& neighbours) {
            spins[site] = rule(spins[site], neighbours, stream);
        });
    shared_stream = stream;
}

using ChangeThresholds = ThresholdPlanes<2>;

// The ring as a Markov chain along its sites, closed on the first spin s₀. With t = tanh J and m bonds left
// after site i, the rest of the ring has weight ∝ 1 ± tᵐ where s_i = ± s₀. Hence the probability of a change,
// s_i ≠ s_(i−1), in the two cases s_(i−1) = s₀ (first) and s_(i−1) ≠ s₀ (second).
//
// For strong couplings 1 − |t|ᵐ and the weight e^(−2|J|) of the unlikely bond, both relative to 1, vanish together: an
// odd antiferromagnetic ring has one bond that is unsatisfied, and their ratio, 2m at last, determines where. It is
// taken from |t|ᵐ = exp(−2m artanh e^(−2|J|)), where no digits are lost.
ChangeThresholds change_thresholds(double coupling, std::size_t bonds_left) {
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
    // After a change from s₀ the spin is −s₀, of weight 1 − tᵐ; after one from −s₀ it is s₀, of weight 1 + tᵐ.
    return ChangeThresholds(
        {bernoulli_threshold(ratio(!ferromagnet, !closes)), bernoulli_threshold(ratio(!ferromagnet, closes))});
}

void sample_ring_exactly(Word* spins, const std::vector<ChangeThresholds>& change, Stream& stream) {
    spins[0] = stream.next();
    for (std::size_t site = 1; site < change.size(); ++site) {
        const Word unequal = spins[site - 1] ^ spins[0];
        spins[site] = spins[site - 1] ^ draw_bernoulli(stream, std::array{~unequal, unequal}, change[site]);
    }
}

} // namespace

WordChains::WordChains(const Lattice& lattice, Update update, const double* couplings, double field,
                       std::size_t n_chains, const Key& key, const Alternating& alternating)
    : SpinChains(lattice, field, n_chains, key, alternating), update_(update),
      couplings_(couplings, lattice.n_axes(), field) {
    const std::size_t n_blocks = (n_chains + Word::n_bits - 1) / Word::n_bits;
    spins_.resize(n_blocks * lattice.n_sites());
    streams_.reserve(n_blocks);
    for (std::size_t b = 0; b < n_blocks; ++b) {
        streams_.emplace_back(key, b);
        std::generate(block(b), block(b) + lattice.n_sites(), [&] { return streams_[b].next(); });
    }
}

// Calls f with the number of each block, side by side.
template <class F>
void WordChains::for_blocks(F&& f) const {
    for_pieces(streams_.size(), f);
}

std::size_t WordChains::chains_in(std::size_t block) const {
    return std::min(Word::n_bits, n_chains_ - block * Word::n_bits);
}

void WordChains::set_couplings(const double* couplings) {
    couplings_ = Couplings(couplings, lattice_.n_axes(), field_);
}

void WordChains::align(bool up) {
    std::fill(spins_.begin(), spins_.end(), up ? Word::ones() : Word::zero());
}

template <bool sequential, class Sites, class Rule>
void WordChains::sweep_blocks(const Sites& sites, const Rule& rule, std::size_t n) {
    for_blocks([&](std::size_t b) {
        for (std::size_t i = 0; i < n && !interrupt_requested(); ++i) {
            if constexpr (sequential)
                sweep_colours(block(b), sites, rule, streams_[b]);
            else
                sweep_at_random(block(b), lattice_.n_sites(), sites, rule, streams_[b]);
        }
    });
}

template <Update update, bool sequential, class Sites>
void WordChains::sweep_by(const Sites& sites, std::size_t n) {
    constexpr bool lazy = update == Update::metropolis && !sequential;
    const double tried = !lazy ? 1 : couplings_are_weak(couplings_, lattice_.n_axes()) ? 0.5 : 0.875;
    if (couplings_.has_one_coupling(Sites::n_axes) && field_ == 0)
        sweep_blocks<sequential>(sites, UniformUpdate<update, Sites::n_axes, lazy>(couplings_, tried), n);
    else
        sweep_blocks<sequential>(sites, FieldUpdate<update, Sites::n_axes, lazy>(couplings_, tried), n);
}

void WordChains::sweep(std::size_t n) {
    const bool heat_bath = update_ == Update::heat_bath;
    with_sites(lattice_, [&]<class Sites>(const Sites& sites) {
        if constexpr (Sites::n_axes > 1) // the order on rings is always random
            if (is_sequential())
                return heat_bath ? sweep_by<Update::heat_bath, true>(sites, n)
                                 : sweep_by<Update::metropolis, true>(sites, n);
        heat_bath ? sweep_by<Update::heat_bath, false>(sites, n) : sweep_by<Update::metropolis, false>(sites, n);
    });
}

void WordChains::sample_exactly() {
    std::vector<ChangeThresholds> change(lattice_.n_sites());
    for (std::size_t site = 1; site < change.size(); ++site)
        change[site] = change_thresholds(couplings_.along[0], change.size() - site);
    for_blocks([&](std::size_t b) { sample_ring_exactly(block(b), change, streams_[b]); });
}

void WordChains::bond_sums(std::int64_t* out) const {
    with_sites(lattice_, [&]<class Sites>(const Sites& sites) {
        for_blocks([&](std::size_t b) {
            const Word* spins = block(b);
            std::array<VerticalCounter, Sites::n_axes> unequal;
            for (std::size_t site = 0; site < lattice_.n_sites(); ++site) {
                const auto neighbours = sites.neighbours(spins, site);
                for (std::size_t axis = 0; axis < Sites::n_axes; ++axis)
                    unequal[axis].add(spins[site] ^ neighbours[2 * axis + 1]);
            }
            std::array<std::int64_t, Word::n_bits> count;
            for (std::size_t axis = 0; axis < Sites::n_axes; ++axis) {
                unequal[axis].read(count.data(), chains_in(b));
                std::int64_t* sums = out + b * Word::n_bits * Sites::n_axes + axis;
                for (std::size_t i = 0; i < chains_in(b); ++i)
                    sums[i * Sites::n_axes] = static_cast<std::int64_t>(lattice_.n_sites()) - 2 * count[i];
            }
        });
    });
}

void WordChains::magnetizations(bool alternating, std::int64_t* out) const {
    for_blocks([&](std::size_t b) {
        const Word* spins = block(b);
        VerticalCounter up;
        for (std::size_t layer = 0; layer < lattice_.layers; ++layer)
            for (std::size_t row = 0; row < lattice_.rows; ++row)
                for (std::size_t column = 0; column < lattice_.columns; ++column, ++spins)
                    up.add(alternating && is_odd(layer, row, column) ? ~*spins : *spins);
        std::int64_t* sums = out + b * Word::n_bits;
        up.read(sums, chains_in(b));
        for (std::size_t i = 0; i < chains_in(b); ++i)
            sums[i] = 2 * sums[i] - static_cast<std::int64_t>(lattice_.n_sites());
    });
}

void WordChains::structure(double* out) const {
    const std::vector<std::size_t> sides = lattice_.sides();
    for_blocks([&](std::size_t b) {
        const Word* spins = block(b);
        std::array<std::int64_t, Word::n_bits> up;
        std::array<double, Word::n_bits> real, imaginary;
        std::size_t stride = lattice_.n_sites(); // of the sites of one plane and the next
        for (std::size_t dimension = 0; dimension < sides.size(); ++dimension) {
            const std::size_t side = sides[dimension], around = stride;
            stride /= side;
            real.fill(0);
            imaginary.fill(0);
            const std::vector<Wave> wave = circle(side);
            for (std::size_t x = 0; x < side; ++x) {
                VerticalCounter plane;
                for (std::size_t first = x * stride; first < lattice_.n_sites(); first += around)
                    plane.add(spins + first, stride);
                plane.read(up.data(), Word::n_bits);
                for (std::size_t i = 0; i < Word::n_bits; ++i) { // the wave over all sites is 0
                    real[i] += static_cast<double>(2 * up[i]) * wave[x].real();
                    imaginary[i] += static_cast<double>(2 * up[i]) * wave[x].imag();
                }
            }
            for (std::size_t i = 0; i < chains_in(b); ++i)
                out[(b * Word::n_bits + i) * sides.size() + dimension] =
                    real[i] * real[i] + imaginary[i] * imaginary[i];
        }
    });
}

void WordChains::unpack(std::size_t n, std::int8_t* out) const {
    for_pieces((n + Word::n_bits - 1) / Word::n_bits, [&](std::size_t i) {
        const std::size_t first = i * Word::n_bits, n_here = std::min(Word::n_bits, n - first);
        unpack_spins(block(i), lattice_.n_sites(), n_here, out + first * lattice_.n_sites(), lattice_.n_sites());
    });
}

bool WordChains::pack(const std::int8_t* spins) {
    std::vector<Word> packed(spins_.size());
    for (std::size_t b = 0; b < streams_.size(); ++b)
        if (!pack_spins(spins + b * Word::n_bits * lattice_.n_sites(), lattice_.n_sites(), chains_in(b),
                        lattice_.n_sites(), packed.data() + b * lattice_.n_sites()))
            return false;
    spins_.swap(packed);
    return true;
}

void WordChains::flip_chains(const std::vector<std::uint64_t>& chains) {
    for_blocks([&](std::size_t b) {
        Word lanes = Word::zero();
        for (std::size_t lane = 0; lane < Word::n_lanes && b * Word::n_lanes + lane < chains.size(); ++lane)
            lanes.set_lane(lane, chains[b * Word::n_lanes + lane]);
        if (!lanes.any())
            return;
        Word* spins = block(b);
        for (std::size_t site = 0; site < lattice_.n_sites(); ++site)
            spins[site] = spins[site] ^ lanes;
    });
}

std::vector<std::span<std::uint64_t>> WordChains::state() {
    return {{reinterpret_cast<std::uint64_t*>(spins_.data()), spins_.size() * Word::n_lanes},
            words_of(streams_),
            flip_state()};
}

} // namespace rgrbm
