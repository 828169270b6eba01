// Vectors of 16 real numbers, whatever the processor and whatever the precision.
//
// A Vector<Real> is built from the processor's own vectors, as Word is for integers. Sixteen lanes, so that one
// Word of random bits draws 16 binary units in single precision and two Words do in double precision.
#pragma once

#include "rgrbm/support/simd.hpp"

#include <cmath>
#include <cstdint>
#include <type_traits>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace rgrbm {

// The processor's own vectors of a precision; loads and stores may alias plain arrays.
template <class Real>
struct NativeVectors;

template <>
struct NativeVectors<float> {
    using Integer = std::int32_t;
    using Values = float __attribute__((vector_size(native_bytes)));
    using Integers = std::int32_t __attribute__((vector_size(native_bytes)));
    using Memory = float __attribute__((vector_size(native_bytes), may_alias));
};

template <>
struct NativeVectors<double> {
    using Integer = std::int64_t;
    using Values = double __attribute__((vector_size(native_bytes)));
    using Integers = std::int64_t __attribute__((vector_size(native_bytes)));
    using Memory = double __attribute__((vector_size(native_bytes), may_alias));
};

template <class Real>
struct alignas(64) Vector {
    static constexpr std::size_t n_lanes = 16;
    static constexpr std::size_t n_native = n_lanes * sizeof(Real) / native_bytes;
    static constexpr std::size_t per_native = native_bytes / sizeof(Real);
    using Integer = typename NativeVectors<Real>::Integer;
    using Native = typename NativeVectors<Real>::Values;
    using NativeInteger = typename NativeVectors<Real>::Integers;

    Native part[n_native];

    static RGRBM_INLINE Vector fill(Real value) {
        Vector result;
        for (auto& p : result.part)
            p = Native{} + value;
        return result;
    }
    static RGRBM_INLINE Vector zero() { return fill(0); }
    // The address must be a multiple of 64 bytes.
    static RGRBM_INLINE Vector load(const Real* address) {
        Vector result;
        for (std::size_t i = 0; i < n_native; ++i)
            result.part[i] = reinterpret_cast<const Memory*>(address)[i];
        return result;
    }
    RGRBM_INLINE void store(Real* address) const {
        for (std::size_t i = 0; i < n_native; ++i)
            reinterpret_cast<Memory*>(address)[i] = part[i];
    }

    RGRBM_INLINE Vector& operator+=(const Vector& b) {
        for (std::size_t i = 0; i < n_native; ++i)
            part[i] += b.part[i];
        return *this;
    }
    RGRBM_INLINE Vector& operator-=(const Vector& b) {
        for (std::size_t i = 0; i < n_native; ++i)
            part[i] -= b.part[i];
        return *this;
    }

    // Applies a function to each native vector.
    template <class Function, class... Others>
    static RGRBM_INLINE Vector map(Function&& function, const Others&... arguments) {
        Vector result;
        for (std::size_t i = 0; i < n_native; ++i)
            result.part[i] = function(arguments.part[i]...);
        return result;
    }

    // Sum of the lanes, in a fixed order.
    RGRBM_INLINE Real sum() const {
        Real total = 0;
        for (std::size_t i = 0; i < n_native; ++i)
            for (std::size_t j = 0; j < per_native; ++j)
                total += part[i][j];
        return total;
    }

private:
    using Memory = typename NativeVectors<Real>::Memory;
};

template <class Real>
RGRBM_INLINE Vector<Real> operator+(Vector<Real> a, const Vector<Real>& b) {
    return a += b;
}
template <class Real>
RGRBM_INLINE Vector<Real> operator-(Vector<Real> a, const Vector<Real>& b) {
    return a -= b;
}
template <class Real>
RGRBM_INLINE Vector<Real> operator*(const Vector<Real>& a, const Vector<Real>& b) {
    return Vector<Real>::map([](auto x, auto y) { return x * y; }, a, b);
}

// The native vectors' smaller and larger values, in one instruction where there is one.
template <class Native>
RGRBM_INLINE Native minimum(Native a, Native b) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<Native, Vector<float>::Native>)
        return (Native)_mm512_min_ps((__m512)a, (__m512)b);
    else
        return (Native)_mm512_min_pd((__m512d)a, (__m512d)b);
#elif defined(__AVX2__)
    if constexpr (std::is_same_v<Native, Vector<float>::Native>)
        return (Native)_mm256_min_ps((__m256)a, (__m256)b);
    else
        return (Native)_mm256_min_pd((__m256d)a, (__m256d)b);
#else
    return a < b ? a : b;
#endif
}
template <class Native>
RGRBM_INLINE Native maximum(Native a, Native b) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<Native, Vector<float>::Native>)
        return (Native)_mm512_max_ps((__m512)a, (__m512)b);
    else
        return (Native)_mm512_max_pd((__m512d)a, (__m512d)b);
#elif defined(__AVX2__)
    if constexpr (std::is_same_v<Native, Vector<float>::Native>)
        return (Native)_mm256_max_ps((__m256)a, (__m256)b);
    else
        return (Native)_mm256_max_pd((__m256d)a, (__m256d)b);
#else
    return a > b ? a : b;
#endif
}

// Square roots of values that are not negative.
template <class Native>
RGRBM_INLINE Native square_root(Native a) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<Native, Vector<float>::Native>)
        return (Native)_mm512_sqrt_ps((__m512)a);
    else
        return (Native)_mm512_sqrt_pd((__m512d)a);
#elif defined(__AVX2__)
    if constexpr (std::is_same_v<Native, Vector<float>::Native>)
        return (Native)_mm256_sqrt_ps((__m256)a);
    else
        return (Native)_mm256_sqrt_pd((__m256d)a);
#else
    for (std::size_t i = 0; i < sizeof(Native) / sizeof(a[0]); ++i)
        a[i] = std::sqrt(a[i]);
    return a;
#endif
}

// Bit i of the result is set where lane i of a is less than lane i of b.
template <class Real>
RGRBM_INLINE std::uint16_t less(const Vector<Real>& a, const Vector<Real>& b) {
    using V = Vector<Real>;
    unsigned bits = 0;
    for (std::size_t i = 0; i < V::n_native; ++i) {
        unsigned chunk = 0;
#if defined(__AVX512F__)
        if constexpr (sizeof(Real) == 4)
            chunk = _mm512_cmp_ps_mask((__m512)a.part[i], (__m512)b.part[i], _CMP_LT_OQ);
        else
            chunk = _mm512_cmp_pd_mask((__m512d)a.part[i], (__m512d)b.part[i], _CMP_LT_OQ);
#elif defined(__AVX2__)
        const auto mask = a.part[i] < b.part[i];
        if constexpr (sizeof(Real) == 4)
            chunk = static_cast<unsigned>(_mm256_movemask_ps((__m256)mask));
        else
            chunk = static_cast<unsigned>(_mm256_movemask_pd((__m256d)mask));
#elif defined(__SSE2__)
        const auto mask = a.part[i] < b.part[i];
        if constexpr (sizeof(Real) == 4)
            chunk = static_cast<unsigned>(_mm_movemask_ps((__m128)mask));
        else
            chunk = static_cast<unsigned>(_mm_movemask_pd((__m128d)mask));
#else
        const auto mask = a.part[i] < b.part[i];
        for (std::size_t j = 0; j < V::per_native; ++j)
            chunk |= static_cast<unsigned>(mask[j] & 1) << j;
#endif
        bits |= chunk << (i * V::per_native);
    }
    return static_cast<std::uint16_t>(bits);
}

// Lane i is 1 where bit i is set and 0 elsewhere.
template <class Real>
RGRBM_INLINE Vector<Real> expand(std::uint16_t bits) {
    using V = Vector<Real>;
    using Integer = typename V::Integer;
    using NativeInteger = typename V::NativeInteger;
    V result;
    for (std::size_t i = 0; i < V::n_native; ++i) {
        NativeInteger lane_bit;
        for (std::size_t j = 0; j < V::per_native; ++j)
            lane_bit[j] = static_cast<Integer>(1) << (i * V::per_native + j);
        const NativeInteger set = ((NativeInteger{} + static_cast<Integer>(bits)) & lane_bit) == lane_bit;
        const typename V::Native one = typename V::Native{} + Real{1};
        result.part[i] = (typename V::Native)(set & (NativeInteger)one);
    }
    return result;
}

} // namespace rgrbm
