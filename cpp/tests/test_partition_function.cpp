#include "rgrbm/likelihood/annealing.hpp"
#include "rgrbm/likelihood/partition_function.hpp"
#include "rgrbm/spins/spin_enumeration.hpp"
#include "rgrbm/support/log_sum.hpp"
#include "rgrbm/support/threads.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

using namespace rgrbm;

namespace {

// Uniform numbers in (−scale, scale).
std::vector<double> numbers(std::size_t n, double scale, std::uint64_t name) {
    Stream stream({3, 4}, name);
    std::vector<double> out(n);
    for (double& x : out)
        x = scale * (2 * std::ldexp(static_cast<double>(stream.next().lane(0) >> 11), -53) - 1);
    return out;
}

struct Model {
    Model(std::size_t n, std::size_t m, double scale)
        : n(n), m(m), matrix(numbers(n * m, scale, 0)), own(numbers(n, scale, 1)), other(numbers(m, scale, 2)) {}
    std::size_t n, m;
    std::vector<double> matrix, own, other;

    LayerEnumeration enumeration() const { return {n, m, matrix.data(), own.data(), other.data()}; }
    double log_weight(std::uint64_t state) const {
        double sum = 0;
        for (std::size_t j = 0; j < n; ++j)
            sum += (state >> j) & 1 ? own[j] : 0;
        for (std::size_t i = 0; i < m; ++i) {
            double a = other[i];
            for (std::size_t j = 0; j < n; ++j)
                a += (state >> j) & 1 ? matrix[j * m + i] : 0;
            sum += std::max(a, 0.0) + std::log1p(std::exp(-std::abs(a)));
        }
        return sum;
    }
};

} // namespace

TEST_CASE("log_sum_exp neither overflows nor stumbles over infinities") {
    const double large[] = {1e4, 1e4}, none[] = {-INFINITY, -INFINITY};
    CHECK(log_sum_exp(large, 2) == doctest::Approx(1e4 + std::log(2.0)).epsilon(1e-15));
    CHECK(log_sum_exp(none, 2) == -INFINITY);
    CHECK(log_sum_exp(large, 0) == -INFINITY);
}

TEST_CASE("Sums of softplus keep small and large terms") {
    for (const double x : {-800.0, -40.0, -1.0, 0.0, 1.0, 40.0, 800.0}) {
        CAPTURE(x);
        const double exact = std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
        SoftplusSum sum;
        SoftplusLanes each;
        constexpr int n = 1300; // more than either sum multiplies between two logarithms
        for (int i = 0; i < n; ++i) {
            const auto v = Vector<double>::fill(x);
            sum.add(v, exp_minus_magnitude(v));
            each.add(v, exp_minus_magnitude(v));
        }
        // 1 + e^−40 is 1: what is lost is below 2^-53 per term.
        CHECK(std::abs(sum.total() - 16 * n * exact) <= 1e-12 * 16 * n * (exact + 1e-3));
        CHECK(std::abs(each.total().part[0][0] - n * exact) <= 1e-12 * n * (exact + 1e-3));
    }
}

TEST_CASE("Layer sums agree with a loop over states, whatever their number and the size of the weights") {
    for (const std::size_t n : {0, 1, 3, 4, 7, 12, 14})
        for (const std::size_t m : {0, 1, 15, 16, 37})
            for (const double scale : {0.5, 20.0, 400.0}) {
                CAPTURE(n);
                CAPTURE(m);
                CAPTURE(scale);
                const Model model(n, m, scale);
                const LayerEnumeration e = model.enumeration();
                REQUIRE(e.n_parts() * e.part_size() == std::size_t{1} << n);
                std::vector<double> sums(e.n_parts()), weights(e.n_parts() * e.part_size());
                e.log_sums(0, e.n_parts(), sums.data());
                e.log_weights(0, e.n_parts(), weights.data());
                double worst = 0, largest = 1;
                for (std::size_t state = 0; state < weights.size(); ++state) {
                    const double expected = model.log_weight(state);
                    worst = std::max(worst, std::abs(weights[state] - expected));
                    largest = std::max(largest, std::abs(expected));
                }
                CHECK(worst < 1e-14 * largest);
                const double log_z = log_sum_exp(weights.data(), weights.size());
                CHECK(std::abs(log_sum_exp(sums.data(), sums.size()) - log_z) < 1e-14 * largest);
                CHECK(e.moments(0, e.n_parts(), log_z).total == doctest::Approx(1).epsilon(1e-10));
            }
}

TEST_CASE("Parts have the same bits for any number of threads and any slices") {
    const Model model(15, 21, 2.0);
    const LayerEnumeration e = model.enumeration();
    std::vector<double> one(e.n_parts()), many(e.n_parts()), sliced(e.n_parts());
    set_num_threads(1);
    e.log_sums(0, e.n_parts(), one.data());
    set_num_threads(3);
    e.log_sums(0, e.n_parts(), many.data());
    for (std::size_t p = 0; p < e.n_parts(); ++p)
        e.log_sums(p, 1, sliced.data() + p);
    set_num_threads(0);
    CHECK(one == many);
    CHECK(one == sliced);
}

TEST_CASE("Free spins in fields have a partition function that factorises") {
    for (const std::size_t n : {0, 1, 3, 12, 14}) {
        CAPTURE(n);
        const std::vector<double> fields = numbers(n, 3.0, 5);
        const SpinEnumeration e(n, {}, fields);
        std::vector<double> sums(e.n_parts());
        e.log_sums(0, e.n_parts(), sums.data());
        double expected = 0;
        for (const double h : fields)
            expected += std::log(2 * std::cosh(h));
        CHECK(log_sum_exp(sums.data(), sums.size()) == doctest::Approx(expected).epsilon(1e-13));
    }
}

TEST_CASE("Annealing has the same bits for any number of threads and any slices of the schedule") {
    constexpr std::size_t n = 9, m = 5, chains = 37, steps = 12;
    const Model model(n, m, 1.0);
    const std::vector<double> base = numbers(n, 1.0, 6);
    const double log_share = 0;
    const Annealing annealing(false, n, m, 1, model.matrix.data(), model.own.data(), model.other.data(), base.data(),
                              &log_share);
    std::vector<double> betas;
    for (std::size_t k = 0; k <= steps; ++k)
        betas.push_back(static_cast<double>(k) / steps);
    const auto run = [&](int threads, std::size_t slice) {
        set_num_threads(threads);
        std::vector<std::uint8_t> v(chains * n, 1);
        std::vector<double> weights(chains);
        for (std::size_t first = 0; first < steps; first += slice)
            annealing.run(betas.data() + first, slice, first, {7, 8}, chains, v.data(), weights.data());
        set_num_threads(0);
        for (const std::uint8_t x : v)
            weights.push_back(x);
        return weights;
    };
    const std::vector<double> states = run(1, steps);
    CHECK(states == run(3, steps));
    // The log weight is summed in other pieces: equal but for rounding. States are the same bits.
    const std::vector<double> sliced = run(2, 3);
    for (std::size_t k = 0; k < states.size(); ++k)
        CHECK(std::abs(states[k] - sliced[k]) <= (k < chains ? 1e-12 * (1 + std::abs(states[k])) : 0.0));
}
