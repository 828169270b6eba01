// All energies and the exact partition function of a small spin model with pair couplings and fields, β = 1:
//     H(s) = −Σ_bonds J_b s_i s_j − Σ_i h_i s_i,   s = ±1 (Eq. 1 on any list of bonds).
//
// Bit i of a state's number is 1 where s_i = +1. States come in parts that differ in their low bits only: the
// energy within the low spins is a table, and the field of the high spins on the low ones is added by doubling,
// so that a state costs two additions, whatever the number of bonds. Same bits for any number of threads.
#pragma once

#include "rgrbm/support/aligned.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rgrbm {

struct Bond {
    std::size_t i, j; // different sites
    double coupling;
};

// Unnormalised sums over states of exp(−H(s) − log_z): all of them, and (n, n) those with spins i and j both up.
struct UpMoments {
    double total = 0;
    std::vector<double> pairs;
};

class SpinEnumeration {
public:
    static constexpr std::size_t max_sites = 40;
    static constexpr std::size_t max_part_bits = 12;

    SpinEnumeration(std::size_t n_sites, const std::vector<Bond>& bonds, const std::vector<double>& fields);

    std::size_t n_sites() const { return n_; }
    std::size_t n_parts() const { return std::size_t{1} << (n_ - part_bits_); }
    std::size_t part_size() const { return std::size_t{1} << part_bits_; }

    // out[p] = ln Σ exp(−H(s)) over the states of part first + p.
    void log_sums(std::size_t first, std::size_t count, double* out) const;
    // out[s − first · part_size] = −H(s) for the states of the parts.
    void log_weights(std::size_t first, std::size_t count, double* out) const;
    // Sums over the states of the parts, which take count · n² numbers of memory.
    UpMoments up_moments(std::size_t first, std::size_t count, double log_z) const;

private:
    void part_log_weights(std::size_t part, double* out) const;
    void part_up_moments(std::size_t part, double log_z, double* weights, double* pairs) const;

    std::size_t n_, part_bits_;
    std::vector<Bond> high_, mixed_; // bonds among the high spins, and from a high one (i) to a low one (j)
    std::vector<double> fields_;
    std::vector<double> low_; // −H within the low spins
};

} // namespace rgrbm
