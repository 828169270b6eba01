#include "rgrbm/dense_trainer.hpp"

#include "rgrbm/sigmoid.hpp"
#include "rgrbm/statistics.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace rgrbm {

namespace {

// Blocks of 16 visible units whose sums are taken and used before the next ones', while they are in the cache.
constexpr std::size_t cached_blocks = 8;

} // namespace

template <class Real>
void Trainer<Real>::gibbs_part(const Chunk& chunk, std::size_t part) {
    const std::size_t first = piece(part, chunk.n, chunk.n_parts), last = piece(part + 1, chunk.n, chunk.n_parts);
    if (chunk.start == 0)
        for (Values* sums : {&part_data_, &part_model_})
            std::fill_n(&(*sums)[part * up_.n_units], up_.n_units, Real{0});
    if (first == last)
        return;
    positive_phase(chunk, part, first, last - first);
    Stream stream = streams_[part];
    down_.apply(
        last - first, [&](std::size_t s) { return std::as_const(hidden_).row(first + s); },
        [&](std::size_t s, std::size_t j, const V& x) {
            reconstruction_.row(first + s)[j] = draw(stream, exp_negative(x));
        });
    streams_[part] = stream;
    part_error_[part] += unequal_units(chunk, first, last - first);
    negative_phase(chunk, part, first, last - first);
    if (!real_data_) // the statistics of binary data take p − p' and p'
        for (std::size_t at = first * up_.n_units; at < last * up_.n_units; at += lanes)
            (V::load(&positive_[at]) - V::load(&negative_[at])).store(&positive_[at]);
}

template <class Real>
void Trainer<Real>::positive_phase(const Chunk& chunk, std::size_t part, std::size_t first, std::size_t n) {
    Stream stream = streams_[part];
    Real* sums = &part_data_[part * up_.n_units];
    const bool states = options_.method == NegativePhase::paper;
    const auto sink = [&](std::size_t s, std::size_t j, const V& x) {
        const V e = exp_negative(x);
        const std::uint16_t h = draw(stream, e);
        hidden_.row(first + s)[j] = h;
        V p = states ? expand<Real>(h) : logistic_of(e);
        if (weighted_)
            p = p * V::fill(weight_[order_[chunk.begin + first + s]]);
        p.store(&positive_[(first + s) * up_.n_units + j * lanes]);
        (V::load(sums + j * lanes) + p).store(sums + j * lanes);
    };
    if (real_data_) {
        for (std::size_t s = 0; s < n; ++s)
            std::copy_n(&real_[order_[chunk.begin + first + s] * up_.n_source], up_.n_source,
                        &dense_[(first + s) * up_.n_source]);
        up_.apply_dense(n, &dense_[first * up_.n_source], &positive_[first * up_.n_units], sink);
    } else {
        up_.apply(n, [&](std::size_t s) { return std::as_const(data_).row(order_[chunk.begin + first + s]); }, sink);
    }
    streams_[part] = stream;
}

template <class Real>
double Trainer<Real>::unequal_units(const Chunk& chunk, std::size_t first, std::size_t n) const {
    double unequal = 0;
    for (std::size_t s = first; s < first + n; ++s) {
        const std::uint16_t* model = reconstruction_.row(s);
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
void Trainer<Real>::negative_phase(const Chunk& chunk, std::size_t part, std::size_t first, std::size_t n) {
    Stream stream = streams_[part];
    const bool chains = persistent();
    BitMatrix& model = model_rows();
    const std::size_t start = chains ? chunk.start + first : first;
    const auto visible = [&](std::size_t s) { return std::as_const(model).row(start + s); };
    const auto hidden = [&](std::size_t s) { return std::as_const(hidden_).row(first + s); };
    Real* sums = &part_model_[part * up_.n_units];
    if (options_.method == NegativePhase::paper) { // the same hidden states in both terms
        std::copy_n(&positive_[first * up_.n_units], n * up_.n_units, &negative_[first * up_.n_units]);
        std::copy_n(&part_data_[part * up_.n_units], up_.n_units, sums);
        return;
    }
    if (options_.method == NegativePhase::exact) { // the model's side does not come from samples
        for (std::size_t s = first; s < first + n; ++s)
            std::fill_n(model.row(s), 4 * model.n_words(), std::uint16_t{0});
        std::fill_n(&negative_[first * up_.n_units], n * up_.n_units, Real{0});
        return;
    }
    if (options_.method == NegativePhase::pt)
        tempering_.steps(options_.k, {part, start, first, n, up_, down_, chains_, hidden_, stream});
    const std::size_t n_steps = options_.method == NegativePhase::pt ? 0 : options_.k;
    for (std::size_t step = chains ? 0 : 1; step < n_steps; ++step) {
        up_.apply(n, visible, [&](std::size_t s, std::size_t j, const V& x) {
            hidden_.row(first + s)[j] = draw(stream, exp_negative(x));
        });
        down_.apply(n, hidden, [&](std::size_t s, std::size_t j, const V& x) {
            model.row(start + s)[j] = draw(stream, exp_negative(x));
        });
    }
    up_.apply(n, visible, [&](std::size_t s, std::size_t j, const V& x) {
        V p = logistic_of(exp_negative(x));
        if (weighted_)
            p = p * V::fill(chains ? model_weight_ : weight_[order_[chunk.begin + first + s]]);
        p.store(&negative_[(first + s) * up_.n_units + j * lanes]);
        (V::load(sums + j * lanes) + p).store(sums + j * lanes);
    });
    streams_[part] = stream;
}

// Sums start at minus the model's side where it is known, else at 0.
template <class Real>
void Trainer<Real>::start_sums(Real* sums, std::size_t n, const Values& model, std::size_t at) const {
    for (std::size_t i = 0; i < n; ++i)
        sums[i] = model.empty() ? Real{0} : -batch_weight_ * model[at + i];
}

// The blocks of visible units of one of the threads; after the last chunk they move on to their new parameters.
template <class Real>
void Trainer<Real>::statistics(const Chunk& chunk, std::size_t share, std::size_t n_shares) {
    const std::size_t n_blocks = up_.n_source / lanes;
    const std::size_t first = piece(share, n_blocks, n_shares), end = piece(share + 1, n_blocks, n_shares);
    const Step<Real> step = step_;
    for (std::size_t block = first; block < end; block += cached_blocks) {
        const std::size_t next = std::min(block + cached_blocks, end);
        add_statistics(chunk, block, next);
        for (std::size_t b = block; chunk.last && b < next; ++b)
            update_block(step, b);
    }
}

// Adds vᵀ p − v'ᵀ p' and v − v' of some blocks of 16 visible units to the sums.
template <class Real>
void Trainer<Real>::add_statistics(const Chunk& chunk, std::size_t first_block, std::size_t last_block) {
    const BitMatrix& model = model_rows();
    const std::size_t chain = persistent() ? chunk.start : 0;
    const std::size_t width = up_.n_units, n_words = (chunk.n + 63) / 64;
    const std::size_t first_unit = first_block * lanes, last_unit = last_block * lanes;
    if (chunk.start == 0) {
        start_sums(&gradient_.weights[first_unit * width], (last_unit - first_unit) * width, model_.products,
                   first_unit * width);
        start_sums(&gradient_.visible[first_unit], last_unit - first_unit, model_.visible, first_unit);
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
                                positive_.data(), // minus negative_, see gibbs_part
                                negative_.data(),
                                chunk.n,
                                width};
    sums.add(first_unit, last_unit, sparse_, gradient_.weights.data());
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
void Trainer<Real>::visible_statistics(const BitMatrix& model, std::size_t chain, const Chunk& chunk,
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
void Trainer<Real>::update_block(const Step<Real>& step, std::size_t block) {
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
void Trainer<Real>::mirror_block(std::size_t first) {
    const std::size_t width = up_.n_units;
    for (std::size_t j = 0; j < width; ++j)
        for (std::size_t i = first; i < first + lanes; ++i)
            down_.matrix[j * down_.n_units + i] = up_.matrix[i * width + j];
    up_.refresh(first, first + lanes, 0, width);
    down_.refresh(0, width, first, first + lanes);
}

// Δ⟨h⟩ of the batch.
template <class Real>
void Trainer<Real>::end_gibbs(std::size_t n_parts) {
    const V scale = V::fill(this->scale());
    for (std::size_t j = 0; j < up_.n_units; j += lanes) {
        alignas(64) Real start[lanes];
        start_sums(start, lanes, model_.hidden, j);
        V sum = V::load(start);
        for (std::size_t part = 0; part < n_parts; ++part)
            sum += V::load(&part_data_[part * up_.n_units + j]) - V::load(&part_model_[part * up_.n_units + j]);
        (sum * scale).store(&hidden_difference_[j]);
    }
}

// The hidden biases, λ, and the norm of the gradient.
template <class Real>
void Trainer<Real>::update(std::size_t n_parts) {
    const Step<Real> step = step_;
    const std::size_t n_blocks = block_norm_.size();
    const Real scale = this->scale();
    for (std::size_t j = 0; j < up_.n_units; j += lanes) {
        V mean = V::zero(), shift = V::zero(); // Σ μ ∇W and Σ μ ΔW, 0 if not centred
        for (std::size_t block = 0; block < n_blocks; ++block) {
            mean += V::load(&block_mean_[block * up_.n_units + j]);
            shift += V::load(&block_shift_[block * up_.n_units + j]);
        }
        const V difference = V::load(&hidden_difference_[j]);
        (difference - mean).store(&gradient_.hidden[j]);
        ascend(step, difference, up_.bias, optimizer_.velocity.hidden, optimizer_.squares.hidden, j);
        (V::load(&up_.bias[j]) - shift).store(&up_.bias[j]);
    }
    for (std::size_t j = 0; j < n_hidden_; ++j) {
        norm_ += static_cast<double>(gradient_.hidden[j]) * static_cast<double>(gradient_.hidden[j]);
        if (options_.centered && slide_ && scale > 0) {
            Real mean = 0;
            for (std::size_t part = 0; part < n_parts; ++part)
                mean += part_data_[part * up_.n_units + j];
            hidden_offset_[j] += static_cast<Real>(offset_rate) * (mean * scale - hidden_offset_[j]);
        }
    }
    for (const double norm : block_norm_)
        norm_ += norm;
}

template class Trainer<float>;
template class Trainer<double>;

} // namespace rgrbm
