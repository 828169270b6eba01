// Training of an RBM whose weights are all free (contrastive_divergence.hpp): states are bits, and their products with
// weights and probabilities sums of rows (layer.hpp, statistics.hpp).
//
// The statistics are shared among the threads by blocks of 16 visible units, which also move the block's parameters.
#pragma once

#include "rgrbm/contrastive_divergence.hpp"
#include "rgrbm/layer.hpp"
#include "rgrbm/model_moments.hpp"
#include "rgrbm/tempering.hpp"

#include <vector>

namespace rgrbm {

template <class Real>
class Trainer final : public ContrastiveDivergence<Real> {
    using Base = ContrastiveDivergence<Real>;

public:
    using Base::lanes;
    using typename Base::V, typename Base::Values;

    Trainer(std::size_t n_visible, std::size_t n_hidden, const Real* weights, const Real* visible_bias,
            const Real* hidden_bias, const Key& key);

    void copy_parameters(const PlainArrays<Real>& to) const override;

private:
    using Base::model_weight_, Base::norm_, Base::slide_, Base::persistent;
    using Base::n_visible_, Base::n_hidden_, Base::n_samples_, Base::real_data_, Base::data_, Base::real_;
    using Base::options_, Base::step_, Base::gradient_, Base::optimizer_, Base::streams_, Base::part_error_,
        Base::batch_weight_;
    using Base::weighted_, Base::weight_, Base::visible_mean_, Base::order_, Base::hidden_offset_, Base::chains_;
    using typename Base::Chunk;

    void prepare(std::size_t batch_size) override;
    void start_offset() override;
    std::size_t work_per_sample() const override;
    void start_batch() override;
    void end_epoch(TrainingReport& report, std::size_t epoch) override;
    void pack_weights(const Real* from, Values& to) const override;
    void unpack_weights(const Values& from, Real* to) const override;

    void gibbs_part(const Chunk& chunk, std::size_t part) override;
    void positive_phase(const Chunk& chunk, std::size_t part, std::size_t first, std::size_t n);
    double unequal_units(const Chunk& chunk, std::size_t first, std::size_t n) const;
    void negative_phase(const Chunk& chunk, std::size_t part, std::size_t first, std::size_t n);
    void end_gibbs(std::size_t n_parts) override;

    BitMatrix& model_rows() { return persistent() ? chains_ : reconstruction_; }
    void statistics(const Chunk& chunk, std::size_t share, std::size_t n_shares) override;
    void add_statistics(const Chunk& chunk, std::size_t first_block, std::size_t last_block);
    void visible_statistics(const BitMatrix& model, std::size_t chain, const Chunk& chunk, std::size_t block);
    void start_sums(Real* sums, std::size_t n, const Values& model, std::size_t at) const;
    void update_block(const Step<Real>& step, std::size_t block);
    void mirror_block(std::size_t first);
    void update(std::size_t n_parts) override;

    Layer<Real> up_, down_; // hidden given visible, and visible given hidden
    Tempering<Real> tempering_;
    ModelMoments<Real> model_;
    bool sparse_ = false;

    // Working space of a run.
    BitMatrix hidden_, reconstruction_;
    std::vector<std::uint64_t> data_units_, model_units_; // bits of a chunk, transposed
    Values dense_, positive_, negative_;                  // chunk × units
    Values part_data_, part_model_, block_mean_, block_shift_, hidden_difference_;
    std::vector<double> block_norm_;
};

extern template class Trainer<float>;
extern template class Trainer<double>;

} // namespace rgrbm
