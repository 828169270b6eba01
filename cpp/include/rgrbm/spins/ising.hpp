// Ising models on periodic lattices, H = −Σ_a J_a Σ s s′ − h Σ s, with a coupling J_a for the bonds of each axis and
// a uniform field, β = 1: many chains at once, one bit per spin (multi-spin coding).
//
// A word holds one site of 512 chains. Chains share the order in which sites are visited, never a random
// number: every lane of a random plane decides for its own chain.
//
// Metropolis (Eq. 16): flipping a spin s in the local field f = Σ_a J_a (s₋ + s₊) + h changes H by 2 s f; it flips
// with probability min(1, e^(−ΔH)). Heat bath: the new spin does not depend on the old one, P(s) ∝ e^(s f).
//
// The order of sites. Heat bath is right in any: where the lattice has colours, sites of one colour do not interact
// and are visited in turn. Only on the ring sites are visited at random by either method. Metropolis takes sites in
// turn only where that is known to equilibrate (IsingChains::in_turn), as moves with ΔH = 0 are made always: on the
// ring they push domain walls around without ever creating or destroying them, so that couplings that fall apart into
// rings, or nearly so, need random sites as well; spins without any local field would flip for ever, at J = 0 and on
// configurations of which only small lattices have a noticeable share; and frustrated models, in which many spins have
// no local field at low temperature, would move on rails.
#pragma once

#include "rgrbm/spins/lattice.hpp"
#include "rgrbm/support/random.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace rgrbm {

enum class Update { metropolis, heat_bath };

struct Couplings {
    std::array<double, max_axes> along{}; // J of each axis of the lattice
    double field = 0;                     // h
};

class IsingChains {
public:
    // Chains start at random (infinite temperature), each block of 512 with a stream of its own.
    IsingChains(Lattice lattice, const Couplings& couplings, std::size_t n_chains, const Key& key);

    std::size_t n_chains() const { return n_chains_; }
    const Lattice& lattice() const { return lattice_; }
    const Couplings& couplings() const { return couplings_; }

    // Whether all axes have the same coupling.
    bool has_one_coupling() const;

    // Whether sites are visited colour by colour, and not at random.
    bool in_turn(Update update) const;

    // Sets every spin of every chain to +1.
    void align();

    // n sweeps of as many updates as there are sites.
    void sweep(std::size_t n, Update update);

    // Replaces each chain of a ring without field by an independent, exact sample.
    void sample_exactly();

    // Σ s s′ over the bonds of each axis, shape (n_axes, n_chains), and Σ s, of each chain; counted on the packed bits.
    void bond_sums(std::int64_t* out) const;
    void magnetizations(std::int64_t* out) const;

    // The first n chains as int8 ±1, shape (n, n_sites).
    void unpack(std::size_t n, std::int8_t* out) const;

private:
    template <class Sites, class Law>
    void sweep_blocks(const Sites& sites, const Law& law, bool in_turn, std::size_t n);

    std::size_t chains_in(std::size_t block) const;
    Word* block(std::size_t index) { return spins_.data() + index * lattice_.n_sites(); }
    const Word* block(std::size_t index) const { return spins_.data() + index * lattice_.n_sites(); }

    Lattice lattice_;
    Couplings couplings_;
    std::size_t n_chains_;
    std::vector<Word> spins_; // block after block, site after site
    std::vector<Stream> streams_;
};

} // namespace rgrbm
