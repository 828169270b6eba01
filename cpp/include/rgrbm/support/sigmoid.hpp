// exp, the logistic function and the draw of binary units from it, 16 lanes at a time.
//
// exp(x) = 2^n exp(r) with n = round(x / ln 2) and r = x − n ln 2 in two steps (Cody & Waite), |r| ≤ ½ ln 2, where
// exp(r) is the Chebyshev polynomial of degree 5 (relative error 8e-8) or 11 (3e-18). With rounding the relative
// error is below 3e-7 in float and 5e-16 in double; the tests hold it to that. x is clamped to ±87 (±708), the
// range of normal numbers.
//
// A unit is 1 with probability σ(x) = 1/(1 + e^−x): it is 1 exactly when u (1 + e^−x) < 1, without a division.
#pragma once

#include "rgrbm/support/random.hpp"
#include "rgrbm/support/vector.hpp"

namespace rgrbm {

template <class Real>
struct ExpTraits;

template <>
struct ExpTraits<float> {
    static constexpr float limit = 87.0f;
    static constexpr float round = 12582912.0f; // 1.5 · 2^23: adding it rounds to an integer
    static constexpr int mantissa_bits = 23;
    static constexpr float log2_e = 1.442695041f;
    static constexpr float ln2_high = 0.693359375f; // few bits, so that n · ln2_high is exact
    static constexpr float ln2_low = -2.12194440e-4f;
    static constexpr float coefficients[] = {8.3691556676973968e-3f, 4.1917557541362651e-2f, 1.6666505195758111e-1f,
                                             4.9998868925286087e-1f, 1.0000000107780401f,    1.0000000755002300f};
};

template <>
struct ExpTraits<double> {
    static constexpr double limit = 708.0;
    static constexpr double round = 6755399441055744.0; // 1.5 · 2^52
    static constexpr int mantissa_bits = 52;
    static constexpr double log2_e = 1.4426950408889634074;
    static constexpr double ln2_high = 6.93145751953125e-1;
    static constexpr double ln2_low = 1.42860682030941723212e-6;
    static constexpr double coefficients[] = {
        2.5110049204818659792e-8, 2.7632654722527791888e-7, 2.7557240887229868596e-6, 2.4801485441561312966e-5,
        1.9841269890076402829e-4, 1.3888888952352862866e-3, 8.3333333333195896163e-3, 4.1666666666487952520e-2,
        1.6666666666666680820e-1, 5.0000000000000184039e-1, 0.99999999999999999976,   0.99999999999999999693};
};

// e^(−x); the sign is what the logistic function needs.
template <class Real>
RGRBM_INLINE Vector<Real> exp_negative(const Vector<Real>& x) {
    using T = ExpTraits<Real>;
    using V = Vector<Real>;
    return V::map(
        [](typename V::Native value) {
            using Native = typename V::Native;
            using Integer = typename V::NativeInteger;
            const Native low = Native{} - T::limit, high = Native{} + T::limit;
            Native y = -value;
            y = minimum(y, high);
            y = maximum(y, low);
            const Native shifted = y * T::log2_e + T::round;
            const Native n = shifted - T::round;
            const Native r = (y - n * T::ln2_high) - n * T::ln2_low;
            Native p = Native{} + T::coefficients[0];
            for (std::size_t i = 1; i < std::size(T::coefficients); ++i)
                p = p * r + T::coefficients[i];
            return (Native)((Integer)p + ((Integer)shifted << T::mantissa_bits));
        },
        x);
}

// σ from e^(−x).
template <class Real>
RGRBM_INLINE Vector<Real> logistic_of(const Vector<Real>& e) {
    return Vector<Real>::map([](auto value) { return Real{1} / (value + Real{1}); }, e);
}

// Sixteen uniform numbers in (0, 1]. Single precision: (k + ½) 2^−31 with k of 31 bits, rounded to float, so
// that small probabilities are met to 2^−32 and all others to 2^−25. Double precision: (k + ½) 2^−52.
RGRBM_INLINE void uniform(Stream& stream, Vector<float>& u) {
    const Word bits = stream.next();
    for (std::size_t i = 0; i < Word::n_native; ++i) {
        using Signed = Vector<float>::NativeInteger;
        using Unsigned = std::uint32_t __attribute__((vector_size(native_bytes)));
        const Signed k = (Signed)((Unsigned)bits.part[i] >> 1);
        u.part[i] = __builtin_convertvector(k, Vector<float>::Native) * 0x1p-31f + 0x1p-32f;
    }
}
RGRBM_INLINE void uniform(Stream& stream, Vector<double>& u) {
    for (std::size_t half = 0; half < 2; ++half) {
        const Word bits = stream.next();
        for (std::size_t i = 0; i < Word::n_native; ++i) {
            const Word::Native k = (bits.part[i] >> 12) | 0x3FF0000000000000u;
            u.part[half * Word::n_native + i] = (Vector<double>::Native)k - (1.0 - 0x1p-53);
        }
    }
}

// Draws 16 units with probabilities 1/(1 + e).
template <class Real>
RGRBM_INLINE std::uint16_t draw(Stream& stream, const Vector<Real>& e) {
    Vector<Real> u;
    uniform(stream, u);
    const Vector<Real> product = Vector<Real>::map([](auto a, auto b) { return a * b + a; }, u, e);
    return less(product, Vector<Real>::fill(1));
}

} // namespace rgrbm
