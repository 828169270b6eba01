#include "rgrbm/mechanics/bistable_chains.hpp"

#include "rgrbm/support/threads.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

using namespace rgrbm;

TEST_CASE("Bistable chains have the same bits for any number of threads and any slices of the sweeps") {
    for (const std::size_t n : {std::size_t{2}, std::size_t{7}, std::size_t{16}}) {
        constexpr std::size_t chains = 37;
        std::vector<double> start(chains * n);
        for (std::size_t k = 0; k < start.size(); ++k)
            start[k] = std::sin(static_cast<double>(k));
        const auto run = [&](int threads, std::uint64_t slice) {
            set_num_threads(threads);
            BistableChains bistable(n, 1.5, 0.7, chains, {7, 8}, start.data());
            for (std::uint64_t done = 0; done < 12; done += slice)
                bistable.sweep(slice);
            set_num_threads(0);
            std::vector<double> states(chains * n);
            bistable.states(states.data());
            return states;
        };
        const std::vector<double> states = run(1, 12);
        CHECK(states != start);
        CHECK(states == run(3, 12));
        CHECK(states == run(2, 3));
    }
}
