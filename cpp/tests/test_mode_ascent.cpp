#include "rgrbm/likelihood/mode_ascent.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace rgrbm;

namespace {

// Σ_i softplus(c_i + Σ_j W_ij h_j) + b·h
double log_weight(std::size_t n, const std::vector<double>& weights, const std::vector<double>& visible,
                  const std::vector<double>& hidden, const std::vector<std::uint8_t>& h) {
    double sum = 0;
    for (std::size_t j = 0; j < h.size(); ++j)
        sum += hidden[j] * h[j];
    for (std::size_t i = 0; i < n; ++i) {
        double a = visible[i];
        for (std::size_t j = 0; j < h.size(); ++j)
            a += weights[i * h.size() + j] * h[j];
        sum += std::log1p(std::exp(a));
    }
    return sum;
}

} // namespace

TEST_CASE("Climbing ends where no change of one hidden unit leads higher, at sizes that fill no vector") {
    for (const std::size_t n : {std::size_t{1}, std::size_t{17}, std::size_t{40}}) {
        constexpr std::size_t m = 7;
        std::vector<double> weights(n * m), visible(n), hidden(m);
        for (std::size_t k = 0; k < weights.size(); ++k)
            weights[k] = 3 * std::sin(1.7 * static_cast<double>(k));
        for (std::size_t i = 0; i < n; ++i)
            visible[i] = std::cos(static_cast<double>(i));
        for (std::size_t j = 0; j < m; ++j)
            hidden[j] = std::sin(static_cast<double>(j));
        const ModeAscent ascent(false, n, m, weights.data(), visible.data(), hidden.data());
        for (unsigned start = 0; start < 128; start += 5) {
            std::vector<std::uint8_t> h(m);
            for (std::size_t j = 0; j < m; ++j)
                h[j] = static_cast<std::uint8_t>(start >> j & 1);
            const double before = log_weight(n, weights, visible, hidden, h);
            ascent.climb(1, h.data());
            const double after = log_weight(n, weights, visible, hidden, h);
            CHECK(after >= before - 1e-9);
            for (std::size_t j = 0; j < m; ++j) {
                std::vector<std::uint8_t> other = h;
                other[j] ^= 1;
                CHECK(log_weight(n, weights, visible, hidden, other) <= after + 1e-6);
            }
        }
    }
}
