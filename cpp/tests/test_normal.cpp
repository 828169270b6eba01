#include "rgrbm/support/normal.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

using rgrbm::Stream;
using rgrbm::Vector;

namespace {

constexpr std::size_t lanes = 16;

template <class Real>
double worst_log_error() { // in units of the last place of the logarithm
    double worst = 0;
    for (int power = -52; power <= 0; ++power)
        for (int i = 0; i < 64; ++i) {
            alignas(64) Real u[lanes], got[lanes];
            for (std::size_t k = 0; k < lanes; ++k)
                u[k] = static_cast<Real>(std::ldexp(0.5 + (i * 16 + static_cast<int>(k)) / 2048.0, power + 1));
            natural_log(Vector<Real>::load(u)).store(got);
            for (std::size_t k = 0; k < lanes; ++k) {
                const double exact = std::log(static_cast<double>(u[k]));
                const double place = std::max(std::abs(exact), 1e-3) * std::numeric_limits<Real>::epsilon();
                worst = std::max(worst, std::abs(static_cast<double>(got[k]) - exact) / place);
            }
        }
    return worst;
}

template <class Real>
double worst_circle_error() {
    double worst = 0;
    for (int i = 0; i <= 4096; ++i) {
        alignas(64) Real turns[lanes], cosines[lanes], sines[lanes];
        for (std::size_t k = 0; k < lanes; ++k)
            turns[k] = static_cast<Real>(std::min(1.0, (i + static_cast<double>(k) / lanes) / 4096));
        Vector<Real> cosine, sine;
        point_on_circle(Vector<Real>::load(turns), cosine, sine);
        cosine.store(cosines);
        sine.store(sines);
        for (std::size_t k = 0; k < lanes; ++k) {
            const double angle = 2 * 3.14159265358979323846 * static_cast<double>(turns[k]);
            worst = std::max({worst, std::abs(static_cast<double>(cosines[k]) - std::cos(angle)),
                              std::abs(static_cast<double>(sines[k]) - std::sin(angle))});
        }
    }
    return worst / static_cast<double>(std::numeric_limits<Real>::epsilon());
}

} // namespace

TEST_CASE("logarithms are right to a few units in the last place") {
    CHECK(worst_log_error<float>() < 4);
    CHECK(worst_log_error<double>() < 4);
}

TEST_CASE("points on the circle are right to a few units in the last place") {
    CHECK(worst_circle_error<float>() < 4);
    CHECK(worst_circle_error<double>() < 4);
}

TEST_CASE("the ends of the uniform numbers give finite normal ones") {
    for (const double u : {0x1p-53, 1.0}) {
        const Vector<double> log = natural_log(Vector<double>::fill(u));
        CHECK(log.part[0][0] == doctest::Approx(std::log(u)));
    }
    CHECK(natural_log(Vector<float>::fill(0x1p-32f)).part[0][0] == doctest::Approx(std::log(0x1p-32)));
}

TEST_CASE("the second vector of a pair comes with the next call") {
    Stream first({1, 2}, 3), second({1, 2}, 3);
    rgrbm::Normals<float> normals(first);
    const Vector<float> x = normals.next(), y = normals.next();
    Vector<float> u, turns, cosine, sine;
    uniform(second, u);
    uniform(second, turns);
    point_on_circle(turns, cosine, sine);
    for (std::size_t i = 0; i < Vector<float>::n_native; ++i)
        for (std::size_t j = 0; j < Vector<float>::per_native; ++j) {
            const float radius = std::hypot(x.part[i][j], y.part[i][j]);
            CHECK(radius == doctest::Approx(std::sqrt(-2 * std::log(u.part[i][j]))).epsilon(1e-5));
            CHECK(x.part[i][j] == doctest::Approx(radius * cosine.part[i][j]).epsilon(1e-5));
            CHECK(y.part[i][j] == doctest::Approx(radius * sine.part[i][j]).epsilon(1e-5));
        }
}
