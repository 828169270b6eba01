#include "rgrbm/spins/spin_enumeration.hpp"

#include "rgrbm/support/log_sum.hpp"
#include "rgrbm/support/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace rgrbm {

namespace {

double spin(std::uint64_t state, std::size_t i) {
    return (state >> i) & 1 ? 1.0 : -1.0;
}

} // namespace

SpinEnumeration::SpinEnumeration(std::size_t n_sites, const std::vector<Bond>& bonds, const std::vector<double>& fields)
    : n_(n_sites), part_bits_(std::min(n_sites, max_part_bits)), fields_(fields), low_(part_size()) {
    std::vector<Bond> low;
    for (Bond bond : bonds) {
        if (bond.i < bond.j)
            std::swap(bond.i, bond.j);
        (bond.j >= part_bits_ ? high_ : bond.i >= part_bits_ ? mixed_ : low).push_back(bond);
    }
    for (std::size_t state = 0; state < part_size(); ++state) {
        double sum = 0;
        for (const Bond& bond : low)
            sum += bond.coupling * spin(state, bond.i) * spin(state, bond.j);
        for (std::size_t i = 0; i < part_bits_; ++i)
            sum += fields_[i] * spin(state, i);
        low_[state] = sum;
    }
}

void SpinEnumeration::part_log_weights(std::size_t part, double* out) const {
    const std::uint64_t state = std::uint64_t{part} << part_bits_;
    double high = 0;
    for (const Bond& bond : high_)
        high += bond.coupling * spin(state, bond.i) * spin(state, bond.j);
    for (std::size_t i = part_bits_; i < n_; ++i)
        high += fields_[i] * spin(state, i);
    double field[max_part_bits] = {};
    for (const Bond& bond : mixed_)
        field[bond.j] += bond.coupling * spin(state, bond.i);
    // out[x] = high + Σ_i field_i s_i: first all low spins down, then one spin after the other up.
    out[0] = high;
    for (std::size_t i = 0; i < part_bits_; ++i)
        out[0] -= field[i];
    for (std::size_t i = 0; i < part_bits_; ++i) {
        const std::size_t half = std::size_t{1} << i;
        for (std::size_t x = 0; x < half; ++x)
            out[half + x] = out[x] + 2 * field[i];
    }
    for (std::size_t x = 0; x < part_size(); ++x)
        out[x] += low_[x];
}

void SpinEnumeration::log_weights(std::size_t first, std::size_t count, double* out) const {
    for_pieces(count, [&](std::size_t part) { part_log_weights(first + part, out + part * part_size()); });
}

void SpinEnumeration::log_sums(std::size_t first, std::size_t count, double* out) const {
    // Padded to whole vectors with weights that add nothing.
    const auto padded = [&] {
        return AlignedVector<double>(round_up(part_size(), Vector<double>::n_lanes), -INFINITY);
    };
    for_pieces(count, padded, [&](std::size_t part, AlignedVector<double>& weights) {
        part_log_weights(first + part, weights.data());
        out[part] = log_sum_exp_vectors(weights.data(), weights.size());
    });
}

// Adding to every state's weight those of the states that have more low spins up leaves, where only i and j are up, the
// weight of all states that have both up.
void SpinEnumeration::part_up_moments(std::size_t part, double log_z, double* weights, double* pairs) const {
    part_log_weights(part, weights);
    for (std::size_t x = 0; x < part_size(); ++x)
        weights[x] = std::exp(weights[x] - log_z);
    for (std::size_t i = 0; i < part_bits_; ++i) {
        const std::size_t bit = std::size_t{1} << i;
        for (std::size_t x = 0; x < part_size(); x += 2 * bit)
            for (std::size_t low = x; low < x + bit; ++low)
                weights[low] += weights[low + bit];
    }
    const auto is_up = [&](std::size_t i) { return ((part >> (i - part_bits_)) & 1) != 0; };
    const auto low_bit = [&](std::size_t i) { return i < part_bits_ ? std::size_t{1} << i : std::size_t{0}; };
    for (std::size_t i = 0; i < n_; ++i)
        for (std::size_t j = 0; j < n_; ++j) {
            const bool none = (i >= part_bits_ && !is_up(i)) || (j >= part_bits_ && !is_up(j));
            pairs[i * n_ + j] = none ? 0.0 : weights[low_bit(i) | low_bit(j)];
        }
}

UpMoments SpinEnumeration::up_moments(std::size_t first, std::size_t count, double log_z) const {
    std::vector<double> pairs(count * n_ * n_), totals(count);
    for_pieces(
        count, [&] { return AlignedVector<double>(part_size()); },
        [&](std::size_t part, AlignedVector<double>& weights) {
            part_up_moments(first + part, log_z, weights.data(), &pairs[part * n_ * n_]);
            totals[part] = weights[0];
        });
    UpMoments sum{0, std::vector<double>(n_ * n_)};
    for (std::size_t part = 0; part < count; ++part) { // one after the other: same bits for any number of threads
        sum.total += totals[part];
        for (std::size_t at = 0; at < n_ * n_; ++at)
            sum.pairs[at] += pairs[part * n_ * n_ + at];
    }
    return sum;
}

} // namespace rgrbm
