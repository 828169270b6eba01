// Ascent of the penalised log-likelihood L − λ₁ Σ|W| − ½ λ₂ Σ W² along a gradient g, sixteen parameters at a time.
//
//     SGD with momentum m:  u ← g + m u,                                       θ ← θ + η u
//     Adam (Kingma & Ba, ICLR 2015; 1412.6980; β₁ = m):
//                           u ← m u + (1 − m) g,  s ← β₂ s + (1 − β₂) g²,      θ ← θ + η û / (√ŝ + ε)
//
// where û and ŝ make up for means that started at 0. L2 is a part of g. L1 is a proximal step: it goes as far as a g of
// 1 that stays would, in the end, so that the points where both rest are those of the penalised likelihood, whatever
// the optimizer.
#pragma once

#include "rgrbm/rbm/training_options.hpp"
#include "rgrbm/support/aligned.hpp"
#include "rgrbm/support/vector.hpp"

namespace rgrbm {

constexpr double square_decay = 0.999; // Adam's β₂

// A number for each weight and bias, in a trainer's own layout.
template <class Real>
struct Parameters {
    using Values = AlignedVector<Real>;
    Values weights, visible, hidden;
    Values log_variance = {}; // of Gaussian visible units, else empty

    Parameters zeros() const {
        return {Values(weights.size()), Values(visible.size()), Values(hidden.size()), Values(log_variance.size())};
    }
};

// Numbers of one step, the same for all parameters.
template <class Real>
struct Step {
    Real learning_rate, l1, l2, momentum;
    Real reach, threshold;         // of SGD: how far a g of 1 that stays would lead; and L1, rounded once
    Real mean_scale, square_scale; // of û and ŝ
    bool adam;
};

// What is kept from step to step.
template <class Real>
struct OptimizerState {
    Parameters<Real> velocity, squares; // u and s, which is empty without Adam
    std::uint64_t n_updates = 0;        // Adam's

    // Forgets what these options have no use for, and makes room for what they need.
    void prepare(const TrainingOptions& options);
    Step<Real> step(const TrainingOptions& options, std::size_t epoch) const;

    bool has_squares() const { return !squares.weights.empty(); }
};

// Moves 16 parameters from `at` on along g. Returns how far a g of 1 would lead. Without Adam, squares are not touched.
// With a scale, what moves is parameters / scale, whose gradient g then has to be.
template <class Real>
RGRBM_INLINE Vector<Real> ascend(const Step<Real>& step, Vector<Real> g, AlignedVector<Real>& parameters,
                                 AlignedVector<Real>& velocity, AlignedVector<Real>& squares, std::size_t at,
                                 const Vector<Real>& scale = Vector<Real>::fill(1)) {
    using V = Vector<Real>;
    const V momentum = V::fill(step.momentum);
    V pace = V::fill(step.learning_rate);
    if (step.adam) {
        const auto slide = [](Real* mean, const V& decay, const V& value) {
            const V next = value + decay * (V::load(mean) - value);
            next.store(mean);
            return next;
        };
        const V scaled =
            slide(&squares[at], V::fill(static_cast<Real>(square_decay)), g * g) * V::fill(step.square_scale);
        pace = V::map([](auto rate, auto s) { return rate / (square_root(s) + Real{1e-8f}); }, pace, scaled);
        g = slide(&velocity[at], momentum, g) * V::fill(step.mean_scale);
    } else if (step.momentum != 0) {
        g += momentum * V::load(&velocity[at]);
        g.store(&velocity[at]);
    }
    (V::load(&parameters[at]) + scale * (pace * g)).store(&parameters[at]);
    return scale * (step.adam ? pace : V::fill(step.reach));
}

// The same for weights, which have penalties (with a scale, the step's are those of weights / scale). Returns by how
// much they moved.
template <class Real>
RGRBM_INLINE Vector<Real> ascend_penalised(const Step<Real>& step, const Vector<Real>& g, AlignedVector<Real>& weights,
                                           OptimizerState<Real>& state, std::size_t at,
                                           const Vector<Real>& scale = Vector<Real>::fill(1)) {
    using V = Vector<Real>;
    const V before = V::load(&weights[at]);
    const V pace =
        ascend(step, g - V::fill(step.l2) * before, weights, state.velocity.weights, state.squares.weights, at, scale);
    V after = V::load(&weights[at]);
    if (step.l1 > 0) {
        after = V::map(
            [](auto w, auto t) {
                const auto zero = w - w;
                const auto above = w - t, below = w + t;
                return (above > zero ? above : zero) + (below < zero ? below : zero);
            },
            after, pace * V::fill(step.l1));
        after.store(&weights[at]);
    }
    return after - before;
}

extern template struct OptimizerState<float>;
extern template struct OptimizerState<double>;

} // namespace rgrbm
