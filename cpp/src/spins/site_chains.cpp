#include "rgrbm/spins/site_chains.hpp"

#include "rgrbm/spins/field_update.hpp"
#include "rgrbm/spins/sites.hpp"
#include "rgrbm/spins/waves.hpp"
#include "rgrbm/support/parallel.hpp"

#include <algorithm>

namespace rgrbm {

namespace {

// The number in base 3 whose digit a is the number of up neighbours along axis a.
template <std::size_t z>
RGRBM_INLINE std::size_t case_of(const std::array<std::int8_t, z>& neighbours) {
    std::size_t index = 0;
    for (std::size_t axis = z / 2; axis-- > 0;)
        index = 3 * index + static_cast<std::size_t>(neighbours[2 * axis] + neighbours[2 * axis + 1]);
    return index;
}

// A sweep over sites drawn at random, four at a time.
template <class Sites, class Thresholds>
void sweep_at_random(std::int8_t* spins, std::size_t n_sites, const Sites& sites, const Thresholds& up,
                     Stream& shared_stream) {
    Stream stream = shared_stream; // a local copy stays in registers
    for (std::size_t done = 0; done < n_sites; done += Word::n_lanes / 2) {
        const Word uniform = stream.next();
        for (std::size_t i = 0; i < std::min(Word::n_lanes / 2, n_sites - done); ++i) {
            // Multiplying into the range is biased by less than n_sites / 2⁶⁴ (Lemire 2019).
            const auto site =
                static_cast<std::size_t>((static_cast<unsigned __int128>(uniform.lane(2 * i)) * n_sites) >> 64);
            const std::size_t index = case_of(sites.neighbours(spins, site));
            spins[site] = uniform.lane(2 * i + 1) < up[static_cast<std::uint8_t>(spins[site])][index];
        }
    }
    shared_stream = stream;
}

} // namespace

SiteChains::SiteChains(const Lattice& lattice, Update update, const double* couplings, double field,
                       std::size_t n_chains, const Key& key, const Alternating& alternating)
    : SpinChains(lattice, field, n_chains, key, alternating), update_(update), stride_((lattice.n_sites() + 7) / 8),
      spins_(n_chains * stride_) {
    set_couplings(couplings);
    streams_.reserve(n_chains);
    for (std::size_t chain = 0; chain < n_chains; ++chain) {
        Stream& stream = streams_.emplace_back(key, chain);
        Word random = Word::zero();
        for (std::size_t site = 0; site < lattice.n_sites(); ++site) {
            if (site % Word::n_bits == 0)
                random = stream.next();
            spins(chain)[site] = random.lane(site % Word::n_bits / 64) >> (site % 64) & 1;
        }
    }
}

template <class F>
void SiteChains::for_chains(F&& f) const {
    for_pieces(n_chains_, f);
}

void SiteChains::set_couplings(const double* couplings) {
    const std::size_t n_axes = lattice_.n_axes();
    thresholds_.assign(n_chains_, {});
    for (std::size_t chain = 0; chain < n_chains_; ++chain) {
        const Couplings J(couplings + chain * n_axes, n_axes, field_);
        std::size_t n_cases = 1;
        for (std::size_t axis = 0; axis < n_axes; ++axis)
            n_cases *= 3;
        for (std::size_t index = 0; index < n_cases; ++index) {
            const double f = LocalField::of_case(J, n_axes, index), p = LocalField::probability(update_, f);
            auto& [from_down, from_up] = thresholds_[chain];
            if (update_ == Update::heat_bath) {
                from_down[index] = from_up[index] = bernoulli_threshold(p);
            } else { // a flip along the local field is made whenever it is tried, one against it with probability p
                const double tried = couplings_are_weak(J, n_axes) ? 0.5 : 1;
                from_down[index] = bernoulli_threshold(tried * (f >= 0 ? 1 : p));
                from_up[index] = ~bernoulli_threshold(tried * (f <= 0 ? 1 : p));
            }
        }
    }
}

void SiteChains::align(bool up) {
    for (std::size_t chain = 0; chain < n_chains_; ++chain)
        std::fill_n(spins(chain), lattice_.n_sites(), static_cast<std::int8_t>(up));
}

void SiteChains::sweep(std::size_t n) {
    with_sites(lattice_, [&](const auto& sites) {
        for_chains([&](std::size_t chain) {
            for (std::size_t i = 0; i < n && !interrupt_requested(); ++i)
                sweep_at_random(const_cast<std::int8_t*>(spins(chain)), lattice_.n_sites(), sites, thresholds_[chain],
                                streams_[chain]);
        });
    });
}

void SiteChains::bond_sums(std::int64_t* out) const {
    with_sites(lattice_, [&]<class Sites>(const Sites& sites) {
        for_chains([&](std::size_t chain) {
            std::array<std::int64_t, Sites::n_axes> unequal{};
            for (std::size_t site = 0; site < lattice_.n_sites(); ++site) {
                const auto neighbours = sites.neighbours(spins(chain), site);
                for (std::size_t axis = 0; axis < Sites::n_axes; ++axis)
                    unequal[axis] += spins(chain)[site] ^ neighbours[2 * axis + 1];
            }
            for (std::size_t axis = 0; axis < Sites::n_axes; ++axis)
                out[chain * Sites::n_axes + axis] = static_cast<std::int64_t>(lattice_.n_sites()) - 2 * unequal[axis];
        });
    });
}

void SiteChains::magnetizations(bool alternating, std::int64_t* out) const {
    for_chains([&](std::size_t chain) {
        const std::int8_t* spin = spins(chain);
        std::int64_t sum = 0;
        for (std::size_t layer = 0; layer < lattice_.layers; ++layer)
            for (std::size_t row = 0; row < lattice_.rows; ++row)
                for (std::size_t column = 0; column < lattice_.columns; ++column, ++spin)
                    sum += alternating && is_odd(layer, row, column) ? 1 - 2 * *spin : 2 * *spin - 1;
        out[chain] = sum;
    });
}

void SiteChains::structure(double* out) const {
    const std::vector<std::size_t> sides = lattice_.sides();
    for_chains([&](std::size_t chain) {
        std::array<std::vector<std::int64_t>, 3> planes{std::vector<std::int64_t>(lattice_.layers),
                                                        std::vector<std::int64_t>(lattice_.rows),
                                                        std::vector<std::int64_t>(lattice_.columns)};
        const std::int8_t* spin = spins(chain);
        for (std::size_t layer = 0; layer < lattice_.layers; ++layer)
            for (std::size_t row = 0; row < lattice_.rows; ++row)
                for (std::size_t column = 0; column < lattice_.columns; ++column) {
                    const std::int64_t s = 2 * *spin++ - 1;
                    planes[0][layer] += s;
                    planes[1][row] += s;
                    planes[2][column] += s;
                }
        for (std::size_t d = 0; d < sides.size(); ++d)
            out[chain * sides.size() + d] = structure_factor(planes[d + 3 - sides.size()], circle(sides[d]));
    });
}

void SiteChains::unpack(std::size_t n, std::int8_t* out) const {
    for (std::size_t chain = 0; chain < n; ++chain)
        std::transform(spins(chain), spins(chain) + lattice_.n_sites(), out + chain * lattice_.n_sites(),
                       [](std::int8_t bit) { return static_cast<std::int8_t>(2 * bit - 1); });
}

bool SiteChains::pack(const std::int8_t* given) {
    if (!std::all_of(given, given + n_chains_ * lattice_.n_sites(), [](std::int8_t s) { return s == 1 || s == -1; }))
        return false;
    for (std::size_t chain = 0; chain < n_chains_; ++chain)
        std::transform(given + chain * lattice_.n_sites(), given + (chain + 1) * lattice_.n_sites(), spins(chain),
                       [](std::int8_t s) { return static_cast<std::int8_t>(s > 0); });
    return true;
}

void SiteChains::flip_chains(const std::vector<std::uint64_t>& chains) {
    for (std::size_t chain = 0; chain < n_chains_; ++chain)
        if (chains[chain / 64] >> (chain % 64) & 1)
            for (std::size_t site = 0; site < lattice_.n_sites(); ++site)
                spins(chain)[site] ^= 1;
}

std::vector<std::span<std::uint64_t>> SiteChains::state() {
    return {spins_, words_of(streams_), flip_state()};
}

} // namespace rgrbm
