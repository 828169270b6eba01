#include "rgrbm/structured_trainer.hpp"

#include "rgrbm/sigmoid.hpp"
#include "rgrbm/statistics.hpp"
#include "rgrbm/threads.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace rgrbm {

template <class Real>
TrainingReport StructuredTrainer<Real>::run(const TrainingOptions& options) {
    const std::size_t n_epochs = options.learning_rate.size();
    TrainingReport report{std::vector<double>(n_epochs), std::vector<double>(n_epochs), {}};
    if (n_epochs == 0)
        return report;
    prepare(options);
    start_batch(options, 0, 0);
    // A unit's draw costs about as much as eight of its edges.
    const std::size_t work = options.batch_size * (edge_weight_.size() + 8 * (n_visible_ + n_hidden_));
    const auto wanted = std::min<std::size_t>(static_cast<std::size_t>(num_threads()), 1 + work / work_per_thread);
    const int n_threads = static_cast<int>(wanted);
    Team team;
#pragma omp parallel num_threads(n_threads)
    {
        Team::Member member(team);
        for (std::size_t epoch = 0; epoch < n_epochs; ++epoch)
            for (std::size_t begin = 0; begin < n_samples_; begin += options.batch_size) {
                const std::size_t n = std::min(options.batch_size, n_samples_ - begin);
                const std::size_t n_chunks = n_pieces(n, chunk_size);
                for (std::size_t c = 0; c < n_chunks; ++c) {
                    const std::size_t start = piece(c, n, n_chunks);
                    const Chunk chunk{begin + start, piece(c + 1, n, n_chunks) - start, start};
                    const std::size_t n_parts = n_pieces(chunk.n, part_size);
                    member.phase(n_parts, [&](std::size_t part) { gibbs_part(options, chunk, part); }, [] {});
                    member.phase(
                        wanted,
                        [&](std::size_t share) {
                            const auto of = [&](std::size_t i, std::size_t total) { return piece(i, total, wanted); };
                            const std::size_t n_tiles = n_pieces(chunk.n, lanes);
                            sums_of_hidden(of(share, n_hidden_), of(share + 1, n_hidden_), n_tiles, c == 0);
                            sums_of_visible(of(share, n_visible_), of(share + 1, n_visible_), n_tiles, c == 0);
                        },
                        [&] {
                            if (c + 1 == n_chunks)
                                end_batch(options, epoch, begin + n, report);
                        });
                }
            }
    }
    return report;
}

template <class Real>
void StructuredTrainer<Real>::start_batch(const TrainingOptions& options, std::size_t epoch, std::size_t begin) {
    if (begin == 0) {
        const std::uint64_t index = options.first_epoch + epoch;
        for (std::size_t part = 0; part < streams_.size(); ++part)
            streams_[part] = Stream(key_, index, part, 0);
        std::fill(part_error_.begin(), part_error_.end(), 0.0);
        shuffle(index, options.shuffle && n_samples_ > options.batch_size);
    }
    const std::size_t n = std::min(options.batch_size, n_samples_ - begin);
    batch_weight_ = std::accumulate(&order_[begin], &order_[begin] + n, Real{0},
                                    [&](Real sum, std::uint32_t s) { return sum + weight_[s]; });
}

template <class Real>
void StructuredTrainer<Real>::end_batch(const TrainingOptions& options, std::size_t epoch, std::size_t end,
                                        TrainingReport& report) {
    find_gradient(options.centered);
    update(options, epoch);
    if (options.centered && !symmetric_ && slide_ && batch_weight_ > 0)
        slide_offset();
    if (end < n_samples_) {
        start_batch(options, epoch, end);
        return;
    }
    const double n_units = static_cast<double>(n_samples_) * static_cast<double>(n_visible_);
    const double n_batches = static_cast<double>(n_pieces(n_samples_, options.batch_size));
    report.reconstruction_error[epoch] = std::accumulate(part_error_.begin(), part_error_.end(), 0.0) / n_units;
    report.gradient_norm[epoch] = std::sqrt(norm_ / n_batches);
    norm_ = 0;
    if (epoch + 1 < options.learning_rate.size())
        start_batch(options, epoch + 1, 0);
}

// The Gibbs steps of 32 samples, two tiles, on the part's own random stream.
template <class Real>
void StructuredTrainer<Real>::gibbs_part(const TrainingOptions& options, const Chunk& chunk, std::size_t part) {
    const bool persistent = options.method == NegativePhase::pcd, paper = options.method == NegativePhase::paper;
    const std::size_t n_visible = n_visible_ * lanes, n_hidden = n_hidden_ * lanes; // sizes of tiles
    const std::size_t last = std::min((part + 1) * part_size, chunk.n);
    Stream stream = streams_[part];
    for (std::size_t first = part * part_size; first < last; first += lanes) {
        const std::size_t tile = first / lanes, count = std::min(lanes, last - first);
        Real *v = &data_tiles_[tile * n_visible], *u = &model_tiles_[tile * n_visible];
        Real *h = &hidden_tiles_[tile * n_hidden], *p = &positive_[tile * n_hidden], *q = &negative_[tile * n_hidden];
        Real *data_weight = &data_weight_[tile * lanes], *model_weight = &model_weight_[tile * lanes];
        alignas(64) Real ones[lanes] = {};
        std::fill_n(data_weight, lanes, Real{0});
        std::fill_n(model_weight, lanes, Real{0});
        const std::size_t batch = std::min(options.batch_size, n_samples_ - (chunk.begin - chunk.chain));
        for (std::size_t s = 0; s < count; ++s) {
            ones[s] = 1;
            data_weight[s] = weight_[order_[chunk.begin + first + s]];
            model_weight[s] = persistent ? batch_weight_ / static_cast<Real>(batch) : data_weight[s];
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
        if (persistent)
            load_bits(count, [&](std::size_t s) { return std::as_const(chains_).row(chunk.chain + first + s); }, u);
        for (std::size_t step = persistent ? 0 : 1; step < options.k; ++step) {
            activate(hidden_, u, draw_into(h));
            activate(visible_, h, draw_into(u));
        }
        if (persistent)
            store_chains(u, chunk.chain + first, count);
        activate(hidden_, u, [&](std::size_t j, const V& x) {
            (logistic_of(exp_negative(x)) * chain_weight).store(q + j * lanes);
        });
    }
    streams_[part] = stream;
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
        model_sum_[j] = (start ? Real{0} : model_sum_[j]) + model.sum();
        for (std::size_t at = hidden_.first[j]; at < hidden_.first[j + 1]; ++at) {
            const Real *v = &data_tiles_[hidden_.other[at] * lanes], *u = &model_tiles_[hidden_.other[at] * lanes];
            V sum = V::zero();
            for (std::size_t t = 0; t < n_tiles; ++t) {
                sum += V::load(p + t * n_hidden) * V::load(v + t * n_visible);
                sum -= V::load(q + t * n_hidden) * V::load(u + t * n_visible);
            }
            Real& total = edge_gradient_[hidden_.edge[at]];
            total = (start ? Real{0} : total) + sum.sum();
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
            sum += V::load(&data_tiles_[t * n_visible + i * lanes]) * V::load(&data_weight_[t * lanes]) -
                   V::load(&model_tiles_[t * n_visible + i * lanes]) * V::load(&model_weight_[t * lanes]);
        visible_sum_[i] = (start ? Real{0} : visible_sum_[i]) + sum.sum();
    }
}

// From sums to the gradient of each class of weights and of each bias.
template <class Real>
void StructuredTrainer<Real>::find_gradient(bool centered) {
    const Real scale = batch_weight_ > 0 ? 1 / batch_weight_ : Real{0};
    for (std::size_t i = 0; i < n_visible_; ++i)
        visible_.difference[i] = visible_sum_[i] * scale;
    for (std::size_t j = 0; j < n_hidden_; ++j)
        hidden_.difference[j] = (data_sum_[j] - model_sum_[j]) * scale;
    if (centered && !symmetric_ && !equitable_)
        for (Side* side : {&visible_, &hidden_})
            average_bias(*side, side->difference);
    std::fill(class_gradient_.begin(), class_gradient_.end(), Real{0});
    const bool offsets = centered || symmetric_;
    for (std::size_t j = 0; j < n_hidden_; ++j)
        for (std::size_t at = hidden_.first[j]; at < hidden_.first[j + 1]; ++at) {
            const std::size_t i = hidden_.other[at], edge = hidden_.edge[at];
            Real g = edge_gradient_[edge] * scale;
            if (offsets)
                g -= visible_offset_[i] * hidden_.difference[j] + hidden_offset_[j] * visible_.difference[i];
            class_gradient_[edge_class_[edge]] += g;
        }
    for (std::size_t c = 0; c < n_classes_; ++c)
        class_gradient_[c] /= static_cast<Real>(n_copies_[c]);
    for (std::size_t edge = 0; edge < edge_weight_.size(); ++edge)
        edge_gradient_[edge] = class_gradient_[edge_class_[edge]];
    if (symmetric_) {
        make_symmetric(visible_, edge_gradient_, visible_.gradient);
        make_symmetric(hidden_, edge_gradient_, hidden_.gradient);
        return;
    }
    for (Side* side : {&visible_, &hidden_}) {
        average_bias(*side, side->difference);
        side->gradient = side->difference;
        if (centered)
            subtract_centred(*side, edge_gradient_, side == &visible_ ? hidden_offset_ : visible_offset_,
                             side->gradient);
    }
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

// L1 goes as far as the gradient does, momentum included, so that it has the same optimum for any momentum.
template <class Real>
void StructuredTrainer<Real>::update(const TrainingOptions& options, std::size_t epoch) {
    const auto real = [](double value) { return static_cast<Real>(value); };
    const Real rate = real(options.learning_rate[epoch]), momentum = real(options.momentum);
    const Real threshold = real(options.learning_rate[epoch] * options.l1[epoch] / (1 - options.momentum));
    for (const Values* gradient : {&edge_gradient_, &visible_.gradient, &hidden_.gradient})
        for (const Real g : *gradient)
            norm_ += static_cast<double>(g) * static_cast<double>(g);
    for (std::size_t c = 0; c < n_classes_; ++c) {
        Real& weight = weight_value_[c];
        Real g = class_gradient_[c] - real(options.l2) * weight;
        if (momentum != 0)
            g = velocity_[c] = g + momentum * velocity_[c];
        weight += rate * g;
        if (threshold > 0)
            weight = std::max(weight - threshold, Real{0}) + std::min(weight + threshold, Real{0});
    }
    for (std::size_t edge = 0; edge < edge_weight_.size(); ++edge) {
        edge_change_[edge] = weight_value_[edge_class_[edge]] - edge_weight_[edge];
        edge_weight_[edge] = weight_value_[edge_class_[edge]];
    }
    if (symmetric_) {
        make_symmetric(visible_, edge_weight_, visible_.bias);
        make_symmetric(hidden_, edge_weight_, hidden_.bias);
    } else {
        update_bias(visible_, options.centered ? &hidden_offset_ : nullptr, rate, momentum);
        update_bias(hidden_, options.centered ? &visible_offset_ : nullptr, rate, momentum);
    }
}

template <class Real>
void StructuredTrainer<Real>::update_bias(Side& side, const Values* offset, Real rate, Real momentum) {
    for (std::size_t unit = 0; unit < side.size(); ++unit) {
        Real g = side.difference[unit];
        if (momentum != 0)
            g = side.velocity[unit] = g + momentum * side.velocity[unit];
        side.bias[unit] += rate * g;
    }
    if (offset)
        subtract_centred(side, edge_change_, *offset, side.bias);
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
