#include "rgrbm/rbm/dense_trainer.hpp"

#include "rgrbm/support/sigmoid.hpp"

#include <algorithm>
#include <utility>

namespace rgrbm {

namespace {

// Blocks of 16 visible units whose sums are taken and used before the next ones', while they are in the cache.
constexpr std::size_t cached_blocks = 8;

template <class Real>
void copy_block(const Real* source, std::size_t source_stride, Real* target, std::size_t target_stride,
                std::size_t rows, std::size_t columns) {
    for (std::size_t i = 0; i < rows; ++i)
        std::copy_n(source + i * source_stride, columns, target + i * target_stride);
}

} // namespace

template <class Real>
DenseTrainer<Real>::DenseTrainer(std::size_t n_visible, std::size_t n_hidden, const Key& key)
    : Base(n_visible, n_hidden, round_up(n_visible, lanes), key), up_(n_visible, n_hidden), down_(n_hidden, n_visible),
      block_mean_(up_.n_source / lanes * up_.n_units), block_shift_(block_mean_.size()),
      block_norm_(up_.n_source / lanes) {}

// Working space.
template <class Real>
void DenseTrainer<Real>::prepare(std::size_t batch_size) {
    const std::size_t chunk = std::min(batch_size, chunk_size), parts = streams_.size();
    if (options_.gradient == NegativePhase::pt)
        tempering_.start(options_.n_temperatures, parts);
    if (options_.gradient != NegativePhase::exact)
        model_ = {};
    hidden_ = BitMatrix(chunk, n_hidden_);
    dense_.resize(real_data_ ? chunk * up_.n_source : 0);
    positive_.resize(chunk * up_.n_units);
    negative_.resize(chunk * up_.n_units);
    part_data_.resize(parts * up_.n_units);
    part_model_.resize(parts * up_.n_units);
    hidden_difference_.assign(up_.n_units, Real{0});
}

template <class Real>
void DenseTrainer<Real>::start_offset() {
    constexpr std::size_t at_once = group_size * part_size;
    std::vector<double> total(up_.n_units);
    Values rows(real_data_ ? at_once * up_.n_source : 0), scratch(real_data_ ? at_once * up_.n_units : 0);
    for (std::size_t first = 0; first < n_samples_; first += at_once) {
        const std::size_t n = std::min(at_once, n_samples_ - first);
        const auto sink = [&](std::size_t s, std::size_t j, const V& x) {
            alignas(64) Real p[lanes];
            (logistic_of(exp_negative(x)) * V::fill(weight_[first + s])).store(p);
            for (std::size_t i = 0; i < lanes; ++i)
                total[j * lanes + i] += static_cast<double>(p[i]);
        };
        if (real_data_) {
            for (std::size_t s = 0; s < n; ++s)
                load_row(first + s, &rows[s * up_.n_source]);
            up_.apply_dense(n, rows.data(), scratch.data(), sink);
        } else {
            up_.apply(n, [&](std::size_t s) { return std::as_const(data_).row(first + s); }, sink);
        }
    }
    for (std::size_t j = 0; j < n_hidden_; ++j)
        hidden_offset_[j] = static_cast<Real>(total[j] / static_cast<double>(n_samples_));
}

// Enumerations share their states among threads of their own, which they get outside a team only.
template <class Real>
std::size_t DenseTrainer<Real>::work_per_sample() const {
    if (options_.gradient == NegativePhase::exact)
        return 0;
    return up_.matrix.size() * (options_.gradient == NegativePhase::pt ? options_.n_temperatures : 1);
}

template <class Real>
void DenseTrainer<Real>::end_epoch(TrainingReport& report, std::size_t epoch) {
    if (options_.gradient == NegativePhase::pt)
        report.exchange_rate[epoch] = tempering_.least_exchange_rate(n_samples_ * options_.k);
}

template <class Real>
void DenseTrainer<Real>::pack_weights(const Real* from, Values& to) const {
    copy_block(from, n_hidden_, to.data(), up_.n_units, n_visible_, n_hidden_);
}

template <class Real>
void DenseTrainer<Real>::unpack_weights(const Values& from, Real* to) const {
    copy_block(from.data(), up_.n_units, to, n_hidden_, n_visible_, n_hidden_);
}

// Before the work on a part: its sums of a batch start at 0.
template <class Real>
void DenseTrainer<Real>::start_part(const Chunk& chunk, std::size_t part) {
    if (chunk.start == 0)
        for (Values* sums : {&part_data_, &part_model_})
            std::fill_n(&(*sums)[part * up_.n_units], up_.n_units, Real{0});
}

template <class Real>
void DenseTrainer<Real>::load_row(std::size_t sample, Real* row) const {
    const Real* const from = &real_[sample * up_.n_source];
    if (origin_.empty()) {
        std::copy_n(from, up_.n_source, row);
        return;
    }
    for (std::size_t i = 0; i < up_.n_source; i += lanes)
        (V::load(from + i) - V::load(&origin_[i])).store(row + i);
}

template <class Real>
void DenseTrainer<Real>::positive_phase(const Chunk& chunk, const Group& group) {
    const std::size_t first = group.first, n = group.n;
    const bool states = options_.gradient == NegativePhase::paper;
    const auto sink = [&](std::size_t s, std::size_t j, const V& x) {
        const std::size_t part = group.part(s);
        const V e = exp_negative(x);
        const std::uint16_t h = draw(streams_[part], e);
        hidden_.row(first + s)[j] = h;
        V p = states ? expand<Real>(h) : logistic_of(e);
        if (weighted_)
            p = p * V::fill(weight_[order_[chunk.begin + first + s]]);
        p.store(&positive_[(first + s) * up_.n_units + j * lanes]);
        Real* const sum = &part_data_[part * up_.n_units + j * lanes];
        (V::load(sum) + p).store(sum);
    };
    if (real_data_) {
        for (std::size_t s = 0; s < n; ++s)
            load_row(order_[chunk.begin + first + s], &dense_[(first + s) * up_.n_source]);
        up_.apply_dense(n, &dense_[first * up_.n_source], &positive_[first * up_.n_units], sink);
    } else {
        up_.apply(n, [&](std::size_t s) { return std::as_const(data_).row(order_[chunk.begin + first + s]); }, sink);
    }
}

// Δ⟨h⟩ of the batch.
template <class Real>
void DenseTrainer<Real>::end_gibbs(std::size_t n_parts) {
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

// The blocks of visible units of one of the threads; after the last chunk they move on to their new parameters.
template <class Real>
void DenseTrainer<Real>::statistics(const Chunk& chunk, std::size_t share, std::size_t n_shares) {
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

// Sums start at minus the model's side where it is known, else at 0.
template <class Real>
void DenseTrainer<Real>::start_sums(Real* sums, std::size_t n, const Values& model, std::size_t at) const {
    for (std::size_t i = 0; i < n; ++i)
        sums[i] = model.empty() ? Real{0} : -batch_weight_ * model[at + i];
}

// The hidden biases, λ, and the norm of the gradient.
template <class Real>
void DenseTrainer<Real>::update(std::size_t n_parts) {
    const Step<Real> step = step_;
    const std::size_t n_blocks = block_norm_.size();
    const Real scale = this->scale();
    Values& bias = hidden_bias();
    for (std::size_t j = 0; j < up_.n_units; j += lanes) {
        V mean = V::zero(), shift = V::zero(); // Σ μ ∇W and Σ μ ΔW (of the couplings), 0 if not centred
        for (std::size_t block = 0; block < n_blocks; ++block) {
            mean += V::load(&block_mean_[block * up_.n_units + j]);
            shift += V::load(&block_shift_[block * up_.n_units + j]);
        }
        const V difference = V::load(&hidden_difference_[j]);
        (difference - mean).store(&gradient_.hidden[j]);
        ascend(step, difference, bias, optimizer_.velocity.hidden, optimizer_.squares.hidden, j);
        (V::load(&bias[j]) - shift).store(&bias[j]);
    }
    for (std::size_t j = 0; j < n_hidden_; ++j) {
        norm_ += static_cast<double>(gradient_.hidden[j]) * static_cast<double>(gradient_.hidden[j]);
        if (options_.centered && options_.slide && scale > 0) {
            Real mean = 0;
            for (std::size_t part = 0; part < n_parts; ++part)
                mean += part_data_[part * up_.n_units + j];
            hidden_offset_[j] += static_cast<Real>(offset_rate) * (mean * scale - hidden_offset_[j]);
        }
    }
    for (const double norm : block_norm_)
        norm_ += norm;
}

template class DenseTrainer<float>;
template class DenseTrainer<double>;

} // namespace rgrbm
