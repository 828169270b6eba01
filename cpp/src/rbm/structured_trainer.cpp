#include "rgrbm/rbm/structured_trainer.hpp"

#include "rgrbm/rbm/statistics.hpp"
#include "rgrbm/support/interrupt.hpp"
#include "rgrbm/support/sigmoid.hpp"

#include <algorithm>
#include <utility>

namespace rgrbm {

// The Gibbs steps of 32 samples, two tiles, on the part's own random stream.
template <class Real>
void StructuredTrainer<Real>::gibbs_part(const Chunk& chunk, std::size_t part) {
    const bool persistent = this->persistent(), paper = options_.gradient == NegativePhase::paper;
    const std::size_t n_visible = n_visible_ * lanes, n_hidden = n_hidden_ * lanes; // sizes of tiles
    const std::size_t last = std::min((part + 1) * part_size, chunk.n);
    Stream stream = streams_[part];
    if (options_.gradient == NegativePhase::pt)
        temper(chunk, part, stream);
    const bool exact = options_.gradient == NegativePhase::exact;
    const std::size_t n_steps = options_.gradient == NegativePhase::pt ? 0 : options_.k;
    for (std::size_t first = part * part_size; first < last; first += lanes) {
        const std::size_t tile = first / lanes, count = std::min(lanes, last - first);
        Real *v = &data_tiles_[tile * n_visible], *u = &model_tiles_[tile * n_visible];
        Real *h = &hidden_tiles_[tile * n_hidden], *p = &positive_[tile * n_hidden], *q = &negative_[tile * n_hidden];
        Real *data_weight = &data_tile_weight_[tile * lanes], *model_weight = &model_tile_weight_[tile * lanes];
        alignas(64) Real ones[lanes] = {};
        std::fill_n(data_weight, lanes, Real{0});
        std::fill_n(model_weight, lanes, Real{0});
        for (std::size_t s = 0; s < count; ++s) {
            ones[s] = 1;
            data_weight[s] = weight_[order_[chunk.begin + first + s]];
            model_weight[s] = exact ? Real{0} : persistent ? model_weight_ : data_weight[s];
        }
        const V weight = V::load(data_weight), chain_weight = V::load(model_weight);
        const auto draw_into = [&](Real* states) {
            return [&stream, states](std::size_t unit, const V& x) {
                expand<Real>(draw(stream, exp_negative(x))).store(states + unit * lanes);
            };
        };
        load_tile(chunk, first, count, v);
        activate(hidden_, v, [&](std::size_t j, const V& x) {
            const V e = exp_negative(x);
            expand<Real>(draw(stream, e)).store(h + j * lanes);
            ((paper ? V::load(h + j * lanes) : logistic_of(e)) * weight).store(p + j * lanes);
        });
        activate(visible_, h, draw_into(u));
        part_error_[part] += unequal_units(v, u, V::load(ones));
        if (paper) { // the same hidden states in both terms
            std::copy_n(p, n_hidden, q);
            continue;
        }
        if (exact) { // the model's side does not come from samples
            std::fill_n(q, n_hidden, Real{0});
            continue;
        }
        if (persistent)
            load_bits(count, [&](std::size_t s) { return std::as_const(chains_).row(chunk.start + first + s); }, u);
        for (std::size_t step = persistent ? 0 : 1; step < n_steps && !interrupt_requested(); ++step) {
            activate(hidden_, u, draw_into(h));
            activate(visible_, h, draw_into(u));
        }
        if (persistent)
            store_chains(u, chunk.start + first, count);
        activate(hidden_, u, [&](std::size_t j, const V& x) {
            (logistic_of(exp_negative(x)) * chain_weight).store(q + j * lanes);
        });
    }
    streams_[part] = stream;
}

// k Gibbs steps of all replicas of a part's chains, tile by tile, and their exchanges (tempering.hpp).
template <class Real>
void StructuredTrainer<Real>::temper(const Chunk& chunk, std::size_t part, Stream& stream) {
    const std::size_t first = part * part_size, last = std::min(first + part_size, chunk.n);
    if (first >= last)
        return;
    const std::size_t tile = first / lanes, n = last - first;
    Real *const v = &model_tiles_[tile * n_visible_ * lanes], *const h = &hidden_tiles_[tile * n_hidden_ * lanes];
    const auto step = [&](Real at, std::size_t row, Real* energies) {
        const V beta = V::fill(at), rest = V::fill(1 - at);
        for (std::size_t s = 0; s < n; s += lanes) {
            const std::size_t count = std::min(lanes, n - s);
            V energy = V::zero();
            load_bits(count, [&](std::size_t i) { return std::as_const(chains_).row(row + s + i); }, v);
            activate(hidden_, v, [&](std::size_t j, const V& x) {
                const V drawn = expand<Real>(draw(stream, exp_negative(beta * x)));
                drawn.store(h + j * lanes);
                energy += drawn * V::fill(hidden_.bias[j]);
            });
            activate(visible_, h, [&](std::size_t i, const V& x) {
                const V base = V::fill(visible_base_[i]);
                const V drawn = expand<Real>(draw(stream, exp_negative(beta * x + rest * base)));
                drawn.store(v + i * lanes);
                energy += drawn * (x - base);
            });
            energy.store(energies + s);
            store_chains(v, row + s, count);
        }
    };
    tempering_.steps(options_.k, {part, chunk.start + first, n, chains_, stream}, step);
}

template <class Real>
void StructuredTrainer<Real>::load_tile(const Chunk& chunk, std::size_t first, std::size_t count, Real* tile) const {
    const auto sample = [&](std::size_t s) { return order_[chunk.begin + first + s]; };
    if (!real_data_) {
        load_bits(count, [&](std::size_t s) { return data_.row(sample(s)); }, tile);
        return;
    }
    std::fill_n(tile, n_visible_ * lanes, Real{0});
    for (std::size_t s = 0; s < count; ++s)
        for (std::size_t i = 0; i < n_visible_; ++i)
            tile[i * lanes + s] = real_[sample(s) * stride_ + i];
}

template <class Real>
template <class Row>
void StructuredTrainer<Real>::load_bits(std::size_t count, Row&& row, Real* tile) const {
    for (std::size_t block = 0; block * 16 < n_visible_; ++block) {
        std::uint64_t units[16];
        transpose_units(count, [&](std::size_t s) { return row(s)[block]; }, units, 1);
        for (std::size_t i = 0; i < std::min<std::size_t>(16, n_visible_ - block * 16); ++i)
            expand<Real>(static_cast<std::uint16_t>(units[i])).store(tile + (block * 16 + i) * lanes);
    }
}

template <class Real>
void StructuredTrainer<Real>::store_chains(const Real* tile, std::size_t chain, std::size_t count) {
    for (std::size_t block = 0; block * 16 < n_visible_; ++block)
        for (std::size_t s = 0; s < count; ++s) {
            unsigned half = 0;
            for (std::size_t i = 0; i < std::min<std::size_t>(16, n_visible_ - block * 16); ++i)
                half |= static_cast<unsigned>(tile[(block * 16 + i) * lanes + s] > 0) << i;
            chains_.row(chain + s)[block] = static_cast<std::uint16_t>(half);
        }
}

// Σ |v − v'| over the samples there are; v' is 0 or 1.
template <class Real>
double StructuredTrainer<Real>::unequal_units(const Real* data, const Real* model, const V& valid) const {
    V total = V::zero();
    for (std::size_t at = 0; at < n_visible_ * lanes; at += lanes) {
        const V v = V::load(data + at), u = V::load(model + at);
        total += (v + u - V::fill(2) * v * u) * valid;
    }
    return static_cast<double>(total.sum());
}

template <class Real>
void StructuredTrainer<Real>::statistics(const Chunk& chunk, std::size_t share, std::size_t n_shares) {
    const auto of = [&](std::size_t i, std::size_t total) { return piece(i, total, n_shares); };
    const std::size_t n_tiles = n_pieces(chunk.n, lanes);
    sums_of_hidden(of(share, n_hidden_), of(share + 1, n_hidden_), n_tiles, chunk.start == 0);
    sums_of_visible(of(share, n_visible_), of(share + 1, n_visible_), n_tiles, chunk.start == 0);
}

// Σ_s (v p − v' p') of the edges at some hidden units, and Σ_s p and Σ_s p' of the units.
template <class Real>
void StructuredTrainer<Real>::sums_of_hidden(std::size_t first, std::size_t last, std::size_t n_tiles, bool start) {
    const std::size_t n_visible = n_visible_ * lanes, n_hidden = n_hidden_ * lanes;
    for (std::size_t j = first; j < last; ++j) {
        const Real *p = &positive_[j * lanes], *q = &negative_[j * lanes];
        V data = V::zero(), model = V::zero();
        for (std::size_t t = 0; t < n_tiles; ++t) {
            data += V::load(p + t * n_hidden);
            model += V::load(q + t * n_hidden);
        }
        data_sum_[j] = (start ? Real{0} : data_sum_[j]) + data.sum();
        model_sum_[j] = (start ? -start_of(model_.hidden, j) : model_sum_[j]) + model.sum();
        for (std::size_t at = hidden_.first[j]; at < hidden_.first[j + 1]; ++at) {
            const Real *v = &data_tiles_[hidden_.other[at] * lanes], *u = &model_tiles_[hidden_.other[at] * lanes];
            V sum = V::zero();
            for (std::size_t t = 0; t < n_tiles; ++t) {
                sum += V::load(p + t * n_hidden) * V::load(v + t * n_visible);
                sum -= V::load(q + t * n_hidden) * V::load(u + t * n_visible);
            }
            Real& total = edge_gradient_[hidden_.edge[at]];
            total = (start ? start_of(model_.products, hidden_.other[at] * n_hidden_ + j) : total) + sum.sum();
        }
    }
}

// Σ_s (v − v').
template <class Real>
void StructuredTrainer<Real>::sums_of_visible(std::size_t first, std::size_t last, std::size_t n_tiles, bool start) {
    const std::size_t n_visible = n_visible_ * lanes;
    for (std::size_t i = first; i < last; ++i) {
        V sum = V::zero();
        for (std::size_t t = 0; t < n_tiles; ++t)
            sum += V::load(&data_tiles_[t * n_visible + i * lanes]) * V::load(&data_tile_weight_[t * lanes]) -
                   V::load(&model_tiles_[t * n_visible + i * lanes]) * V::load(&model_tile_weight_[t * lanes]);
        visible_sum_[i] = (start ? start_of(model_.visible, i) : visible_sum_[i]) + sum.sum();
    }
}

// From sums to the gradient of each class of weights and of each bias.
template <class Real>
void StructuredTrainer<Real>::find_gradient() {
    const bool centered = options_.centered;
    const Real scale = this->scale();
    for (std::size_t i = 0; i < n_visible_; ++i)
        visible_.difference[i] = visible_sum_[i] * scale;
    for (std::size_t j = 0; j < n_hidden_; ++j)
        hidden_.difference[j] = (data_sum_[j] - model_sum_[j]) * scale;
    if (centered && !symmetric_ && !equitable_)
        for (Side* side : {&visible_, &hidden_})
            average_bias(*side, side->difference);
    std::fill(gradient_.weights.begin(), gradient_.weights.end(), Real{0});
    const bool offsets = centered || symmetric_;
    for (std::size_t j = 0; j < n_hidden_; ++j)
        for (std::size_t at = hidden_.first[j]; at < hidden_.first[j + 1]; ++at) {
            const std::size_t i = hidden_.other[at], edge = hidden_.edge[at];
            Real g = edge_gradient_[edge] * scale;
            if (offsets)
                g -= visible_offset_[i] * hidden_.difference[j] + hidden_offset_[j] * visible_.difference[i];
            gradient_.weights[edge_class_[edge]] += g;
        }
    for (std::size_t c = 0; c < n_copies_.size(); ++c)
        gradient_.weights[c] /= static_cast<Real>(n_copies_[c]);
    for (std::size_t edge = 0; edge < edge_weight_.size(); ++edge)
        edge_gradient_[edge] = gradient_.weights[edge_class_[edge]];
    if (symmetric_) {
        make_symmetric(visible_, edge_gradient_, gradient_.visible);
        make_symmetric(hidden_, edge_gradient_, gradient_.hidden);
        return;
    }
    const auto bias_gradient = [&](Side& side, const Values& offset, Values& gradient) {
        average_bias(side, side.difference);
        gradient = side.difference;
        if (centered)
            subtract_centred(side, edge_gradient_, offset, gradient);
    };
    bias_gradient(visible_, hidden_offset_, gradient_.visible);
    bias_gradient(hidden_, visible_offset_, gradient_.hidden);
}

// What a change of the weights takes from biases that are centred: Σ over its edges of the change times the offset.
template <class Real>
void StructuredTrainer<Real>::subtract_centred(const Side& side, const Values& change, const Values& offset,
                                               Values& biases) {
    for (std::size_t unit = 0; unit < side.size(); ++unit)
        for (std::size_t at = side.first[unit]; at < side.first[unit + 1]; ++at)
            biases[unit] -= change[side.edge[at]] * offset[side.other[at]];
    average_bias(side, biases); // the same sums in another order
}

template <class Real>
void StructuredTrainer<Real>::update(std::size_t /*n_parts*/) {
    find_gradient();
    for (const Values* gradient : {&edge_gradient_, &gradient_.visible, &gradient_.hidden})
        for (const Real g : *gradient)
            norm_ += static_cast<double>(g) * static_cast<double>(g);
    move_weights();
    move_biases();
    if (options_.centered && !symmetric_ && options_.slide && batch_weight_ > 0)
        slide_offset();
}

template <class Real>
void StructuredTrainer<Real>::move_weights() {
    Step<Real> step = step_;
    if (!step.adam) { // one threshold for all weights: its product is rounded once
        step.reach = step.threshold;
        step.l1 = step.threshold > 0 ? 1 : 0;
    }
    for (std::size_t c = 0; c < class_weight_.size(); c += lanes)
        ascend_penalised(step, V::load(&gradient_.weights[c]), class_weight_, optimizer_, c);
    for (std::size_t edge = 0; edge < edge_weight_.size(); ++edge) {
        const Real weight = class_weight_[edge_class_[edge]];
        edge_change_[edge] = weight - edge_weight_[edge];
        edge_weight_[edge] = weight;
    }
}

template <class Real>
void StructuredTrainer<Real>::move_biases() {
    if (symmetric_) {
        make_symmetric(visible_, edge_weight_, visible_.bias);
        make_symmetric(hidden_, edge_weight_, hidden_.bias);
        return;
    }
    const auto move = [&](Side& side, const Values& offset, Values& velocity, Values& squares) {
        for (std::size_t unit = 0; unit < side.bias.size(); unit += lanes)
            ascend(step_, V::load(&side.difference[unit]), side.bias, velocity, squares, unit);
        if (options_.centered)
            subtract_centred(side, edge_change_, offset, side.bias);
    };
    move(visible_, hidden_offset_, optimizer_.velocity.visible, optimizer_.squares.visible);
    move(hidden_, visible_offset_, optimizer_.velocity.hidden, optimizer_.squares.hidden);
}

// The biases that belong to weights without fields in ±1 units.
template <class Real>
void StructuredTrainer<Real>::make_symmetric(Side& side, const Values& weights, Values& biases) const {
    for (std::size_t unit = 0; unit < side.size(); ++unit) {
        Real sum = 0;
        for (std::size_t at = side.first[unit]; at < side.first[unit + 1]; ++at)
            sum += weights[side.edge[at]];
        biases[unit] = Real{-0.5f} * sum;
    }
}

// Each unit's value becomes the mean over the units of its class.
template <class Real>
void StructuredTrainer<Real>::average_bias(const Side& side, Values& values) {
    if (side.n_bias_classes == side.size())
        return;
    Real* total = class_total_.data();
    std::fill_n(total, 2 * side.n_bias_classes, Real{0});
    for (std::size_t unit = 0; unit < side.size(); ++unit) {
        total[2 * side.bias_class[unit]] += values[unit];
        total[2 * side.bias_class[unit] + 1] += 1;
    }
    for (std::size_t unit = 0; unit < side.size(); ++unit)
        values[unit] = total[2 * side.bias_class[unit]] / total[2 * side.bias_class[unit] + 1];
}

template <class Real>
void StructuredTrainer<Real>::slide_offset() {
    for (std::size_t j = 0; j < n_hidden_; ++j)
        data_sum_[j] /= batch_weight_;
    average_bias(hidden_, data_sum_);
    for (std::size_t j = 0; j < n_hidden_; ++j)
        hidden_offset_[j] += static_cast<Real>(offset_rate) * (data_sum_[j] - hidden_offset_[j]);
}

template class StructuredTrainer<float>;
template class StructuredTrainer<double>;

} // namespace rgrbm
