#include "rgrbm/support/bernoulli.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

using rgrbm::bernoulli_threshold;
using rgrbm::draw_bernoulli;
using rgrbm::n_sure_planes;
using rgrbm::Stream;
using rgrbm::ThresholdPlanes;
using rgrbm::Word;

namespace {

int count_bits(const Word& word) {
    int count = 0;
    for (std::size_t lane = 0; lane < Word::n_lanes; ++lane)
        count += std::popcount(word.lane(lane));
    return count;
}

bool equal(const Word& a, const Word& b) {
    return !(a ^ b).any();
}

// (count − n p) / √(n p (1 − p)): a standard normal number for large n p (1 − p).
double deviation(double count, double n, double p) {
    return (count - n * p) / std::sqrt(n * p * (1 - p));
}

// The number of words that a draw took from `stream`, counted by replaying them from `before`.
int words_between(Stream before, Stream& after) {
    for (int words = 0; words <= 64; ++words, before.next()) {
        bool same = true;
        for (std::size_t i = 0; i < 4; ++i)
            same = same && equal(before.state()[i], after.state()[i]);
        if (same)
            return words;
    }
    return -1;
}

constexpr int n_draws = 4000;
// |z| > 5.5 has probability 4e-8 under the normal distribution; fewer than 20 such checks: false alarm below 1e-6.
constexpr double z_max = 5.5;

} // namespace

TEST_CASE("thresholds at the ends of the unit interval") {
    CHECK(bernoulli_threshold(0) == 0);
    CHECK(bernoulli_threshold(-1) == 0);
    CHECK(bernoulli_threshold(std::nan("")) == 0);
    CHECK(bernoulli_threshold(0.5) == std::uint64_t{1} << 63);
    CHECK(bernoulli_threshold(1) == ~std::uint64_t{0});
    CHECK(bernoulli_threshold(2) == ~std::uint64_t{0});
}

TEST_CASE("bits are 1 with the given frequency") {
    std::uint64_t name = 0;
    for (const double p : {0.001, 0.1353352832366127, 0.3, 0.5, 0.75, 0.98201379003790845}) {
        Stream stream({1, 2}, name++);
        double count = 0;
        for (int draw = 0; draw < n_draws; ++draw)
            count += count_bits(draw_bernoulli(stream, Word::ones(), bernoulli_threshold(p)));
        CAPTURE(p);
        CHECK(std::abs(deviation(count, 512.0 * n_draws, p)) < z_max);
    }
}

TEST_CASE("probability 0 never gives a 1") {
    Stream stream({1, 2}, 3);
    for (int draw = 0; draw < n_draws; ++draw)
        CHECK_FALSE(draw_bernoulli(stream, Word::ones(), bernoulli_threshold(0)).any());
}

TEST_CASE("two kinds of lanes have probabilities of their own, all others stay 0") {
    std::array lanes{Word::zero(), Word::zero()};
    lanes[0].set_lane(0, 0x00FF00FF00FF00FFu); // 32 bits
    lanes[0].set_lane(5, ~std::uint64_t{0});   // 64 bits
    lanes[1].set_lane(0, 0x0F000F000F000F00u); // 16 bits
    lanes[1].set_lane(7, ~std::uint64_t{0});   // 64 bits
    Stream stream({3, 4}, 0);
    const ThresholdPlanes<2> thresholds({bernoulli_threshold(0.2), bernoulli_threshold(0.7)});
    double first = 0, second = 0;
    for (int draw = 0; draw < n_draws; ++draw) {
        const Word drawn = draw_bernoulli(stream, lanes, thresholds);
        CHECK_FALSE(and_not(drawn, lanes[0] | lanes[1]).any());
        first += count_bits(drawn & lanes[0]);
        second += count_bits(drawn & lanes[1]);
    }
    CHECK(std::abs(deviation(first, 96.0 * n_draws, 0.2)) < z_max);
    CHECK(std::abs(deviation(second, 80.0 * n_draws, 0.7)) < z_max);
}

TEST_CASE("neighbouring bits are independent") {
    Stream stream({5, 6}, 0);
    const double p = 0.3;
    double both = 0;
    for (int draw = 0; draw < n_draws; ++draw) {
        const Word drawn = draw_bernoulli(stream, Word::ones(), bernoulli_threshold(p));
        for (std::size_t lane = 0; lane < Word::n_lanes; ++lane) {
            const std::uint64_t bits = drawn.lane(lane);
            both += std::popcount(bits & (bits >> 1) & 0x5555555555555555u); // disjoint pairs
        }
    }
    CHECK(std::abs(deviation(both, 256.0 * n_draws, p * p)) < z_max);
}

// Each plane decides a lane with probability ½. Twelve planes are drawn always, and then as many as the largest of 512
// geometric variables, M: P(M ≤ k) = (1 − 2⁻ᵏ)⁵¹². The mean of max(M, 12) is 12 + Σ_{k ≥ 12} P(M > k) = 12.24, its
// standard deviation 0.82. Five and a half standard errors of the mean of 4000 are 0.072.
TEST_CASE("a draw takes twelve random words, and more only while a lane is open") {
    static_assert(n_sure_planes == 12);
    const auto most_below = [](int k) { return std::pow(1 - std::ldexp(1.0, -k), 512); };
    double mean = 12, square = 0;
    for (int k = 12; k < 64; ++k) {
        mean += 1 - most_below(k);
        square += (2 * (k - 12) + 1) * (1 - most_below(k)); // of max(M, 12) - 12
    }
    const double sd = std::sqrt(square - (mean - 12) * (mean - 12));
    Stream stream({7, 8}, 0);
    double words = 0, only_twelve = 0;
    int most = 0;
    for (int draw = 0; draw < n_draws; ++draw) {
        const Stream before = stream;
        (void)draw_bernoulli(stream, Word::ones(), bernoulli_threshold(0.3));
        const int taken = words_between(before, stream);
        REQUIRE(taken >= 12);
        words += taken;
        only_twelve += taken == 12;
        most = std::max(most, taken);
    }
    CHECK(std::abs(words / n_draws - mean) < 5.5 * sd / std::sqrt(n_draws));
    CHECK(std::abs(deviation(only_twelve, n_draws, most_below(12))) < z_max);
    CHECK(most < 50); // 4000 · 512 · 2⁻⁴⁹ = 4e-9
}

TEST_CASE("a draw without lanes to decide takes twelve random words") {
    Stream stream({7, 8}, 1);
    const Stream before = stream;
    CHECK_FALSE(draw_bernoulli(stream, Word::zero(), bernoulli_threshold(0.3)).any());
    CHECK(words_between(before, stream) == 12);
}
