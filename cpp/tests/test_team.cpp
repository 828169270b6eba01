#include "rgrbm/support/team.hpp"

#include <doctest/doctest.h>

#include <numeric>
#include <thread>
#include <vector>

using rgrbm::Team;

// More threads than cores, so that some are put aside in the middle of their work.
TEST_CASE("every piece is done once, in the order of phases") {
    for (const std::size_t n_threads : {1u, 2u, 7u}) {
        constexpr std::size_t n_phases = 2000;
        Team team;
        const auto pieces = [](std::size_t phase) { return 1 + phase * 7 % 5; };
        std::vector<std::size_t> count(5), finished(n_phases);
        std::size_t sum = 0, expected = 0;
        bool ordered = true;
        std::vector<std::thread> threads;
        threads.reserve(n_threads);
        for (std::size_t t = 0; t < n_threads; ++t)
            threads.emplace_back([&] {
                Team::Member member(team);
                for (std::size_t phase = 0; phase < n_phases; ++phase)
                    member.phase(
                        pieces(phase), [&](std::size_t i) { count[i] += i + phase; },
                        [&] {
                            // Not atomic: a piece of another phase in flight would be a race that the sum shows.
                            ordered = ordered && (phase == 0 || finished[phase - 1] == 1);
                            ++finished[phase];
                            sum += std::accumulate(count.begin(), count.end(), std::size_t{0});
                            std::fill(count.begin(), count.end(), 0);
                        });
            });
        for (auto& thread : threads)
            thread.join();
        for (std::size_t phase = 0; phase < n_phases; ++phase)
            expected += pieces(phase) * phase + pieces(phase) * (pieces(phase) - 1) / 2;
        CHECK(ordered);
        CHECK(sum == expected);
        CHECK(finished == std::vector<std::size_t>(n_phases, 1));
    }
}
