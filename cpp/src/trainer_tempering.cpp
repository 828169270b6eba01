// Parallel tempering of a Trainer's persistent chains ("pt"): Desjardins, Courville, Bengio, Vincent & Delalleau,
// AISTATS 2010; Cho, Raiko & Ilin, IJCNN 2010.
//
// Every chain has replicas at β = 1 … 0 (equally spaced) of the joint laws p_β(v, h) ∝ exp(β U(v, h) + a·v) with
//     U(v, h) = b·h + (c − a)·v + v·W·h,
// from the model at β = 1 to units that are independent at β = 0, where v has the log-odds a of the data, the same path
// as in annealing.hpp. A step makes Gibbs steps v → h → v of every replica, with inputs β x + (1 − β) x₀ where x is the
// model's and x₀ the input at β = 0, and then exchanges the states of neighbouring replicas r, r + 1 with probability
//     min(1, exp((β_r − β_{r+1}) (U_{r+1} − U_r))),
// which leaves the product of the replicas' laws as it is. A replica at β = 0 is a fresh independent draw, so that
// chains at β = 1 are fed with states from everywhere, where Gibbs steps alone would stay in one mode.
//
// Row r · n_chains + s of the chains is replica r of chain s: those of the model come first.
#include "rgrbm/contrastive_divergence.hpp"

#include "rgrbm/sigmoid.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace rgrbm {

template <class Real>
void Trainer<Real>::start_temperatures(std::size_t n) {
    beta_.resize(n);
    for (std::size_t r = 0; r < n; ++r)
        beta_[r] = static_cast<Real>(1 - static_cast<double>(r) / static_cast<double>(n - 1));
    visible_base_.assign(up_.n_source, Layer<Real>::never);
    hidden_base_.assign(up_.n_units, Layer<Real>::never);
    for (std::size_t i = 0; i < n_visible_; ++i) { // half a sample added on both sides keeps the log-odds finite
        const double samples = static_cast<double>(n_samples_);
        const double ones = std::clamp(static_cast<double>(visible_mean_[i]), 0.0, 1.0) * samples;
        visible_base_[i] = static_cast<Real>(std::log(ones + 0.5) - std::log(samples - ones + 0.5));
    }
    std::fill_n(hidden_base_.data(), n_hidden_, Real{0});
    energies_.assign(streams_.size() * n * part_size, Real{0});
    exchanges_.assign(streams_.size() * n, 0.0);
}

template <class Real>
void Trainer<Real>::tempered_steps(std::size_t k, std::size_t part, std::size_t first_chain, std::size_t first,
                                   std::size_t n, Stream& stream) {
    Real* const energies = &energies_[part * beta_.size() * part_size];
    for (std::size_t step = 0; step < k; ++step) {
        for (std::size_t replica = 0; replica < beta_.size(); ++replica)
            tempered_step(replica, first_chain, first, n, energies + replica * part_size, stream);
        exchange(first_chain, n, energies, &exchanges_[part * beta_.size()], stream);
    }
}

// One Gibbs step of a replica, and U of the state it leads to.
template <class Real>
void Trainer<Real>::tempered_step(std::size_t replica, std::size_t first_chain, std::size_t first, std::size_t n,
                                  Real* energies, Stream& stream) {
    const std::size_t start = replica * (chains_.n_rows() / beta_.size()) + first_chain;
    const V beta = V::fill(beta_[replica]), rest = V::fill(1 - beta_[replica]);
    V sums[part_size];
    std::fill_n(sums, n, V::zero());
    up_.apply(
        n, [&](std::size_t s) { return std::as_const(chains_).row(start + s); },
        [&](std::size_t s, std::size_t j, const V& x) {
            const std::uint16_t h = draw(stream, exp_negative(beta * x + rest * V::load(&hidden_base_[j * lanes])));
            hidden_.row(first + s)[j] = h;
            sums[s] += expand<Real>(h) * V::load(&up_.bias[j * lanes]);
        });
    down_.apply(
        n, [&](std::size_t s) { return std::as_const(hidden_).row(first + s); },
        [&](std::size_t s, std::size_t i, const V& x) {
            const V base = V::load(&visible_base_[i * lanes]);
            const std::uint16_t v = draw(stream, exp_negative(beta * x + rest * base));
            chains_.row(start + s)[i] = v;
            sums[s] += expand<Real>(v) * (x - base);
        });
    for (std::size_t s = 0; s < n; ++s)
        energies[s] = sums[s].sum();
}

// Exchanges of replicas 0–1, 2–3, … and then of 1–2, 3–4, …
template <class Real>
void Trainer<Real>::exchange(std::size_t first_chain, std::size_t n, Real* energies, double* accepted, Stream& stream) {
    const std::size_t n_chains = chains_.n_rows() / beta_.size();
    for (const std::size_t parity : {0u, 1u})
        for (std::size_t r = parity; r + 1 < beta_.size(); r += 2) {
            Real *const colder = energies + r * part_size, *const hotter = colder + part_size;
            for (std::size_t s = 0; s < n; s += lanes) {
                const V gap = V::fill(beta_[r] - beta_[r + 1]);
                V u;
                uniform(stream, u);
                unsigned taken = less(u, exp_negative(gap * (V::load(colder + s) - V::load(hotter + s))));
                if (n - s < lanes)
                    taken &= (1u << (n - s)) - 1;
                accepted[r] += std::popcount(taken);
                for (; taken != 0; taken &= taken - 1) {
                    const std::size_t at = s + static_cast<std::size_t>(std::countr_zero(taken));
                    const std::size_t row = r * n_chains + first_chain + at;
                    std::swap(colder[at], hotter[at]);
                    std::swap_ranges(chains_.row(row), chains_.row(row) + 4 * chains_.n_words(),
                                     chains_.row(row + n_chains));
                }
            }
        }
}

// The narrowest passage between the temperatures in an epoch of so many proposed exchanges of each pair.
template <class Real>
double Trainer<Real>::least_exchange_rate(std::size_t n_proposed) {
    double least = static_cast<double>(n_proposed);
    for (std::size_t r = 0; r + 1 < beta_.size(); ++r) {
        double sum = 0;
        for (std::size_t at = r; at < exchanges_.size(); at += beta_.size())
            sum += exchanges_[at];
        least = std::min(least, sum);
    }
    std::fill(exchanges_.begin(), exchanges_.end(), 0.0);
    return least / static_cast<double>(n_proposed);
}

template class Trainer<float>;
template class Trainer<double>;

} // namespace rgrbm
