// What a StructuredTrainer holds between runs: its graph, parameters, velocity, centring offsets, chains.
#include "rgrbm/sigmoid.hpp"
#include "rgrbm/structured_trainer.hpp"

#include <algorithm>
#include <utility>

namespace rgrbm {

template <class Real>
StructuredTrainer<Real>::StructuredTrainer(const WeightStructure& structure, const Real* weights,
                                           const Real* visible_bias, const Real* hidden_bias, const Key& key)
    : Set(structure.n_visible, structure.n_visible, key), n_hidden_(structure.n_hidden),
      symmetric_(structure.symmetric), visible_(make_side(structure.n_visible, structure.visible_class, visible_bias)),
      hidden_(make_side(structure.n_hidden, structure.hidden_class, hidden_bias)) {
    const auto class_of = [&](std::size_t i, std::size_t j) { return structure.weight_class[i * n_hidden_ + j]; };
    for (std::size_t j = 0; j < n_hidden_; ++j) {
        for (std::size_t i = 0; i < n_visible_; ++i) {
            if (class_of(i, j) < 0)
                continue;
            const auto c = static_cast<std::uint32_t>(class_of(i, j));
            hidden_.edge.push_back(static_cast<std::uint32_t>(edge_class_.size()));
            hidden_.other.push_back(static_cast<std::uint32_t>(i));
            edge_class_.push_back(c);
            n_copies_.resize(std::max<std::size_t>(n_copies_.size(), c + 1));
            weight_value_.resize(n_copies_.size());
            if (n_copies_[c]++ == 0)
                weight_value_[c] = weights[i * n_hidden_ + j];
        }
        hidden_.first[j + 1] = static_cast<std::uint32_t>(hidden_.edge.size());
    }
    for (std::size_t i = 0, edge = 0; i < n_visible_; ++i) {
        for (std::size_t j = 0; j < n_hidden_; ++j)
            if (class_of(i, j) >= 0) {
                const auto begin = hidden_.other.begin();
                edge = static_cast<std::size_t>(
                    std::lower_bound(begin + hidden_.first[j], begin + hidden_.first[j + 1], i) - begin);
                visible_.edge.push_back(static_cast<std::uint32_t>(edge));
                visible_.other.push_back(static_cast<std::uint32_t>(j));
            }
        visible_.first[i + 1] = static_cast<std::uint32_t>(visible_.edge.size());
    }
    n_classes_ = n_copies_.size();
    equitable_ = is_equitable(visible_, hidden_) && is_equitable(hidden_, visible_);
    velocity_.resize(n_classes_);
    class_gradient_.resize(n_classes_);
    edge_gradient_.resize(edge_class_.size());
    edge_weight_.resize(edge_class_.size());
    edge_change_.resize(edge_class_.size());
    for (std::size_t edge = 0; edge < edge_class_.size(); ++edge)
        edge_weight_[edge] = weight_value_[edge_class_[edge]];
    if (symmetric_) {
        make_symmetric(visible_, edge_weight_, visible_.bias);
        make_symmetric(hidden_, edge_weight_, hidden_.bias);
    }
}

template <class Real>
typename StructuredTrainer<Real>::Side StructuredTrainer<Real>::make_side(std::size_t n, const std::int32_t* bias_class,
                                                                          const Real* bias) {
    Side side;
    side.first.resize(n + 1);
    side.bias_class.assign(bias_class, bias_class + n);
    side.n_bias_classes = 1 + *std::max_element(side.bias_class.begin(), side.bias_class.end());
    side.bias.assign(bias, bias + n);
    side.velocity.resize(n);
    side.difference.resize(n);
    side.gradient.resize(n);
    return side;
}

// Whether the units of each class have the same edges: by their weight, and by the class of the unit at the other end.
template <class Real>
bool StructuredTrainer<Real>::is_equitable(const Side& side, const Side& other) const {
    using Edges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
    std::vector<Edges> of_class(side.n_bias_classes);
    for (std::size_t unit = 0; unit < side.size(); ++unit) {
        Edges edges;
        for (std::size_t at = side.first[unit]; at < side.first[unit + 1]; ++at)
            edges.emplace_back(edge_class_[side.edge[at]], other.bias_class[side.other[at]]);
        std::sort(edges.begin(), edges.end());
        Edges& first = of_class[side.bias_class[unit]];
        if (first.empty())
            first = edges;
        if (first != edges)
            return false;
    }
    return true;
}

template <class Real>
void StructuredTrainer<Real>::prepare(const TrainingOptions& options) {
    const std::size_t batch = std::min(options.batch_size, n_samples_);
    const std::size_t n_parts = n_pieces(std::min(batch, chunk_size), part_size), n_tiles = n_parts * tiles_per_part;
    streams_.assign(n_parts, Stream(key_, 0));
    part_error_.assign(n_parts, 0.0);
    for (Values* tiles : {&data_tiles_, &model_tiles_})
        tiles->resize(n_tiles * n_visible_ * lanes);
    for (Values* tiles : {&hidden_tiles_, &positive_, &negative_})
        tiles->resize(n_tiles * n_hidden_ * lanes);
    for (Values* weights : {&data_weight_, &model_weight_})
        weights->resize(n_tiles * lanes);
    visible_sum_.resize(n_visible_);
    data_sum_.resize(n_hidden_);
    model_sum_.resize(n_hidden_);
    class_total_.resize(2 * std::max(n_visible_, n_hidden_));
    norm_ = 0;
    if (options.momentum == 0)
        for (Values* velocity : {&velocity_, &visible_.velocity, &hidden_.velocity})
            std::fill(velocity->begin(), velocity->end(), Real{0});
    if (symmetric_) {
        visible_offset_.assign(n_visible_, Real{0.5f});
        hidden_offset_.assign(n_hidden_, Real{0.5f});
    } else if (options.centered) {
        visible_offset_ = visible_mean_;
        average_bias(visible_, visible_offset_);
        if (hidden_offset_.empty())
            start_offset();
    }
    if (options.method == NegativePhase::pcd && chains_.n_rows() != batch)
        start_chains(batch);
}

// λ starts at the mean of p(h|v) over the data.
template <class Real>
void StructuredTrainer<Real>::start_offset() {
    shuffle(0, false);
    std::vector<double> total(n_hidden_);
    for (std::size_t first = 0; first < n_samples_; first += lanes) {
        const std::size_t count = std::min(lanes, n_samples_ - first);
        alignas(64) Real weights[lanes] = {};
        std::copy_n(&weight_[first], count, weights);
        load_tile({0, n_samples_, 0}, first, count, data_tiles_.data());
        activate(hidden_, data_tiles_.data(), [&](std::size_t j, const V& x) {
            total[j] += static_cast<double>((logistic_of(exp_negative(x)) * V::load(weights)).sum());
        });
    }
    hidden_offset_.resize(n_hidden_);
    for (std::size_t j = 0; j < n_hidden_; ++j)
        hidden_offset_[j] = static_cast<Real>(total[j] / static_cast<double>(n_samples_));
    average_bias(hidden_, hidden_offset_);
}

// The chains start at data spread evenly over the set.
template <class Real>
void StructuredTrainer<Real>::start_chains(std::size_t n) {
    chains_ = BitMatrix(n, n_visible_);
    std::vector<std::uint8_t> bytes(n_visible_);
    for (std::size_t c = 0; c < n; ++c) {
        const std::size_t s = c * n_samples_ / n;
        if (!real_data_) {
            chains_.copy_row(c, data_.row(s));
            continue;
        }
        for (std::size_t i = 0; i < n_visible_; ++i)
            bytes[i] = real_[s * stride_ + i] > Real{0.5};
        chains_.pack(c, bytes.data());
    }
}

template <class Real>
void StructuredTrainer<Real>::gradient(std::uint64_t index, std::size_t k, NegativePhase method, bool centered,
                                       const Real* visible_mean, const Real* hidden_mean) {
    const double zero = 0;
    std::copy_n(visible_mean, n_visible_, visible_mean_.data());
    hidden_offset_.assign(hidden_mean, hidden_mean + n_hidden_);
    slide_ = false;
    TrainingOptions options;
    options.first_epoch = index;
    options.learning_rate = options.l1 = std::span<const double>(&zero, 1);
    options.batch_size = n_samples_;
    options.k = k;
    options.method = method;
    options.centered = centered;
    run(options);
    slide_ = true;
}

template <class Real>
template <class Value>
void StructuredTrainer<Real>::copy_edges(Real* matrix, Value&& value) const {
    std::fill_n(matrix, n_visible_ * n_hidden_, Real{0});
    for (std::size_t j = 0; j < n_hidden_; ++j)
        for (std::size_t at = hidden_.first[j]; at < hidden_.first[j + 1]; ++at)
            matrix[hidden_.other[at] * n_hidden_ + j] = value(hidden_.edge[at]);
}

template <class Real>
void StructuredTrainer<Real>::copy_parameters(Real* weights, Real* visible_bias, Real* hidden_bias) const {
    copy_edges(weights, [&](std::size_t edge) { return edge_weight_[edge]; });
    std::copy(visible_.bias.begin(), visible_.bias.end(), visible_bias);
    std::copy(hidden_.bias.begin(), hidden_.bias.end(), hidden_bias);
}

template <class Real>
void StructuredTrainer<Real>::copy_velocity(Real* weights, Real* visible_bias, Real* hidden_bias) const {
    copy_edges(weights, [&](std::size_t edge) { return velocity_[edge_class_[edge]]; });
    std::copy(visible_.velocity.begin(), visible_.velocity.end(), visible_bias);
    std::copy(hidden_.velocity.begin(), hidden_.velocity.end(), hidden_bias);
}

template <class Real>
void StructuredTrainer<Real>::set_velocity(const Real* weights, const Real* visible_bias, const Real* hidden_bias) {
    for (std::size_t j = 0; j < n_hidden_; ++j)
        for (std::size_t at = hidden_.first[j]; at < hidden_.first[j + 1]; ++at)
            velocity_[edge_class_[hidden_.edge[at]]] = weights[hidden_.other[at] * n_hidden_ + j];
    visible_.velocity.assign(visible_bias, visible_bias + n_visible_);
    hidden_.velocity.assign(hidden_bias, hidden_bias + n_hidden_);
}

template <class Real>
void StructuredTrainer<Real>::copy_gradient(Real* weights, Real* visible_bias, Real* hidden_bias) const {
    copy_edges(weights, [&](std::size_t edge) { return edge_gradient_[edge]; });
    std::copy(visible_.gradient.begin(), visible_.gradient.end(), visible_bias);
    std::copy(hidden_.gradient.begin(), hidden_.gradient.end(), hidden_bias);
}

template class StructuredTrainer<float>;
template class StructuredTrainer<double>;

} // namespace rgrbm
