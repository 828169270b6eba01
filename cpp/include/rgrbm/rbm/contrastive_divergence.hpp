// Training of a Bernoulli RBM by contrastive divergence, many epochs in one call: what all trainers share.
//
// The log-likelihood of E(v,h) = −(b·h + c·v + v·W·h) has the gradient ⟨v hᵀ⟩_data − ⟨v hᵀ⟩_model (Hinton, Neural
// Computation 14, 1771 (2002)). The hidden units that reconstruct are drawn, those in the statistics are
// probabilities. The model average comes from k Gibbs steps from the data ("cd"), from persistent chains ("pcd";
// Tieleman, ICML 2008), from persistent chains at many temperatures ("pt", see tempering.hpp), from all states of the
// smaller layer ("exact"), or from one reconstruction paired with the hidden state of the data ("paper").
//
// Centred (Melchior, Fischer & Wiskott, JMLR 17, 99 (2016)), with μ the data's mean and λ a sliding mean of the
// hidden probabilities: ∇W = Δ⟨(v − μ)(h − λ)ᵀ⟩, ∇c = Δ⟨v⟩ − ∇W λ, ∇b = Δ⟨h⟩ − ∇Wᵀ μ. These are steps of W, c + Wλ
// and b + Wᵀμ along their own gradients, and so momentum, Adam and penalties (optimizer.hpp) act on those three.
//
// An epoch is cut into batches and these into chunks, whose statistics are kept at a time. Each chunk has two phases:
// Gibbs steps, split into parts of the samples with a random stream each, and sums over all samples, split among the
// threads by units. Both give the same bits for any number of threads.
#pragma once

#include "rgrbm/rbm/optimizer.hpp"
#include "rgrbm/rbm/training_options.hpp"
#include "rgrbm/rbm/training_set.hpp"
#include "rgrbm/support/team.hpp"

#include <array>
#include <vector>

namespace rgrbm {

// Plain (n_visible, n_hidden), (n_visible,), (n_hidden,) and, with Gaussian visible units, (n_visible,) arrays.
template <class T>
struct PlainArrays {
    T *weights, *visible, *hidden;
    T* log_variance = nullptr;
};

template <class Real>
class ContrastiveDivergence : public TrainingSet<Real> {
public:
    using Scalar = Real;
    using V = Vector<Real>;
    using Values = AlignedVector<Real>;
    static constexpr std::size_t lanes = V::n_lanes;

    virtual ~ContrastiveDivergence() = default;

    virtual bool supports(NegativePhase) const { return true; }
    // Interrupted, or after any other exception, the trainer is as it was before.
    TrainingReport run(const TrainingOptions& options);
    // The gradient of one step from the whole data with fixed centring offsets; the parameters stay as they are.
    void gradient(std::uint64_t index, std::size_t k, NegativePhase phase, bool centered, const Real* visible_mean,
                  const Real* hidden_mean);

    std::size_t n_hidden() const { return n_hidden_; }
    // Whether visible units are real numbers with a variance each.
    virtual bool is_gaussian() const { return false; }
    // Units of a persistent chain: visible ones, or the hidden ones from which those are drawn.
    virtual std::size_t chain_units() const { return n_visible_; }

    virtual void copy_parameters(const PlainArrays<Real>& to) const = 0;
    // The last step's gradient, and the state of the optimizer, in the layout of this trainer.
    const Parameters<Real>& gradient() const { return gradient_; }
    OptimizerState<Real>& optimizer() { return optimizer_; }
    const OptimizerState<Real>& optimizer() const { return optimizer_; }
    void unpack(const Parameters<Real>& from, const PlainArrays<Real>& to) const;
    Parameters<Real> pack(const PlainArrays<const Real>& from) const;
    // λ, empty before the first run; and the persistent chains, those of the model (β = 1) first.
    std::vector<Real> hidden_offset() const;
    void set_hidden_offset(const std::vector<Real>& offset);
    const BitMatrix& chains() const { return chains_; }
    void set_chains(BitMatrix chains) { chains_ = std::move(chains); }

protected:
    // Samples [begin, begin + n) of the epoch's order, `start` samples into a batch.
    struct Chunk {
        std::size_t begin, n, start, n_parts;
        bool last; // of the batch
    };

    // Parts [first_part, last_part) of a chunk, whose samples [first, first + n) one thread works on at a time. A part
    // has a stream of its own, so that results do not depend on how parts are grouped.
    struct Group {
        Group(const Chunk& chunk, std::size_t first_part, std::size_t last_part);
        // The part of a sample of the group.
        std::size_t part(std::size_t s) const { return first_part + part_of[s]; }

        std::size_t first_part, last_part, first, n;
        std::array<std::uint8_t, group_size * part_size> part_of;
    };

    using Set = TrainingSet<Real>;
    using Set::n_visible_, Set::n_samples_, Set::key_, Set::real_data_, Set::data_, Set::real_, Set::stride_;
    using Set::weighted_, Set::weight_, Set::visible_mean_, Set::order_, Set::shuffle;

    // Rows of data are padded to `stride` units.
    ContrastiveDivergence(std::size_t n_visible, std::size_t n_hidden, std::size_t stride, const Key& key)
        : Set(n_visible, stride, key), n_hidden_(n_hidden) {}

    // What a trainer does at each stage, in this order. Those of pieces are called by many threads.
    virtual void prepare(std::size_t batch_size) = 0; // working space
    virtual void start_offset() = 0;                  // λ at the mean of p(h|v) over the data
    virtual std::size_t work_per_sample() const = 0;  // multiply-adds that are worth sharing
    virtual void start_batch() {}
    virtual bool prefers_groups() const { return false; } // of several parts rather than one
    virtual void gibbs_group(const Chunk& chunk, const Group& group) = 0;
    virtual void end_gibbs(std::size_t /*n_parts*/) {} // of a batch
    virtual void statistics(const Chunk& chunk, std::size_t share, std::size_t n_shares) = 0;
    virtual void update(std::size_t n_parts) = 0;
    virtual void end_epoch(TrainingReport&, std::size_t /*epoch*/) {}

    virtual void pack_weights(const Real* from, Values& to) const = 0;
    virtual void unpack_weights(const Values& from, Real* to) const = 0;
    virtual void start_chains(std::size_t n);
    void resize(std::size_t n_weights, std::size_t n_visible, std::size_t n_hidden, std::size_t n_log_variance = 0);

    bool persistent() const {
        return options_.gradient == NegativePhase::pcd || options_.gradient == NegativePhase::pt;
    }
    Real scale() const { return batch_weight_ > 0 ? 1 / batch_weight_ : Real{0}; } // from sums to means

    std::size_t n_hidden_;
    Parameters<Real> gradient_;
    OptimizerState<Real> optimizer_;
    Values hidden_offset_; // padded to whole vectors
    BitMatrix chains_;

    // Working space of a run.
    TrainingOptions options_;
    Step<Real> step_{};
    std::vector<Stream> streams_;              // of each part
    std::vector<double> part_error_;           // unequal units of the epoch
    Real batch_weight_ = 0, model_weight_ = 1; // Σ of the batch's sample weights; their mean
    double norm_ = 0;                          // Σ of squares of the epoch's gradients

    // The parameters, in the arrays that a run changes.
    virtual std::vector<Values*> trained() = 0;

private:
    // What a run changes and a later one needs.
    struct Saved {
        std::vector<Values> parameters;
        OptimizerState<Real> optimizer;
        Values hidden_offset;
        BitMatrix chains;
    };
    void save();
    void restore();
    bool is_long(const TrainingOptions& options) const;
    void run_epochs(const TrainingOptions& options, TrainingReport& report);

    void start(const TrainingOptions& options);
    int n_threads() const;
    void run_batch(std::size_t epoch, std::size_t begin, std::size_t n_shares, Team::Member& member,
                   TrainingReport& report);
    void open_batch(std::size_t epoch, std::size_t begin);
    void close_batch(std::size_t epoch, std::size_t end, std::size_t n_parts, TrainingReport& report);

    Saved saved_; // what the last long run started from; its memory is that of the next one
};

extern template class ContrastiveDivergence<float>;
extern template class ContrastiveDivergence<double>;

} // namespace rgrbm
