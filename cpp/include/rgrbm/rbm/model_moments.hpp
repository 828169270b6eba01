// The model's side of the gradient from all states of the smaller layer ("exact"), without sampling.
#pragma once

#include "rgrbm/support/aligned.hpp"
#include "rgrbm/support/vector.hpp"

namespace rgrbm {

// The parameters of a model with binary units, rows of weights being `width` apart.
template <class Real>
struct BinaryModel {
    const Real* weights;
    std::size_t width;
    const Real *visible_bias, *hidden_bias;
    std::size_t n_visible, n_hidden;
};

// The parameters of a Gaussian model in which u − μ stands for u, rows of weights being `width` apart; hidden_bias is
// the one that goes with u − μ (gaussian_trainer.hpp).
template <class Real>
struct GaussianModel {
    const Real* weights;
    std::size_t width;
    const Real *visible_bias, *visible_mean, *hidden_bias, *log_variance;
    std::size_t n_visible, n_hidden;
};

// ⟨v hᵀ⟩, ⟨v⟩ and ⟨h⟩ of the model padded to whole vectors; empty if not known.
template <class Real>
struct ModelMoments {
    AlignedVector<Real> products, visible, hidden;
    AlignedVector<Real> squares; // ⟨v²⟩ / 2 of Gaussian units

    // Products have rows of the model's width.
    void enumerate(const BinaryModel<Real>& model);
    // Of u − μ, from all hidden states: with u integrated out they have the energy of spins with fields and couplings,
    //     ln p(h) = Σ_j h_j (b_j + Σ_i W_ij c_i / σ_i²) + ½ Σ_jk h_j h_k Σ_i W_ij W_ik / σ_i² + constant.
    void enumerate_gaussian(const GaussianModel<Real>& model);
};

extern template struct ModelMoments<float>;
extern template struct ModelMoments<double>;

} // namespace rgrbm
