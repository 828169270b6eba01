// Free energies and pseudo-likelihoods of configurations of binary units, E(v,h) = −(b·h + c·v + v·W·h).
//
//     F(v) = −c·v − Σ_j ln(1 + exp x_j),   x = b + v·W,
//     ln p(v_i | other units) = −ln(1 + exp(F(v) − F(v with unit i flipped))).
//
// A flip of unit i by d = 1 − 2v_i changes x_j by d W_ij, and so
//     exp(F(v) − F(flipped)) = exp(d c_i) Π_j (1 − p_j + p_j exp(d W_ij)),   p_j = σ(x_j):
// two operations for each hidden unit, without an exponential function or a logarithm, as exp(± W_ij) is the same for
// all configurations. All terms are positive, so that no digits are lost.
#pragma once

#include "rgrbm/rbm/bit_matrix.hpp"
#include "rgrbm/rbm/layer.hpp"

#include <vector>

namespace rgrbm {

// out[s] = F of row s. The layer is that of the other units given these, own_bias the bias of these.
void free_energies(const Layer<double>& layer, const BitMatrix& source, const double* own_bias, double* out);

class PseudoLikelihood {
public:
    // weights is (n_visible, n_hidden).
    PseudoLikelihood(std::size_t n_visible, std::size_t n_hidden, const double* weights, const double* visible_bias,
                     const double* hidden_bias, std::size_t n_samples);

    std::size_t n_visible() const { return n_visible_; }
    // out[s] = Σ_i ln p(v_i | other units) of row s.
    void logs(const BitMatrix& visible, double* out) const;

private:
    // How the product over hidden units is made for a visible one.
    enum class Kind : std::uint8_t { free, bounded, large }; // without weights; never beyond e^±340; else

    struct Tile;
    double of_sample(const Tile& tile, std::size_t s, const std::uint16_t* bits) const;
    double product(std::size_t i, bool is_one, const double* p) const;
    double large_change(std::size_t i, double d, const double* x) const;

    std::size_t n_visible_, n_hidden_;
    Layer<double> layer_;
    AlignedVector<double> factors_[2]; // exp(W_ij) and exp(−W_ij), (n_visible, n_hidden rounded up)
    std::vector<double> own_[2];       // exp(c_i) and exp(−c_i)
    std::vector<double> weights_, bias_;
    std::vector<Kind> kind_;
};

} // namespace rgrbm
