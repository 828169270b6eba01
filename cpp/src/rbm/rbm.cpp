#include "rgrbm/rbm/rbm.hpp"

#include "rgrbm/support/normal.hpp"
#include "rgrbm/support/parallel.hpp"
#include "rgrbm/support/sigmoid.hpp"

#include <algorithm>

namespace rgrbm {

namespace {
constexpr std::size_t rows_per_block = 64;   // rows that share a random stream
constexpr std::size_t rows_per_piece = 1024; // rows of probabilities for a thread: many pass over tables of their own

// A halfword of drawn units in its place, but for those that are known; adds up their means.
template <class Real>
RGRBM_INLINE void place(BitMatrix& units, std::size_t row, std::size_t j, std::uint16_t drawn, const Vector<Real>& e,
                        const Conditions<Real>& conditions) {
    const std::size_t n = std::min<std::size_t>(16, units.n_columns() - 16 * j), at = row * units.n_columns() + 16 * j;
    unsigned known = 0;
    if (conditions.known != nullptr) {
        for (std::size_t i = 0; i < n; ++i)
            known |= static_cast<unsigned>(conditions.known[at + i] != 0) << i;
        drawn = static_cast<std::uint16_t>((drawn & ~known) | (units.row(row)[j] & known));
    }
    units.row(row)[j] = drawn;
    if (conditions.sums == nullptr)
        return;
    alignas(64) Real p[16];
    logistic_of(e).store(p);
    for (std::size_t i = 0; i < n; ++i)
        conditions.sums[at + i] += (known >> i & 1) != 0 ? static_cast<Real>(drawn >> i & 1) : p[i];
}
} // namespace

template <class Real>
Layer<Real> make_layer(std::size_t n_source, std::size_t n_units, const Real* matrix, const Real* bias, bool transposed,
                       std::size_t n_samples) {
    Layer<Real> layer(n_source, n_units);
    for (std::size_t i = 0; i < n_source; ++i)
        for (std::size_t j = 0; j < n_units; ++j)
            layer.matrix[i * layer.n_units + j] = transposed ? matrix[j * n_source + i] : matrix[i * n_units + j];
    std::copy_n(bias, n_units, layer.bias.data());
    layer.plan(n_samples, 0.5);
    layer.refresh();
    return layer;
}

template <class Real>
void draw_units(const Layer<Real>& layer, const BitMatrix& source, BitMatrix& units, const Key& key,
                std::uint64_t index, std::uint64_t step, const Conditions<Real>& conditions) {
    for_pieces(n_pieces(source.n_rows(), rows_per_block), [&](std::size_t block) {
        const std::size_t first = block * rows_per_block;
        const std::size_t n = std::min(rows_per_block, source.n_rows() - first);
        Stream stream(key, index, block, step);
        layer.apply(
            n, [&](std::size_t s) { return source.row(first + s); },
            [&](std::size_t s, std::size_t j, const Vector<Real>& x) {
                const Vector<Real> e = exp_negative(x);
                place(units, first + s, j, draw(stream, e), e, conditions);
            });
    });
}

template <class Real>
void draw_gaussian_units(const Layer<Real>& layer, const BitMatrix& source, const AlignedVector<Real>& deviation,
                         std::size_t n_units, Real* out, const Key& key, std::uint64_t index, std::uint64_t step,
                         const Conditions<Real>& conditions) {
    constexpr std::size_t lanes = Layer<Real>::lanes;
    for_pieces(n_pieces(source.n_rows(), rows_per_block), [&](std::size_t block) {
        const std::size_t first = block * rows_per_block;
        const std::size_t n = std::min(rows_per_block, source.n_rows() - first);
        Stream stream(key, index, block, step);
        Normals<Real> normals(stream);
        layer.apply(
            n, [&](std::size_t s) { return source.row(first + s); },
            [&](std::size_t s, std::size_t j, const Vector<Real>& x) {
                alignas(64) Real units[lanes], means[lanes];
                (x + normals.next() * Vector<Real>::load(&deviation[j * lanes])).store(units);
                x.store(means);
                const std::size_t n = std::min(lanes, n_units - j * lanes), at = (first + s) * n_units + j * lanes;
                for (std::size_t i = 0; i < n; ++i) {
                    const bool known = conditions.known != nullptr && conditions.known[at + i] != 0;
                    if (!known)
                        out[at + i] = units[i];
                    if (conditions.sums != nullptr)
                        conditions.sums[at + i] += known ? out[at + i] : means[i];
                }
            });
    });
}

template <class Real>
void draw_units(const Layer<Real>& layer, const Real* source, std::size_t n_source, BitMatrix& units, const Key& key,
                std::uint64_t index, std::uint64_t step, const Conditions<Real>& conditions) {
    for_pieces(n_pieces(units.n_rows(), rows_per_block), [&](std::size_t block) {
        const std::size_t first = block * rows_per_block;
        const std::size_t n = std::min(rows_per_block, units.n_rows() - first);
        Stream stream(key, index, block, step);
        AlignedVector<Real> rows(n * layer.n_source), scratch(n * layer.n_units);
        for (std::size_t s = 0; s < n; ++s)
            std::copy_n(source + (first + s) * n_source, n_source, &rows[s * layer.n_source]);
        layer.apply_dense(n, rows.data(), scratch.data(), [&](std::size_t s, std::size_t j, const Vector<Real>& x) {
            const Vector<Real> e = exp_negative(x);
            place(units, first + s, j, draw(stream, e), e, conditions);
        });
    });
}

template <class Real>
void unit_probabilities(const Layer<Real>& layer, const BitMatrix& source, std::size_t n_units, Real* out) {
    constexpr std::size_t lanes = Layer<Real>::lanes;
    for_pieces(n_pieces(source.n_rows(), rows_per_piece), [&](std::size_t piece) {
        const std::size_t first = piece * rows_per_piece;
        layer.apply(
            std::min(rows_per_piece, source.n_rows() - first), [&](std::size_t s) { return source.row(first + s); },
            [&](std::size_t s, std::size_t j, const Vector<Real>& x) {
                alignas(64) Real p[lanes];
                logistic_of(exp_negative(x)).store(p);
                std::copy_n(p, std::min(lanes, n_units - j * lanes), out + (first + s) * n_units + j * lanes);
            });
    });
}

#define RGRBM_INSTANTIATE(Real)                                                                                        \
    template Layer<Real> make_layer(std::size_t, std::size_t, const Real*, const Real*, bool, std::size_t);            \
    template void draw_units(const Layer<Real>&, const BitMatrix&, BitMatrix&, const Key&, std::uint64_t,              \
                             std::uint64_t, const Conditions<Real>&);                                                  \
    template void draw_gaussian_units(const Layer<Real>&, const BitMatrix&, const AlignedVector<Real>&, std::size_t,   \
                                      Real*, const Key&, std::uint64_t, std::uint64_t, const Conditions<Real>&);       \
    template void draw_units(const Layer<Real>&, const Real*, std::size_t, BitMatrix&, const Key&, std::uint64_t,      \
                             std::uint64_t, const Conditions<Real>&);                                                  \
    template void unit_probabilities(const Layer<Real>&, const BitMatrix&, std::size_t, Real*);
RGRBM_INSTANTIATE(float)
RGRBM_INSTANTIATE(double)
#undef RGRBM_INSTANTIATE

} // namespace rgrbm
