#include "rgrbm/rbm/binary_trainer.hpp"

#include "rgrbm/rbm/statistics.hpp"
#include "rgrbm/support/interrupt.hpp"
#include "rgrbm/support/sigmoid.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

namespace rgrbm {

template <class Real>
BinaryTrainer<Real>::BinaryTrainer(std::size_t n_visible, std::size_t n_hidden, const Real* weights,
                                   const Real* visible_bias, const Real* hidden_bias, const Key& key)
    : Base(n_visible, n_hidden, key) {
    Base::resize(up_.matrix.size(), up_.n_source, up_.n_units);
    Base::pack_weights(weights, up_.matrix);
    for (std::size_t i = 0; i < n_visible; ++i)
        for (std::size_t j = 0; j < n_hidden; ++j)
            down_.matrix[j * down_.n_units + i] = weights[i * n_hidden + j];
    std::copy_n(visible_bias, n_visible, down_.bias.data());
    std::copy_n(hidden_bias, n_hidden, up_.bias.data());
}

template <class Real>
void BinaryTrainer<Real>::prepare(std::size_t batch_size) {
    Base::prepare(batch_size);
    double density = 0;
    for (const Real mean : visible_mean_)
        density += static_cast<double>(mean) / static_cast<double>(n_visible_);
    sparse_ = density < 0.25;
    up_.plan(batch_size, std::min(1.0, density));
    down_.plan(batch_size, 0.5);
    up_.refresh();
    down_.refresh();
    if (options_.gradient == NegativePhase::pt)
        start_tempering();
    const std::size_t chunk = std::min(batch_size, chunk_size);
    reconstruction_ = BitMatrix(chunk, n_visible_);
    part_differing_.assign(streams_.size(), 0);
    data_units_.resize(up_.n_source * ((chunk + 63) / 64));
    model_units_.resize(data_units_.size());
}

// The model at β = 0: log-odds of visible units with the means of the data, and fair coins.
template <class Real>
void BinaryTrainer<Real>::start_tempering() {
    visible_base_.assign(up_.n_source, Layer<Real>::never);
    hidden_base_.assign(up_.n_units, Layer<Real>::never);
    base_log_odds(visible_mean_.data(), n_visible_, n_samples_, visible_base_.data());
    std::fill_n(hidden_base_.data(), n_hidden_, Real{0});
}

template <class Real>
void BinaryTrainer<Real>::start_batch() {
    if (options_.gradient == NegativePhase::exact)
        model_.enumerate({up_.matrix.data(), up_.n_units, down_.bias.data(), up_.bias.data(), n_visible_, n_hidden_});
}

template <class Real>
void BinaryTrainer<Real>::copy_parameters(const PlainArrays<Real>& to) const {
    Base::unpack({up_.matrix, down_.bias, up_.bias}, to);
}

template <class Real>
void BinaryTrainer<Real>::gibbs_group(const Chunk& chunk, const Group& group) {
    for (std::size_t part = group.first_part; part < group.last_part; ++part)
        Base::start_part(chunk, part);
    std::fill(&part_differing_[group.first_part],
              &part_differing_[group.first_part] + group.last_part - group.first_part, std::size_t{0});
    if (group.n == 0)
        return;
    const std::size_t first = group.first, last = first + group.n;
    Base::positive_phase(chunk, group);
    down_.apply(
        group.n, [&](std::size_t s) { return std::as_const(hidden_).row(first + s); },
        [&](std::size_t s, std::size_t j, const V& x) {
            reconstruction_.row(first + s)[j] = draw(streams_[group.part(s)], exp_negative(x));
        });
    for (std::size_t part = group.first_part; part < group.last_part; ++part) {
        const std::size_t begin = piece(part, chunk.n, chunk.n_parts), end = piece(part + 1, chunk.n, chunk.n_parts);
        part_error_[part] += unequal_units(chunk, reconstruction_, begin, begin, end - begin);
    }
    negative_phase(chunk, group);
    if (real_data_)
        return;
    // The statistics of binary data take p − p' and p'.
    for (std::size_t at = first * up_.n_units; at < last * up_.n_units; at += lanes)
        (V::load(&positive_[at]) - V::load(&negative_[at])).store(&positive_[at]);
    for (std::size_t part = group.first_part; part < group.last_part; ++part) {
        const std::size_t begin = piece(part, chunk.n, chunk.n_parts), end = piece(part + 1, chunk.n, chunk.n_parts);
        const std::size_t row = begin + (persistent() ? chunk.start : 0);
        part_differing_[part] = static_cast<std::size_t>(unequal_units(chunk, model_rows(), row, begin, end - begin));
    }
}

template <class Real>
double BinaryTrainer<Real>::unequal_units(const Chunk& chunk, const BitMatrix& rows, std::size_t row, std::size_t first,
                                          std::size_t n) const {
    double unequal = 0;
    for (std::size_t s = first; s < first + n; ++s) {
        const std::uint16_t* model = rows.row(row + s - first);
        const std::size_t sample = order_[chunk.begin + s];
        if (real_data_) {
            for (std::size_t i = 0; i < n_visible_; ++i) {
                const Real x = real_[sample * up_.n_source + i];
                unequal += static_cast<double>((model[i / 16] >> (i % 16)) & 1 ? 1 - x : x);
            }
        } else {
            int count = 0;
            for (std::size_t w = 0; w < data_.n_words(); ++w)
                count += std::popcount(word(data_.row(sample), w) ^ word(model, w));
            unequal += count;
        }
    }
    return unequal;
}

// k Gibbs steps of the model's chains (the first one of "cd" is the reconstruction) and then p(h|v).
template <class Real>
void BinaryTrainer<Real>::negative_phase(const Chunk& chunk, const Group& group) {
    const bool chains = persistent();
    BitMatrix& model = model_rows();
    const std::size_t first = group.first, n = group.n, start = chains ? chunk.start + first : first;
    const auto visible = [&](std::size_t s) { return std::as_const(model).row(start + s); };
    const auto hidden = [&](std::size_t s) { return std::as_const(hidden_).row(first + s); };
    if (options_.gradient == NegativePhase::paper) { // the same hidden states in both terms
        std::copy_n(&positive_[first * up_.n_units], n * up_.n_units, &negative_[first * up_.n_units]);
        std::copy_n(&part_data_[group.first_part * up_.n_units], (group.last_part - group.first_part) * up_.n_units,
                    &part_model_[group.first_part * up_.n_units]);
        return;
    }
    if (options_.gradient == NegativePhase::exact) { // the model's side does not come from samples
        for (std::size_t s = first; s < first + n; ++s)
            std::fill_n(model.row(s), 4 * model.n_words(), std::uint16_t{0});
        std::fill_n(&negative_[first * up_.n_units], n * up_.n_units, Real{0});
        return;
    }
    if (options_.gradient == NegativePhase::pt) {
        for (std::size_t part = group.first_part; part < group.last_part; ++part) {
            const std::size_t begin = piece(part, chunk.n, chunk.n_parts);
            temper(part, chunk.start + begin, begin, piece(part + 1, chunk.n, chunk.n_parts) - begin);
        }
    }
    const std::size_t n_steps = options_.gradient == NegativePhase::pt ? 0 : options_.k;
    for (std::size_t step = chains ? 0 : 1; step < n_steps && !interrupt_requested(); ++step) {
        up_.apply(n, visible, [&](std::size_t s, std::size_t j, const V& x) {
            hidden_.row(first + s)[j] = draw(streams_[group.part(s)], exp_negative(x));
        });
        down_.apply(n, hidden, [&](std::size_t s, std::size_t j, const V& x) {
            model.row(start + s)[j] = draw(streams_[group.part(s)], exp_negative(x));
        });
    }
    up_.apply(n, visible, [&](std::size_t s, std::size_t j, const V& x) {
        Base::keep_negative(chunk, group.part(s), first + s, j, logistic_of(exp_negative(x)));
    });
}

// k steps v → h → v of all replicas, with inputs β x + (1 − β) x₀ where x is the model's and x₀ the input at β = 0.
template <class Real>
void BinaryTrainer<Real>::temper(std::size_t part, std::size_t chain, std::size_t first, std::size_t n) {
    if (n == 0)
        return;
    Stream stream = streams_[part];
    tempering_.steps(options_.k, {part, chain, n, chains_, stream}, [&](Real at, std::size_t row, Real* energies) {
        const V beta = V::fill(at), rest = V::fill(1 - at);
        V sums[part_size];
        std::fill_n(sums, n, V::zero());
        up_.apply(
            n, [&](std::size_t s) { return std::as_const(chains_).row(row + s); },
            [&](std::size_t s, std::size_t j, const V& x) {
                const std::uint16_t h = draw(stream, exp_negative(beta * x + rest * V::load(&hidden_base_[j * lanes])));
                hidden_.row(first + s)[j] = h;
                sums[s] += expand<Real>(h) * V::load(&up_.bias[j * lanes]);
            });
        down_.apply(
            n, [&](std::size_t s) { return std::as_const(hidden_).row(first + s); },
            [&](std::size_t s, std::size_t i, const V& x) {
                const V base = V::load(&visible_base_[i * lanes]);
                const std::uint16_t v = draw(stream, exp_negative(beta * x + rest * base));
                chains_.row(row + s)[i] = v;
                sums[s] += expand<Real>(v) * (x - base);
            });
        for (std::size_t s = 0; s < n; ++s)
            energies[s] = sums[s].sum();
    });
    streams_[part] = stream;
}

// Adds vᵀ p − v'ᵀ p' and v − v' of some blocks of 16 visible units to the sums.
template <class Real>
void BinaryTrainer<Real>::add_statistics(const Chunk& chunk, std::size_t first_block, std::size_t last_block) {
    const BitMatrix& model = model_rows();
    const std::size_t chain = persistent() ? chunk.start : 0;
    const std::size_t width = up_.n_units, n_words = (chunk.n + 63) / 64;
    const std::size_t first_unit = first_block * lanes, last_unit = last_block * lanes;
    if (chunk.start == 0) {
        Base::start_sums(&gradient_.weights[first_unit * width], (last_unit - first_unit) * width, model_.products,
                         first_unit * width);
        Base::start_sums(&gradient_.visible[first_unit], last_unit - first_unit, model_.visible, first_unit);
    }
    for (std::size_t block = first_block; block < last_block; ++block) {
        const std::size_t at = block * lanes * n_words;
        transpose_units(
            chunk.n, [&](std::size_t s) { return model.row(chain + s)[block]; }, &model_units_[at], n_words);
        if (!real_data_)
            transpose_units(
                chunk.n, [&](std::size_t s) { return data_.row(order_[chunk.begin + s])[block]; }, &data_units_[at],
                n_words);
        visible_statistics(model, chain, chunk, block);
    }
    const Statistics<Real> sums{real_data_ ? nullptr : data_units_.data(),
                                model_units_.data(),
                                n_words,
                                positive_.data(), // minus negative_, see gibbs_group
                                negative_.data(),
                                chunk.n,
                                width};
    const auto differing = std::accumulate(&part_differing_[0], &part_differing_[0] + chunk.n_parts, std::size_t{0});
    sums.add(first_unit, last_unit, sparse_,
             prefers_groups() && !real_data_ && often * differing > chunk.n * n_visible_, gradient_.weights.data());
    if (real_data_) {
        using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        using Stride = Eigen::OuterStride<>;
        const auto index = [](std::size_t i) { return static_cast<Eigen::Index>(i); };
        const Eigen::Map<const Matrix> p(positive_.data(), index(chunk.n), index(width));
        for (std::size_t i = first_unit; i < last_unit; i += lanes) { // block by block: same bits for any threads
            const Eigen::Map<const Matrix, 0, Stride> x(&dense_[i], index(chunk.n), index(lanes),
                                                        Stride(index(up_.n_source)));
            Eigen::Map<Matrix>(&gradient_.weights[i * width], index(lanes), index(width)).noalias() +=
                x.transpose() * p;
        }
    }
}

// Adds v − v' of 16 visible units to the sums.
template <class Real>
void BinaryTrainer<Real>::visible_statistics(const BitMatrix& model, std::size_t chain, const Chunk& chunk,
                                             std::size_t block) {
    Real* sums = &gradient_.visible[block * lanes];
    if (!real_data_ && !weighted_) { // counts of bits
        const std::size_t n_words = (chunk.n + 63) / 64;
        for (std::size_t i = 0; i < lanes; ++i) {
            const std::size_t at = (block * lanes + i) * n_words;
            int count = 0;
            for (std::size_t w = at; w < at + n_words; ++w)
                count += std::popcount(data_units_[w]) - std::popcount(model_units_[w]);
            sums[i] += static_cast<Real>(count);
        }
        return;
    }
    V total = V::load(sums);
    const bool chains = &model == &chains_;
    for (std::size_t s = 0; s < chunk.n; ++s) {
        const std::size_t sample = order_[chunk.begin + s];
        const V data =
            real_data_ ? V::load(&dense_[s * up_.n_source + block * lanes]) : expand<Real>(data_.row(sample)[block]);
        const V model_units = expand<Real>(model.row(chain + s)[block]);
        const Real data_weight = weight_[sample];
        const Real model_weight = !weighted_ ? Real{1} : chains ? model_weight_ : data_weight;
        total += data * V::fill(data_weight) - model_units * V::fill(model_weight);
    }
    total.store(sums);
}

// From sums to the gradient and on to the parameters of 16 visible units. Centred biases
// c + Wλ and b + Wᵀμ are what moves along Δ⟨v⟩ and Δ⟨h⟩: the plain ones make up for the change of W, whatever made it.
template <class Real>
void BinaryTrainer<Real>::update_block(const Step<Real>& step, std::size_t block) {
    const bool centered = options_.centered;
    const std::size_t width = up_.n_units, first = block * lanes;
    const Real scale = this->scale();
    V norm = V::zero();
    double visible_norm = 0;
    Real *const mean = &block_mean_[block * width], *const shift = &block_shift_[block * width];
    std::fill_n(mean, width, Real{0});
    std::fill_n(shift, width, Real{0});
    alignas(64) Real difference[lanes], visible_shift[lanes];
    for (std::size_t i = first; i < first + lanes; ++i) {
        const Real visible = difference[i - first] = gradient_.visible[i] * scale;
        V dot = V::zero(), moved = V::zero();
        for (std::size_t j = 0; j < width; j += lanes) {
            const V mu = V::fill(centered ? visible_mean_[i] : Real{0});
            const V lambda = centered ? V::load(&hidden_offset_[j]) : V::zero();
            const std::size_t at = i * width + j;
            V g = V::load(&gradient_.weights[at]) * V::fill(scale);
            if (centered) {
                g -= V::fill(visible) * lambda + mu * V::load(&hidden_difference_[j]);
                dot += g * lambda;
                (V::load(mean + j) + mu * g).store(mean + j);
            }
            g.store(&gradient_.weights[at]);
            norm += g * g;
            const V change = ascend_penalised(step, g, up_.matrix, optimizer_, at);
            if (centered) {
                moved += change * lambda;
                (V::load(shift + j) + mu * change).store(shift + j);
            }
        }
        for (std::size_t j = n_hidden_; j < width; ++j)
            up_.matrix[i * width + j] = 0;
        const Real g = visible - dot.sum();
        gradient_.visible[i] = g;
        visible_shift[i - first] = moved.sum();
        visible_norm += static_cast<double>(g) * static_cast<double>(g);
    }
    ascend(step, V::load(difference), down_.bias, optimizer_.velocity.visible, optimizer_.squares.visible, first);
    (V::load(&down_.bias[first]) - V::load(visible_shift)).store(&down_.bias[first]);
    block_norm_[block] = static_cast<double>(norm.sum()) + visible_norm;
    mirror_block(first);
}

// The weights of 16 visible units, as moved, in the other direction's matrix and in the tables.
template <class Real>
void BinaryTrainer<Real>::mirror_block(std::size_t first) {
    const std::size_t width = up_.n_units;
    for (std::size_t j = 0; j < width; ++j)
        for (std::size_t i = first; i < first + lanes; ++i)
            down_.matrix[j * down_.n_units + i] = up_.matrix[i * width + j];
    up_.refresh(first, first + lanes, 0, width);
    down_.refresh(0, width, first, first + lanes);
}

template class BinaryTrainer<float>;
template class BinaryTrainer<double>;

} // namespace rgrbm
