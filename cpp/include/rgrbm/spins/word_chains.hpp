// Many chains at once, one bit per spin (multi-spin coding): a word holds one site of 512 chains, which have the same
// couplings.
//
// Chains of a word share the order in which sites are visited, never a random number: every lane of a random plane
// decides for its own chain. Where sites are visited at random and nearly all moves of Metropolis are accepted, that
// order alone would tie the chains together. So each chain tries a move in random order with probability 7/8 only, and
// with probability ½ where couplings are weak (single_spin.hpp).
#pragma once

#include "rgrbm/spins/single_spin.hpp"
#include "rgrbm/spins/spin_chains.hpp"
#include "rgrbm/support/simd.hpp"

namespace rgrbm {

class WordChains final : public SpinChains {
public:
    // Chains start at random (infinite temperature), each word of 512 with a stream of its own. Couplings as of one
    // chain, (n_axes,).
    WordChains(const Lattice& lattice, Update update, const double* couplings, double field, std::size_t n_chains,
               const Key& key, const Alternating& alternating);

    bool is_sequential() const { return may_be_sequential(lattice_, update_, couplings_); }

    // Replaces each chain of a ring without field by an independent, exact sample.
    void sample_exactly();

    // The couplings of all chains, of which the first ones are taken.
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
    template <Update update, bool sequential, class Sites>
    void sweep_by(const Sites& sites, std::size_t n);
    template <bool sequential, class Sites, class Rule>
    void sweep_blocks(const Sites& sites, const Rule& rule, std::size_t n);
    template <class F>
    void for_blocks(F&& f) const;

    std::size_t chains_in(std::size_t block) const;
    Word* block(std::size_t index) { return spins_.data() + index * lattice_.n_sites(); }
    const Word* block(std::size_t index) const { return spins_.data() + index * lattice_.n_sites(); }

    Update update_;
    Couplings couplings_;
    std::vector<Word> spins_; // block after block, site after site
    std::vector<Stream> streams_;
};

} // namespace rgrbm
