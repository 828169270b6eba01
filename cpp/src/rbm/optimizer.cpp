#include "rgrbm/rbm/optimizer.hpp"

#include <cmath>

namespace rgrbm {

template <class Real>
void OptimizerState<Real>::prepare(const TrainingOptions& options) {
    const bool adam = options.optimizer == Optimizer::adam;
    if (options.momentum == 0)
        velocity = velocity.zeros();
    if (adam && has_squares())
        return;
    squares = adam ? velocity.zeros() : Parameters<Real>{};
    n_updates = 0;
}

template <class Real>
Step<Real> OptimizerState<Real>::step(const TrainingOptions& options, std::size_t epoch) const {
    const auto real = [](double value) { return static_cast<Real>(value); };
    const bool adam = options.optimizer == Optimizer::adam;
    const auto scale = [&](double decay) { // of a sliding mean of n_updates + 1 values that started at 0
        return adam ? real(1 / -std::expm1(static_cast<double>(n_updates + 1) * std::log(decay))) : Real{1};
    };
    return {real(options.learning_rate[epoch]),
            real(options.l1[epoch]),
            real(options.l2),
            real(options.momentum),
            real(options.learning_rate[epoch]) / (1 - real(options.momentum)),
            real(options.learning_rate[epoch] * options.l1[epoch] / (1 - options.momentum)),
            scale(options.momentum),
            scale(square_decay),
            adam};
}

template struct OptimizerState<float>;
template struct OptimizerState<double>;

} // namespace rgrbm
