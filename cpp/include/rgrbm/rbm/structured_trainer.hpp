// Training of an RBM whose weights have a structure: a mask, shared weights, the symmetry under flips of all spins.
//
// The weights are the edges of a bipartite graph, and a Gibbs half-step costs one multiply-add per edge and sample.
// Sixteen samples fill the lanes of a vector, so that a weight is broadcast and nothing is gathered.
//
// Edges of one class share a weight, and its gradient is the mean over them: the step of free weights, projected onto
// those that share. Units of one class share a bias in the same way, and a centring offset. The differences Δ⟨v⟩ and
// Δ⟨h⟩ that offsets multiply are then means over the class, too, or the gradient would not vanish at the optimum of the
// shared parameters; where the classes are an equitable partition the sums are the same without these means.
//
// With `symmetric`, p(v, h) = p(1 − v, 1 − h): c_i = −½ Σ_j W_ij and b_j = −½ Σ_i W_ij, which are no fields in ±1
// units, and the gradient of W is centred at ½, Δ⟨(v − ½)(h − ½)⟩ = ¼ Δ⟨s t⟩. All else is as in
// contrastive_divergence.hpp, with sums over edges only.
#pragma once

#include "rgrbm/rbm/contrastive_divergence.hpp"
#include "rgrbm/rbm/model_moments.hpp"
#include "rgrbm/rbm/tempering.hpp"

#include <cstdint>
#include <vector>

namespace rgrbm {

// Which weights and biases there are, and which are one and the same: the same number, the same parameter.
struct WeightStructure {
    std::size_t n_visible, n_hidden;
    const std::int32_t* weight_class; // (n_visible, n_hidden), −1 where there is no weight
    const std::int32_t *visible_class, *hidden_class;
    bool symmetric;
};

template <class Real>
class StructuredTrainer final : public ContrastiveDivergence<Real> {
    using Base = ContrastiveDivergence<Real>;

public:
    using Base::lanes;
    using typename Base::V, typename Base::Values;

    StructuredTrainer(const WeightStructure& structure, const Real* weights, const Real* visible_bias,
                      const Real* hidden_bias, const Key& key);

    void copy_parameters(const PlainArrays<Real>& to) const override;

private:
    using Base::model_weight_, Base::norm_, Base::persistent;
    using Base::n_visible_, Base::n_hidden_, Base::n_samples_, Base::real_data_, Base::data_, Base::real_;
    using Base::options_, Base::step_, Base::gradient_, Base::optimizer_, Base::streams_, Base::part_error_,
        Base::batch_weight_;
    using Base::stride_, Base::weight_, Base::visible_mean_, Base::order_, Base::hidden_offset_, Base::chains_;
    using typename Base::Chunk, typename Base::Group;

    static constexpr std::size_t tiles_per_part = part_size / lanes;

    // Units of one layer, the edges at each, and the classes of their biases.
    struct Side {
        std::vector<std::uint32_t> first;       // of each unit's edges, and the end
        std::vector<std::uint32_t> edge, other; // number of the edge, and the unit at its other end
        std::vector<std::uint32_t> bias_class;
        std::size_t n_bias_classes = 0;
        Values bias, difference; // padded to whole vectors; Δ of the units' means
        std::size_t size() const { return first.size() - 1; }
    };
    static Side make_side(std::size_t n, const std::int32_t* bias_class, const Real* bias);
    bool is_equitable(const Side& side, const Side& other) const;
    void pack_weights(const Real* from, Values& to) const override;
    void unpack_weights(const Values& from, Real* to) const override;
    std::vector<Values*> trained() override { return {&class_weight_, &edge_weight_, &visible_.bias, &hidden_.bias}; }
    void prepare(std::size_t batch_size) override;
    void start_offset() override;
    std::size_t work_per_sample() const override;
    void start_batch() override;
    void end_epoch(TrainingReport& report, std::size_t epoch) override;

    void gibbs_group(const Chunk& chunk, const Group& group) override {
        for (std::size_t part = group.first_part; part < group.last_part; ++part)
            gibbs_part(chunk, part);
    }
    void gibbs_part(const Chunk& chunk, std::size_t part);
    void temper(const Chunk& chunk, std::size_t part, Stream& stream);
    void load_tile(const Chunk& chunk, std::size_t first, std::size_t count, Real* tile) const;
    template <class Row>
    void load_bits(std::size_t count, Row&& row, Real* tile) const;
    void store_chains(const Real* tile, std::size_t chain, std::size_t count);
    double unequal_units(const Real* data, const Real* model, const V& valid) const;
    // Calls sink(unit, x) with the activations of a layer's units for a tile of 16 samples.
    template <class Sink>
    void activate(const Side& side, const Real* source, Sink&& sink) const {
        for (std::size_t unit = 0; unit < side.size(); ++unit) {
            V x = V::fill(side.bias[unit]);
            for (std::size_t at = side.first[unit]; at < side.first[unit + 1]; ++at)
                x += V::fill(edge_weight_[side.edge[at]]) * V::load(source + side.other[at] * lanes);
            sink(unit, x);
        }
    }
    // Where sums of a batch start: at minus the model's side where it is known, else at 0.
    Real start_of(const Values& model, std::size_t at) const {
        return model.empty() ? Real{0} : -batch_weight_ * model[at];
    }
    void statistics(const Chunk& chunk, std::size_t share, std::size_t n_shares) override;
    void sums_of_hidden(std::size_t first, std::size_t last, std::size_t n_tiles, bool start);
    void sums_of_visible(std::size_t first, std::size_t last, std::size_t n_tiles, bool start);

    void update(std::size_t n_parts) override;
    void find_gradient();
    void average_bias(const Side& side, Values& values);
    void subtract_centred(const Side& side, const Values& change, const Values& offset, Values& biases);
    void move_weights();
    void move_biases();
    void make_symmetric(Side& side, const Values& weights, Values& biases) const;
    void slide_offset();

    bool symmetric_, equitable_ = true;
    Side visible_, hidden_; // edges are numbered as they come at the hidden units
    std::vector<std::uint32_t> edge_class_, n_copies_;
    Values edge_weight_;  // of each edge
    Values class_weight_; // of each class, padded to whole vectors
    Values visible_offset_;
    Tempering<Real> tempering_;
    Values visible_base_; // log-odds of the visible units at β = 0
    ModelMoments<Real> model_;

    // Working space of a run; tiles are (unit, sample).
    Values data_tiles_, model_tiles_, hidden_tiles_, positive_, negative_;
    Values data_tile_weight_, model_tile_weight_; // of the samples of each tile, 0 where there is none
    Values edge_gradient_, edge_change_, visible_sum_, data_sum_, model_sum_, class_total_;
};

extern template class StructuredTrainer<float>;
extern template class StructuredTrainer<double>;

} // namespace rgrbm
