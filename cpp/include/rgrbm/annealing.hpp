// Annealed importance sampling of an RBM's partition function (Neal, Stat. Comput. 11, 125 (2001); Salakhutdinov &
// Murray, ICML 2008), forward and in reverse (bidirectional Monte Carlo: Grosse, Ghahramani & Adams, 1511.02543).
//
// Between independent units with biases c_A (β = 0) and the model (β = 1) lie the laws p_β(v) ∝ exp f_β(v),
//     f_β(v) = (1 − β) c_A·v + β c·v + Σ_j softplus(β (b_j + v·W_j)).
// A step from β to β' adds f_β'(v) − f_β(v) to the chain's log weight and then makes a Gibbs step v → h → v that
// leaves p_β' as it is, with h_j ~ σ(β' (b_j + v·W_j)) and v_i ~ σ((1 − β') c_A,i + β' (c_i + W_i·h)). Rising
// schedules give weights of mean Z / Z_A, falling ones from samples of the model give weights of mean Z_A / Z.
//
// Gaussian visible units y of variance 1 have p_β(y) ∝ exp(−½ y² + β c·y + Σ_j softplus(β (b_j + y·W_j))) and
// y_i ~ N(β (c_i + W_i·h), 1); models with other variances become such in units of their standard deviations.
//
// Blocks of 16 chains, one chain per lane; stream (block, step) of the key, so that the result has the same bits
// for any number of threads and however the schedule is spread over calls.
#pragma once

#include "rgrbm/aligned.hpp"
#include "rgrbm/random.hpp"

#include <cstddef>
#include <cstdint>

namespace rgrbm {

class Annealing {
public:
    // weights (n_visible, n_hidden); without a base_bias visible units are Gaussian.
    Annealing(std::size_t n_visible, std::size_t n_hidden, const double* weights, const double* visible_bias,
              const double* hidden_bias, const double* base_bias);

    bool is_gaussian() const { return gaussian_; }
    std::size_t n_visible() const { return n_; }
    std::size_t n_hidden() const { return m_; }

    // Takes chains v (n_chains, n_visible), of 0 and 1 or of real numbers, through betas[0] → betas[1] → … →
    // betas[n_steps], and adds to each chain's log weight. first_step counts the steps made by earlier calls.
    template <class Value>
    void run(const double* betas, std::size_t n_steps, std::uint64_t first_step, const Key& key, std::size_t n_chains,
             Value* v, double* log_weights) const;

private:
    struct Chains;

    void step(double from, double to, Stream& stream, Chains& chains) const;

    std::size_t n_, m_;
    bool gaussian_;
    AlignedVector<double> weights_, transposed_;
    AlignedVector<double> visible_bias_, hidden_bias_, base_bias_;
};

} // namespace rgrbm
