// What a Trainer holds between runs: parameters, data, velocity, centring offsets, chains; and its working space.
#include "rgrbm/contrastive_divergence.hpp"

#include "rgrbm/sigmoid.hpp"

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
    : Set(n_visible, round_up(n_visible, lanes), key), n_hidden_(n_hidden), up_(n_visible, n_hidden),
      down_(n_hidden, n_visible), optimizer_(up_.matrix.size(), up_.n_source, up_.n_units),
      gradient_(up_.matrix.size()), visible_gradient_(up_.n_source), hidden_gradient_(up_.n_units),
      block_mean_(up_.n_source / lanes * up_.n_units), block_shift_(block_mean_.size()),
      block_norm_(up_.n_source / lanes) {
    copy_block(weights, n_hidden, up_.matrix.data(), up_.n_units, n_visible, n_hidden);
    for (std::size_t i = 0; i < n_visible; ++i)
        for (std::size_t j = 0; j < n_hidden; ++j)
            down_.matrix[j * down_.n_units + i] = weights[i * n_hidden + j];
    std::copy_n(visible_bias, n_visible, down_.bias.data());
    std::copy_n(hidden_bias, n_hidden, up_.bias.data());
}

template <class Real>
void Trainer<Real>::prepare(const TrainingOptions& options) {
    const std::size_t batch = std::min(options.batch_size, n_samples_);
    double density = 0;
    for (const Real mean : visible_mean_)
        density += static_cast<double>(mean) / static_cast<double>(n_visible_);
    sparse_ = density < 0.25;
    up_.plan(batch, std::min(1.0, density));
    down_.plan(batch, 0.5);
    up_.refresh();
    down_.refresh();
    allocate(batch);
    optimizer_.prepare(options);
    if (options.centered && hidden_offset_.empty())
        start_offset();
    const std::size_t n_chains = options.method == NegativePhase::pt ? batch * options.n_temperatures : batch;
    if (persistent(options) && chains_.n_rows() != n_chains)
        start_chains(n_chains);
    if (options.method == NegativePhase::pt)
        start_temperatures(options.n_temperatures);
    if (options.method != NegativePhase::exact)
        for (Values* mean : {&model_products_, &model_visible_, &model_hidden_})
            mean->clear();
}

template <class Real>
void Trainer<Real>::allocate(std::size_t batch_size) {
    const std::size_t chunk = std::min(batch_size, chunk_size), parts = n_pieces(chunk, part_size);
    streams_.assign(parts, Stream(key_, 0));
    hidden_ = BitMatrix(chunk, n_hidden_);
    reconstruction_ = BitMatrix(chunk, n_visible_);
    data_units_.resize(up_.n_source * ((chunk + 63) / 64));
    model_units_.resize(data_units_.size());
    dense_.resize(real_data_ ? chunk * up_.n_source : 0);
    positive_.resize(chunk * up_.n_units);
    negative_.resize(chunk * up_.n_units);
    part_data_.resize(parts * up_.n_units);
    part_model_.resize(parts * up_.n_units);
    part_error_.assign(parts, 0.0);
    hidden_difference_.assign(up_.n_units, Real{0});
    norm_ = 0;
}

// λ starts at the mean of p(h|v) over the data.
template <class Real>
void Trainer<Real>::start_offset() {
    hidden_offset_.assign(up_.n_units, Real{0});
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

// The chains start at data spread evenly over the set.
template <class Real>
void Trainer<Real>::start_chains(std::size_t n) {
    chains_ = BitMatrix(n, n_visible_);
    std::vector<std::uint8_t> bytes(n_visible_);
    for (std::size_t c = 0; c < n; ++c) {
        const std::size_t s = c * n_samples_ / n;
        if (!real_data_) {
            chains_.copy_row(c, data_.row(s));
            continue;
        }
        for (std::size_t i = 0; i < n_visible_; ++i)
            bytes[i] = real_[s * up_.n_source + i] > Real{0.5};
        chains_.pack(c, bytes.data());
    }
}

template <class Real>
void Trainer<Real>::gradient(std::uint64_t index, std::size_t k, NegativePhase method, bool centered,
                             const Real* visible_mean, const Real* hidden_mean) {
    const double zero = 0;
    std::copy_n(visible_mean, n_visible_, visible_mean_.data());
    hidden_offset_.assign(up_.n_units, Real{0});
    std::copy_n(hidden_mean, n_hidden_, hidden_offset_.data());
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
void Trainer<Real>::copy_parameters(Real* weights, Real* visible_bias, Real* hidden_bias) const {
    copy_block(up_.matrix.data(), up_.n_units, weights, n_hidden_, n_visible_, n_hidden_);
    std::copy_n(down_.bias.data(), n_visible_, visible_bias);
    std::copy_n(up_.bias.data(), n_hidden_, hidden_bias);
}

template <class Real>
void Trainer<Real>::copy_velocity(Real* weights, Real* visible_bias, Real* hidden_bias) const {
    copy_block(optimizer_.weights.velocity.data(), up_.n_units, weights, n_hidden_, n_visible_, n_hidden_);
    std::copy_n(optimizer_.visible.velocity.data(), n_visible_, visible_bias);
    std::copy_n(optimizer_.hidden.velocity.data(), n_hidden_, hidden_bias);
}

template <class Real>
void Trainer<Real>::set_velocity(const Real* weights, const Real* visible_bias, const Real* hidden_bias) {
    copy_block(weights, n_hidden_, optimizer_.weights.velocity.data(), up_.n_units, n_visible_, n_hidden_);
    std::copy_n(visible_bias, n_visible_, optimizer_.visible.velocity.data());
    std::copy_n(hidden_bias, n_hidden_, optimizer_.hidden.velocity.data());
}

template <class Real>
void Trainer<Real>::copy_squares(Real* weights, Real* visible_bias, Real* hidden_bias) const {
    copy_block(optimizer_.weights.square.data(), up_.n_units, weights, n_hidden_, n_visible_, n_hidden_);
    std::copy_n(optimizer_.visible.square.data(), n_visible_, visible_bias);
    std::copy_n(optimizer_.hidden.square.data(), n_hidden_, hidden_bias);
}

template <class Real>
void Trainer<Real>::set_squares(const Real* weights, const Real* visible_bias, const Real* hidden_bias,
                                std::uint64_t n_updates) {
    optimizer_.start_squares();
    copy_block(weights, n_hidden_, optimizer_.weights.square.data(), up_.n_units, n_visible_, n_hidden_);
    std::copy_n(visible_bias, n_visible_, optimizer_.visible.square.data());
    std::copy_n(hidden_bias, n_hidden_, optimizer_.hidden.square.data());
    optimizer_.n_updates = n_updates;
}

template <class Real>
void Trainer<Real>::copy_gradient(Real* weights, Real* visible_bias, Real* hidden_bias) const {
    copy_block(gradient_.data(), up_.n_units, weights, n_hidden_, n_visible_, n_hidden_);
    std::copy_n(visible_gradient_.data(), n_visible_, visible_bias);
    std::copy_n(hidden_gradient_.data(), n_hidden_, hidden_bias);
}

template <class Real>
std::vector<Real> Trainer<Real>::hidden_offset() const {
    if (hidden_offset_.empty())
        return {};
    return {hidden_offset_.begin(), hidden_offset_.begin() + static_cast<std::ptrdiff_t>(n_hidden_)};
}

template <class Real>
void Trainer<Real>::set_hidden_offset(const std::vector<Real>& offset) {
    hidden_offset_.clear();
    if (offset.empty())
        return;
    hidden_offset_.assign(up_.n_units, Real{0});
    std::copy(offset.begin(), offset.end(), hidden_offset_.begin());
}

template class Trainer<float>;
template class Trainer<double>;

} // namespace rgrbm
