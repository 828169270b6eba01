#include "rgrbm/tempering.hpp"

#include "rgrbm/sigmoid.hpp"
#include "rgrbm/training_options.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace rgrbm {

template <class Real>
void Tempering<Real>::start(std::size_t n, std::size_t n_parts, const AlignedVector<Real>& visible_mean,
                            std::size_t n_samples, std::size_t n_visible, std::size_t n_hidden) {
    beta_.resize(n);
    for (std::size_t r = 0; r < n; ++r)
        beta_[r] = static_cast<Real>(1 - static_cast<double>(r) / static_cast<double>(n - 1));
    visible_base_.assign(round_up(n_visible, lanes), Layer<Real>::never);
    hidden_base_.assign(round_up(n_hidden, lanes), Layer<Real>::never);
    for (std::size_t i = 0; i < n_visible; ++i) { // half a sample added on both sides keeps the log-odds finite
        const double samples = static_cast<double>(n_samples);
        const double ones = std::clamp(static_cast<double>(visible_mean[i]), 0.0, 1.0) * samples;
        visible_base_[i] = static_cast<Real>(std::log(ones + 0.5) - std::log(samples - ones + 0.5));
    }
    std::fill_n(hidden_base_.data(), n_hidden, Real{0});
    energies_.assign(n_parts * n * part_size, Real{0});
    exchanges_.assign(n_parts * n, 0.0);
}

template <class Real>
Real* Tempering<Real>::energies(const Part& part, std::size_t replica) {
    return &energies_[(part.number * beta_.size() + replica) * part_size];
}

template <class Real>
void Tempering<Real>::steps(std::size_t k, const Part& part) {
    for (std::size_t i = 0; i < k; ++i) {
        for (std::size_t replica = 0; replica < beta_.size(); ++replica)
            step(part, replica);
        exchange(part);
    }
}

// One Gibbs step of a replica, and U of the state it leads to.
template <class Real>
void Tempering<Real>::step(const Part& part, std::size_t replica) {
    BitMatrix &chains = part.chains, &hidden = part.hidden;
    const std::size_t start = replica * (chains.n_rows() / beta_.size()) + part.chain, n = part.n;
    const V beta = V::fill(beta_[replica]), rest = V::fill(1 - beta_[replica]);
    V sums[part_size];
    std::fill_n(sums, n, V::zero());
    part.up.apply(
        n, [&](std::size_t s) { return std::as_const(chains).row(start + s); },
        [&](std::size_t s, std::size_t j, const V& x) {
            const std::uint16_t h =
                draw(part.stream, exp_negative(beta * x + rest * V::load(&hidden_base_[j * lanes])));
            hidden.row(part.hidden_row + s)[j] = h;
            sums[s] += expand<Real>(h) * V::load(&part.up.bias[j * lanes]);
        });
    part.down.apply(
        n, [&](std::size_t s) { return std::as_const(hidden).row(part.hidden_row + s); },
        [&](std::size_t s, std::size_t i, const V& x) {
            const V base = V::load(&visible_base_[i * lanes]);
            const std::uint16_t v = draw(part.stream, exp_negative(beta * x + rest * base));
            chains.row(start + s)[i] = v;
            sums[s] += expand<Real>(v) * (x - base);
        });
    Real* const energies = this->energies(part, replica);
    for (std::size_t s = 0; s < n; ++s)
        energies[s] = sums[s].sum();
}

// Exchanges of replicas 0–1, 2–3, … and then of 1–2, 3–4, …
template <class Real>
void Tempering<Real>::exchange(const Part& part) {
    BitMatrix& chains = part.chains;
    const std::size_t n_chains = chains.n_rows() / beta_.size(), n = part.n;
    double* const accepted = &exchanges_[part.number * beta_.size()];
    for (const std::size_t parity : {0u, 1u})
        for (std::size_t r = parity; r + 1 < beta_.size(); r += 2) {
            Real *const colder = energies(part, r), *const hotter = energies(part, r + 1);
            for (std::size_t s = 0; s < n; s += lanes) {
                const V gap = V::fill(beta_[r] - beta_[r + 1]);
                V u;
                uniform(part.stream, u);
                unsigned taken = less(u, exp_negative(gap * (V::load(colder + s) - V::load(hotter + s))));
                if (n - s < lanes)
                    taken &= (1u << (n - s)) - 1;
                accepted[r] += std::popcount(taken);
                for (; taken != 0; taken &= taken - 1) {
                    const std::size_t at = s + static_cast<std::size_t>(std::countr_zero(taken));
                    const std::size_t row = r * n_chains + part.chain + at;
                    std::swap(colder[at], hotter[at]);
                    std::swap_ranges(chains.row(row), chains.row(row) + 4 * chains.n_words(),
                                     chains.row(row + n_chains));
                }
            }
        }
}

template <class Real>
double Tempering<Real>::least_exchange_rate(std::size_t n_proposed) {
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

template class Tempering<float>;
template class Tempering<double>;

} // namespace rgrbm
