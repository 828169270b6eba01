// The three ways of a layer to add up rows of a matrix: against sums in double precision, and tables against blocks.
#include "rgrbm/rbm/layer.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <utility>
#include <vector>

using namespace rgrbm;

namespace {

template <class Real>
struct Product {
    std::size_t n_source, n_units, n_samples;
    Layer<Real> layer;
    BitMatrix bits;

    Product(std::size_t source, std::size_t units, std::size_t samples, double density)
        : n_source(source), n_units(units), n_samples(samples), layer(source, units), bits(samples, source) {
        std::mt19937_64 engine(source * 1000 + units);
        std::uniform_real_distribution<double> weight(-1, 1);
        std::bernoulli_distribution one(density);
        for (std::size_t i = 0; i < source; ++i)
            for (std::size_t j = 0; j < units; ++j)
                layer.matrix[i * layer.n_units + j] = static_cast<Real>(weight(engine));
        for (std::size_t j = 0; j < units; ++j)
            layer.bias[j] = static_cast<Real>(weight(engine));
        std::vector<std::uint8_t> row(source);
        for (std::size_t s = 0; s < samples; ++s) {
            for (auto& unit : row)
                unit = one(engine);
            bits.pack(s, row.data());
        }
    }

    // Activations, by calls for so many samples at a time.
    AlignedVector<Real> applied(std::size_t at_once) {
        AlignedVector<Real> out(n_samples * layer.n_units);
        for (std::size_t first = 0; first < n_samples; first += at_once)
            layer.apply(
                std::min(at_once, n_samples - first), [&](std::size_t s) { return std::as_const(bits).row(first + s); },
                [&](std::size_t s, std::size_t j, const Vector<Real>& x) {
                    x.store(&out[(first + s) * layer.n_units + j * Layer<Real>::lanes]);
                });
        return out;
    }

    // The largest error, in units of the rounding error of Σ |terms|.
    double largest_error(const AlignedVector<Real>& values) const {
        double largest = 0;
        for (std::size_t s = 0; s < n_samples; ++s)
            for (std::size_t j = 0; j < n_units; ++j) {
                double sum = static_cast<double>(layer.bias[j]), size = std::abs(sum);
                for (std::size_t i = 0; i < n_source; ++i)
                    if ((bits.row(s)[i / 16] >> (i % 16)) & 1) {
                        sum += static_cast<double>(layer.matrix[i * layer.n_units + j]);
                        size += std::abs(static_cast<double>(layer.matrix[i * layer.n_units + j]));
                    }
                const double unit = static_cast<double>(std::numeric_limits<Real>::epsilon()) * size;
                largest = std::max(largest, std::abs(static_cast<double>(values[s * layer.n_units + j]) - sum) / unit);
            }
        return largest;
    }
};

} // namespace

TEST_CASE_TEMPLATE("all ways are right to rounding", Real, float, double) {
    // Odd sizes: incomplete halfwords, blocks of 32 rows with a half left, one, two and four vectors, 129 samples.
    for (const auto& [source, units] : {std::pair{37u, 21u}, {300u, 300u}, {336u, 96u}, {530u, 1030u}}) {
        for (const double density : {0.0, 0.1, 0.5, 1.0}) {
            Product<Real> product(source, units, 129, density);
            product.layer.plan(129, density);
            product.layer.refresh();
            // n additions in sequence have an error of at most n units; sums of random terms have some √n of it.
            CHECK(product.largest_error(product.applied(129)) < 4 * std::sqrt(source));
        }
    }
}

TEST_CASE_TEMPLATE("samples do not depend on those beside them", Real, float, double) {
    Product<Real> product(400, 320, 300, 0.5);
    product.layer.plan(300, 0.5);
    REQUIRE(product.layer.prefers_many());
    const auto whole = product.applied(300);
    CHECK(product.applied(128) == whole);
    CHECK(product.applied(25) == whole);
}

TEST_CASE_TEMPLATE("tables and blocks give the same bits", Real, float, double) {
    Product<Real> product(400, 320, 128, 0.5);
    product.layer.plan(128, 0.5);
    REQUIRE(product.layer.prefers_many());
    const auto blocks = product.applied(128);
    product.layer.plan_tables();
    product.layer.refresh();
    CHECK(product.applied(128) == blocks);
}
