#include "rgrbm/likelihood/annealing.hpp"

#include "rgrbm/support/log_sum.hpp"
#include "rgrbm/support/normal.hpp"
#include "rgrbm/support/parallel.hpp"
#include "rgrbm/support/sigmoid.hpp"

#include <algorithm>
#include <cmath>

namespace rgrbm {

namespace {

using V = Vector<double>;
constexpr std::size_t lanes = V::n_lanes;

// Two rows of matrix (n_out, n_in) times the units of 16 chains, started at what `sums` holds.
RGRBM_INLINE void two_products(const double* first, const double* second, std::size_t n_in, const double* units,
                               V (&sums)[2]) {
    for (std::size_t i = 0; i < n_in; ++i) {
        const V unit = V::load(units + i * lanes);
        for (std::size_t p = 0; p < V::n_native; ++p) {
            sums[0].part[p] += unit.part[p] * first[i];
            sums[1].part[p] += unit.part[p] * second[i];
        }
    }
}

// Calls use(k, bias_k + matrix_k · units) for each of the n_out rows.
template <class Use>
RGRBM_INLINE void for_each_input(const double* matrix, const double* bias, std::size_t n_out, std::size_t n_in,
                                 const double* units, Use&& use) {
    for (std::size_t k = 0; k < n_out; k += 2) {
        const std::size_t next = k + 1 < n_out ? k + 1 : k;
        V sums[2] = {V::fill(bias[k]), V::fill(bias[next])};
        two_products(matrix + k * n_in, matrix + next * n_in, n_in, units, sums);
        use(k, sums[0]);
        if (next != k)
            use(next, sums[1]);
    }
}

} // namespace

// Units of 16 chains, one vector per unit; of the mixture, a vector per component.
struct Annealing::Chains {
    Chains(std::size_t n, std::size_t m, std::size_t k)
        : visible(n * lanes), hidden(m * lanes), scores(k * lanes), component(k * lanes) {}
    AlignedVector<double> visible, hidden;
    AlignedVector<double> scores;    // a_k·v − A_k + ln s_k
    AlignedVector<double> component; // 1 for the one drawn, 0 for the others
    V log_weights = V::zero();
};

Annealing::Annealing(bool gaussian, std::size_t n_visible, std::size_t n_hidden, std::size_t n_components,
                     const double* weights, const double* visible_bias, const double* hidden_bias,
                     const double* base_bias, const double* base_log_shares)
    : gaussian_(gaussian), n_(n_visible), m_(n_hidden), n_components_(n_components),
      weights_(weights, weights + n_ * m_), transposed_(n_ * m_), visible_bias_(visible_bias, visible_bias + n_),
      hidden_bias_(hidden_bias, hidden_bias + m_), base_bias_(base_bias, base_bias + n_components * n_),
      base_transposed_(n_components * n_), base_offset_(base_log_shares, base_log_shares + n_components) {
    for (std::size_t i = 0; i < n_; ++i)
        for (std::size_t j = 0; j < m_; ++j)
            transposed_[j * n_ + i] = weights_[i * m_ + j];
    for (std::size_t k = 0; k < n_components_; ++k) {
        for (std::size_t i = 0; i < n_; ++i) {
            const double a = base_bias_[k * n_ + i];
            base_transposed_[i * n_components_ + k] = a;
            base_offset_[k] -= gaussian ? 0.5 * a * a : std::max(a, 0.0) + std::log1p(std::exp(-std::abs(a)));
        }
    }
}

namespace {

// (1 − β)(a_k·v − A_k + ln s_k)
RGRBM_INLINE V mixture_term(const AlignedVector<double>& scores, std::size_t k, double beta) {
    return V::map([=](auto s) { return s * (1 - beta); }, V::load(scores.data() + k * lanes));
}

RGRBM_INLINE V largest_term(const AlignedVector<double>& scores, double beta) {
    V largest = mixture_term(scores, 0, beta);
    for (std::size_t k = 1; k < scores.size() / lanes; ++k)
        largest = V::map([](auto a, auto b) { return maximum(a, b); }, largest, mixture_term(scores, k, beta));
    return largest;
}

// ln Σ_k exp((1 − β)(a_k·v − A_k + ln s_k)) of 16 chains.
RGRBM_INLINE V log_mixture(const AlignedVector<double>& scores, double beta) {
    V largest = largest_term(scores, beta);
    const std::size_t n_components = scores.size() / lanes;
    if (n_components == 1)
        return largest;
    V sum = V::zero();
    for (std::size_t k = 0; k < n_components; ++k)
        sum += exp_negative(largest - mixture_term(scores, k, beta));
    for (std::size_t p = 0; p < V::n_native; ++p)
        for (std::size_t j = 0; j < V::per_native; ++j)
            largest.part[p][j] += std::log(sum.part[p][j]);
    return largest;
}

} // namespace

// From p(k | v) by the inverse of its cumulative sums; there is nothing to draw from one component.
void Annealing::draw_component(double beta, Stream& stream, Chains& chains) const {
    if (n_components_ <= 1)
        return;
    const V largest = largest_term(chains.scores, beta);
    V total = V::zero();
    for (std::size_t k = 0; k < n_components_; ++k) {
        const V term = mixture_term(chains.scores, k, beta);
        total += exp_negative(largest - term);
        total.store(chains.component.data() + k * lanes);
    }
    V u;
    uniform(stream, u); // in (0, 1], so that the last sum is never below u times itself
    const V target = u * total;
    std::uint16_t below = 0xFFFF; // chains whose component is this one or a later one
    for (std::size_t k = 0; k < n_components_; ++k) {
        double* place = chains.component.data() + k * lanes;
        const std::uint16_t later = less(V::load(place), target);
        expand<double>(static_cast<std::uint16_t>(below & ~later)).store(place);
        below = later;
    }
}

// (1 − β) a_k,i of each chain's component k.
RGRBM_INLINE Annealing::Lanes Annealing::base_input(std::size_t i, double factor, const Chains& chains) const {
    if (n_components_ == 1)
        return V::fill(factor * base_bias_[i]);
    V sum = V::zero();
    for (std::size_t k = 0; k < n_components_; ++k) {
        const double a = factor * base_transposed_[i * n_components_ + k];
        sum += V::map([a](auto one) { return one * a; }, V::load(chains.component.data() + k * lanes));
    }
    return sum;
}

void Annealing::step(double from, double to, Stream& stream, Chains& chains) const {
    const auto times = [](const V& x, double factor) { return V::map([factor](auto y) { return y * factor; }, x); };
    V change = V::zero(); // of f_β
    for (std::size_t i = 0; i < n_; ++i)
        change += times(V::load(chains.visible.data() + i * lanes), (to - from) * visible_bias_[i]);
    for_each_input(base_bias_.data(), base_offset_.data(), n_components_, n_, chains.visible.data(),
                   [&](std::size_t k, const V& score) { score.store(chains.scores.data() + k * lanes); });
    change += log_mixture(chains.scores, to);
    change -= log_mixture(chains.scores, from);
    SoftplusLanes now, before;
    for_each_input(transposed_.data(), hidden_bias_.data(), m_, n_, chains.visible.data(),
                   [&](std::size_t j, const V& x) {
                       const V target = times(x, to), origin = times(x, from);
                       now.add(target, exp_minus_magnitude(target));
                       before.add(origin, exp_minus_magnitude(origin));
                       expand<double>(draw(stream, exp_negative(target))).store(chains.hidden.data() + j * lanes);
                   });
    change += now.total();
    change -= before.total();
    chains.log_weights += change;
    draw_component(to, stream, chains);
    Normals<double> normals(stream);
    for_each_input(weights_.data(), visible_bias_.data(), n_, m_, chains.hidden.data(), [&](std::size_t i, const V& x) {
        const V input = times(x, to) + base_input(i, 1 - to, chains);
        const V value = gaussian_ ? input + normals.next() : expand<double>(draw(stream, exp_negative(input)));
        value.store(chains.visible.data() + i * lanes);
    });
}

template <class Value>
void Annealing::run(const double* betas, std::size_t n_steps, std::uint64_t first_step, const Key& key,
                    std::size_t n_chains, Value* v, double* log_weights) const {
    for_pieces((n_chains + lanes - 1) / lanes, [&](std::size_t block) {
        const std::size_t first = block * lanes, count = std::min(lanes, n_chains - first);
        Chains chains(n_, m_, n_components_);
        for (std::size_t k = 0; k < count; ++k)
            for (std::size_t i = 0; i < n_; ++i)
                chains.visible[i * lanes + k] = static_cast<double>(v[(first + k) * n_ + i]);
        for (std::size_t s = 0; s < n_steps && !interrupt_requested(); ++s) {
            Stream stream(key, block, first_step + s);
            step(betas[s], betas[s + 1], stream, chains);
        }
        alignas(64) double changes[lanes];
        chains.log_weights.store(changes);
        for (std::size_t k = 0; k < count; ++k) {
            log_weights[first + k] += changes[k];
            for (std::size_t i = 0; i < n_; ++i)
                v[(first + k) * n_ + i] = static_cast<Value>(chains.visible[i * lanes + k]);
        }
    });
}

template void Annealing::run(const double*, std::size_t, std::uint64_t, const Key&, std::size_t, std::uint8_t*,
                             double*) const;
template void Annealing::run(const double*, std::size_t, std::uint64_t, const Key&, std::size_t, double*,
                             double*) const;

} // namespace rgrbm
