// The graph of a StructuredTrainer, the layout of its parameters, and the start of its runs.
#include "rgrbm/rbm/structured_trainer.hpp"
#include "rgrbm/support/sigmoid.hpp"

#include <algorithm>
#include <utility>

namespace rgrbm {

template <class Real>
StructuredTrainer<Real>::StructuredTrainer(const WeightStructure& structure, const Real* weights,
                                           const Real* visible_bias, const Real* hidden_bias, const Key& key)
    : Base(structure.n_visible, structure.n_hidden, structure.n_visible, key), symmetric_(structure.symmetric),
      visible_(make_side(structure.n_visible, structure.visible_class, visible_bias)),
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
            class_weight_.resize(round_up(n_copies_.size(), lanes));
            if (n_copies_[c]++ == 0)
                class_weight_[c] = weights[i * n_hidden_ + j];
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
    equitable_ = is_equitable(visible_, hidden_) && is_equitable(hidden_, visible_);
    Base::resize(class_weight_.size(), visible_.bias.size(), hidden_.bias.size());
    edge_gradient_.resize(edge_class_.size());
    edge_weight_.resize(edge_class_.size());
    edge_change_.resize(edge_class_.size());
    for (std::size_t edge = 0; edge < edge_class_.size(); ++edge)
        edge_weight_[edge] = class_weight_[edge_class_[edge]];
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
    side.bias.resize(round_up(n, lanes));
    side.difference.resize(side.bias.size());
    std::copy_n(bias, n, side.bias.data());
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
void StructuredTrainer<Real>::prepare(std::size_t /*batch_size*/) {
    const std::size_t n_tiles = streams_.size() * tiles_per_part;
    for (Values* tiles : {&data_tiles_, &model_tiles_})
        tiles->resize(n_tiles * n_visible_ * lanes);
    for (Values* tiles : {&hidden_tiles_, &positive_, &negative_})
        tiles->resize(n_tiles * n_hidden_ * lanes);
    for (Values* weights : {&data_tile_weight_, &model_tile_weight_})
        weights->resize(n_tiles * lanes);
    visible_sum_.resize(n_visible_);
    data_sum_.resize(n_hidden_);
    model_sum_.resize(n_hidden_);
    class_total_.resize(2 * std::max(n_visible_, n_hidden_));
    if (options_.gradient == NegativePhase::pt) {
        tempering_.start(options_.n_temperatures, streams_.size());
        visible_base_.resize(n_visible_);
        base_log_odds(visible_mean_.data(), n_visible_, n_samples_, visible_base_.data());
    }
    if (options_.gradient != NegativePhase::exact)
        model_ = {};
    if (symmetric_) {
        visible_offset_.assign(n_visible_, Real{0.5f});
        Base::set_hidden_offset(std::vector<Real>(n_hidden_, Real{0.5f}));
    } else if (options_.centered) {
        visible_offset_ = visible_mean_;
        average_bias(visible_, visible_offset_);
    }
}

// A unit's draw costs about as much as eight of its edges. Enumerations have threads of their own, outside a team.
template <class Real>
std::size_t StructuredTrainer<Real>::work_per_sample() const {
    if (options_.gradient == NegativePhase::exact)
        return 0;
    const std::size_t work = edge_weight_.size() + 8 * (n_visible_ + n_hidden_);
    return work * (options_.gradient == NegativePhase::pt ? options_.n_temperatures : 1);
}

template <class Real>
void StructuredTrainer<Real>::start_batch() {
    if (options_.gradient != NegativePhase::exact)
        return;
    std::vector<Real> weights(n_visible_ * n_hidden_);
    unpack_weights(class_weight_, weights.data());
    model_.enumerate({weights.data(), n_hidden_, visible_.bias.data(), hidden_.bias.data(), n_visible_, n_hidden_});
}

template <class Real>
void StructuredTrainer<Real>::end_epoch(TrainingReport& report, std::size_t epoch) {
    if (options_.gradient == NegativePhase::pt)
        report.exchange_rate[epoch] = tempering_.least_exchange_rate(n_samples_ * options_.k);
}

template <class Real>
void StructuredTrainer<Real>::start_offset() {
    Base::shuffle(0, false);
    std::vector<double> total(n_hidden_);
    for (std::size_t first = 0; first < n_samples_; first += lanes) {
        const std::size_t count = std::min(lanes, n_samples_ - first);
        alignas(64) Real weights[lanes] = {};
        std::copy_n(&weight_[first], count, weights);
        load_tile({.begin = 0, .n = n_samples_, .start = 0, .n_parts = 0, .last = true}, first, count,
                  data_tiles_.data());
        activate(hidden_, data_tiles_.data(), [&](std::size_t j, const V& x) {
            total[j] += static_cast<double>((logistic_of(exp_negative(x)) * V::load(weights)).sum());
        });
    }
    for (std::size_t j = 0; j < n_hidden_; ++j)
        hidden_offset_[j] = static_cast<Real>(total[j] / static_cast<double>(n_samples_));
    average_bias(hidden_, hidden_offset_);
}

template <class Real>
void StructuredTrainer<Real>::pack_weights(const Real* from, Values& to) const {
    for (std::size_t j = 0; j < n_hidden_; ++j)
        for (std::size_t at = hidden_.first[j]; at < hidden_.first[j + 1]; ++at)
            to[edge_class_[hidden_.edge[at]]] = from[hidden_.other[at] * n_hidden_ + j];
}

template <class Real>
void StructuredTrainer<Real>::unpack_weights(const Values& from, Real* to) const {
    std::fill_n(to, n_visible_ * n_hidden_, Real{0});
    for (std::size_t j = 0; j < n_hidden_; ++j)
        for (std::size_t at = hidden_.first[j]; at < hidden_.first[j + 1]; ++at)
            to[hidden_.other[at] * n_hidden_ + j] = from[edge_class_[hidden_.edge[at]]];
}

template <class Real>
void StructuredTrainer<Real>::copy_parameters(const PlainArrays<Real>& to) const {
    Base::unpack({class_weight_, visible_.bias, hidden_.bias}, to);
}

template class StructuredTrainer<float>;
template class StructuredTrainer<double>;

} // namespace rgrbm
