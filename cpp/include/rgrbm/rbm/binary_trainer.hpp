// Training of a Bernoulli RBM whose weights are all free (dense_trainer.hpp): visible states are bits as well, and the
// statistics sums of rows of probabilities (statistics.hpp).
#pragma once

#include "rgrbm/rbm/dense_trainer.hpp"

namespace rgrbm {

template <class Real>
class BinaryTrainer final : public DenseTrainer<Real> {
    using Base = DenseTrainer<Real>;

public:
    using Base::lanes;
    using typename Base::V, typename Base::Values;

    BinaryTrainer(std::size_t n_visible, std::size_t n_hidden, const Real* weights, const Real* visible_bias,
                  const Real* hidden_bias, const Key& key);

    void copy_parameters(const PlainArrays<Real>& to) const override;

private:
    using Base::block_mean_, Base::block_shift_, Base::hidden_difference_, Base::block_norm_;
    using Base::dense_, Base::positive_, Base::negative_, Base::part_data_, Base::part_model_;
    using Base::model_weight_, Base::persistent, Base::weighted_, Base::weight_, Base::visible_mean_, Base::order_;
    using Base::n_visible_, Base::n_hidden_, Base::n_samples_, Base::real_data_, Base::data_, Base::real_;
    using Base::options_, Base::gradient_, Base::optimizer_, Base::streams_, Base::part_error_;
    using Base::up_, Base::down_, Base::tempering_, Base::model_, Base::chains_, Base::hidden_, Base::hidden_offset_;
    using typename Base::Chunk, typename Base::Group;

    std::vector<Values*> trained() override { return {&up_.matrix, &up_.bias, &down_.matrix, &down_.bias}; }
    void prepare(std::size_t batch_size) override;
    void start_tempering();
    void start_batch() override;

    bool prefers_groups() const override { return up_.prefers_many() || down_.prefers_many(); }
    void gibbs_group(const Chunk& chunk, const Group& group) override;
    double unequal_units(const Chunk& chunk, const BitMatrix& model, std::size_t row, std::size_t first,
                         std::size_t n) const;
    void negative_phase(const Chunk& chunk, const Group& group);
    void temper(std::size_t part, std::size_t chain, std::size_t first, std::size_t n);

    BitMatrix& model_rows() { return persistent() ? chains_ : reconstruction_; }
    void add_statistics(const Chunk& chunk, std::size_t first_block, std::size_t last_block) override;
    void visible_statistics(const BitMatrix& model, std::size_t chain, const Chunk& chunk, std::size_t block);
    void update_block(const Step<Real>& step, std::size_t block) override;
    void mirror_block(std::size_t first);

    static constexpr std::size_t often = 8; // v' differs from v in one unit of so many: large layers take two tables

    bool sparse_ = false;
    Values visible_base_, hidden_base_; // biases at β = 0

    // Working space of a run.
    BitMatrix reconstruction_;
    std::vector<std::uint64_t> data_units_, model_units_; // bits of a chunk, transposed
    std::vector<std::size_t> part_differing_;             // units of a chunk's model that are not those of the data
};

extern template class BinaryTrainer<float>;
extern template class BinaryTrainer<double>;

} // namespace rgrbm
