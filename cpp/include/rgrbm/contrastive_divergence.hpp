// Training of a Bernoulli RBM by contrastive divergence, many epochs in one call.
//
// The log-likelihood of E(v,h) = −(b·h + c·v + v·W·h) has the gradient ⟨v hᵀ⟩_data − ⟨v hᵀ⟩_model (Hinton, Neural
// Computation 14, 1771 (2002)). The hidden units that reconstruct are drawn, those in the statistics are
// probabilities. The model average comes from k Gibbs steps from the data ("cd"), from persistent chains ("pcd";
// Tieleman, ICML 2008), from persistent chains at many temperatures ("pt", see trainer_tempering.cpp), from all states
// of the smaller layer ("exact"), or from one reconstruction paired with the hidden state of the data ("paper").
//
// Centred (Melchior, Fischer & Wiskott, JMLR 17, 99 (2016)), with μ the data's mean and λ a sliding mean of the
// hidden probabilities: ∇W = Δ⟨(v − μ)(h − λ)ᵀ⟩, ∇c = Δ⟨v⟩ − ∇W λ, ∇b = Δ⟨h⟩ − ∇Wᵀ μ. These are steps of W, c + Wλ
// and b + Wᵀμ along their own gradients, and so momentum, Adam and penalties (optimizer.hpp)
// act on those three.
//
// Same bits for any number of threads: Gibbs steps are split into parts of the batch and statistics into blocks
// of visible units, both by sizes alone, and each part has its own random stream.
#pragma once

#include "rgrbm/layer.hpp"
#include "rgrbm/optimizer.hpp"
#include "rgrbm/team.hpp"
#include "rgrbm/training_options.hpp"
#include "rgrbm/training_set.hpp"

#include <vector>

namespace rgrbm {

template <class Real>
class Trainer : public TrainingSet<Real> {
public:
    using Scalar = Real;
    using V = Vector<Real>;
    using Values = AlignedVector<Real>;
    static constexpr std::size_t lanes = V::n_lanes;

    Trainer(std::size_t n_visible, std::size_t n_hidden, const Real* weights, const Real* visible_bias,
            const Real* hidden_bias, const Key& key);

    TrainingReport run(const TrainingOptions& options);
    // The gradient of one step from the whole data with fixed centring offsets; the parameters stay as they are.
    void gradient(std::uint64_t index, std::size_t k, NegativePhase method, bool centered, const Real* visible_mean,
                  const Real* hidden_mean);

    std::size_t n_hidden() const { return n_hidden_; }

    // Plain (n_visible, n_hidden), (n_visible,) and (n_hidden,) arrays, in the order weights, visible, hidden.
    void copy_parameters(Real* weights, Real* visible_bias, Real* hidden_bias) const;
    void copy_velocity(Real* weights, Real* visible_bias, Real* hidden_bias) const;
    void set_velocity(const Real* weights, const Real* visible_bias, const Real* hidden_bias);
    // Adam's mean squares of the gradient, and the number of its updates; none before it was used.
    bool has_squares() const { return optimizer_.has_squares(); }
    std::uint64_t n_updates() const { return optimizer_.n_updates; }
    void copy_squares(Real* weights, Real* visible_bias, Real* hidden_bias) const;
    void set_squares(const Real* weights, const Real* visible_bias, const Real* hidden_bias, std::uint64_t n_updates);
    void clear_squares() { optimizer_.clear_squares(); }
    void copy_gradient(Real* weights, Real* visible_bias, Real* hidden_bias) const;
    // λ, empty before the first run; and the persistent chains, those of the model (β = 1) first.
    std::vector<Real> hidden_offset() const;
    void set_hidden_offset(const std::vector<Real>& offset);
    const BitMatrix& chains() const { return chains_; }
    void set_chains(BitMatrix chains) { chains_ = std::move(chains); }

private:
    // A run of samples [begin, begin + n) of the epoch's order within one batch.
    struct Chunk {
        std::size_t begin, n, chain;
    };

    using Set = TrainingSet<Real>;
    using Set::n_visible_, Set::n_samples_, Set::key_, Set::real_data_, Set::weighted_, Set::data_, Set::real_;
    using Set::weight_, Set::visible_mean_, Set::order_, Set::shuffle;

    void prepare(const TrainingOptions& options);
    void allocate(std::size_t batch_size);
    void start_offset();
    void start_chains(std::size_t n);
    void start_temperatures(std::size_t n);
    void run_batch(const TrainingOptions& options, std::size_t epoch, std::size_t begin, std::size_t n_threads,
                   Team::Member& member, TrainingReport& report);
    void start_batch(const TrainingOptions& options, std::size_t epoch, std::size_t begin);
    void end_batch(const TrainingOptions& options, std::size_t epoch, std::size_t end, std::size_t n_sums,
                   TrainingReport& report);

    void gibbs_part(const TrainingOptions& options, const Chunk& chunk, std::size_t part, std::size_t first,
                    std::size_t last);
    void positive_phase(const TrainingOptions&, const Chunk&, std::size_t part, std::size_t first, std::size_t n);
    double unequal_units(const Chunk& chunk, std::size_t first, std::size_t n) const;
    void negative_phase(const TrainingOptions&, const Chunk&, std::size_t part, std::size_t first, std::size_t n);

    // "pt": Gibbs steps of all replicas of some chains, and exchanges between them.
    void tempered_steps(std::size_t k, std::size_t part, std::size_t first_chain, std::size_t first, std::size_t n,
                        Stream& stream);
    void tempered_step(std::size_t replica, std::size_t first_chain, std::size_t first, std::size_t n, Real* energies,
                       Stream& stream);
    void exchange(std::size_t first_chain, std::size_t n, Real* energies, double* accepted, Stream& stream);
    double least_exchange_rate(std::size_t n_proposed);
    // "exact": the model's means.
    void enumerate_model();

    static bool persistent(const TrainingOptions& options) {
        return options.method == NegativePhase::pcd || options.method == NegativePhase::pt;
    }
    BitMatrix& model_rows(const TrainingOptions& options) { return persistent(options) ? chains_ : reconstruction_; }
    void statistics(const TrainingOptions& options, const Chunk& chunk, std::size_t first_block, std::size_t last_block,
                    bool first);
    void visible_statistics(const BitMatrix& model, std::size_t chain, const Chunk& chunk, std::size_t block);
    void start_sums(Real* sums, std::size_t n, const Values& model, std::size_t at) const;
    void update_block(const Step<Real>& step, bool centered, std::size_t block);
    void reduce_hidden(std::size_t n_parts);
    void update_hidden(const Step<Real>& step, bool centered, std::size_t n_parts);
    Real scale() const { return batch_weight_ > 0 ? 1 / batch_weight_ : Real{0}; } // from sums to means
    void clear_parts(std::size_t part);

    std::size_t n_hidden_;
    Layer<Real> up_, down_; // hidden given visible, and visible given hidden
    bool sparse_ = false, slide_ = true;
    BitMatrix chains_;
    Values hidden_offset_;
    OptimizerState<Real> optimizer_;

    // Working space of a run.
    std::vector<Stream> streams_;
    BitMatrix hidden_, reconstruction_;
    std::vector<std::uint64_t> data_units_, model_units_;  // bits of a chunk, transposed
    Values dense_, positive_, negative_;                   // chunk × units
    Values gradient_, visible_gradient_, hidden_gradient_; // sums, then the gradient
    Values part_data_, part_model_, block_mean_, block_shift_, hidden_difference_;
    std::vector<double> part_error_, block_norm_;
    Values beta_, visible_base_, hidden_base_; // "pt": inverse temperatures, falling from 1 to 0; the biases at 0
    Values energies_;                          // parts × temperatures × samples of a part
    std::vector<double> exchanges_;            // parts × temperatures: accepted with the next one, this epoch
    Values model_products_, model_visible_, model_hidden_; // "exact": ⟨v hᵀ⟩, ⟨v⟩ and ⟨h⟩ of the model; else empty
    Real batch_weight_ = 0, model_weight_ = 1;             // Σ of the batch's sample weights; their mean
    double norm_ = 0;
};

extern template class Trainer<float>;
extern template class Trainer<double>;

} // namespace rgrbm
