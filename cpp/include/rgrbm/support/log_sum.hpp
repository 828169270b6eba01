// Sums of exponentials and of softplus(x) = ln(1 + e^x) without overflow.
#pragma once

#include "rgrbm/support/sigmoid.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace rgrbm {

// ln Σ e^x; −∞ for no terms.
inline double log_sum_exp(const double* x, std::size_t n) {
    if (n == 0)
        return -INFINITY;
    const double largest = *std::max_element(x, x + n);
    if (!std::isfinite(largest))
        return largest;
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i)
        sum += std::exp(x[i] - largest);
    return largest + std::log(sum);
}

// The same, 16 terms at a time: the address must be a multiple of 64 bytes and n one of 16, the largest term finite.
inline double log_sum_exp_vectors(const double* x, std::size_t n) {
    using V = Vector<double>;
    const double largest = *std::max_element(x, x + n);
    V sum = V::zero();
    for (std::size_t i = 0; i < n; i += V::n_lanes)
        sum += exp_negative(V::map([largest](auto value) { return largest - value; }, V::load(x + i)));
    return largest + std::log(sum.sum());
}

// e^(−|x|)
RGRBM_INLINE Vector<double> exp_minus_magnitude(const Vector<double>& x) {
    return exp_negative(Vector<double>::map([](auto value) { return value < 0 ? -value : value; }, x));
}

// Σ softplus(x) as Σ max(x, 0) + ln Π (1 + e^(−|x|)): one logarithm for many terms.
class SoftplusSum {
public:
    // e must be exp_minus_magnitude(x).
    RGRBM_INLINE void add(const Vector<double>& x, const Vector<double>& e) {
        positive_ += Vector<double>::map([](auto value) { return value > 0 ? value : value * 0; }, x);
        product_ = product_ * (e + Vector<double>::fill(1));
        if (++n_factors_ == most_factors)
            fold();
    }
    double total() {
        fold();
        return positive_.sum() + log_;
    }

private:
    static constexpr std::size_t most_factors = 60; // 16 lanes of up to 2^60 give 2^960

    void fold() {
        double product = 1;
        for (const auto& part : product_.part)
            for (std::size_t j = 0; j < Vector<double>::per_native; ++j)
                product *= part[j];
        log_ += std::log(product);
        product_ = Vector<double>::fill(1);
        n_factors_ = 0;
    }

    Vector<double> positive_ = Vector<double>::zero(), product_ = Vector<double>::fill(1);
    double log_ = 0;
    std::size_t n_factors_ = 0;
};

// The same, a sum of its own in every lane.
class SoftplusLanes {
public:
    RGRBM_INLINE void add(const Vector<double>& x, const Vector<double>& e) {
        positive_ += Vector<double>::map([](auto value) { return value > 0 ? value : value * 0; }, x);
        product_ = product_ * (e + Vector<double>::fill(1));
        if (++n_factors_ == most_factors)
            fold();
    }
    Vector<double> total() {
        fold();
        return positive_;
    }

private:
    static constexpr std::size_t most_factors = 1000; // of up to 2

    void fold() {
        for (std::size_t p = 0; p < Vector<double>::n_native; ++p)
            for (std::size_t j = 0; j < Vector<double>::per_native; ++j)
                positive_.part[p][j] += std::log(product_.part[p][j]);
        product_ = Vector<double>::fill(1);
        n_factors_ = 0;
    }

    Vector<double> positive_ = Vector<double>::zero(), product_ = Vector<double>::fill(1);
    std::size_t n_factors_ = 0;
};

} // namespace rgrbm
