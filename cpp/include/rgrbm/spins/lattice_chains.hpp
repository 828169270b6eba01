// Few chains on large lattices, one bit per spin: a word holds 512 sites of one colour of one chain
// (colour_packing.hpp), and each chain has couplings of its own.
//
// Colours are visited in sequential order, and all sites of a colour at once: each has random numbers of its own. A
// colour is cut into bands of a fixed number of words, each with a random stream, so that several threads share one
// lattice and results are the same bits for any number of them.
#pragma once

#include "rgrbm/spins/colour_packing.hpp"
#include "rgrbm/spins/single_spin.hpp"
#include "rgrbm/spins/spin_chains.hpp"
#include "rgrbm/support/aligned.hpp"

namespace rgrbm {

class LatticeChains final : public SpinChains {
public:
    // Chains start at random (infinite temperature). Couplings are (n_chains, n_axes); throws std::invalid_argument
    // where the order of sites must be random (may_be_sequential).
    LatticeChains(const Lattice& lattice, Update update, const double* couplings, double field, std::size_t n_chains,
                  const Key& key, const Alternating& alternating);

    void set_couplings(const double* couplings) override;
    void align(bool up) override;
    void sweep(std::size_t n) override;
    void bond_sums(std::int64_t* out) const override;
    void magnetizations(bool alternating, std::int64_t* out) const override;
    void structure(double* out) const override;
    void unpack(std::size_t n, std::int8_t* out) const override;
    bool pack(const std::int8_t* spins) override;
    std::vector<std::span<std::uint64_t>> state() override;

private:
    void flip_chains(const std::vector<std::uint64_t>& chains) override;
    template <Lattice::Kind kind, class Rule>
    void sweep_band(std::size_t chain, std::size_t colour, std::size_t band, const Rule& rule);
    template <Lattice::Kind kind, class Rule>
    void sweep_by(std::size_t n);
    template <class F>
    void for_chains(F&& f) const;

    std::size_t n_bands() const { return (packing_.n_granules + granules_per_band - 1) / granules_per_band; }
    std::size_t chain_words() const { return packing_.n_colours * packing_.stored_words(); }
    // The words of a chain's colour, from its first site.
    const std::uint64_t* colour(std::size_t chain, std::size_t colour) const {
        return spins_.data() + chain * chain_words() + colour * packing_.stored_words() + packing_.margin;
    }
    std::uint64_t* colour(std::size_t chain, std::size_t colour) {
        return spins_.data() + chain * chain_words() + colour * packing_.stored_words() + packing_.margin;
    }

    static constexpr std::size_t granules_per_band = 128; // some 4 µs of work

    Update update_;
    ColourPacking packing_;
    std::vector<Couplings> couplings_;
    AlignedVector<std::uint64_t> spins_;
    std::vector<Stream> streams_; // of chain after chain, band after band
};

} // namespace rgrbm
