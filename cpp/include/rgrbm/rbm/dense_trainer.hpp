// Training of an RBM whose weights are all free (contrastive_divergence.hpp): what does not depend on the visible
// units. Binary ones are in binary_trainer.hpp, Gaussian ones in gaussian_trainer.hpp.
//
// Hidden states are bits, and their products with weights sums of rows (layer.hpp). The statistics are shared among
// the threads by blocks of 16 visible units, which also move the block's parameters.
#pragma once

#include "rgrbm/rbm/contrastive_divergence.hpp"
#include "rgrbm/rbm/layer.hpp"
#include "rgrbm/rbm/model_moments.hpp"
#include "rgrbm/rbm/tempering.hpp"

#include <vector>

namespace rgrbm {

template <class Real>
class DenseTrainer : public ContrastiveDivergence<Real> {
    using Base = ContrastiveDivergence<Real>;

public:
    using Base::lanes;
    using typename Base::V, typename Base::Values;

protected:
    using Base::model_weight_, Base::norm_, Base::persistent;
    using Base::n_visible_, Base::n_hidden_, Base::n_samples_, Base::real_data_, Base::data_, Base::real_;
    using Base::options_, Base::step_, Base::gradient_, Base::optimizer_, Base::streams_, Base::part_error_,
        Base::batch_weight_;
    using Base::weighted_, Base::weight_, Base::visible_mean_, Base::order_, Base::hidden_offset_, Base::chains_;
    using typename Base::Chunk, typename Base::Group;

    DenseTrainer(std::size_t n_visible, std::size_t n_hidden, const Key& key);

    // What visible units differ in. add_statistics adds vᵀ p − v'ᵀ p' and v − v' of blocks of 16 units to the sums,
    // update_block moves one block on, and hidden_bias gives b, which may be another one than that of `up_`.
    virtual Values& hidden_bias() { return up_.bias; }
    virtual void add_statistics(const Chunk& chunk, std::size_t first_block, std::size_t last_block) = 0;
    virtual void update_block(const Step<Real>& step, std::size_t block) = 0;

    void prepare(std::size_t batch_size) override;
    void start_offset() override;
    std::size_t work_per_sample() const override;
    void end_epoch(TrainingReport& report, std::size_t epoch) override;
    void pack_weights(const Real* from, Values& to) const override;
    void unpack_weights(const Values& from, Real* to) const override;

    void start_part(const Chunk& chunk, std::size_t part);
    void load_row(std::size_t sample, Real* row) const;
    void positive_phase(const Chunk& chunk, const Group& group);
    // Takes p' of the model's sample s (of the chunk) for vector j.
    RGRBM_INLINE void keep_negative(const Chunk& chunk, std::size_t part, std::size_t s, std::size_t j, V p) {
        if (weighted_)
            p = p * V::fill(persistent() ? model_weight_ : weight_[order_[chunk.begin + s]]);
        p.store(&negative_[s * up_.n_units + j * lanes]);
        Real* const sum = &part_model_[part * up_.n_units + j * lanes];
        (V::load(sum) + p).store(sum);
    }
    void end_gibbs(std::size_t n_parts) override;
    void statistics(const Chunk& chunk, std::size_t share, std::size_t n_shares) override;
    void start_sums(Real* sums, std::size_t n, const Values& model, std::size_t at) const;
    void update(std::size_t n_parts) override;

    Layer<Real> up_, down_; // hidden given visible, and visible given hidden
    Tempering<Real> tempering_;
    ModelMoments<Real> model_;
    Values origin_; // what is taken off each unit of real data; empty for nothing

    // Working space of a run.
    BitMatrix hidden_;
    Values dense_, positive_, negative_; // chunk × units
    Values part_data_, part_model_, block_mean_, block_shift_, hidden_difference_;
    std::vector<double> block_norm_;
};

extern template class DenseTrainer<float>;
extern template class DenseTrainer<double>;

} // namespace rgrbm
