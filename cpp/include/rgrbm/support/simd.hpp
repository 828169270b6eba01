// Words of 512 bits, whatever the processor.
//
// A Word is eight 64-bit integers that are worked on together. It is built from as many of the processor's
// own vectors as it takes (four of 128 bits, two of 256 or one of 512), so that each instruction-set level
// does the same integer operations on the same lanes and gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE4_1__)
#include <immintrin.h>
#endif

#define RGRBM_INLINE inline __attribute__((always_inline))

namespace rgrbm {

#if defined(__AVX512F__)
inline constexpr std::size_t native_bytes = 64;
#elif defined(__AVX2__)
inline constexpr std::size_t native_bytes = 32;
#else
inline constexpr std::size_t native_bytes = 16;
#endif

struct alignas(64) Word {
    using Native = std::uint64_t __attribute__((vector_size(native_bytes)));
    static constexpr std::size_t n_native = 64 / native_bytes;
    static constexpr std::size_t n_lanes = 8;
    static constexpr std::size_t n_bits = 512;

    Native part[n_native];

    static RGRBM_INLINE Word zero() { return fill(0); }
    static RGRBM_INLINE Word ones() { return fill(~std::uint64_t{0}); }
    static RGRBM_INLINE Word fill(std::uint64_t value) {
        Word word;
        for (auto& p : word.part)
            p = Native{} + value;
        return word;
    }

    RGRBM_INLINE std::uint64_t lane(std::size_t i) const {
        constexpr std::size_t per_part = native_bytes / 8;
        return part[i / per_part][i % per_part];
    }
    RGRBM_INLINE void set_lane(std::size_t i, std::uint64_t value) {
        constexpr std::size_t per_part = native_bytes / 8;
        part[i / per_part][i % per_part] = value;
    }

    // Eight words from any address.
    static RGRBM_INLINE Word load(const std::uint64_t* address) {
        Word word;
        std::memcpy(&word, address, sizeof word);
        return word;
    }
    RGRBM_INLINE void store(std::uint64_t* address) const { std::memcpy(address, this, sizeof *this); }

    // All bits of the lanes that are set in `lanes`, lowest first, and none of the others.
    static RGRBM_INLINE Word fill_lanes(std::uint8_t lanes) {
        using Signed = std::int64_t __attribute__((vector_size(native_bytes)));
        Word word;
        for (std::size_t i = 0; i < n_native; ++i) {
            Native bit;
            for (std::size_t j = 0; j < n_lanes / n_native; ++j)
                bit[j] = std::uint64_t{1} << (i * n_lanes / n_native + j);
            word.part[i] = (Native)(Signed)(((Native{} + lanes) & bit) == bit);
        }
        return word;
    }

    // All bits equal to the lowest bit of `bit`.
    static RGRBM_INLINE Word fill_bit(std::uint64_t bit) { return fill(std::uint64_t{0} - (bit & 1)); }

    // True if any of the 512 bits is set.
    RGRBM_INLINE bool any() const {
        Native folded = part[0];
        for (std::size_t i = 1; i < n_native; ++i)
            folded |= part[i];
#if defined(__AVX512F__)
        return _mm512_test_epi64_mask((__m512i)folded, (__m512i)folded) != 0;
#elif defined(__AVX2__)
        return !_mm256_testz_si256((__m256i)folded, (__m256i)folded);
#elif defined(__SSE4_1__)
        return !_mm_testz_si128((__m128i)folded, (__m128i)folded);
#else
        return (folded[0] | folded[1]) != 0;
#endif
    }
};

#define RGRBM_WORD_OPERATOR(op)                                                                                        \
    RGRBM_INLINE Word operator op(const Word& a, const Word& b) {                                                      \
        Word result;                                                                                                   \
        for (std::size_t i = 0; i < Word::n_native; ++i)                                                               \
            result.part[i] = a.part[i] op b.part[i];                                                                   \
        return result;                                                                                                 \
    }
RGRBM_WORD_OPERATOR(&)
RGRBM_WORD_OPERATOR(|)
RGRBM_WORD_OPERATOR(^)
RGRBM_WORD_OPERATOR(+)
#undef RGRBM_WORD_OPERATOR

RGRBM_INLINE Word operator~(const Word& a) {
    Word result;
    for (std::size_t i = 0; i < Word::n_native; ++i)
        result.part[i] = ~a.part[i];
    return result;
}

// a & ~b
RGRBM_INLINE Word and_not(const Word& a, const Word& b) {
    Word result;
    for (std::size_t i = 0; i < Word::n_native; ++i)
        result.part[i] = a.part[i] & ~b.part[i];
    return result;
}

// a where the mask is set, b elsewhere.
RGRBM_INLINE Word select(const Word& mask, const Word& a, const Word& b) {
    Word result;
    for (std::size_t i = 0; i < Word::n_native; ++i) {
#if defined(__AVX512F__)
        result.part[i] = (Word::Native)_mm512_ternarylogic_epi64((__m512i)mask.part[i], (__m512i)a.part[i],
                                                                 (__m512i)b.part[i], 0xCA);
#else
        result.part[i] = b.part[i] ^ (mask.part[i] & (a.part[i] ^ b.part[i]));
#endif
    }
    return result;
}

// a ^ b ^ c
RGRBM_INLINE Word exclusive_or(const Word& a, const Word& b, const Word& c) {
    Word result;
    for (std::size_t i = 0; i < Word::n_native; ++i) {
#if defined(__AVX512F__)
        result.part[i] =
            (Word::Native)_mm512_ternarylogic_epi64((__m512i)a.part[i], (__m512i)b.part[i], (__m512i)c.part[i], 0x96);
#else
        result.part[i] = a.part[i] ^ b.part[i] ^ c.part[i];
#endif
    }
    return result;
}

// a where a and b differ, c where they are equal: one step of a comparison from the lowest bit up.
RGRBM_INLINE Word first_unless_equal(const Word& a, const Word& b, const Word& c) {
    Word result;
    for (std::size_t i = 0; i < Word::n_native; ++i) {
#if defined(__AVX512F__)
        result.part[i] =
            (Word::Native)_mm512_ternarylogic_epi64((__m512i)a.part[i], (__m512i)b.part[i], (__m512i)c.part[i], 0xB2);
#else
        result.part[i] = a.part[i] ^ ((a.part[i] ^ c.part[i]) & ~(a.part[i] ^ b.part[i]));
#endif
    }
    return result;
}

// a & ~(b ^ c)
RGRBM_INLINE Word and_equal(const Word& a, const Word& b, const Word& c) {
    Word result;
    for (std::size_t i = 0; i < Word::n_native; ++i) {
#if defined(__AVX512F__)
        result.part[i] =
            (Word::Native)_mm512_ternarylogic_epi64((__m512i)a.part[i], (__m512i)b.part[i], (__m512i)c.part[i], 0x90);
#else
        result.part[i] = a.part[i] & ~(b.part[i] ^ c.part[i]);
#endif
    }
    return result;
}

// By any number of bits below 64.
RGRBM_INLINE Word operator<<(const Word& a, int shift) {
    Word result;
    for (std::size_t i = 0; i < Word::n_native; ++i)
        result.part[i] = a.part[i] << shift;
    return result;
}
RGRBM_INLINE Word operator>>(const Word& a, int shift) {
    Word result;
    for (std::size_t i = 0; i < Word::n_native; ++i)
        result.part[i] = a.part[i] >> shift;
    return result;
}

template <int shift>
RGRBM_INLINE Word shift_left(const Word& a) {
    Word result;
    for (std::size_t i = 0; i < Word::n_native; ++i)
        result.part[i] = a.part[i] << shift;
    return result;
}

template <int shift>
RGRBM_INLINE Word rotate_left(const Word& a) {
    Word result;
    for (std::size_t i = 0; i < Word::n_native; ++i)
        result.part[i] = (a.part[i] << shift) | (a.part[i] >> (64 - shift));
    return result;
}

} // namespace rgrbm
