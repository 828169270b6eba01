#include "rgrbm/support/random.hpp"

#include <doctest/doctest.h>

#include <array>
#include <set>

using rgrbm::Counter;
using rgrbm::Key;
using rgrbm::Stream;
using rgrbm::Word;

// kat_vectors of Random123 1.14, lines "philox4x64 10".
TEST_CASE("Philox4x64-10 gives the known answers of Random123") {
    CHECK(rgrbm::philox4x64({0, 0, 0, 0}, {0, 0}) ==
          Counter{0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b});
    constexpr std::uint64_t ones = ~std::uint64_t{0};
    CHECK(rgrbm::philox4x64({ones, ones, ones, ones}, {ones, ones}) ==
          Counter{0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0});
    CHECK(rgrbm::philox4x64({0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89},
                            {0x452821e638d01377, 0xbe5466cf34e90c6c}) ==
          Counter{0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6});
}

// The first outputs of the authors' xoshiro256plusplus.c from the state {1, 2, 3, 4}.
TEST_CASE("every lane of a stream is xoshiro256++") {
    constexpr std::array<std::uint64_t, 10> expected = {41943041u,
                                                        58720359u,
                                                        3588806011781223u,
                                                        3591011842654386u,
                                                        9228616714210784205u,
                                                        9973669472204895162u,
                                                        14011001112246962877u,
                                                        12406186145184390807u,
                                                        15849039046786891736u,
                                                        10450023813501588000u};
    for (std::size_t lane = 0; lane < Word::n_lanes; ++lane) {
        Stream stream({5, 6}, 7);
        for (std::size_t i = 0; i < 4; ++i)
            stream.state()[i].set_lane(lane, i + 1);
        for (const std::uint64_t value : expected)
            CHECK(stream.next().lane(lane) == value);
    }
}

TEST_CASE("lanes start at the Philox outputs of their names") {
    const Key key{11, 12};
    Stream stream(key, 1, 2, 3);
    for (std::size_t lane = 0; lane < Word::n_lanes; ++lane) {
        const Counter seed = rgrbm::philox4x64({lane, 1, 2, 3}, key);
        for (std::size_t i = 0; i < 4; ++i)
            CHECK(stream.state()[i].lane(lane) == seed[i]);
    }
}

TEST_CASE("streams of different names share no output") {
    std::set<std::uint64_t> seen;
    std::size_t drawn = 0;
    for (std::uint64_t a = 0; a < 4; ++a)
        for (std::uint64_t b = 0; b < 4; ++b)
            for (std::uint64_t c = 0; c < 4; ++c) {
                Stream stream({1, 2}, a, b, c);
                for (int i = 0; i < 4; ++i) {
                    const Word word = stream.next();
                    for (std::size_t lane = 0; lane < Word::n_lanes; ++lane, ++drawn)
                        seen.insert(word.lane(lane));
                }
            }
    // A collision among 2048 independent numbers of 64 bits has probability 1e-13.
    CHECK(seen.size() == drawn);
}
