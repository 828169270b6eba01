// The samples that a training goes through: packed bits, or real values, with weights and an order of each epoch.
#pragma once

#include "rgrbm/rbm/bit_matrix.hpp"
#include "rgrbm/support/aligned.hpp"
#include "rgrbm/support/random.hpp"

#include <cstdint>
#include <vector>

namespace rgrbm {

template <class Real>
class TrainingSet {
public:
    // Rows of values are padded with zeros to `stride` units.
    TrainingSet(std::size_t n_visible, std::size_t stride, const Key& key)
        : n_visible_(n_visible), stride_(stride), key_(key) {}

    // Sample weights are scaled to mean 1; null means equal weights.
    void set_data(const std::uint8_t* x, std::size_t n, const double* sample_weight);
    // Units in [0, 1], taken as the probability of 1; or of any value where visible units are Gaussian.
    void set_real_data(const Real* x, std::size_t n, const double* sample_weight);

    std::size_t n_visible() const { return n_visible_; }
    std::size_t n_samples() const { return n_samples_; }

protected:
    // The order of an epoch: that of the samples, or a random one.
    void shuffle(std::uint64_t epoch, bool random);

    std::size_t n_visible_, stride_, n_samples_ = 0;
    Key key_;
    bool real_data_ = false, weighted_ = false;
    BitMatrix data_;
    AlignedVector<Real> real_, weight_, visible_mean_;
    std::vector<std::uint32_t> order_;

private:
    void set_weights(std::size_t n, const double* sample_weight);
};

extern template class TrainingSet<float>;
extern template class TrainingSet<double>;

} // namespace rgrbm
