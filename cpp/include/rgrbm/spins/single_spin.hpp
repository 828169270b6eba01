// Single-spin updates: their probabilities, and the order in which sites may be visited.
//
// Metropolis (Eq. 16 of the report): flipping a spin s in the local field f = Σ_a J_a (s₋ + s₊) + h changes H by 2 s f;
// it flips with probability min(1, e^(−ΔH)). Heat bath: the new spin does not depend on the old one, P(s) ∝ e^(s f).
//
// The order of sites. Heat bath is right in any order. Where the lattice has colours, sites of one colour do not
// interact, and colours are visited in sequential order. On rings and on lattices without colours, both methods visit
// sites in random order.
//
// Metropolis visits colours in sequential order only where that is known to equilibrate, because it always makes moves
// with ΔH = 0. On a ring these moves push domain walls around and never create or annihilate them. Couplings that fall
// apart into rings, or nearly so, need random order for the same reason. Spins without any local field would flip for
// ever: at J = 0, and on configurations of which only small lattices have a noticeable share. In frustrated models many
// spins have no local field at low temperature and would flip in every sweep.
#pragma once

#include "rgrbm/spins/lattice.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace rgrbm {

enum class Update { metropolis, heat_bath };

struct Couplings {
    std::array<double, max_axes> along{}; // J of each axis of the lattice
    double field = 0;                     // h

    Couplings() = default;
    Couplings(const std::array<double, max_axes>& along, double field) : along(along), field(field) {}
    Couplings(const double* J, std::size_t n_axes, double h) : field(h) { std::copy(J, J + n_axes, along.begin()); }

    // Whether the first n axes have the same coupling.
    bool has_one_coupling(std::size_t n_axes) const {
        return std::all_of(along.begin(), along.begin() + static_cast<std::ptrdiff_t>(n_axes),
                           [&](double J) { return J == along[0]; });
    }
    // The largest local field that a spin can feel.
    double largest_field(std::size_t n_axes) const {
        double sum = std::abs(field);
        for (std::size_t axis = 0; axis < n_axes; ++axis)
            sum += 2 * std::abs(along[axis]);
        return sum;
    }
};

// Whether nearly all moves of Metropolis are accepted: none raises H, by twice the local field, by more than 1. In
// random order such moves are tried with probability ½ only. A spin without any field would flip at each of them: the
// number of up spins would keep its parity, and chains that share the order of sites (word_chains.hpp) would stay
// alike.
inline bool couplings_are_weak(const Couplings& couplings, std::size_t n_axes) {
    return 2 * couplings.largest_field(n_axes) <= 1;
}

// Whether colours may be visited in sequential order, and not sites at random.
inline bool may_be_sequential(const Lattice& lattice, Update update, const Couplings& couplings) {
    if (lattice.is_ring() || !lattice.has_colours())
        return false;
    if (update == Update::heat_bath)
        return true;
    const double J = couplings.along[0];
    const bool frustrated = J < 0 && !(lattice.is_bipartite() && couplings.field == 0);
    return couplings.has_one_coupling(lattice.n_axes()) && J != 0 && !frustrated && lattice.shortest_side() >= 8;
}

} // namespace rgrbm
