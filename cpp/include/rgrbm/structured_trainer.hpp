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

#include "rgrbm/team.hpp"
#include "rgrbm/training_options.hpp"
#include "rgrbm/training_set.hpp"
#include "rgrbm/vector.hpp"

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
class StructuredTrainer : public TrainingSet<Real> {
public:
    using Scalar = Real;
    using V = Vector<Real>;
    using Values = AlignedVector<Real>;
    static constexpr std::size_t lanes = V::n_lanes;

    StructuredTrainer(const WeightStructure& structure, const Real* weights, const Real* visible_bias,
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
    void copy_gradient(Real* weights, Real* visible_bias, Real* hidden_bias) const;
    // λ, empty before the first run; and the persistent chains.
    std::vector<Real> hidden_offset() const { return {hidden_offset_.begin(), hidden_offset_.end()}; }
    void set_hidden_offset(const std::vector<Real>& offset) { hidden_offset_.assign(offset.begin(), offset.end()); }
    const BitMatrix& chains() const { return chains_; }
    void set_chains(BitMatrix chains) { chains_ = std::move(chains); }

private:
    using Set = TrainingSet<Real>;
    using Set::n_visible_, Set::n_samples_, Set::key_, Set::real_data_, Set::weighted_, Set::data_, Set::real_;
    using Set::stride_, Set::weight_, Set::visible_mean_, Set::order_, Set::shuffle;

    static constexpr std::size_t tiles_per_part = part_size / lanes;

    // Units of one layer, the edges at each, and the classes of their biases.
    struct Side {
        std::vector<std::uint32_t> first;       // of each unit's edges, and the end
        std::vector<std::uint32_t> edge, other; // number of the edge, and the unit at its other end
        std::vector<std::uint32_t> bias_class;
        std::size_t n_bias_classes = 0;
        Values bias, velocity, difference, gradient; // Δ of the units' means; and the gradient of the bias
        std::size_t size() const { return bias.size(); }
    };
    // Samples [begin, begin + n) of the epoch's order within one batch, and the persistent chain of the first.
    struct Chunk {
        std::size_t begin, n, chain;
    };

    static Side make_side(std::size_t n, const std::int32_t* bias_class, const Real* bias);
    bool is_equitable(const Side& side, const Side& other) const;
    template <class Value>
    void copy_edges(Real* matrix, Value&& value) const;
    void prepare(const TrainingOptions& options);
    void start_offset();
    void start_chains(std::size_t n);
    void start_batch(const TrainingOptions& options, std::size_t epoch, std::size_t begin);
    void end_batch(const TrainingOptions& options, std::size_t epoch, std::size_t end, TrainingReport& report);

    void gibbs_part(const TrainingOptions& options, const Chunk& chunk, std::size_t part);
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
    void sums_of_hidden(std::size_t first, std::size_t last, std::size_t n_tiles, bool start);
    void sums_of_visible(std::size_t first, std::size_t last, std::size_t n_tiles, bool start);

    void find_gradient(bool centered);
    void average_bias(const Side& side, Values& values);
    void subtract_centred(const Side& side, const Values& change, const Values& offset, Values& biases);
    void update(const TrainingOptions& options, std::size_t epoch);
    void update_bias(Side& side, const Values* offset, Real rate, Real momentum);
    void make_symmetric(Side& side, const Values& weights, Values& biases) const;
    void slide_offset();

    std::size_t n_hidden_, n_classes_ = 0;
    bool symmetric_, equitable_ = true, slide_ = true;
    Side visible_, hidden_; // edges are numbered as they come at the hidden units
    std::vector<std::uint32_t> edge_class_, n_copies_;
    Values edge_weight_;             // of each edge
    Values weight_value_, velocity_; // of each class
    Values hidden_offset_, visible_offset_;
    BitMatrix chains_;

    // Working space of a run; tiles are (unit, sample).
    std::vector<Stream> streams_;
    Values data_tiles_, model_tiles_, hidden_tiles_, positive_, negative_;
    Values data_weight_, model_weight_; // of the samples of each tile, 0 where there is none
    Values edge_gradient_, edge_change_, class_gradient_, visible_sum_, data_sum_, model_sum_, class_total_;
    std::vector<double> part_error_;
    Real batch_weight_ = 0;
    double norm_ = 0;
};

extern template class StructuredTrainer<float>;
extern template class StructuredTrainer<double>;

} // namespace rgrbm
