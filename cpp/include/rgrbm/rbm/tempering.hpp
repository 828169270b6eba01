// Parallel tempering of persistent chains ("pt"): Desjardins, Courville, Bengio, Vincent & Delalleau, AISTATS 2010;
// Cho, Raiko & Ilin, IJCNN 2010.
//
// Every chain has replicas at β = 1 … 0 (equally spaced) of joint distributions p_β(v, h) ∝ exp(β U(v, h)) p_0(v), from
// the model at β = 1 to units that are independent at β = 0. With binary visible units, of log-odds a in the data,
//     p_0(v) ∝ exp(a·v),   U(v, h) = b·h + (c − a)·v + v·W·h,
// the same path as in annealing.hpp; with Gaussian ones see gaussian_trainer.hpp. A step makes Gibbs steps of every
// replica and then exchanges the states of neighbouring replicas r, r + 1 with probability
//     min(1, exp((β_r − β_{r+1}) (U_{r+1} − U_r))),
// which leaves the product of the replicas' distributions as it is. A replica at β = 0 is a fresh independent draw, so
// that chains at β = 1 are fed with states from everywhere, where Gibbs steps alone would stay in one mode.
//
// Row r · n_chains + s of the chains is replica r of chain s: those of the model come first.
#pragma once

#include "rgrbm/rbm/bit_matrix.hpp"
#include "rgrbm/rbm/training_options.hpp"
#include "rgrbm/support/interrupt.hpp"
#include "rgrbm/support/random.hpp"
#include "rgrbm/support/vector.hpp"

#include <vector>

namespace rgrbm {

// The log-odds a of n binary units with these means of n_samples samples; half a sample added on both sides keeps them
// finite.
template <class Real>
void base_log_odds(const Real* means, std::size_t n, std::size_t n_samples, Real* out);

template <class Real>
class Tempering {
public:
    // One part of the work: chains [chain, chain + n).
    struct Part {
        std::size_t number, chain, n;
        BitMatrix& chains;
        Stream& stream;
    };

    void start(std::size_t n_temperatures, std::size_t n_parts);
    // k Gibbs steps of all replicas, and exchanges after each: step(β, first row of the chains, U of the states it
    // leads to).
    template <class Step>
    void steps(std::size_t k, const Part& part, Step&& step) {
        for (std::size_t i = 0; i < k && !interrupt_requested(); ++i) {
            for (std::size_t r = 0; r < beta_.size(); ++r)
                step(beta_[r], r * (part.chains.n_rows() / beta_.size()) + part.chain, energies(part, r));
            exchange(part);
        }
    }
    // The narrowest passage between the temperatures since the last call, of so many proposed exchanges of each pair.
    double least_exchange_rate(std::size_t n_proposed);

private:
    using V = Vector<Real>;
    static constexpr std::size_t lanes = V::n_lanes;

    void exchange(const Part& part);
    Real* energies(const Part& part, std::size_t replica) {
        return &energies_[(part.number * beta_.size() + replica) * part_size];
    }

    AlignedVector<Real> beta_;      // falling from 1 to 0
    AlignedVector<Real> energies_;  // parts × temperatures × samples of a part
    std::vector<double> exchanges_; // parts × temperatures: accepted with the next one
};

extern template class Tempering<float>;
extern template class Tempering<double>;

} // namespace rgrbm
