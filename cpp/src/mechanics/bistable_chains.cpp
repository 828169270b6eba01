#include "rgrbm/mechanics/bistable_chains.hpp"

#include "rgrbm/support/parallel.hpp"
#include "rgrbm/support/sigmoid.hpp"
#include "rgrbm/support/vector.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rgrbm {

namespace {

using V = Vector<double>;
using Single = Vector<float>;
constexpr std::size_t lanes = V::n_lanes;

using Native = V::Native;
using Long = V::NativeInteger;
using Int = Single::NativeInteger;
// Half a native vector: as many 32-bit numbers as a native vector has 64-bit ones.
using HalfInt = std::int32_t __attribute__((vector_size(native_bytes / 2)));
using HalfFloat = float __attribute__((vector_size(native_bytes / 2)));
using AllHalf = std::make_index_sequence<V::per_native>;
using AllSingle = std::make_index_sequence<Single::per_native>;

template <std::size_t... lane>
RGRBM_INLINE HalfInt low_half(Int x, std::index_sequence<lane...>) {
    return __builtin_shufflevector(x, x, lane...);
}
template <std::size_t... lane>
RGRBM_INLINE HalfInt high_half(Int x, std::index_sequence<lane...>) {
    return __builtin_shufflevector(x, x, (V::per_native + lane)...);
}
template <std::size_t... lane>
RGRBM_INLINE Single::Native joined(HalfFloat low, HalfFloat high, std::index_sequence<lane...>) {
    return __builtin_shufflevector(low, high, lane...);
}

// Sixteen 32-bit integers, as many as a Word has.
struct Integers {
    Int part[Single::n_native];

    HalfInt half(std::size_t p) const { // the lanes of part p of a V
        return p % 2 == 0 ? low_half(part[p / 2], AllHalf{}) : high_half(part[p / 2], AllHalf{});
    }
};

RGRBM_INLINE Single to_single(const V& x) {
    Single result;
    for (std::size_t i = 0; i < Single::n_native; ++i)
        result.part[i] = joined(__builtin_convertvector(x.part[2 * i], HalfFloat),
                                __builtin_convertvector(x.part[2 * i + 1], HalfFloat), AllSingle{});
    return result;
}

// Uniform in (−w, w): (k + ½) w 2^−31 with k from −2^31 to 2^31 − 1, so that δ and −δ are equally probable.
RGRBM_INLINE V symmetric(Stream& stream, double width) {
    const Word bits = stream.next();
    Integers k;
    for (std::size_t i = 0; i < Single::n_native; ++i)
        k.part[i] = (Int)bits.part[i];
    const double unit = width * 0x1p-31, half = width * 0x1p-32;
    V result;
    for (std::size_t p = 0; p < V::n_native; ++p)
        result.part[p] = __builtin_convertvector(k.half(p), Native) * unit + half;
    return result;
}

// All bits of the lanes where a proposal is accepted, u ≤ e^(−ΔH). A ΔH below zero is always accepted, as u ≤ 1, and
// one beyond 22 never, as u ≥ 2^−32.
RGRBM_INLINE Integers accept(Stream& stream, const V& change) {
    Single u;
    uniform(stream, u);
    const Single probability = exp_negative(to_single(change));
    Integers accepted;
    for (std::size_t i = 0; i < Single::n_native; ++i)
        accepted.part[i] = (Int)(u.part[i] <= probability.part[i]);
    return accepted;
}

// u + δ where accepted.
RGRBM_INLINE V moved(const V& u, const V& delta, const Integers& accepted) {
    V result;
    for (std::size_t p = 0; p < V::n_native; ++p) {
        const Long mask = __builtin_convertvector(accepted.half(p), Long);
        result.part[p] = u.part[p] + (Native)((Long)delta.part[p] & mask);
    }
    return result;
}

// −u where accepted.
RGRBM_INLINE V flipped(const V& u, const Integers& accepted) {
    V result;
    for (std::size_t p = 0; p < V::n_native; ++p) {
        const Long mask = __builtin_convertvector(accepted.half(p), Long);
        result.part[p] = (Native)((Long)u.part[p] ^ (mask << 63));
    }
    return result;
}

struct Energy {
    double lambda, kappa;

    // ΔH of u → u + δ.
    RGRBM_INLINE V of_step(const V& u, const V& delta, const V& neighbours) const {
        const double half_lambda = 0.5 * lambda, constant = kappa - 2 * lambda, k = kappa;
        return V::map(
            [=](Native x, Native d, Native a) {
                const Native s = x + x + d, square = s * s + d * d;
                return d * (s * (square * half_lambda + constant) - a * k);
            },
            u, delta, neighbours);
    }
    // ΔH of u → −u.
    RGRBM_INLINE V of_flip(const V& u, const V& neighbours) const {
        const double k = 2 * kappa;
        return V::map([=](Native x, Native a) { return x * k * a; }, u, neighbours);
    }
};

// One sweep of 16 chains; visit(u, neighbours' sum) returns the new u.
template <class Visit>
RGRBM_INLINE void for_each_site(double* u, std::size_t n, Visit&& visit) {
    const auto update = [&](std::size_t left, std::size_t site, std::size_t right) __attribute__((always_inline)) {
        const V neighbours = V::load(u + left * lanes) + V::load(u + right * lanes);
        visit(V::load(u + site * lanes), neighbours).store(u + site * lanes);
    };
    const std::size_t even = n - n % 2; // the sites that alternate
    update(n - 1, 0, 1);
    for (std::size_t site = 2; site < even; site += 2)
        update(site - 1, site, site + 1);
    for (std::size_t site = 1; site + 1 < n; site += 2)
        update(site - 1, site, site + 1);
    update(n - 2, n - 1, 0); // the last odd site, or of an odd ring the site between two even ones
}

// Sum over the first lanes of counters that count down.
std::uint64_t total(const Integers& counters, std::size_t n_first) {
    std::uint64_t sum = 0;
    for (std::size_t lane = 0; lane < n_first; ++lane)
        sum += static_cast<std::uint32_t>(-counters.part[lane / Single::per_native][lane % Single::per_native]);
    return sum;
}

// Makes one sweep with the proposals of try_site(stream, u, neighbours, accepted); returns how many of the first
// lanes were accepted.
template <class TrySite>
std::uint64_t sweep_block(double* u, std::size_t n, std::size_t n_first, Stream& shared_stream,
                          const TrySite& try_site) {
    Stream stream = shared_stream; // a local copy stays in registers
    Integers counters{};
    for_each_site(u, n, [&](const V& x, const V& neighbours) __attribute__((always_inline)) {
        Integers accepted;
        const V result = try_site(stream, x, neighbours, accepted);
        for (std::size_t i = 0; i < Single::n_native; ++i)
            counters.part[i] += accepted.part[i]; // −1 where accepted
        return result;
    });
    shared_stream = stream;
    return total(counters, n_first);
}

} // namespace

BistableChains::BistableChains(std::size_t n_sites, double lambda, double kappa, std::size_t n_chains, const Key& key,
                               const double* start)
    : n_(n_sites), n_chains_(n_chains), lambda_(lambda), kappa_(kappa),
      u_(n_pieces(n_chains, lanes) * n_sites * lanes) {
    const std::size_t n_blocks = n_pieces(n_chains, lanes);
    streams_.reserve(n_blocks);
    for (std::size_t b = 0; b < n_blocks; ++b)
        streams_.emplace_back(key, b);
    for (std::size_t chain = 0; chain < n_chains; ++chain)
        for (std::size_t site = 0; site < n_sites; ++site)
            u_[(chain / lanes * n_sites + site) * lanes + chain % lanes] = start[chain * n_sites + site];
}

Acceptance BistableChains::sweep(std::uint64_t n) {
    const Energy energy{lambda_, kappa_};
    const double width = width_;
    const auto step = [=](Stream& stream, const V& u, const V& neighbours, Integers& accepted)
                          __attribute__((always_inline)) {
                              const V delta = symmetric(stream, width);
                              accepted = accept(stream, energy.of_step(u, delta, neighbours));
                              return moved(u, delta, accepted);
                          };
    const auto flip = [=](Stream& stream, const V& u, const V& neighbours, Integers& accepted)
                          __attribute__((always_inline)) {
                              accepted = accept(stream, energy.of_flip(u, neighbours));
                              return flipped(u, accepted);
                          };
    const auto is_flip = [](std::uint64_t sweep) { return sweep % flip_period == flip_period - 1; };
    std::atomic<std::uint64_t> accepted_steps{0}, accepted_flips{0};
    for_pieces(streams_.size(), [&](std::size_t block) {
        std::uint64_t steps = 0, flips = 0;
        double* u = u_.data() + block * n_ * lanes;
        const std::size_t n_first = std::min(lanes, n_chains_ - block * lanes);
        for (std::uint64_t i = 0; i < n && !interrupt_requested(); ++i) {
            if (is_flip(n_sweeps_ + i))
                flips += sweep_block(u, n_, n_first, streams_[block], flip);
            else
                steps += sweep_block(u, n_, n_first, streams_[block], step);
        }
        accepted_steps += steps;
        accepted_flips += flips;
    });
    const std::uint64_t n_flips = (n_sweeps_ + n) / flip_period - n_sweeps_ / flip_period;
    const std::uint64_t proposals = n_ * n_chains_; // of a sweep
    n_sweeps_ += n;
    return {accepted_steps, (n - n_flips) * proposals, accepted_flips, n_flips * proposals};
}

void BistableChains::states(double* out) const {
    for (std::size_t chain = 0; chain < n_chains_; ++chain)
        for (std::size_t site = 0; site < n_; ++site)
            out[chain * n_ + site] = u_[(chain / lanes * n_ + site) * lanes + chain % lanes];
}

} // namespace rgrbm
