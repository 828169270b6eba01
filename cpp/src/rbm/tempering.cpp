#include "rgrbm/rbm/tempering.hpp"

#include "rgrbm/support/sigmoid.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace rgrbm {

template <class Real>
void Tempering<Real>::start(std::size_t n, std::size_t n_parts) {
    beta_.resize(n);
    for (std::size_t r = 0; r < n; ++r)
        beta_[r] = static_cast<Real>(1 - static_cast<double>(r) / static_cast<double>(n - 1));
    energies_.assign(n_parts * n * part_size, Real{0});
    exchanges_.assign(n_parts * n, 0.0);
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

template <class Real>
void base_log_odds(const Real* means, std::size_t n, std::size_t n_samples, Real* out) {
    const double samples = static_cast<double>(n_samples);
    std::transform(means, means + n, out, [&](Real mean) {
        const double ones = std::clamp(static_cast<double>(mean), 0.0, 1.0) * samples;
        return static_cast<Real>(std::log(ones + 0.5) - std::log(samples - ones + 0.5));
    });
}

template void base_log_odds(const float*, std::size_t, std::size_t, float*);
template void base_log_odds(const double*, std::size_t, std::size_t, double*);
template class Tempering<float>;
template class Tempering<double>;

} // namespace rgrbm
