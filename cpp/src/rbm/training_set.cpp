#include "rgrbm/rbm/training_set.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace rgrbm {

template <class Real>
void TrainingSet<Real>::set_weights(std::size_t n, const double* sample_weight) {
    n_samples_ = n;
    order_.resize(n);
    weighted_ = sample_weight != nullptr;
    weight_.assign(n, Real{1});
    if (sample_weight == nullptr)
        return;
    const double mean = std::accumulate(sample_weight, sample_weight + n, 0.0) / static_cast<double>(n);
    for (std::size_t s = 0; s < n; ++s)
        weight_[s] = static_cast<Real>(sample_weight[s] / mean);
}

template <class Real>
void TrainingSet<Real>::set_data(const std::uint8_t* x, std::size_t n, const double* sample_weight) {
    set_weights(n, sample_weight);
    real_data_ = false;
    real_.clear();
    data_ = BitMatrix(n, n_visible_);
    std::vector<double> mean(n_visible_);
    for (std::size_t s = 0; s < n; ++s) {
        data_.pack(s, x + s * n_visible_);
        for (std::size_t i = 0; i < n_visible_; ++i)
            if (x[s * n_visible_ + i])
                mean[i] += static_cast<double>(weight_[s]);
    }
    visible_mean_.assign(stride_, Real{0});
    for (std::size_t i = 0; i < n_visible_; ++i)
        visible_mean_[i] = static_cast<Real>(mean[i] / static_cast<double>(n));
}

template <class Real>
void TrainingSet<Real>::set_real_data(const Real* x, std::size_t n, const double* sample_weight) {
    set_weights(n, sample_weight);
    real_data_ = true;
    data_ = BitMatrix();
    real_.assign(n * stride_, Real{0});
    std::vector<double> mean(n_visible_);
    for (std::size_t s = 0; s < n; ++s) {
        std::copy_n(x + s * n_visible_, n_visible_, &real_[s * stride_]);
        for (std::size_t i = 0; i < n_visible_; ++i)
            mean[i] += static_cast<double>(weight_[s]) * static_cast<double>(x[s * n_visible_ + i]);
    }
    visible_mean_.assign(stride_, Real{0});
    for (std::size_t i = 0; i < n_visible_; ++i)
        visible_mean_[i] = static_cast<Real>(mean[i] / static_cast<double>(n));
}

// Fisher–Yates with Lemire's multiplication; its bias is below n / 2^64.
template <class Real>
void TrainingSet<Real>::shuffle(std::uint64_t epoch, bool random) {
    std::iota(order_.begin(), order_.end(), 0u);
    if (!random)
        return;
    Stream stream(key_, epoch, 0, 1);
    Word bits = Word::zero();
    for (std::size_t i = n_samples_, used = Word::n_lanes; i > 1; --i, ++used) {
        if (used == Word::n_lanes) {
            bits = stream.next();
            used = 0;
        }
        using Product = unsigned __int128;
        std::swap(order_[i - 1], order_[static_cast<std::size_t>((Product{bits.lane(used)} * i) >> 64)]);
    }
}

template class TrainingSet<float>;
template class TrainingSet<double>;

} // namespace rgrbm
