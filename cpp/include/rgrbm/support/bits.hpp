// Packed spins in and out: one bit per spin inside, one int8 (±1) per spin outside.
#pragma once

#include "rgrbm/support/simd.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace rgrbm {

// Transposes an 8 × 8 bit matrix: byte i, bit j becomes byte j, bit i (Knuth, TAOCP 4A, 7.1.3).
RGRBM_INLINE std::uint64_t transpose_8x8(std::uint64_t x) {
    std::uint64_t t = (x ^ (x >> 7)) & 0x00AA00AA00AA00AAu;
    x ^= t ^ (t << 7);
    t = (x ^ (x >> 14)) & 0x0000CCCC0000CCCCu;
    x ^= t ^ (t << 14);
    t = (x ^ (x >> 28)) & 0x00000000F0F0F0F0u;
    return x ^ t ^ (t << 28);
}

// Eight bits to eight bytes: +1 where the bit is set, −1 where it is not; the lowest bit comes first.
inline constexpr std::array<std::uint64_t, 256> spins_of_byte = [] {
    std::array<std::uint64_t, 256> table{};
    for (std::size_t byte = 0; byte < 256; ++byte)
        for (std::size_t bit = 0; bit < 8; ++bit)
            table[byte] |= std::uint64_t{(byte >> bit) & 1 ? 0x01u : 0xFFu} << (8 * bit);
    return table;
}();

// Writes the spins of up to 512 chains as int8 ±1: out[chain · stride + site].
void unpack_spins(const Word* sites, std::size_t n_sites, std::size_t n_chains, std::int8_t* out, std::size_t stride);

// The way back: int8 ±1 of up to 512 chains, spins[chain · stride + site], to one word per site; bits of absent chains
// are 0. False if a value is neither −1 nor +1.
bool pack_spins(const std::int8_t* spins, std::size_t n_sites, std::size_t n_chains, std::size_t stride, Word* sites);

// Adds words bit by bit: counts, for each of the 512 bits, in how many of the words it was set.
class VerticalCounter {
public:
    static constexpr std::size_t n_planes = 33;

    RGRBM_INLINE void add(const Word& word) { add_to_plane(0, word); }

    // Adds n words, eight at a time by carry-save adders (Warren, Hacker's Delight, 5-1): about five operations a word.
    RGRBM_INLINE void add(const Word* words, std::size_t n) {
        std::size_t i = 0;
        for (; i + 8 <= n; i += 8) {
            const Word fours_a = add_four(words + i), fours_b = add_four(words + i + 4);
            add_to_plane(3, add_carry(planes_[2], fours_a, fours_b));
        }
        for (; i < n; ++i)
            add(words[i]);
    }

    // The counts of the first n bits.
    void read(std::int64_t* counts, std::size_t n) const;
    // The sum of all counts.
    std::int64_t total() const;

private:
    RGRBM_INLINE void add_to_plane(std::size_t plane, Word carry) {
        for (; plane < n_planes && carry.any(); ++plane) {
            const Word sum = planes_[plane] ^ carry;
            carry = planes_[plane] & carry;
            planes_[plane] = sum;
        }
    }

    // Adds two words to a plane; the carry is worth twice as much.
    static RGRBM_INLINE Word add_carry(Word& plane, const Word& a, const Word& b) {
        const Word unequal = plane ^ a;
        const Word carry = (plane & a) | (unequal & b);
        plane = unequal ^ b;
        return carry;
    }

    // Adds four words to the lowest planes; the carry is worth four.
    RGRBM_INLINE Word add_four(const Word* words) {
        const Word twos_a = add_carry(planes_[0], words[0], words[1]);
        const Word twos_b = add_carry(planes_[0], words[2], words[3]);
        return add_carry(planes_[1], twos_a, twos_b);
    }

    std::array<Word, n_planes> planes_{};
};

} // namespace rgrbm
