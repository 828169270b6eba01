// Normal random numbers, sixteen at a time, by the transform of Box & Muller (Ann. Math. Stat. 29, 610 (1958)):
//     x = √(−2 ln u) cos φ,   y = √(−2 ln u) sin φ,   u uniform in (0, 1], φ in a whole turn.
//
// Both functions are series that need no tables and no branches, so that a vector costs little more than a number:
//     ln u = e ln 2 + 2 (s + s³/3 + s⁵/5 + …),   s = (m − 1)/(m + 1),   u = m 2^e, m in [√½, √2), |s| < 0.172
//     sin, cos by their power series in [−π/4, π/4] about the nearest of four quarters of the turn,
// cut off where the next term is below half a unit in the last place. The largest numbers are √(64 ln 2) = 6.66 in
// single precision and √(106 ln 2) = 8.57 in double precision: what lies beyond has probability 3e-11 and 1e-17.
#pragma once

#include "rgrbm/support/sigmoid.hpp"

namespace rgrbm {

template <class Real>
struct NormalTraits;

template <>
struct NormalTraits<float> {
    static constexpr std::int32_t half_root = 0x3F3504F3; // the bits of √½
    static constexpr std::size_t n_log = 5, n_circle = 5; // terms of the series
};

template <>
struct NormalTraits<double> {
    static constexpr std::int64_t half_root = 0x3FE6A09E667F3BCD;
    static constexpr std::size_t n_log = 10, n_circle = 9;
};

// ln u of normal positive numbers.
template <class Real>
RGRBM_INLINE Vector<Real> natural_log(const Vector<Real>& u) {
    using T = NormalTraits<Real>;
    using V = Vector<Real>;
    return V::map(
        [](typename V::Native value) {
            using Native = typename V::Native;
            using Integer = typename V::NativeInteger;
            // Of u / √½ = 2^e · (something in [1, 2)), e is what moves u to [√½, √2).
            const Integer e = ((Integer)value - T::half_root) >> ExpTraits<Real>::mantissa_bits;
            const Native m = (Native)((Integer)value - (e << ExpTraits<Real>::mantissa_bits));
            const Native s = (m - Real{1}) / (m + Real{1}), square = s * s;
            Native sum = Native{} + Real{1} / (2 * T::n_log - 1);
            for (std::size_t i = T::n_log - 1; i-- > 0;)
                sum = sum * square + Real{1} / static_cast<Real>(2 * i + 1);
            const Native exponent = __builtin_convertvector(e, Native);
            return exponent * ExpTraits<Real>::ln2_high + (exponent * ExpTraits<Real>::ln2_low + (s + s) * sum);
        },
        u);
}

// Cosine and sine of 2π turns, for turns in [0, 1].
template <class Real>
RGRBM_INLINE void point_on_circle(const Vector<Real>& turns, Vector<Real>& cosine, Vector<Real>& sine) {
    using T = NormalTraits<Real>;
    using V = Vector<Real>;
    for (std::size_t p = 0; p < V::n_native; ++p) {
        using Native = typename V::Native;
        using Integer = typename V::NativeInteger;
        const Native quarters = turns.part[p] * Real{4};
        const Native shifted = quarters + ExpTraits<Real>::round;
        const Native x = (quarters - (shifted - ExpTraits<Real>::round)) * static_cast<Real>(1.5707963267948966192);
        const Native square = x * x;
        Native c = Native{} + Real{1}, s = c; // Horner from the last term: 1 − x²/(2·1) (1 − x²/(4·3) (…
        for (std::size_t i = T::n_circle; i-- > 1;) {
            c = Real{1} - square * (Real{1} / static_cast<Real>(2 * i * (2 * i - 1))) * c;
            s = Real{1} - square * (Real{1} / static_cast<Real>(2 * i * (2 * i + 1))) * s;
        }
        s *= x;
        // A quarter turn takes (c, s) to (−s, c), two to (−c, −s).
        const Integer number = (Integer)shifted;
        const Integer odd = -(number & 1); // all bits, or none
        const Integer bits_c = (Integer)c, bits_s = (Integer)s;
        const Integer swapped_c = (bits_c & ~odd) | (bits_s & odd), swapped_s = (bits_s & ~odd) | (bits_c & odd);
        constexpr std::size_t top = 8 * sizeof(Real) - 1;
        const Integer minus_c = (((number + 1) >> 1) & 1) << top, minus_s = ((number >> 1) & 1) << top;
        cosine.part[p] = (Native)(swapped_c ^ minus_c);
        sine.part[p] = (Native)(swapped_s ^ minus_s);
    }
}

// Standard normal numbers of a stream. They come in pairs of vectors, of which the second is kept for the next call.
template <class Real>
class Normals {
public:
    using V = Vector<Real>;

    explicit Normals(Stream& stream) : stream_(stream) {}

    RGRBM_INLINE V next() {
        if (kept_) {
            kept_ = false;
            return second_;
        }
        V u, turns, cosine;
        uniform(stream_, u);
        uniform(stream_, turns);
        const V radius = V::map([](auto log) { return square_root(log * Real{-2}); }, natural_log(u));
        point_on_circle(turns, cosine, second_);
        second_ = second_ * radius;
        kept_ = true;
        return cosine * radius;
    }

private:
    V second_ = V::zero(); // first: the widest alignment, without padding before it
    Stream& stream_;
    bool kept_ = false;
};

} // namespace rgrbm
