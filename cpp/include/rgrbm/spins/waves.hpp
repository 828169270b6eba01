// The smallest wave that fits on a periodic lattice, e^(ikx) with k = 2π/L, and structure factors of sums over planes.
#pragma once

#include <cmath>
#include <complex>
#include <cstdint>
#include <numbers>
#include <vector>

namespace rgrbm {

using Wave = std::complex<double>;

// e^(2πix/L) for x = 0 … L − 1.
inline std::vector<Wave> circle(std::size_t length) {
    std::vector<Wave> result(length);
    for (std::size_t x = 0; x < length; ++x) {
        const double angle = 2 * std::numbers::pi * static_cast<double>(x) / static_cast<double>(length);
        result[x] = {std::cos(angle), std::sin(angle)};
    }
    return result;
}

// |Σ_x sums[x] e^(ikx)|², where sums[x] = Σ s over the sites of coordinate x.
inline double structure_factor(const std::vector<std::int64_t>& sums, const std::vector<Wave>& wave) {
    double real = 0, imaginary = 0;
    for (std::size_t x = 0; x < sums.size(); ++x) {
        real += static_cast<double>(sums[x]) * wave[x].real();
        imaginary += static_cast<double>(sums[x]) * wave[x].imag();
    }
    return real * real + imaginary * imaginary;
}

} // namespace rgrbm
