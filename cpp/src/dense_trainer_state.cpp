// The layout of a Trainer's parameters, and the start of its runs, batches and epochs.
#include "rgrbm/dense_trainer.hpp"

#include "rgrbm/sigmoid.hpp"

#include <algorithm>

namespace rgrbm {

namespace {

template <class Real>
void copy_block(const Real* source, std::size_t source_stride, Real* target, std::size_t target_stride,
                std::size_t rows, std::size_t columns) {
    for (std::size_t i = 0; i < rows; ++i)
        std::copy_n(source + i * source_stride, columns, target + i * target_stride);
}

} // namespace

template <class Real>
Trainer<Real>::Trainer(std::size_t n_visible, std::size_t n_hidden, const Real* weights, const Real* visible_bias,
                       const Real* hidden_bias, const Key& key)
    : Base(n_visible, n_hidden, round_up(n_visible, lanes), key), up_(n_visible, n_hidden), down_(n_hidden, n_visible),
      block_mean_(up_.n_source / lanes * up_.n_units), block_shift_(block_mean_.size()),
      block_norm_(up_.n_source / lanes) {
    Base::resize(up_.matrix.size(), up_.n_source, up_.n_units);
    Trainer::pack_weights(weights, up_.matrix);
    for (std::size_t i = 0; i < n_visible; ++i)
        for (std::size_t j = 0; j < n_hidden; ++j)
            down_.matrix[j * down_.n_units + i] = weights[i * n_hidden + j];
    std::copy_n(visible_bias, n_visible, down_.bias.data());
    std::copy_n(hidden_bias, n_hidden, up_.bias.data());
}

template <class Real>
void Trainer<Real>::prepare(std::size_t batch_size) {
    double density = 0;
    for (const Real mean : visible_mean_)
        density += static_cast<double>(mean) / static_cast<double>(n_visible_);
    sparse_ = density < 0.25;
    up_.plan(batch_size, std::min(1.0, density));
    down_.plan(batch_size, 0.5);
    up_.refresh();
    down_.refresh();
    if (options_.method == NegativePhase::pt)
        tempering_.start(options_.n_temperatures, streams_.size(), visible_mean_, n_samples_, n_visible_, n_hidden_);
    if (options_.method != NegativePhase::exact)
        model_ = {};
    const std::size_t chunk = std::min(batch_size, chunk_size), parts = streams_.size();
    hidden_ = BitMatrix(chunk, n_hidden_);
    reconstruction_ = BitMatrix(chunk, n_visible_);
    data_units_.resize(up_.n_source * ((chunk + 63) / 64));
    model_units_.resize(data_units_.size());
    dense_.resize(real_data_ ? chunk * up_.n_source : 0);
    positive_.resize(chunk * up_.n_units);
    negative_.resize(chunk * up_.n_units);
    part_data_.resize(parts * up_.n_units);
    part_model_.resize(parts * up_.n_units);
    hidden_difference_.assign(up_.n_units, Real{0});
}

template <class Real>
void Trainer<Real>::start_offset() {
    std::vector<double> total(up_.n_units);
    for (std::size_t s = 0; s < n_samples_; ++s) {
        const auto sink = [&](std::size_t, std::size_t j, const V& x) {
            Values p(lanes);
            (logistic_of(exp_negative(x)) * V::fill(weight_[s])).store(p.data());
            for (std::size_t i = 0; i < lanes; ++i)
                total[j * lanes + i] += static_cast<double>(p[i]);
        };
        if (real_data_)
            up_.apply_dense(1, &real_[s * up_.n_source], positive_.data(), sink);
        else
            up_.apply(1, [&](std::size_t) { return data_.row(s); }, sink);
    }
    for (std::size_t j = 0; j < n_hidden_; ++j)
        hidden_offset_[j] = static_cast<Real>(total[j] / static_cast<double>(n_samples_));
}

// Enumerations share their states among threads of their own, which they get outside a team only.
template <class Real>
std::size_t Trainer<Real>::work_per_sample() const {
    if (options_.method == NegativePhase::exact)
        return 0;
    return up_.matrix.size() * (options_.method == NegativePhase::pt ? options_.n_temperatures : 1);
}

template <class Real>
void Trainer<Real>::start_batch() {
    if (options_.method == NegativePhase::exact)
        model_.enumerate(up_, down_, n_visible_, n_hidden_);
}

template <class Real>
void Trainer<Real>::end_epoch(TrainingReport& report, std::size_t epoch) {
    if (options_.method == NegativePhase::pt)
        report.exchange_rate[epoch] = tempering_.least_exchange_rate(n_samples_ * options_.k);
}

template <class Real>
void Trainer<Real>::pack_weights(const Real* from, Values& to) const {
    copy_block(from, n_hidden_, to.data(), up_.n_units, n_visible_, n_hidden_);
}

template <class Real>
void Trainer<Real>::unpack_weights(const Values& from, Real* to) const {
    copy_block(from.data(), up_.n_units, to, n_hidden_, n_visible_, n_hidden_);
}

template <class Real>
void Trainer<Real>::copy_parameters(const PlainArrays<Real>& to) const {
    Base::unpack({up_.matrix, down_.bias, up_.bias}, to);
}

template class Trainer<float>;
template class Trainer<double>;

} // namespace rgrbm
