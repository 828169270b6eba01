#include "rgrbm/rbm/gaussian_trainer.hpp"

#include "rgrbm/support/interrupt.hpp"
#include "rgrbm/support/normal.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace rgrbm {

namespace {

template <class Real>
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Index index(std::size_t i) {
    return static_cast<Eigen::Index>(i);
}

} // namespace

template <class Real>
GaussianTrainer<Real>::GaussianTrainer(std::size_t n_visible, std::size_t n_hidden, const Real* weights,
                                       const Real* visible_bias, const Real* hidden_bias,
                                       const VarianceOptions<Real>& variance, const Key& key)
    : Base(n_visible, n_hidden, key), weights_(up_.matrix.size()), visible_bias_(up_.n_source),
      hidden_bias_(up_.n_units, Layer<Real>::never), log_variance_(up_.n_source),
      log_floor_(up_.n_source, Layer<Real>::never), learned_(variance.learned), deviation_(up_.n_source),
      precision_(up_.n_source), field_(up_.n_source), block_bias_(block_mean_.size()), never_(up_.n_units) {
    Base::resize(up_.matrix.size(), up_.n_source, up_.n_units, up_.n_source);
    Base::pack_weights(weights, weights_);
    std::copy_n(visible_bias, n_visible, visible_bias_.data());
    std::copy_n(hidden_bias, n_hidden, hidden_bias_.data());
    std::copy_n(variance.log_variance, n_visible, log_variance_.data());
    std::copy_n(variance.log_floor, n_visible, log_floor_.data());
    std::fill(never_.begin() + static_cast<std::ptrdiff_t>(n_hidden), never_.end(), Layer<Real>::never);
}

template <class Real>
void GaussianTrainer<Real>::prepare(std::size_t batch_size) {
    origin_ = visible_mean_;
    for (std::size_t block = 0; block < block_norm_.size(); ++block)
        refresh_block(block);
    refresh_hidden_bias();
    Base::prepare(batch_size);
    down_.plan(batch_size, 0.5);
    down_.refresh();
    reconstruction_.resize(std::min(batch_size, chunk_size) * up_.n_source);
}

// Hidden states of data spread evenly over the set.
template <class Real>
void GaussianTrainer<Real>::start_chains(std::size_t n) {
    chains_ = BitMatrix(n, n_hidden_);
    Stream stream(key_, options_.first_epoch, 0, 2);
    Values row(up_.n_source), scratch(up_.n_units);
    for (std::size_t c = 0; c < n; ++c) {
        Base::load_row(c * n_samples_ / n, row.data());
        up_.apply_dense(1, row.data(), scratch.data(), [&](std::size_t, std::size_t j, const V& x) {
            chains_.row(c)[j] = draw(stream, exp_negative(x));
        });
    }
}

template <class Real>
void GaussianTrainer<Real>::start_batch() {
    if (options_.gradient == NegativePhase::exact)
        model_.enumerate_gaussian({weights_.data(), up_.n_units, visible_bias_.data(), visible_mean_.data(),
                                   up_.bias.data(), log_variance_.data(), n_visible_, n_hidden_});
}

template <class Real>
void GaussianTrainer<Real>::copy_parameters(const PlainArrays<Real>& to) const {
    Base::unpack({weights_, visible_bias_, hidden_bias_, log_variance_}, to);
}

template <class Real>
void GaussianTrainer<Real>::gibbs_part(const Chunk& chunk, std::size_t part) {
    const std::size_t first = piece(part, chunk.n, chunk.n_parts), last = piece(part + 1, chunk.n, chunk.n_parts);
    Base::start_part(chunk, part);
    if (first == last)
        return;
    Base::positive_phase(chunk, Group(chunk, part, part + 1));
    Stream stream = streams_[part];
    part_error_[part] += reconstruct(first, last - first, stream);
    negative_phase(chunk, part, first, last - first, stream);
    streams_[part] = stream;
}

// Draws u − μ given the hidden states drawn from the data. Returns Σ (u − c − W h)² of the data, without that noise.
template <class Real>
double GaussianTrainer<Real>::reconstruct(std::size_t first, std::size_t n, Stream& stream) {
    const bool noise = !persistent(); // "cd" goes on from here
    Normals<Real> normals(stream);
    V sum = V::zero();
    down_.apply(
        n, [&](std::size_t s) { return std::as_const(hidden_).row(first + s); },
        [&](std::size_t s, std::size_t i, const V& x) {
            const std::size_t at = (first + s) * up_.n_source + i * lanes;
            const V miss = V::load(&dense_[at]) - x;
            sum += miss * miss;
            if (noise)
                (x + normals.next() * V::load(&deviation_[i * lanes])).store(&reconstruction_[at]);
        });
    return static_cast<double>(sum.sum());
}

// u − μ given hidden states, for rows [first, first + n) of the chunk.
template <class Real>
template <class Rows>
void GaussianTrainer<Real>::draw_visible(std::size_t first, std::size_t n, Rows&& rows, Stream& stream) {
    Normals<Real> normals(stream);
    down_.apply(n, rows, [&](std::size_t s, std::size_t i, const V& x) {
        (x + normals.next() * V::load(&deviation_[i * lanes]))
            .store(&reconstruction_[(first + s) * up_.n_source + i * lanes]);
    });
}

// Calls sink(s, j, x) with the hidden units' inputs from the same rows.
template <class Real>
template <class Sink>
void GaussianTrainer<Real>::activate_hidden(std::size_t first, std::size_t n, Sink&& sink) {
    up_.apply_dense(n, &reconstruction_[first * up_.n_source], &negative_[first * up_.n_units], sink);
}

// Gibbs steps of the model, to a visible state and p(h|u); a persistent chain goes on to a draw of it.
template <class Real>
void GaussianTrainer<Real>::negative_phase(const Chunk& chunk, std::size_t part, std::size_t first, std::size_t n,
                                           Stream& stream) {
    if (options_.gradient == NegativePhase::exact) { // the model's side does not come from samples
        std::fill_n(&reconstruction_[first * up_.n_source], n * up_.n_source, Real{0});
        std::fill_n(&negative_[first * up_.n_units], n * up_.n_units, Real{0});
        return;
    }
    const bool chains = persistent();
    const std::size_t start = chunk.start + first;
    BitMatrix& states = chains ? chains_ : hidden_;
    const std::size_t row = chains ? start : first;
    std::size_t n_steps = options_.k;
    if (options_.gradient == NegativePhase::pt) {
        temper(part, start, first, n, stream);
        n_steps = 1;
    }
    for (std::size_t step = 1; step <= n_steps && !interrupt_requested(); ++step) {
        if (chains || step > 1)
            draw_visible(first, n, [&](std::size_t s) { return std::as_const(states).row(row + s); }, stream);
        const bool last = step == n_steps;
        activate_hidden(first, n, [&](std::size_t s, std::size_t j, const V& x) {
            const V e = exp_negative(x);
            if (chains || !last)
                states.row(row + s)[j] = draw(stream, e);
            if (last)
                Base::keep_negative(chunk, part, first + s, j, logistic_of(e));
        });
    }
}

// k steps h → u → h of all replicas. The energy is that of the pair (u, h): exchanging it moves u as well, which the
// next step draws anew.
template <class Real>
void GaussianTrainer<Real>::temper(std::size_t part, std::size_t chain, std::size_t first, std::size_t n,
                                   Stream& stream) {
    n = std::min(n, part_size); // as it is: says so to who reads this function alone
    tempering_.steps(options_.k, {part, chain, n, chains_, stream}, [&](Real at, std::size_t row, Real* energies) {
        const V beta = V::fill(at);
        V sums[part_size];
        std::fill_n(sums, n, V::zero());
        Normals<Real> normals(stream);
        down_.apply(
            n, [&](std::size_t s) { return std::as_const(chains_).row(row + s); },
            [&](std::size_t s, std::size_t i, const V& x) {
                const V u = beta * x + normals.next() * V::load(&deviation_[i * lanes]);
                sums[s] += u * V::load(&field_[i * lanes]);
                u.store(&reconstruction_[(first + s) * up_.n_source + i * lanes]);
            });
        activate_hidden(first, n, [&](std::size_t s, std::size_t j, const V& x) {
            const std::uint16_t h = draw(stream, exp_negative(beta * x + V::load(&never_[j * lanes])));
            chains_.row(row + s)[j] = h;
            sums[s] += expand<Real>(h) * x;
        });
        for (std::size_t s = 0; s < n; ++s)
            energies[s] = sums[s].sum();
    });
}

template <class Real>
void GaussianTrainer<Real>::add_statistics(const Chunk& chunk, std::size_t first_block, std::size_t last_block) {
    using Stride = Eigen::OuterStride<>;
    const std::size_t width = up_.n_units, stride = up_.n_source;
    const Eigen::Map<const Matrix<Real>> p(positive_.data(), index(chunk.n), index(width)),
        q(negative_.data(), index(chunk.n), index(width));
    for (std::size_t block = first_block; block < last_block; ++block) { // one by one: same bits for any threads
        const std::size_t i = block * lanes;
        if (chunk.start == 0) {
            Base::start_sums(&gradient_.weights[i * width], lanes * width, model_.products, i * width);
            Base::start_sums(&gradient_.visible[i], lanes, model_.visible, i);
            Base::start_sums(&gradient_.log_variance[i], lanes, model_.squares, i);
        }
        const Eigen::Map<const Matrix<Real>, 0, Stride> x(&dense_[i], index(chunk.n), index(lanes),
                                                          Stride(index(stride))),
            u(&reconstruction_[i], index(chunk.n), index(lanes), Stride(index(stride)));
        Eigen::Map<Matrix<Real>> sums(&gradient_.weights[i * width], index(lanes), index(width));
        sums.noalias() += x.transpose() * p;
        if (options_.gradient != NegativePhase::exact)
            sums.noalias() -= u.transpose() * q;
        visible_statistics(chunk, block);
    }
}

// Adds u − u' and (u² − u'²) / 2 of 16 visible units to the sums.
template <class Real>
void GaussianTrainer<Real>::visible_statistics(const Chunk& chunk, std::size_t block) {
    Real *const first = &gradient_.visible[block * lanes], *const second = &gradient_.log_variance[block * lanes];
    V total = V::load(first), squares = V::zero();
    for (std::size_t s = 0; s < chunk.n; ++s) {
        const std::size_t at = s * up_.n_source + block * lanes;
        const V data = V::load(&dense_[at]), model = V::load(&reconstruction_[at]);
        if (!weighted_) {
            total += data - model;
            squares += data * data - model * model;
            continue;
        }
        const Real weight = weight_[order_[chunk.begin + s]];
        const V data_weight = V::fill(weight), model_weight = V::fill(persistent() ? model_weight_ : weight);
        total += data_weight * data - model_weight * model;
        squares += data_weight * (data * data) - model_weight * (model * model);
    }
    total.store(first);
    (V::load(second) + V::fill(Real{0.5f}) * squares).store(second);
}

// What the gradient and the step of one visible unit have in common.
template <class Real>
struct GaussianTrainer<Real>::Row {
    std::size_t unit, block;
    Real mean, deviation, precision, scale; // of the data; σ and 1/σ²; from sums to means
    Real visible, log_variance;             // Δ⟨u⟩, and ∂z
    Real moved;                             // Σ_j λ_j ΔW_ij
};

template <class Real>
void GaussianTrainer<Real>::update_block(const Step<Real>& step, std::size_t block) {
    const std::size_t width = up_.n_units, first = block * lanes;
    std::fill_n(&block_mean_[block * width], width, Real{0});
    block_norm_[block] = 0;
    alignas(64) Real visible[lanes], shift[lanes], deviation[lanes];
    for (std::size_t i = first; i < first + lanes; ++i) {
        Row row{
            i, block, visible_mean_[i], std::exp(log_variance_[i] / 2), std::exp(-log_variance_[i]), this->scale(), 0,
            0, 0};
        row.visible = gradient_.visible[i] * row.scale;
        find_gradient(row);
        move_row(step, row);
        deviation[i - first] = row.deviation;
        visible[i - first] = row.visible / row.deviation;
        shift[i - first] = row.moved;
    }
    ascend(step, V::load(visible), visible_bias_, optimizer_.velocity.visible, optimizer_.squares.visible, first,
           V::load(deviation));
    (V::load(&visible_bias_[first]) - V::load(shift)).store(&visible_bias_[first]);
    if (learned_)
        move_variances(step, first);
    // What centring takes from b: the change of Σ_i μ_i W_ij / σ_i².
    Real *const shifts = &block_shift_[block * width], *const sums = &block_bias_[block * width];
    std::copy_n(sums, width, shifts);
    refresh_block(block);
    for (std::size_t j = 0; j < width; ++j)
        shifts[j] = options_.centered ? sums[j] - shifts[j] : Real{0};
    down_.refresh(0, width, first, first + lanes);
}

// From sums to the gradient of one visible unit's parameters.
template <class Real>
void GaussianTrainer<Real>::find_gradient(Row& row) {
    const bool centered = options_.centered;
    const std::size_t width = up_.n_units, i = row.unit;
    const Real shifted_bias = visible_bias_[i] - visible_mean_[i];
    V energy = V::zero(), dot = V::zero(), norm = V::zero();
    for (std::size_t j = 0; j < width; j += lanes) {
        const std::size_t at = i * width + j;
        const V difference = V::load(&hidden_difference_[j]);
        V product = V::load(&gradient_.weights[at]) * V::fill(row.scale); // Δ⟨(u − μ) h⟩
        if (!centered)
            product += V::fill(row.mean) * difference;
        energy += V::load(&weights_[at]) * product;
        if (centered)
            product -= V::fill(row.visible) * V::load(&hidden_offset_[j]);
        const V g = product * V::fill(row.precision);
        g.store(&gradient_.weights[at]);
        norm += g * g;
        if (centered)
            dot += g * V::load(&hidden_offset_[j]);
    }
    const Real squares = gradient_.log_variance[i] * row.scale;
    row.log_variance = learned_ ? (squares - shifted_bias * row.visible - energy.sum()) * row.precision : Real{0};
    gradient_.log_variance[i] = row.log_variance;
    gradient_.visible[i] = row.visible * row.precision - dot.sum();
    if (centered) // of b, which makes up for what moves Σ_i μ_i W_ij / σ_i²
        for (std::size_t j = 0; j < width; j += lanes) {
            Real* const mean = &block_mean_[row.block * width + j];
            const V change = V::load(&gradient_.weights[i * width + j]) -
                             V::load(&weights_[i * width + j]) * V::fill(row.log_variance);
            (V::load(mean) + change * V::fill(row.mean * row.precision)).store(mean);
        }
    const auto square = [](Real g) { return static_cast<double>(g) * static_cast<double>(g); };
    block_norm_[row.block] +=
        static_cast<double>(norm.sum()) + square(gradient_.visible[i]) + square(gradient_.log_variance[i]);
}

template <class Real>
void GaussianTrainer<Real>::move_row(const Step<Real>& step, Row& row) {
    const std::size_t width = up_.n_units, i = row.unit;
    const V deviation = V::fill(row.deviation);
    Step<Real> scaled = step; // penalties as W/σ sees them
    scaled.l1 *= row.deviation;
    scaled.l2 *= row.deviation;
    V moved = V::zero();
    for (std::size_t j = 0; j < width; j += lanes) {
        const std::size_t at = i * width + j;
        const V g = V::load(&gradient_.weights[at]) * deviation;
        const V change = ascend_penalised(scaled, g, weights_, optimizer_, at, deviation);
        if (options_.centered)
            moved += change * V::load(&hidden_offset_[j]);
    }
    for (std::size_t j = n_hidden_; j < width; ++j)
        weights_[i * width + j] = 0;
    row.moved = moved.sum();
}

template <class Real>
void GaussianTrainer<Real>::move_variances(const Step<Real>& step, std::size_t first) {
    constexpr Real farthest = static_cast<Real>(0.69314718055994530942);
    alignas(64) Real before[lanes];
    V::load(&log_variance_[first]).store(before);
    ascend(step, V::load(&gradient_.log_variance[first]), log_variance_, optimizer_.velocity.log_variance,
           optimizer_.squares.log_variance, first);
    for (std::size_t i = 0; i < lanes; ++i) {
        Real& z = log_variance_[first + i];
        z = std::max(std::clamp(z, before[i] - farthest, before[i] + farthest), log_floor_[first + i]);
    }
    for (std::size_t i = std::max(first, n_visible_); i < first + lanes; ++i)
        log_variance_[i] = 0;
}

// What follows from the parameters of 16 visible units, for products in both directions.
template <class Real>
void GaussianTrainer<Real>::refresh_block(std::size_t block) {
    const std::size_t width = up_.n_units, first = block * lanes;
    std::fill_n(&block_bias_[block * width], width, Real{0});
    for (std::size_t i = first; i < first + lanes; ++i) {
        const bool is_unit = i < n_visible_;
        precision_[i] = is_unit ? std::exp(-log_variance_[i]) : Real{0};
        deviation_[i] = is_unit ? std::exp(log_variance_[i] / 2) : Real{0};
        down_.bias[i] = visible_bias_[i] - visible_mean_[i];
        field_[i] = down_.bias[i] * precision_[i];
        const V precision = V::fill(precision_[i]), mean = V::fill(visible_mean_[i]);
        for (std::size_t j = 0; j < width; j += lanes) {
            const V coupling = V::load(&weights_[i * width + j]) * precision;
            coupling.store(&up_.matrix[i * width + j]);
            Real* const sum = &block_bias_[block * width + j];
            (V::load(sum) + mean * coupling).store(sum);
        }
    }
    for (std::size_t j = 0; j < width; ++j)
        for (std::size_t i = first; i < first + lanes; ++i)
            down_.matrix[j * down_.n_units + i] = weights_[i * width + j];
}

template <class Real>
void GaussianTrainer<Real>::refresh_hidden_bias() {
    for (std::size_t j = 0; j < up_.n_units; j += lanes) {
        V sum = V::load(&hidden_bias_[j]);
        for (std::size_t block = 0; block < block_norm_.size(); ++block)
            sum += V::load(&block_bias_[block * up_.n_units + j]);
        sum.store(&up_.bias[j]);
    }
}

template <class Real>
void GaussianTrainer<Real>::update(std::size_t n_parts) {
    Base::update(n_parts);
    refresh_hidden_bias();
}

template class GaussianTrainer<float>;
template class GaussianTrainer<double>;

} // namespace rgrbm
