// Annealed importance sampling of an RBM's partition function (Neal, Stat. Comput. 11, 125 (2001); Salakhutdinov &
// Murray, ICML 2008), forward and in reverse (bidirectional Monte Carlo: Grosse, Ghahramani & Adams, 1511.02543).
//
// At β = 0 stands a mixture of K distributions of independent units, p_A(v) = Σ_k s_k Π_i p_k,i(v_i) with shares s_k,
// the log-odds a_k and A_k = Σ_i softplus(a_k,i); at β = 1 the model. Between them lie the distributions
// p_β(v) ∝ exp f_β(v),
//     f_β(v) = β c·v + Σ_j softplus(β (b_j + v·W_j)) + ln Σ_k exp((1 − β)(a_k·v − A_k + ln s_k)),
// whose last term is that of one more hidden unit, with K states. A step from β to β' adds f_β'(v) − f_β(v) to the
// chain's log weight and then makes a Gibbs step v → (h, k) → v that leaves p_β' as it is: h_j ~ σ(β' (b_j + v·W_j)),
// k in proportion to the terms of the last sum, and v_i ~ σ((1 − β') a_k,i + β' (c_i + W_i·h)). Rising schedules give
// weights of mean Z / 2^M with M hidden units, falling ones from samples of the model give weights of mean 2^M / Z.
//
// Why several: a model of separate modes can have hardly any mass in the heaviest of them at some β between, and chains
// that start as one distribution of independent units then never see it. With a distribution near each mode, chains
// wait in all of them.
//
// Gaussian visible units y of variance 1 start from a mixture of normal distributions of means a_k: with
// A_k = ½ |a_k|² and −½ y² in addition, f_β is the same, and y_i ~ N((1 − β) a_k,i + β (c_i + W_i·h), 1). Models with
// other variances become such in units of their standard deviations.
//
// Blocks of 16 chains, one chain per lane; stream (block, step) of the key, so that the result has the same bits
// for any number of threads and however the schedule is spread over calls.
#pragma once

#include "rgrbm/support/aligned.hpp"
#include "rgrbm/support/random.hpp"
#include "rgrbm/support/vector.hpp"

#include <cstddef>
#include <cstdint>

namespace rgrbm {

class Annealing {
public:
    // weights (n_visible, n_hidden), base_bias a (n_components, n_visible), base_log_shares ln s (n_components).
    Annealing(bool gaussian, std::size_t n_visible, std::size_t n_hidden, std::size_t n_components,
              const double* weights, const double* visible_bias, const double* hidden_bias, const double* base_bias,
              const double* base_log_shares);

    bool is_gaussian() const { return gaussian_; }
    std::size_t n_visible() const { return n_; }
    std::size_t n_hidden() const { return m_; }
    std::size_t n_components() const { return n_components_; }

    // Takes chains v (n_chains, n_visible), of 0 and 1 or of real numbers, through betas[0] → betas[1] → … →
    // betas[n_steps], and adds to each chain's log weight. first_step counts the steps made by earlier calls.
    template <class Value>
    void run(const double* betas, std::size_t n_steps, std::uint64_t first_step, const Key& key, std::size_t n_chains,
             Value* v, double* log_weights) const;

private:
    struct Chains;
    using Lanes = Vector<double>;

    void draw_component(double beta, Stream& stream, Chains& chains) const;
    Lanes base_input(std::size_t unit, double factor, const Chains& chains) const;
    void step(double from, double to, Stream& stream, Chains& chains) const;

    bool gaussian_;
    std::size_t n_, m_, n_components_;
    AlignedVector<double> weights_, transposed_;
    AlignedVector<double> visible_bias_, hidden_bias_;
    AlignedVector<double> base_bias_, base_transposed_, base_offset_; // a, its transpose, ln s − A
};

} // namespace rgrbm
