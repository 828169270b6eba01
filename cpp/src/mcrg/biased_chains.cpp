#include "rgrbm/mcrg/biased_chains.hpp"

#include "rgrbm/support/parallel.hpp"
#include "rgrbm/support/sigmoid.hpp"
#include "rgrbm/support/vector.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace rgrbm {

namespace {

constexpr std::size_t lanes = BiasedChains::lanes;
constexpr float largest_exponent = 40.0f; // e^40 squared is still a number, and nothing less probable ever happens

constexpr std::size_t shortest_call = 2048; // updates of 32 spins, some 0.1 ms, that are worth a thread

// One number of each chain, in a register and lane by lane.
using Packed = std::uint8_t __attribute__((vector_size(lanes)));
using PackedMemory = std::uint8_t __attribute__((vector_size(lanes), may_alias));

struct alignas(64) Bytes {
    std::uint8_t lane[lanes];

    Bytes() = default;
    RGRBM_INLINE explicit Bytes(const Packed& all) { std::memcpy(lane, &all, lanes); }
    RGRBM_INLINE Packed all() const {
        Packed result;
        std::memcpy(&result, lane, lanes);
        return result;
    }
    RGRBM_INLINE void store(std::uint8_t* address) const { std::memcpy(address, lane, lanes); }
};

RGRBM_INLINE Packed packed(const std::uint8_t* spins, std::uint32_t site) {
    return reinterpret_cast<const PackedMemory*>(spins)[site];
}

struct alignas(64) Floats {
    float lane[lanes];
};

// Uniform in (0, 1].
RGRBM_INLINE void draw(Stream& stream, Floats& u) {
    for (std::size_t i = 0; i < lanes; i += Vector<float>::n_lanes) {
        Vector<float> part;
        uniform(stream, part);
        part.store(u.lane + i);
    }
}

// e^x, x cut to ±40.
RGRBM_INLINE void exponential(const Floats& x, Floats& result) {
    for (std::size_t i = 0; i < lanes; i += Vector<float>::n_lanes) {
        const auto cut = Vector<float>::map(
            [](auto v) {
                using Native = decltype(v);
                return -minimum(maximum(v, Native{} - largest_exponent), Native{} + largest_exponent);
            },
            Vector<float>::load(x.lane + i));
        exp_negative(cut).store(result.lane + i);
    }
}

// How many neighbours are up: of all axes, or as a number in base 3 of each axis, the first axis last.
template <std::size_t n_axes, bool equal>
RGRBM_INLINE Packed count_neighbours(const std::uint8_t* sigma, const std::uint32_t* neighbours) {
    Packed count{};
    for (std::size_t axis = n_axes; axis-- > 0;) {
        if constexpr (!equal)
            count += count + count;
        count += packed(sigma, neighbours[2 * axis]) + packed(sigma, neighbours[2 * axis + 1]);
    }
    return count;
}

// table[index] of each lane. A small table has at most eight entries, and room for as many.
template <bool is_small>
RGRBM_INLINE void look_up(const float* table, const Bytes& index, Floats& result) {
#if defined(__AVX2__)
    if constexpr (is_small) {
        const __m256 entries = _mm256_loadu_ps(table);
        for (std::size_t l = 0; l < lanes; l += 8) {
            const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(index.lane + l));
            _mm256_store_ps(result.lane + l, _mm256_permutevar8x32_ps(entries, _mm256_cvtepu8_epi32(eight)));
        }
        return;
    }
#endif
    for (std::size_t l = 0; l < lanes; ++l)
        result.lane[l] = table[index.lane[l]];
}

// 1 with probability part / whole. Never where part is zero, as u > 0, and always where it is all, as u ≤ 1.
RGRBM_INLINE void choose(const Floats& u, const Floats& part, const Floats& whole, Bytes& result) {
    for (std::size_t l = 0; l < lanes; ++l)
        result.lane[l] = u.lane[l] * whole.lane[l] <= part.lane[l];
}

// How many of n products of `order` spins have an odd number of spins up; n is at most 255.
template <std::size_t fixed_order>
RGRBM_INLINE Packed count_odd(const std::uint8_t* spins, const std::uint16_t* places, std::size_t any_order,
                              std::size_t n) {
    const std::size_t order = fixed_order == 0 ? any_order : fixed_order;
    Packed count{};
    for (const std::uint16_t* end = places + n * order; places != end; places += order) {
        Packed parity = packed(spins, places[0]);
        for (std::size_t i = 1; i < order; ++i)
            parity ^= packed(spins, places[i]);
        count += parity;
    }
    return count;
}

// Adds to the sums those of products of spins ±1. A product is +1 if as many spins are up as there are, modulo 2.
template <class Number>
RGRBM_INLINE void add_products(const std::uint8_t* spins, const LocalProducts& products, Number factor, Number* sums) {
    constexpr std::size_t most = 255; // that a byte counts
    const std::size_t order = products.order;
    const Number of_even = order % 2 == 0 ? factor : -factor;
    for (std::size_t first = 0; first < products.n; first += most) {
        const std::size_t n = std::min(products.n - first, most);
        const std::uint16_t* begin = products.places.data() + first * order;
        const Bytes odd(order == 0   ? Packed{}
                        : order == 1 ? count_odd<1>(spins, begin, order, n)
                        : order == 2 ? count_odd<2>(spins, begin, order, n)
                        : order == 3 ? count_odd<3>(spins, begin, order, n)
                        : order == 4 ? count_odd<4>(spins, begin, order, n)
                                     : count_odd<0>(spins, begin, order, n));
        for (std::size_t l = 0; l < lanes; ++l)
            sums[l] += of_even * static_cast<Number>(static_cast<std::int32_t>(n) - 2 * odd.lane[l]);
    }
}

// Z(m) of a window. That of small windows, of up to eight spins, is computed where it is needed.
template <bool is_small>
class Window {
public:
    explicit Window(const std::vector<double>& t) : n_(t.size()) {
        for (std::size_t m = 0; m < n_; ++m) {
            p_[m] = static_cast<float>(t[m]);
            q_[m] = static_cast<float>(1 - t[m]);
        }
    }

    RGRBM_INLINE void set(const Floats& field) {
        exponential(field, up_);
        for (std::size_t l = 0; l < lanes; ++l)
            down_.lane[l] = 1 / up_.lane[l];
        if constexpr (!is_small)
            for (std::size_t m = 0; m < n_; ++m)
                for (std::size_t l = 0; l < lanes; ++l)
                    z_[m].lane[l] = p_[m] * up_.lane[l] + q_[m] * down_.lane[l];
    }

    // Z(m + shift)
    template <std::size_t shift, bool has_small_range = is_small>
    RGRBM_INLINE void z(const Bytes& m, Floats& result) const {
        if constexpr (is_small) {
            Floats p, q;
            look_up<has_small_range>(p_ + shift, m, p);
            look_up<has_small_range>(q_ + shift, m, q);
            for (std::size_t l = 0; l < lanes; ++l)
                result.lane[l] = p.lane[l] * up_.lane[l] + q.lane[l] * down_.lane[l];
        } else {
            for (std::size_t l = 0; l < lanes; ++l)
                result.lane[l] = z_[m.lane[l] + shift].lane[l];
        }
    }

    // Draws the block spin of a window with m spins up.
    RGRBM_INLINE void draw_block_spin(const Floats& u, const Bytes& m, std::uint8_t* tau) const {
        Floats part, whole;
        look_up<false>(p_, m, part);
        for (std::size_t l = 0; l < lanes; ++l)
            part.lane[l] *= up_.lane[l];
        z<0, false>(m, whole);
        Bytes spin;
        choose(u, part, whole, spin);
        spin.store(tau);
    }

private:
    static constexpr std::size_t room = BiasedChains::largest_window + 10; // small tables are read as a whole
    std::size_t n_;
    float p_[room] = {}, q_[room] = {};
    Floats up_, down_; // e^f, e^(−f)
    Floats z_[is_small ? 1 : BiasedChains::largest_window + 1];
};

// Spins that are up, of each chain.
RGRBM_INLINE Packed count_up(const std::uint8_t* sigma, const std::uint32_t* sites, std::size_t n) {
    Packed m{};
    for (std::size_t i = 0; i < n; ++i)
        m += packed(sigma, sites[i]);
    return m;
}

// Draws a spin of a window with m spins up, of which `weight` is e^(2 Σ K σ′).
template <bool is_small>
RGRBM_INLINE void update_in_window(const Floats& weight, const Window<is_small>& window, const Floats& u, Packed& m,
                                   std::uint8_t* sigma) {
    const Bytes others(m - packed(sigma, 0));
    Floats part, whole;
    window.template z<1>(others, part);
    window.template z<0>(others, whole);
    for (std::size_t l = 0; l < lanes; ++l) {
        part.lane[l] *= weight.lane[l];
        whole.lane[l] += part.lane[l];
    }
    Bytes spin;
    choose(u, part, whole, spin);
    spin.store(sigma);
    m = others.all() + spin.all();
}

// Draws a spin outside of all windows.
RGRBM_INLINE void update_free(const Floats& weight, const Floats& u, std::uint8_t* sigma) {
    Floats whole;
    for (std::size_t l = 0; l < lanes; ++l)
        whole.lane[l] = weight.lane[l] + 1;
    Bytes spin;
    choose(u, weight, whole, spin);
    spin.store(sigma);
}

// n spins of each chain, up with probability ½.
void draw_fair(Stream& stream, std::size_t n, std::uint8_t* spins) {
    for (std::size_t i = 0; i < n; ++i) {
        const std::uint64_t bits = stream.next().lane(0);
        for (std::size_t l = 0; l < lanes; ++l)
            spins[i * lanes + l] = bits >> l & 1;
    }
}

bool all_equal(const std::vector<double>& values) {
    return std::ranges::all_of(values, [&](double x) { return x == values[0]; });
}

// e^(2 Σ K σ′) by what count_neighbours() gives.
std::vector<float> boltzmann_factors(const std::vector<double>& couplings) {
    const auto n_axes = static_cast<double>(couplings.size());
    std::vector<float> factors;
    for (std::size_t count = 0; count < 27; ++count) {
        double sum = 0; // Σ K σ′
        std::size_t rest = count;
        for (const double coupling : couplings) {
            sum += coupling * (2.0 * static_cast<double>(rest % 3) - 2);
            rest /= 3;
        }
        if (all_equal(couplings))
            sum = couplings[0] * 2 * (static_cast<double>(count) - n_axes);
        constexpr double largest = largest_exponent;
        factors.push_back(static_cast<float>(std::exp(std::clamp(2 * sum, -largest, largest))));
    }
    return factors;
}

std::vector<std::uint32_t> sites_outside(const BiasedModel& model) {
    std::vector<bool> inside(model.n_sites);
    for (const std::uint32_t site : model.windows)
        inside[site] = true;
    std::vector<std::uint32_t> outside;
    for (std::size_t site = 0; site < model.n_sites; ++site)
        if (!inside[site])
            outside.push_back(static_cast<std::uint32_t>(site));
    return outside;
}

void unpack(const AlignedVector<std::uint8_t>& spins, std::size_t n_chains, std::size_t n, std::int8_t* out) {
    for (std::size_t chain = 0; chain < n_chains; ++chain)
        for (std::size_t i = 0; i < n; ++i)
            out[chain * n + i] =
                static_cast<std::int8_t>(2 * spins[(chain / lanes * n + i) * lanes + chain % lanes] - 1);
}

} // namespace

BiasedChains::BiasedChains(BiasedModel model, std::size_t n_chains, const Key& key)
    : model_(std::move(model)), n_chains_(n_chains), free_(sites_outside(model_)),
      boltzmann_(boltzmann_factors(model_.couplings)), bias_(model_.operators.size()),
      sigma_(n_pieces(n_chains, lanes) * model_.n_sites * lanes),
      tau_(n_pieces(n_chains, lanes) * model_.n_windows * lanes) {
    for (std::size_t b = 0; b < n_pieces(n_chains, lanes); ++b) {
        Stream& stream = streams_.emplace_back(key, b);
        draw_fair(stream, model_.n_sites, sigma_.data() + b * model_.n_sites * lanes);
        draw_fair(stream, model_.n_windows, tau_.data() + b * model_.n_windows * lanes);
    }
}

void BiasedChains::set_bias(const double* couplings) {
    for (std::size_t a = 0; a < bias_.size(); ++a)
        bias_[a] = static_cast<float>(couplings[a]);
}

void BiasedChains::gather(const std::uint8_t* tau, std::size_t site, std::uint8_t* around) const {
    const std::uint32_t* sites = model_.surroundings.data() + site * model_.n_around;
    for (std::size_t i = 0; i < model_.n_around; ++i)
        std::memcpy(around + i * lanes, tau + sites[i] * lanes, lanes);
}

template <std::size_t n_axes, bool equal, bool is_small>
void BiasedChains::sweep(std::size_t block, std::size_t n) {
    Stream stream = streams_[block]; // a local copy stays in registers
    std::uint8_t* sigma = sigma_.data() + block * model_.n_sites * lanes;
    std::uint8_t* tau = tau_.data() + block * model_.n_windows * lanes;
    AlignedVector<std::uint8_t> around(model_.n_around * lanes);
    Window<is_small> window(model_.up);
    Floats u, weight;
    const auto prepare = [&](std::uint32_t site) __attribute__((always_inline)) {
        const Bytes count(count_neighbours<n_axes, equal>(sigma, model_.neighbours.data() + site * n_axes * 2));
        look_up<equal || n_axes == 1>(boltzmann_.data(), count, weight);
        draw(stream, u);
    };
    for (std::size_t i = 0; i < n && !interrupt_requested(); ++i) {
        for (std::size_t j = 0; j < model_.n_windows; ++j) {
            const std::uint32_t* sites = model_.windows.data() + j * model_.n_window;
            gather(tau, j, around.data());
            Floats field{};
            for (std::size_t a = 0; a < bias_.size(); ++a)
                if (bias_[a] != 0)
                    add_products(around.data(), model_.operators[a].others, -bias_[a], field.lane);
            window.set(field);
            Packed m = count_up(sigma, sites, model_.n_window);
            for (std::size_t k = 0; k < model_.n_window; ++k) {
                prepare(sites[k]);
                update_in_window(weight, window, u, m, sigma + sites[k] * lanes);
            }
            draw(stream, u);
            window.draw_block_spin(u, Bytes(m), tau + j * lanes);
        }
        for (const std::uint32_t site : free_) {
            prepare(site);
            update_free(weight, u, sigma + site * lanes);
        }
    }
    streams_[block] = stream;
}

template <std::size_t n_axes>
void BiasedChains::sweep(std::size_t block, std::size_t n) {
    const bool equal = all_equal(model_.couplings), is_small = model_.n_window <= 8;
    if (equal)
        is_small ? sweep<n_axes, true, true>(block, n) : sweep<n_axes, true, false>(block, n);
    else
        is_small ? sweep<n_axes, false, true>(block, n) : sweep<n_axes, false, false>(block, n);
}

void BiasedChains::measure(std::size_t block, std::int32_t* out) const {
    const std::uint8_t* tau = tau_.data() + block * model_.n_windows * lanes;
    const std::size_t n_first = std::min(lanes, n_chains_ - block * lanes), n = n_operators();
    AlignedVector<std::uint8_t> around(model_.n_around * lanes);
    std::vector<std::int32_t> sums(n * lanes);
    for (std::size_t j = 0; j < model_.n_windows; ++j) {
        gather(tau, j, around.data());
        for (std::size_t a = 0; a < n; ++a)
            add_products(around.data(), model_.operators[a].products, 1, sums.data() + a * lanes);
    }
    for (std::size_t l = 0; l < n_first; ++l)
        for (std::size_t a = 0; a < n; ++a)
            out[(block * lanes + l) * n + a] = sums[a * lanes + l];
}

void BiasedChains::sample(std::size_t n, std::size_t spacing, std::int32_t* out) {
    // To wake other threads would take longer than what they could do of a small call.
    const bool is_short = n * spacing * model_.n_sites < shortest_call;
    const auto sample_block = [&](std::size_t block) {
        for (std::size_t i = 0; i < n && !interrupt_requested(); ++i) {
            if (model_.n_axes == 1)
                sweep<1>(block, spacing);
            else if (model_.n_axes == 2)
                sweep<2>(block, spacing);
            else
                sweep<3>(block, spacing);
            measure(block, out + i * n_chains_ * n_operators());
        }
    };
    share_pieces(is_short ? 1 : threads_for(streams_.size()), streams_.size(), [&]() -> auto& { return sample_block; });
}

void BiasedChains::spins(std::int8_t* out) const {
    unpack(sigma_, n_chains_, model_.n_sites, out);
}

void BiasedChains::block_spins(std::int8_t* out) const {
    unpack(tau_, n_chains_, model_.n_windows, out);
}

} // namespace rgrbm
