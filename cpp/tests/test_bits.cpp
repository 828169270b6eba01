#include "rgrbm/bits.hpp"
#include "rgrbm/random.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using rgrbm::Stream;
using rgrbm::Word;

namespace {

std::vector<Word> random_words(std::size_t n, std::uint64_t name) {
    Stream stream({1, 2}, name);
    std::vector<Word> words(n);
    for (Word& word : words)
        word = stream.next();
    return words;
}

unsigned bit_of(const Word& word, std::size_t i) {
    return (word.lane(i / 64) >> (i % 64)) & 1;
}

} // namespace

TEST_CASE("transpose_8x8 moves bit j of byte i to bit i of byte j") {
    for (unsigned i = 0; i < 8; ++i)
        for (unsigned j = 0; j < 8; ++j)
            CHECK(rgrbm::transpose_8x8(std::uint64_t{1} << (8 * i + j)) == std::uint64_t{1} << (8 * j + i));
}

TEST_CASE("unpack_spins agrees with a loop over bits and writes nothing else") {
    constexpr std::int8_t untouched = 77;
    for (const std::size_t n_sites : {1, 2, 7, 8, 9, 64, 65})
        for (const std::size_t n_chains : {1, 7, 8, 9, 100, 511, 512}) {
            CAPTURE(n_sites);
            CAPTURE(n_chains);
            const std::size_t stride = n_sites + 3;
            const auto words = random_words(n_sites, n_chains);
            std::vector<std::int8_t> out(n_chains * stride, untouched);
            rgrbm::unpack_spins(words.data(), n_sites, n_chains, out.data(), stride);
            std::size_t n_wrong = 0;
            for (std::size_t chain = 0; chain < n_chains; ++chain)
                for (std::size_t site = 0; site < stride; ++site) {
                    const int spin = site < n_sites ? (bit_of(words[site], chain) ? 1 : -1) : untouched;
                    n_wrong += out[chain * stride + site] != spin;
                }
            CHECK(n_wrong == 0);
        }
}

TEST_CASE("VerticalCounter counts every bit") {
    constexpr std::size_t n_words = 300; // carries reach the ninth plane
    auto words = random_words(n_words, 0);
    for (Word& word : words) {
        word.set_lane(0, word.lane(0) | 1u);            // bit 0 is always set
        word.set_lane(7, word.lane(7) & ~(1ull << 63)); // bit 511 never
    }
    rgrbm::VerticalCounter counter;
    for (const Word& word : words)
        counter.add(word);
    std::vector<std::int64_t> counts(Word::n_bits, -1);
    counter.read(counts.data(), Word::n_bits);
    CHECK(counts[0] == n_words);
    CHECK(counts[511] == 0);
    for (std::size_t i = 0; i < Word::n_bits; ++i) {
        std::int64_t expected = 0;
        for (const Word& word : words)
            expected += bit_of(word, i);
        CHECK(counts[i] == expected);
    }
}
