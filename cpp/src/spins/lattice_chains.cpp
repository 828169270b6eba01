#include "rgrbm/spins/lattice_chains.hpp"

#include "rgrbm/spins/field_update.hpp"
#include "rgrbm/spins/uniform_update.hpp"
#include "rgrbm/spins/waves.hpp"
#include "rgrbm/support/bits.hpp"
#include "rgrbm/support/parallel.hpp"
#include "rgrbm/support/team.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <stdexcept>

namespace rgrbm {

namespace {

using Colours = std::array<const std::uint64_t*, 3>; // the words of each, from one granule on

// The neighbours of a granule's sites, behind and ahead along one axis after the other.
template <Lattice::Kind kind>
RGRBM_INLINE auto neighbours(const ColourPacking& packing, const Colours& colours, std::size_t colour,
                             const GranuleLanes& lanes) {
    using Kind = Lattice::Kind;
    const std::size_t n = kind == Kind::triangular ? 3 : 2;
    // The colours of the neighbours behind and ahead; they differ on a triangular lattice only.
    const std::uint64_t *past = colours[(colour + n - 1) % n], *next = colours[(colour + 1) % n];
    const std::uint8_t to_left = lanes.no_offset[colour], to_right = lanes.full_offset[colour];
    const Word above = packing.above(past, lanes)(0), below = packing.below(next, lanes)(0);
    const Word left = packing.left(ColourPacking::Here{past}, lanes, to_left);
    const Word right = packing.right(ColourPacking::Here{next}, lanes, to_right);
    if constexpr (kind == Kind::square)
        return std::array{above, below, left, right};
    else if constexpr (kind == Kind::cubic)
        return std::array{packing.in_front(past, lanes)(0), packing.at_back(next, lanes)(0), above, below, left, right};
    else // two steps back, or ahead, are one step the other way of three colours
        return std::array{above,
                          below,
                          left,
                          right,
                          packing.left(packing.above(next, lanes), lanes, to_left),
                          packing.right(packing.below(past, lanes), lanes, to_right)};
}

// Calls f with the kind of the lattice as a constant.
template <class F>
auto with_kind(const Lattice& lattice, F&& f) {
    using Kind = Lattice::Kind;
    switch (lattice.kind) {
    case Kind::cubic:
        return f(std::integral_constant<Kind, Kind::cubic>{});
    case Kind::triangular:
        return f(std::integral_constant<Kind, Kind::triangular>{});
    default:
        return f(std::integral_constant<Kind, Kind::square>{});
    }
}

// Counts the bits of many words, eight at a time.
class BitCount {
public:
    RGRBM_INLINE void add(const Word& word) {
        waiting_[n_waiting_++] = word;
        if (n_waiting_ == waiting_.size())
            flush();
    }
    std::int64_t total() {
        flush();
        return counter_.total();
    }

private:
    void flush() {
        counter_.add(waiting_.data(), n_waiting_);
        n_waiting_ = 0;
    }

    VerticalCounter counter_;
    std::array<Word, 8> waiting_;
    std::size_t n_waiting_ = 0;
};

} // namespace

LatticeChains::LatticeChains(const Lattice& lattice, Update update, const double* couplings, double field,
                             std::size_t n_chains, const Key& key, const Alternating& alternating)
    : SpinChains(lattice, field, n_chains, key, alternating), update_(update), packing_(lattice) {
    set_couplings(couplings);
    spins_.resize(n_chains * chain_words());
    streams_.reserve(n_chains * n_bands());
    for (std::size_t chain = 0; chain < n_chains; ++chain)
        for (std::size_t band = 0; band < n_bands(); ++band) {
            Stream& stream = streams_.emplace_back(key, chain, band);
            const std::size_t end = std::min((band + 1) * granules_per_band, packing_.n_granules);
            for (std::size_t q = 0; q < packing_.n_colours; ++q)
                for (std::size_t g = band * granules_per_band; g < end; ++g)
                    (stream.next() & packing_.valid(packing_.granules[g])).store(colour(chain, q) + g * Word::n_lanes);
        }
}

// Calls f with each chain, side by side.
template <class F>
void LatticeChains::for_chains(F&& f) const {
    for_pieces(n_chains_, f);
}

void LatticeChains::set_couplings(const double* couplings) {
    std::vector<Couplings> given;
    for (std::size_t chain = 0; chain < n_chains_; ++chain) {
        given.emplace_back(couplings + chain * lattice_.n_axes(), lattice_.n_axes(), field_);
        if (!may_be_sequential(lattice_, update_, given.back()))
            throw std::invalid_argument("sites must be visited at random with these couplings, not colour by colour");
    }
    couplings_.swap(given);
}

void LatticeChains::align(bool up) {
    for (std::size_t chain = 0; chain < n_chains_; ++chain)
        for (std::size_t q = 0; q < packing_.n_colours; ++q)
            for (std::size_t g = 0; g < packing_.n_granules; ++g)
                (up ? packing_.valid(packing_.granules[g]) : Word::zero()).store(colour(chain, q) + g * Word::n_lanes);
}

// One body for both ways to share the work (sweep_by): a copy in each would double the time to compile.
template <Lattice::Kind kind, class Rule>
[[gnu::noinline]] void LatticeChains::sweep_band(std::size_t chain, std::size_t q, std::size_t band,
                                                 const Rule& shared_rule) {
    const std::size_t end = std::min((band + 1) * granules_per_band, packing_.n_granules);
    Stream& shared_stream = streams_[chain * n_bands() + band];
    Stream stream = shared_stream; // local copies stay in registers
    const Rule rule = shared_rule;
    std::uint64_t* words = colour(chain, q) + band * granules_per_band * Word::n_lanes;
    Colours others{};
    for (std::size_t other = 0; other < packing_.n_colours; ++other)
        others[other] = colour(chain, other) + band * granules_per_band * Word::n_lanes;
    for (std::size_t g = band * granules_per_band; g < end; ++g, words += Word::n_lanes) {
        const GranuleLanes& lanes = packing_.granules[g];
        const Word drawn = rule(Word::load(words), neighbours<kind>(packing_, others, q, lanes), stream);
        (drawn & packing_.valid(lanes)).store(words);
        for (auto& other : others)
            other += Word::n_lanes;
    }
    shared_stream = stream;
}

template <Lattice::Kind kind, class Rule>
void LatticeChains::sweep_by(std::size_t n) {
    std::vector<Rule> rules;
    rules.reserve(couplings_.size());
    for (const Couplings& couplings : couplings_)
        rules.emplace_back(couplings);
    const std::size_t n_colours = packing_.n_colours, bands = n_bands(), n_pieces = n_chains_ * bands;
    if (bands == 1 || n_chains_ >= static_cast<std::size_t>(num_threads())) {
        for_chains([&](std::size_t chain) {
            auto& self = *this;
            for (std::size_t i = 0; i < n * n_colours && !interrupt_requested(); ++i)
                for (std::size_t band = 0; band < bands; ++band)
                    self.template sweep_band<kind>(chain, i % n_colours, band, rules[chain]);
        });
        return;
    }
    Team team;
    in_parallel(threads_for(n_pieces), [&] {
        Team::Member member(team);
        for (std::size_t i = 0; i < n * n_colours && !interrupt_requested(); ++i)
            member.phase(
                n_pieces,
                [&](std::size_t piece) {
                    sweep_band<kind>(piece / bands, i % n_colours, piece % bands, rules[piece / bands]);
                },
                [] {});
    });
}

void LatticeChains::sweep(std::size_t n) {
    with_kind(lattice_, [&]<Lattice::Kind kind>(std::integral_constant<Lattice::Kind, kind>) {
        constexpr std::size_t n_axes = kind == Lattice::Kind::square ? 2 : 3;
        const bool plain = field_ == 0 && std::all_of(couplings_.begin(), couplings_.end(),
                                                      [](const Couplings& c) { return c.has_one_coupling(n_axes); });
        if (update_ == Update::metropolis)
            plain ? sweep_by<kind, UniformUpdate<Update::metropolis, n_axes>>(n)
                  : sweep_by<kind, FieldUpdate<Update::metropolis, n_axes>>(n);
        else
            plain ? sweep_by<kind, UniformUpdate<Update::heat_bath, n_axes>>(n)
                  : sweep_by<kind, FieldUpdate<Update::heat_bath, n_axes>>(n);
    });
}

void LatticeChains::bond_sums(std::int64_t* out) const {
    with_kind(lattice_, [&]<Lattice::Kind kind>(std::integral_constant<Lattice::Kind, kind>) {
        constexpr std::size_t n_axes = kind == Lattice::Kind::square ? 2 : 3;
        for_chains([&](std::size_t chain) {
            std::array<BitCount, n_axes> unequal;
            for (std::size_t q = 0; q < packing_.n_colours; ++q) {
                Colours words{};
                for (std::size_t other = 0; other < packing_.n_colours; ++other)
                    words[other] = colour(chain, other);
                for (const GranuleLanes& lanes : packing_.granules) {
                    const Word here = Word::load(words[q]), valid = packing_.valid(lanes);
                    const auto around = neighbours<kind>(packing_, words, q, lanes);
                    for (std::size_t axis = 0; axis < n_axes; ++axis)
                        unequal[axis].add((here ^ around[2 * axis + 1]) & valid);
                    for (auto& other : words)
                        other += Word::n_lanes;
                }
            }
            for (std::size_t axis = 0; axis < n_axes; ++axis)
                out[chain * n_axes + axis] = static_cast<std::int64_t>(lattice_.n_sites()) - 2 * unequal[axis].total();
        });
    });
}

void LatticeChains::magnetizations(bool alternating, std::int64_t* out) const {
    for_chains([&](std::size_t chain) {
        std::int64_t sum = 0;
        for (std::size_t q = 0; q < packing_.n_colours; ++q) {
            const std::uint64_t* words = colour(chain, q);
            BitCount up;
            if (!alternating) {
                for (std::size_t g = 0; g < packing_.n_granules; ++g, words += Word::n_lanes)
                    up.add(Word::load(words));
                sum += 2 * up.total() - static_cast<std::int64_t>(packing_.n_lines * packing_.sites_per_line);
                continue;
            }
            // Columns of a colour are C k + o. Of two colours all have the sign of o, of three it alternates with k.
            const std::uint64_t odd_sites = alternating_[2] && packing_.n_colours % 2 ? 0xAAAAAAAAAAAAAAAAu : 0;
            for (std::size_t line = 0; line < packing_.n_lines; ++line) {
                std::int64_t n_up = 0;
                for (std::size_t word = 0; word + 1 < packing_.words_per_line; ++word)
                    n_up += std::popcount(*words++ ^ odd_sites);
                n_up += std::popcount((*words++ ^ odd_sites) & packing_.last_mask);
                const std::int64_t line_sum = 2 * n_up - static_cast<std::int64_t>(packing_.sites_per_line);
                const bool odd = is_odd(line / packing_.rows, line % packing_.rows, packing_.offset(q, line));
                sum += odd ? -line_sum : line_sum;
            }
        }
        out[chain] = sum;
    });
}

void LatticeChains::structure(double* out) const {
    const std::vector<std::size_t> sides = lattice_.sides();
    for_chains([&](std::size_t chain) {
        std::vector<std::int64_t> of_layer(lattice_.layers), of_row(lattice_.rows), of_column(lattice_.columns);
        // Words that hold the same columns of their lines come again after so many granules.
        const std::size_t per_line = packing_.words_per_line;
        const std::size_t n_phases = std::max<std::size_t>(1, per_line / std::gcd(per_line, Word::n_lanes));
        std::vector<VerticalCounter> columns(n_phases * packing_.n_colours); // by phase and offset of the line
        for (std::size_t q = 0; q < packing_.n_colours; ++q) {
            const std::uint64_t* words = colour(chain, q);
            for (std::size_t word = 0; word < packing_.n_words; ++word) {
                const std::size_t line = word / packing_.words_per_line;
                const auto up = static_cast<std::int64_t>(std::popcount(words[word]));
                of_layer[line / packing_.rows] += 2 * up; // the wave over all sites is 0
                of_row[line % packing_.rows] += 2 * up;
            }
            for (std::size_t g = 0; g < packing_.n_granules; ++g) {
                const Word here = Word::load(words + g * Word::n_lanes);
                std::array<std::uint8_t, 3> with_offset{};
                for (std::size_t lane = 0; lane < Word::n_lanes && g * Word::n_lanes + lane < packing_.n_words;
                     ++lane) {
                    const std::size_t line = (g * Word::n_lanes + lane) / packing_.words_per_line;
                    with_offset[packing_.offset(q, line)] |= static_cast<std::uint8_t>(1u << lane);
                }
                for (std::size_t o = 0; o < packing_.n_colours; ++o)
                    if (with_offset[o])
                        columns[g % n_phases * packing_.n_colours + o].add(here & Word::fill_lanes(with_offset[o]));
            }
        }
        std::array<std::int64_t, Word::n_bits> up;
        for (std::size_t phase = 0; phase < n_phases; ++phase)
            for (std::size_t o = 0; o < packing_.n_colours; ++o) {
                columns[phase * packing_.n_colours + o].read(up.data(), Word::n_bits);
                for (std::size_t bit = 0; bit < Word::n_bits; ++bit)
                    if (up[bit]) {
                        const std::size_t in_line = (phase * Word::n_lanes + bit / 64) % packing_.words_per_line;
                        of_column[(in_line * 64 + bit % 64) * packing_.n_colours + o] += 2 * up[bit];
                    }
            }
        double* to = out + chain * sides.size();
        if (sides.size() == 3)
            *to++ = structure_factor(of_layer, circle(lattice_.layers));
        to[0] = structure_factor(of_row, circle(lattice_.rows));
        to[1] = structure_factor(of_column, circle(lattice_.columns));
    });
}

void LatticeChains::unpack(std::size_t n, std::int8_t* out) const {
    for (std::size_t chain = 0; chain < n; ++chain)
        for (std::size_t q = 0; q < packing_.n_colours; ++q)
            for (std::size_t line = 0; line < packing_.n_lines; ++line) {
                const std::uint64_t* words = colour(chain, q) + line * packing_.words_per_line;
                std::int8_t* to = out + chain * lattice_.n_sites() + line * lattice_.columns + packing_.offset(q, line);
                for (std::size_t k = 0; k < packing_.sites_per_line; ++k)
                    to[k * packing_.n_colours] = words[k / 64] >> (k % 64) & 1 ? 1 : -1;
            }
}

bool LatticeChains::pack(const std::int8_t* spins) {
    if (!std::all_of(spins, spins + n_chains_ * lattice_.n_sites(), [](std::int8_t s) { return s == 1 || s == -1; }))
        return false;
    for (std::size_t chain = 0; chain < n_chains_; ++chain)
        for (std::size_t q = 0; q < packing_.n_colours; ++q)
            for (std::size_t line = 0; line < packing_.n_lines; ++line) {
                std::uint64_t* words = colour(chain, q) + line * packing_.words_per_line;
                std::fill_n(words, packing_.words_per_line, 0);
                const std::int8_t* from =
                    spins + chain * lattice_.n_sites() + line * lattice_.columns + packing_.offset(q, line);
                for (std::size_t k = 0; k < packing_.sites_per_line; ++k)
                    words[k / 64] |= std::uint64_t{from[k * packing_.n_colours] > 0} << (k % 64);
            }
    return true;
}

void LatticeChains::flip_chains(const std::vector<std::uint64_t>& chains) {
    for (std::size_t chain = 0; chain < n_chains_; ++chain)
        if (chains[chain / 64] >> (chain % 64) & 1)
            for (std::size_t q = 0; q < packing_.n_colours; ++q)
                for (std::size_t g = 0; g < packing_.n_granules; ++g) {
                    std::uint64_t* words = colour(chain, q) + g * Word::n_lanes;
                    (Word::load(words) ^ packing_.valid(packing_.granules[g])).store(words);
                }
}

std::vector<std::span<std::uint64_t>> LatticeChains::state() {
    return {{spins_.data(), spins_.size()}, words_of(streams_), flip_state()};
}

} // namespace rgrbm
