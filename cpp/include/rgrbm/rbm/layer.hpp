// One direction of an RBM: the activations x = bias + source · matrix of a layer's units, given the other layer.
//
// The source is binary, so the product is a sum of matrix rows. Three ways:
//   rows:   add the row of each set bit; best for few set bits or few samples;
//   tables: a table of the whole matrix holds the 16 partial sums of each four rows, so that four units cost one
//           addition; best where it stays in the second-level cache;
//   blocks: the same tables, but of 32 rows × 64 units at a time, made anew for each call and passed over by all its
//           samples (the method of the four Russians, Arlazarov et al. 1970); best for large matrices and many samples.
// Tables and blocks add in the same order, and give the same bits.
// Sources of real numbers in [0, 1] are multiplied by Eigen's blocked product.
#pragma once

#include "rgrbm/rbm/bit_matrix.hpp"
#include "rgrbm/support/vector.hpp"

#include <Eigen/Core>

#include <limits>

namespace rgrbm {

template <class Real>
class Layer {
public:
    using V = Vector<Real>;
    // Bias of the lanes that fill up the last vector: these units are never 1.
    static constexpr Real never = Real{-1e30f};
    static constexpr std::size_t lanes = V::n_lanes;

    Layer() = default;
    Layer(std::size_t n_source, std::size_t n_units)
        : n_source(round_up(n_source, lanes)), n_units(round_up(n_units, lanes)), bias(this->n_units, never),
          matrix(this->n_source * this->n_units) {
        std::fill_n(bias.data(), n_units, Real{0});
    }

    std::size_t n_source = 0, n_units = 0; // rounded up to whole vectors
    AlignedVector<Real> bias, matrix;      // matrix is (n_source, n_units)

    std::size_t n_vectors() const { return n_units / lanes; }

    // Chooses the way for n samples at a time, of which a fraction `density` of units is 1.
    void plan(std::size_t n_samples, double density);
    // Takes tables of the whole matrix, whatever its size.
    void plan_tables();
    // Whether many samples at a time are worth more than the same samples in several calls.
    bool prefers_many() const { return way_ == Way::blocks; }

    // Brings the table up to date with units [first, last) of source rows [first_source, last_source), all
    // multiples of 16.
    void refresh(std::size_t first_source, std::size_t last_source, std::size_t first, std::size_t last);
    void refresh() { refresh(0, n_source, 0, n_units); }

    // Calls sink(s, j, x) for samples s < n and vectors j of units, x being their activations.
    // rows(s) points to the bits of sample s.
    template <class Rows, class Sink>
    RGRBM_INLINE void apply(std::size_t n, Rows&& rows, Sink&& sink) const {
        // Sums of some samples first, then their sinks: two short loops whose iterations overlap in the processor.
        const std::uint16_t* bits[block_samples];
        V sums[block_samples * most_vectors];
        const std::size_t at_once = way_ == Way::blocks ? block_samples : tile_samples;
        for (std::size_t j = 0, width; j < n_vectors(); j += width) {
            width = vectors_from(j);
            for (std::size_t start = 0; start < n; start += at_once) {
                const std::size_t count = std::min(at_once, n - start);
                for (std::size_t s = 0; s < count; ++s)
                    bits[s] = rows(start + s);
                add(j, width, count, bits, sums);
                for (std::size_t s = 0; s < count; ++s)
                    for (std::size_t c = 0; c < width; ++c)
                        sink(start + s, j + c, sums[s * width + c]);
            }
        }
    }

    // The same for a dense source, (n, n_source) row by row; scratch has room for (n, n_units).
    template <class Sink>
    void apply_dense(std::size_t n, const Real* source, Real* scratch, Sink&& sink) const {
        using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        const auto index = [](std::size_t i) { return static_cast<Eigen::Index>(i); };
        Eigen::Map<const Matrix> x(source, index(n), index(n_source)),
            w(matrix.data(), index(n_source), index(n_units));
        Eigen::Map<Matrix>(scratch, index(n), index(n_units)).noalias() = x * w;
        for (std::size_t s = 0; s < n; ++s)
            for (std::size_t j = 0; j < n_vectors(); ++j)
                sink(s, j, V::load(scratch + s * n_units + j * lanes) + V::load(&bias[j * lanes]));
    }

private:
    enum class Way { rows, tables, blocks };
    static constexpr std::size_t most_vectors = 4;    // that are summed in registers
    static constexpr std::size_t tile_samples = 32;   // whose sums are kept before their sinks
    static constexpr std::size_t block_samples = 128; // the same where they pass over tables of blocks

    // Vectors that one pass works on from j on: four, and at the end what is left.
    std::size_t vectors_from(std::size_t j) const { return std::min(n_vectors() - j, most_vectors); }
    // The columns that one pass works on: their table is contiguous.
    struct Panel {
        std::size_t first, width, offset;
    };
    Panel panel_of(std::size_t j) const {
        const std::size_t first = j / most_vectors * most_vectors;
        return {first * lanes, vectors_from(first) * lanes, first * lanes * n_source * 4};
    }

    // Sums of vectors j … j + width − 1 for samples with these bits, (n, width).
    void add(std::size_t j, std::size_t width, std::size_t n, const std::uint16_t* const* bits, V* sums) const;
    template <std::size_t width>
    void add_vectors(std::size_t j, std::size_t n, const std::uint16_t* const* bits, V* sums) const;
    template <std::size_t width>
    void add_rows(std::size_t j, std::size_t n, const std::uint16_t* const* bits, V* sums) const;
    template <std::size_t width>
    void add_groups(std::size_t j, std::size_t n, const std::uint16_t* const* bits, V* sums) const;
    template <std::size_t width, std::size_t n_halves>
    void add_block(std::size_t j, std::size_t half, std::size_t n, const std::uint16_t* const* bits, V* sums) const;

    Way way_ = Way::rows;
    AlignedVector<Real> table_;
};

extern template class Layer<float>;
extern template class Layer<double>;

} // namespace rgrbm
