// The model's side of the gradient from all states of the smaller layer ("exact"), without sampling.
#pragma once

#include "rgrbm/layer.hpp"

namespace rgrbm {

// ⟨v hᵀ⟩, ⟨v⟩ and ⟨h⟩ of the model in the layout of its layers; empty if not known.
template <class Real>
struct ModelMoments {
    AlignedVector<Real> products, visible, hidden;

    // From layers of hidden given visible, and visible given hidden.
    void enumerate(const Layer<Real>& up, const Layer<Real>& down, std::size_t n_visible, std::size_t n_hidden);
};

extern template struct ModelMoments<float>;
extern template struct ModelMoments<double>;

} // namespace rgrbm
