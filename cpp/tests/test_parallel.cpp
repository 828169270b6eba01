#include "rgrbm/support/parallel.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

using namespace rgrbm;

namespace {

// As Ctrl-C: the host's answer is yes from the first question on that comes after `ask`.
std::atomic<bool> ctrl_c{false};

struct Asked {
    explicit Asked(bool answer) {
        ctrl_c = answer;
        set_interrupt_check([] { return ctrl_c.load(); });
    }
    Asked(const Asked&) = delete;
    Asked& operator=(const Asked&) = delete;
    ~Asked() {
        set_interrupt_check(nullptr);
        set_num_threads(0);
    }
};

} // namespace

TEST_CASE("every piece is done once, with a scratch of its thread's own") {
    const Asked asked(false);
    for (const int n_threads : {1, 2, 4}) {
        set_num_threads(n_threads);
        std::vector<int> done(10'000);
        std::atomic<int> n_scratches{0}, sum{0};
        struct Scratch {
            std::atomic<int>& sum;
            int count = 0;
        };
        for_pieces(
            10'000,
            [&] {
                ++n_scratches;
                return Scratch{sum};
            },
            [&](std::size_t i, Scratch& scratch) {
                ++done[i];
                ++scratch.count;
                if (scratch.count == 1)
                    ++scratch.sum;
            });
        CHECK(done == std::vector<int>(10'000, 1));
        CHECK(n_scratches <= n_threads);
        CHECK(sum <= n_scratches);
        for_pieces(0, [](std::size_t) { FAIL("there are no pieces"); });
    }
}

TEST_CASE("an exception of a piece comes out of the call, and nothing goes on") {
    const Asked asked(false);
    for (const int n_threads : {1, 4}) {
        set_num_threads(n_threads);
        std::atomic<int> begun{0};
        const auto piece = [&](std::size_t i) {
            ++begun;
            if (i == 5)
                throw std::length_error("piece 5");
        };
        CHECK_THROWS_AS(for_pieces(1'000'000'000, piece), std::length_error);
        CHECK(begun < 1'000'000'000);
        CHECK_FALSE(interrupt_requested()); // the call has ended
    }
}

TEST_CASE("work without an end is interrupted, wherever the thread that asks is") {
    const Asked asked(true);
    for (const int n_threads : {1, 2, 4})
        for (const std::size_t n : {1u, 3u, 1000u}) {
            set_num_threads(n_threads);
            const auto endless = [](std::size_t) {
                while (!interrupt_requested())
                    std::this_thread::sleep_for(std::chrono::milliseconds(1));
            };
            CHECK_THROWS_AS(for_pieces(n, endless), Interrupted);
        }
}

TEST_CASE("a call within another one is interrupted with it") {
    const Asked asked(true);
    set_num_threads(2);
    std::atomic<int> after{0};
    const auto nested = [&](std::size_t) {
        for_pieces(1, [](std::size_t) {
            while (!interrupt_requested())
                std::this_thread::yield();
        });
        ++after;
    };
    CHECK_THROWS_AS(for_pieces(4, nested), Interrupted);
    CHECK(after == 0);
}

TEST_CASE("work that must not be torn apart is not, and no one asks outside of a call") {
    const Asked asked(true);
    std::this_thread::sleep_for(std::chrono::milliseconds(150)); // the next question is due
    CHECK_FALSE(interrupt_requested());
    int n = 0;
    {
        const Uninterrupted whole;
        for_pieces(10, [&](std::size_t) { n += interrupt_requested() ? 1000 : 0; });
        CHECK(n == 0);
    }
    CHECK_THROWS_AS(for_pieces(10,
                               [](std::size_t) {
                                   while (!interrupt_requested()) {
                                   }
                               }),
                    Interrupted);
}
