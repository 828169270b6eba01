// The bit adders and selectors of the Ising updates against plain counting, for every state of the neighbours.
#include "rgrbm/spins/field_update.hpp"
#include "rgrbm/spins/uniform_update.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>

namespace {

using namespace rgrbm;

bool bit(const Word& word, std::size_t lane) {
    return word.lane(lane / 64) >> (lane % 64) & 1;
}

// Lane i has the neighbours that are set in the number i.
template <std::size_t z>
std::array<Word, z> all_neighbours() {
    std::array<Word, z> words;
    for (std::size_t n = 0; n < z; ++n) {
        words[n] = Word::zero();
        for (std::uint64_t lane = 0; lane < 64; ++lane)
            words[n].set_lane(0, words[n].lane(0) | (lane >> n & 1) << lane);
    }
    return words;
}

template <std::size_t z>
void check_votes() {
    const auto neighbours = all_neighbours<z>();
    const auto up = majorities(neighbours);
    const Votes<z> vote = votes(neighbours);
    for (std::size_t lane = 0; lane < 64; ++lane) {
        const int n_up = std::popcount(lane & ((1u << z) - 1));
        CHECK(bit(vote.up, lane) == (2 * n_up > int{z}));
        for (std::size_t k = 0; k < z / 2; ++k) {
            const int n_most = static_cast<int>(z - k);
            CHECK(bit(up[k], lane) == (n_up == n_most));
            CHECK(bit(vote.majorities[k], lane) == (n_up == n_most || int{z} - n_up == n_most));
        }
    }
}

template <std::size_t n_axes>
void check_selector() {
    const auto neighbours = all_neighbours<2 * n_axes>();
    const CaseSelector<n_axes> select(neighbours);
    for (std::size_t index = 0; index < CaseBits<n_axes>::n_cases; ++index) {
        CaseBits<n_axes> one;
        one.set(index);
        const Word lanes = select(one);
        for (std::size_t lane = 0; lane < 64; ++lane) {
            std::size_t expected = 0, power = 1;
            for (std::size_t axis = 0; axis < n_axes; ++axis, power *= 3)
                expected += power * ((lane >> (2 * axis) & 1) + (lane >> (2 * axis + 1) & 1));
            CHECK(bit(lanes, lane) == (expected == index));
        }
    }
}

// How often lanes with given neighbours are up after an update, beside the exact probability: within 6 standard errors.
// A lazy update flips a spin with `tried` times the probability.
template <Update update, std::size_t n_axes, class Rule>
void check_rule(const Couplings& couplings, double tried = 1) {
    const Rule rule(couplings, tried);
    const auto neighbours = all_neighbours<2 * n_axes>();
    constexpr int n_draws = 20'000;
    for (const bool up : {false, true}) {
        Stream stream({7, 8}, up);
        std::array<int, 64> n_up{};
        for (int draw = 0; draw < n_draws; ++draw) {
            const Word drawn = rule(up ? Word::ones() : Word::zero(), neighbours, stream);
            for (std::size_t lane = 0; lane < 64; ++lane)
                n_up[lane] += bit(drawn, lane);
        }
        for (std::size_t lane = 0; lane < 64; ++lane) {
            double f = couplings.field;
            for (std::size_t n = 0; n < 2 * n_axes; ++n)
                f += couplings.along[n / 2] * (lane >> n & 1 ? 1 : -1);
            const double flip = tried * std::min(1.0, std::exp(-2 * (up ? f : -f)));
            const double p = update == Update::heat_bath ? 1 / (1 + std::exp(-2 * f)) : up ? 1 - flip : flip;
            CHECK(std::abs(n_up[lane] - n_draws * p) <= 6 * std::sqrt(n_draws * p * (1 - p)) + 1e-9 * n_draws);
        }
    }
}

template <std::size_t n_axes>
void check_rules(const Couplings& plain, const Couplings& other) {
    check_rule<Update::metropolis, n_axes, UniformUpdate<Update::metropolis, n_axes>>(plain);
    check_rule<Update::heat_bath, n_axes, UniformUpdate<Update::heat_bath, n_axes>>(plain);
    for (const double tried : {0.5, 0.875}) {
        check_rule<Update::metropolis, n_axes, UniformUpdate<Update::metropolis, n_axes, true>>(plain, tried);
        for (const Couplings& couplings : {plain, other})
            check_rule<Update::metropolis, n_axes, FieldUpdate<Update::metropolis, n_axes, true>>(couplings, tried);
    }
    for (const Couplings& couplings : {plain, other}) {
        check_rule<Update::metropolis, n_axes, FieldUpdate<Update::metropolis, n_axes>>(couplings);
        check_rule<Update::heat_bath, n_axes, FieldUpdate<Update::heat_bath, n_axes>>(couplings);
    }
}

} // namespace

TEST_CASE("votes of 2, 4 and 6 neighbours are counted right") {
    check_votes<2>();
    check_votes<4>();
    check_votes<6>();
}

TEST_CASE("each case of the neighbours selects its lanes") {
    check_selector<1>();
    check_selector<2>();
    check_selector<3>();
}

// 4,608 numbers, 6 standard errors: false alarms 1e-5.
TEST_CASE("updates have their distributions for every state of the neighbours") {
    check_rules<1>({{0.4}, 0}, {{-0.6}, 0.3});
    check_rules<2>({{-0.25, -0.25}, 0}, {{0.5, -0.2}, -0.1});
    check_rules<3>({{0.15, 0.15, 0.15}, 0}, {{0.1, -0.2, 0.3}, 0.2});
}
