// Updates of 512 spins at once with a coupling for each axis and a field; see single_spin.hpp for the probabilities.
//
// The two neighbours along an axis are both down, unlike or both up. With A axes there are 3ᴬ cases, each with its
// local field f = Σ_a J_a (s₋ + s₊) + h and so with a threshold t of its own. A random number is compared with its
// threshold bit by bit from the top (bernoulli.hpp); the plane of bit k holds bit k of the threshold of each lane. It
// is chosen axis by axis: along the first, the three cases are up to three bits, so that the plane is one of eight
// words made once per site; along the others it is a choice among three.
#pragma once

#include "rgrbm/spins/single_spin.hpp"
#include "rgrbm/support/bernoulli.hpp"

#include <array>
#include <cmath>

namespace rgrbm {

// Lanes by the two neighbours along an axis.
struct AxisCases {
    Word down;
    Word unlike;
    Word up;

    RGRBM_INLINE Word choose(const Word& a, const Word& b, const Word& c) const {
        return (down & a) | (unlike & b) | (up & c);
    }
};

// One bit for each of the 3ᴬ cases: those of the first axis together, as a number below 8.
template <std::size_t n_axes>
struct CaseBits {
    static constexpr std::size_t n_cases = n_axes == 1 ? 3 : n_axes == 2 ? 9 : 27;

    std::array<std::uint8_t, n_cases / 3> triples{};

    void set(std::size_t index) { triples[index / 3] |= static_cast<std::uint8_t>(1u << (index % 3)); }
};

// Converts bits of cases to bits of lanes.
template <std::size_t n_axes>
class CaseSelector {
public:
    RGRBM_INLINE explicit CaseSelector(const std::array<Word, 2 * n_axes>& neighbours) {
        for (std::size_t axis = 0; axis < n_axes; ++axis) {
            const Word &a = neighbours[2 * axis], &b = neighbours[2 * axis + 1];
            axes_[axis] = {~(a | b), a ^ b, a & b};
        }
        const AxisCases& first = axes_[0];
        subsets_ = {Word::zero(), first.down,    first.unlike, ~first.up,
                    first.up,     ~first.unlike, ~first.down,  Word::ones()};
    }

    RGRBM_INLINE Word operator()(const CaseBits<n_axes>& bits) const {
        const auto& t = bits.triples;
        if constexpr (n_axes == 1)
            return subsets_[t[0]];
        else if constexpr (n_axes == 2)
            return triple(t.data());
        else
            return axes_[2].choose(triple(t.data()), triple(t.data() + 3), triple(t.data() + 6));
    }

private:
    RGRBM_INLINE Word triple(const std::uint8_t* t) const {
        return axes_[1].choose(subsets_[t[0]], subsets_[t[1]], subsets_[t[2]]);
    }

    std::array<AxisCases, n_axes> axes_;
    std::array<Word, 8> subsets_;
};

// The cases of a site's neighbours, numbered in base 3: digit a is the number of up neighbours along axis a.
struct LocalField {
    // The products are exact, so that the field has the same bits with and without fused multiply-add.
    static double of_case(const Couplings& couplings, std::size_t n_axes, std::size_t index) {
        double f = couplings.field;
        for (std::size_t axis = 0; axis < n_axes; ++axis, index /= 3)
            f += couplings.along[axis] * (2 * (static_cast<double>(index % 3) - 1));
        return f;
    }

    // Metropolis: to flip a spin along its local field. Heat bath: to be up.
    static double probability(Update update, double f) {
        const double boltzmann = std::exp(-2 * std::abs(f));
        if (update == Update::metropolis)
            return boltzmann;
        return (f < 0 ? boltzmann : 1.0) / (1 + boltzmann);
    }
};

// A lazy update tries each move with a given probability only, independently in all lanes, and keeps the spin
// otherwise.
template <Update update, std::size_t n_axes, bool lazy = false>
class FieldUpdate {
    static_assert(update == Update::metropolis || !lazy);

public:
    static constexpr std::size_t z = 2 * n_axes;

    explicit FieldUpdate(const Couplings& couplings, double tried = 1) : tried_(bernoulli_threshold(tried)) {
        for (std::size_t index = 0; index < CaseBits<n_axes>::n_cases; ++index) {
            const double f = LocalField::of_case(couplings, n_axes, index);
            if (f > 0)
                wants_up_.set(index);
            if (f == 0)
                free_.set(index);
            const std::uint64_t threshold =
                bernoulli_threshold((lazy ? tried : 1) * LocalField::probability(update, f));
            for (std::size_t plane = 0; plane < 64; ++plane)
                if (threshold >> (63 - plane) & 1)
                    planes_[plane].set(index);
        }
    }

    // The new spins.
    RGRBM_INLINE Word operator()(const Word& spin, const std::array<Word, z>& neighbours, Stream& stream) const {
        const CaseSelector<n_axes> cases(neighbours);
        const auto plane = [&](std::size_t k) { return cases(planes_[k]); };
        if constexpr (update == Update::heat_bath)
            return draw_below(stream, Word::ones(), plane);
        // A spin against its local field, or without any, flips whenever it is tried.
        const Word content = and_not(~(spin ^ cases(wants_up_)), cases(free_));
        if constexpr (lazy)
            return spin ^ draw_below(stream, Word::ones(), [&](std::size_t k) {
                       return select(content, plane(k), Word::fill_bit(tried_ >> (63 - k)));
                   });
        return spin ^ (draw_below(stream, content, plane) | ~content);
    }

private:
    std::array<CaseBits<n_axes>, 64> planes_{}; // of the thresholds, from the top
    CaseBits<n_axes> wants_up_{}, free_{};
    std::uint64_t tried_;
};

} // namespace rgrbm
