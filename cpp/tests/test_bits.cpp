#include "rgrbm/support/bits.hpp"
#include "rgrbm/support/random.hpp"

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

TEST_CASE("pack_spins undoes unpack_spins and finds what is no spin") {
    for (const std::size_t n_sites : {1, 7, 8, 9, 65})
        for (const std::size_t n_chains : {1, 7, 8, 9, 511, 512}) {
            CAPTURE(n_sites);
            CAPTURE(n_chains);
            const std::size_t stride = n_sites + 3;
            const auto words = random_words(n_sites, n_chains);
            std::vector<std::int8_t> spins(n_chains * stride, 77);
            rgrbm::unpack_spins(words.data(), n_sites, n_chains, spins.data(), stride);
            std::vector<Word> packed(n_sites, Word::ones());
            CHECK(rgrbm::pack_spins(spins.data(), n_sites, n_chains, stride, packed.data()));
            std::size_t n_wrong = 0;
            for (std::size_t site = 0; site < n_sites; ++site)
                for (std::size_t chain = 0; chain < Word::n_bits; ++chain)
                    n_wrong += bit_of(packed[site], chain) != (chain < n_chains && bit_of(words[site], chain));
            CHECK(n_wrong == 0);
            for (const int value : {0, 2, 3, -2, -128, 127}) {
                std::int8_t& last = spins[(n_chains - 1) * stride + n_sites - 1];
                const std::int8_t kept = last;
                last = static_cast<std::int8_t>(value);
                CHECK_FALSE(rgrbm::pack_spins(spins.data(), n_sites, n_chains, stride, packed.data()));
                last = kept;
            }
        }
}

TEST_CASE("VerticalCounter adds many words as it adds one by one") {
    for (const std::size_t n : {0, 1, 7, 8, 9, 64, 301}) {
        CAPTURE(n);
        const auto words = random_words(n, 5);
        rgrbm::VerticalCounter together, apart;
        for (int pass = 0; pass < 3; ++pass) {
            together.add(words.data(), n);
            for (const Word& word : words)
                apart.add(word);
        }
        std::vector<std::int64_t> expected(Word::n_bits), counts(Word::n_bits);
        apart.read(expected.data(), Word::n_bits);
        together.read(counts.data(), Word::n_bits);
        CHECK(counts == expected);
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
