// Single chains, a spin to a byte: for few chains that must visit their sites at random, as those of a ring, and for
// few chains on lattices that have no colours. Each chain has couplings and a random stream of its own.
//
// An update takes two random numbers of 64 bits: one for the site, and one that is compared with a threshold from a
// table of all cases of the local field (single_spin.hpp).
#pragma once

#include "rgrbm/spins/single_spin.hpp"
#include "rgrbm/spins/spin_chains.hpp"

namespace rgrbm {

class SiteChains final : public SpinChains {
public:
    // Chains start at random (infinite temperature). Couplings are (n_chains, n_axes).
    SiteChains(const Lattice& lattice, Update update, const double* couplings, double field, std::size_t n_chains,
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
    // Probabilities · 2⁶⁴ that the spin is up after an update, by its value before and the case of its neighbours.
    using Thresholds = std::array<std::array<std::uint64_t, 27>, 2>;

    template <class F>
    void for_chains(F&& f) const;
    std::int8_t* spins(std::size_t chain) { return reinterpret_cast<std::int8_t*>(spins_.data() + chain * stride_); }
    const std::int8_t* spins(std::size_t chain) const {
        return reinterpret_cast<const std::int8_t*>(spins_.data() + chain * stride_);
    }

    Update update_;
    std::size_t stride_; // words of a chain's spins, 0 or 1 in a byte each
    std::vector<Thresholds> thresholds_;
    std::vector<std::uint64_t> spins_;
    std::vector<Stream> streams_;
};

} // namespace rgrbm
