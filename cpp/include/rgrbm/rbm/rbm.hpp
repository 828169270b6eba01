// Inference in a trained RBM, E(v,h) = −(b·h + c·v + v·W·h): drawing one layer given the other (Eq. 10).
//
// Both directions are the same computation: the units of a layer are 1 with probability σ(bias + source · matrix),
// where the matrix is W for hidden and Wᵀ for visible units.
#pragma once

#include "rgrbm/rbm/bit_matrix.hpp"
#include "rgrbm/rbm/layer.hpp"
#include "rgrbm/support/random.hpp"

namespace rgrbm {

// The layer of units given a source of n_source units; matrix is (n_source, n_units), or its transpose if asked.
template <class Real>
Layer<Real> make_layer(std::size_t n_source, std::size_t n_units, const Real* matrix, const Real* bias, bool transposed,
                       std::size_t n_samples);

// What a Gibbs step does beside drawing units: those that are known (nonzero, of the units' shape) stay as they are,
// and means given the other layer are added up, known ones as they are.
template <class Real>
struct Conditions {
    const std::uint8_t* known = nullptr;
    Real* sums = nullptr;
};

// Draws units for each row of source. The rows are split into fixed blocks with streams (key, index, block, step),
// so that the result has the same bits for any number of threads.
template <class Real>
void draw_units(const Layer<Real>& layer, const BitMatrix& source, BitMatrix& units, const Key& key,
                std::uint64_t index, std::uint64_t step, const Conditions<Real>& conditions = {});

// Draws Gaussian units with means bias + source · matrix for each row of source, out being (n_rows, n_units), with the
// standard deviations padded to whole vectors.
template <class Real>
void draw_gaussian_units(const Layer<Real>& layer, const BitMatrix& source, const AlignedVector<Real>& deviation,
                         std::size_t n_units, Real* out, const Key& key, std::uint64_t index, std::uint64_t step,
                         const Conditions<Real>& conditions = {});

// Draws binary units for each row of a real source, (n_rows, n_source of the model).
template <class Real>
void draw_units(const Layer<Real>& layer, const Real* source, std::size_t n_source, BitMatrix& units, const Key& key,
                std::uint64_t index, std::uint64_t step, const Conditions<Real>& conditions = {});

// Probabilities σ(bias + source · matrix), out being (n_rows, n_units of the model).
template <class Real>
void unit_probabilities(const Layer<Real>& layer, const BitMatrix& source, std::size_t n_units, Real* out);

} // namespace rgrbm
