// Ising models on periodic lattices, H = −J Σ s s′ over nearest neighbours, β = 1: many chains at once, one
// bit per spin (multi-spin coding).
//
// A word holds one site of 512 chains. Chains share the order in which sites are visited, never a random
// number: every lane of a random plane decides for its own chain.
//
// Metropolis (Eq. 16): a spin with n satisfied bonds out of z changes H by 2|J|(2n − z) when flipped; it
// flips with probability min(1, e^(−ΔH)). Heat bath: the new spin does not depend on the old one, P(s) ∝
// e^(−H).
// On the ring sites are visited at random: in a fixed order, Metropolis moves with ΔH = 0 push domain walls around
// without ever creating or destroying them, and the chain never equilibrates. On the square lattice the sites of one
// colour of the checkerboard do not interact and are visited in order. Two cases need random sites there as well: an
// odd side, which has no checkerboard; and Metropolis where it would flip all spins for ever, that is at J = 0 and on
// the configurations without any local field, of which only small lattices have a noticeable share.
#pragma once

#include "rgrbm/random.hpp"

#include <cstdint>
#include <vector>

namespace rgrbm {

enum class Update { metropolis, heat_bath };

// A ring (rows = 1) or a rows × columns torus. A side of 2 has double bonds, as the closed formulas count
// them.
struct Lattice {
    std::size_t rows;
    std::size_t columns;

    std::size_t n_sites() const { return rows * columns; }
    bool is_ring() const { return rows == 1; }
    bool has_checkerboard() const { return !is_ring() && rows % 2 == 0 && columns % 2 == 0; }
    bool is_small() const { return rows < 8 || columns < 8; }
};

class IsingChains {
public:
    // Chains start at random (infinite temperature), each block of 512 with a stream of its own.
    IsingChains(Lattice lattice, double coupling, std::size_t n_chains, const Key& key);

    std::size_t n_chains() const { return n_chains_; }
    const Lattice& lattice() const { return lattice_; }

    // Sets every spin of every chain to +1.
    void align();

    // n sweeps of as many updates as there are sites.
    void sweep(std::size_t n, Update update);

    // Replaces each chain of a ring by an independent, exact sample.
    void sample_exactly();

    // Σ s s′ over bonds, and Σ s, of each chain; counted on the packed bits.
    void bond_sums(std::int64_t* out) const;
    void magnetizations(std::int64_t* out) const;

    // The first n chains as int8 ±1, shape (n, n_sites).
    void unpack(std::size_t n, std::int8_t* out) const;

private:
    std::size_t chains_in(std::size_t block) const;
    Word* block(std::size_t index) { return spins_.data() + index * lattice_.n_sites(); }
    const Word* block(std::size_t index) const { return spins_.data() + index * lattice_.n_sites(); }

    Lattice lattice_;
    double coupling_;
    std::size_t n_chains_;
    std::vector<Word> spins_; // block after block, site after site
    std::vector<Stream> streams_;
};

} // namespace rgrbm
