// What clusters add to the measurements of a configuration.
//
// With the clusters given, each flips with probability ½: M = Σ_C ε_C S_C, where S_C = Σ_{i∈C} s_i and ε = ±1. The
// mean over all signs ε is known without drawing them, and is an estimator of smaller variance (improved estimators;
// Wolff, Nucl. Phys. B 300, 501 (1988)):
//   ⟨M²⟩ = ⟨Σ_C S_C²⟩, ⟨M⁴⟩ = ⟨3 (Σ_C S_C²)² − 2 Σ_C S_C⁴⟩, ⟨|M(k)|²⟩ = ⟨Σ_C |S_C(k)|²⟩, S_C(k) = Σ_{i∈C} s_i
//   e^(ik·x_i).
// Clusters tied to the ghost of a field do not flip, and together are one more cluster in these sums. Where one cluster
// is grown from a random site, as Wolff's, C comes with probability |C|/N, so that N S_C²/|C| stands for Σ_C S_C².
// Without a field and J > 0 the first is the well-known ⟨Σ_C |C|²⟩, or N ⟨|C|⟩.
#pragma once

#include "rgrbm/spins/packed_lattice.hpp"
#include "rgrbm/spins/waves.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace rgrbm {

struct ClusterSums {
    double squares = 0, fourths = 0;                // estimators of M² and M⁴
    std::array<double, max_dimensions> structure{}; // of |M(k)|², k the smallest along each axis
};

// e^(ikx) with k = 2π/L along each axis, and its sums over bits of words and over stretches of a line.
class Waves {
public:
    Waves(const Lattice& lattice, const PackedLattice& packed);

    // Σ e^(ikx) along the line over the sites that are set in a word.
    RGRBM_INLINE Wave sum(std::uint64_t bits, std::size_t column) const {
        Wave total = 0;
        for (std::size_t byte = column / 8; bits; bits >>= 8, ++byte)
            total += times(phase_[byte], bytes_[bits & 255]);
        return total;
    }

    // Σ e^(ikx), or with signs that alternate from +1 at x = first, over the stretch first … last of a line.
    RGRBM_INLINE Wave stretch(std::size_t first, std::size_t last, bool alternating) const {
        if (!alternating)
            return straight_[last + 1] - straight_[first];
        const Wave difference = alternating_[last + 1] - alternating_[first];
        return first % 2 ? -difference : difference;
    }

    // e^(iky) of a word along another axis than the line.
    RGRBM_INLINE Wave of_word(std::size_t axis, std::size_t word) const { return words_[axis][word]; }

    // Complex multiplication without the library's care for infinities.
    static RGRBM_INLINE Wave times(const Wave& a, const Wave& b) {
        return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
    }

private:
    std::array<Wave, 256> bytes_;
    std::vector<Wave> phase_, straight_, alternating_;
    std::array<std::vector<Wave>, 2> words_;
};

} // namespace rgrbm
