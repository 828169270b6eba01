// Parallel tempering of persistent chains ("pt"): Desjardins, Courville, Bengio, Vincent & Delalleau, AISTATS 2010;
// Cho, Raiko & Ilin, IJCNN 2010.
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
#pragma once

#include "rgrbm/layer.hpp"
#include "rgrbm/random.hpp"

#include <vector>

namespace rgrbm {

template <class Real>
class Tempering {
public:
    // One part of the work: chains [chain, chain + n), and the hidden states of the rows that they may use.
    struct Part {
        std::size_t number, chain, hidden_row, n;
        const Layer<Real>&up, &down; // hidden given visible, and visible given hidden
        BitMatrix &chains, &hidden;
        Stream& stream;
    };

    // Log-odds of visible units with such means in so many samples are the model at β = 0.
    void start(std::size_t n_temperatures, std::size_t n_parts, const AlignedVector<Real>& visible_mean,
               std::size_t n_samples, std::size_t n_visible, std::size_t n_hidden);
    // k steps of all replicas, and exchanges after each.
    void steps(std::size_t k, const Part& part);
    // The narrowest passage between the temperatures since the last call, of so many proposed exchanges of each pair.
    double least_exchange_rate(std::size_t n_proposed);

private:
    using V = Vector<Real>;
    static constexpr std::size_t lanes = V::n_lanes;

    void step(const Part& part, std::size_t replica);
    void exchange(const Part& part);
    Real* energies(const Part& part, std::size_t replica);

    AlignedVector<Real> beta_;                       // falling from 1 to 0
    AlignedVector<Real> visible_base_, hidden_base_; // the biases at 0
    AlignedVector<Real> energies_;                   // parts × temperatures × samples of a part
    std::vector<double> exchanges_;                  // parts × temperatures: accepted with the next one
};

extern template class Tempering<float>;
extern template class Tempering<double>;

} // namespace rgrbm
