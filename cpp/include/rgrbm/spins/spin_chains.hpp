// Chains of an Ising model on a periodic lattice, H = −Σ_a J_a Σ s s′ − h Σ s with β = 1: the interface of every
// sampler, for all updates and all packings of spins.
//
// Each chain has a coupling J_a for the bonds of each axis; the field h is that of all. Spins are moved by integer
// arithmetic, so that they are the same bits on every instruction set, and by random streams that belong to chains (or
// to fixed groups or parts of them) and never to threads.
#pragma once

#include "rgrbm/spins/lattice.hpp"
#include "rgrbm/support/random.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace rgrbm {

// Dimensions along which the sign of the alternating sum Σ ε s changes from site to site, ε = Π (−1)^x.
using Alternating = std::array<bool, max_dimensions>; // of layers, rows, columns

// Where n measurements of all chains go, one array for each quantity, measurement after measurement.
struct SpinRecord {
    std::int64_t* bond_sums;      // (n, n_chains, n_axes): Σ s s′ over the bonds of each axis
    std::int64_t* magnetizations; // (n, n_chains): Σ s
    std::int64_t* alternating;    // (n, n_chains): Σ ε s
    double* structure;            // (n, n_chains, n_dimensions): |Σ s e^(ikx)|², k = 2π/L; null: not wanted
};

class SpinChains {
public:
    virtual ~SpinChains() = default;

    const Lattice& lattice() const { return lattice_; }
    std::size_t n_chains() const { return n_chains_; }
    double field() const { return field_; }

    // Gives the chains other couplings, (n_chains, n_axes).
    virtual void set_couplings(const double* couplings) = 0;

    // Sets every spin of every chain to +1, or to −1.
    virtual void align(bool up) = 0;

    // Makes n sweeps of about as many updates as there are sites.
    virtual void sweep(std::size_t n) = 0;

    // Σ s s′ over the bonds of each axis, (n_chains, n_axes).
    virtual void bond_sums(std::int64_t* out) const = 0;
    // Σ s of each chain, or Σ ε s.
    virtual void magnetizations(bool alternating, std::int64_t* out) const = 0;
    // |Σ s e^(ikx)|² for the smallest wave number k = 2π/L along each dimension, (n_chains, n_dimensions).
    virtual void structure(double* out) const = 0;

    // The first n chains as int8 ±1, (n, n_sites); and all chains from such an array. False, and nothing is changed, if
    // a value is neither −1 nor +1.
    virtual void unpack(std::size_t n, std::int8_t* out) const = 0;
    virtual bool pack(const std::int8_t* spins) = 0;

    // All that a chain's future depends on, beside its couplings: spins and random streams, to be saved and restored.
    virtual std::vector<std::span<std::uint64_t>> state() = 0;

    // Flips all spins of a chain with the probability 1/(1 + e^(2hM)) that its mirror image has of the two: a heat-bath
    // update of the sign of all spins, by which a chain crosses from one phase to the other at once.
    void flip_globally();

    // Measures n times, each time after so many sweeps as the spacing says, and after a global flip if that is wanted.
    void measure(std::size_t n, std::size_t spacing, bool with_flips, const SpinRecord& record);

protected:
    SpinChains(const Lattice& lattice, double field, std::size_t n_chains, const Key& key,
               const Alternating& alternating)
        : lattice_(lattice), field_(field), n_chains_(n_chains), alternating_(alternating),
          flips_(1, Stream(key, ~std::uint64_t{0})) {}

    // Flips all spins of the chains whose bits are set, 64 chains to a word.
    virtual void flip_chains(const std::vector<std::uint64_t>& chains) = 0;

    // Measures the spins as they are, as number i of a record.
    void record(std::size_t i, const SpinRecord& to) const;

    // ε of a site.
    bool is_odd(std::size_t layer, std::size_t row, std::size_t column) const {
        return ((alternating_[0] ? layer : 0) + (alternating_[1] ? row : 0) + (alternating_[2] ? column : 0)) % 2 != 0;
    }

    // Streams of global flips, for the state.
    std::span<std::uint64_t> flip_state() { return words_of(flips_); }

    static std::span<std::uint64_t> words_of(std::vector<Stream>& streams) {
        return {reinterpret_cast<std::uint64_t*>(streams.data()), streams.size() * sizeof(Stream) / 8};
    }

    Lattice lattice_;
    double field_;
    std::size_t n_chains_;
    Alternating alternating_;

private:
    std::vector<Stream> flips_; // one stream, named by no chain
};

} // namespace rgrbm
