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

#include <bit>
#include <limits>

namespace rgrbm {

template <class Real>
class Layer {
public:
    using V = Vector<Real>;
    // Bias of the lanes that fill up the last vector: these units are never 1.
    static constexpr Real never = Real{-1e30f};
    static constexpr std::size_t lanes = V::n_lanes;
    static constexpr std::size_t block = 4; // vectors that are summed in registers

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
    void plan(std::size_t n_samples, double density) {
        constexpr std::size_t table_limit = std::size_t{256} * 1024; // bytes, half of a usual second-level cache
        const bool fits = 4 * matrix.size() * sizeof(Real) <= table_limit;
        const double n = static_cast<double>(n_samples);
        way_ = Way::rows;
        if (fits && 16 + n < 4 * density * n)
            way_ = Way::tables;
        else if (!fits && n_samples >= least_blocked && density > least_blocked_density)
            way_ = Way::blocks;
        if (way_ == Way::tables)
            plan_tables();
    }
    // Takes tables of the whole matrix, whatever its size.
    void plan_tables() {
        way_ = Way::tables;
        table_.assign(4 * matrix.size(), Real{0});
    }
    // Whether many samples at a time are worth more than the same samples in several calls.
    bool prefers_many() const { return way_ == Way::blocks; }

    // Brings the table up to date with units [first, last) of source rows [first_source, last_source), all
    // multiples of 16.
    void refresh(std::size_t first_source, std::size_t last_source, std::size_t first, std::size_t last) {
        if (way_ != Way::tables)
            return;
        for (std::size_t start = first; start < last; start += lanes) {
            for (std::size_t i = first_source; i < last_source; i += 4) {
                V rows[4];
                for (std::size_t r = 0; r < 4; ++r)
                    rows[r] = V::load(&matrix[(i + r) * n_units + start]);
                V sums[16];
                sums[0] = V::zero();
                for (unsigned value = 1; value < 16; ++value) {
                    const unsigned lowest = static_cast<unsigned>(std::countr_zero(value));
                    sums[value] = sums[value & (value - 1)] + rows[lowest];
                }
                const Panel panel = panel_of(start / lanes);
                Real* target = &table_[panel.offset + i / 4 * 16 * panel.width + (start - panel.first)];
                for (std::size_t value = 0; value < 16; ++value)
                    sums[value].store(target + value * panel.width);
            }
        }
    }
    void refresh() { refresh(0, n_source, 0, n_units); }

    // Calls sink(s, j, x) for samples s < n and vectors j of units, x being their activations.
    // rows(s) points to the bits of sample s.
    template <class Rows, class Sink>
    RGRBM_INLINE void apply(std::size_t n, Rows&& rows, Sink&& sink) const {
        for (std::size_t j = 0; j < n_vectors();) {
            const std::size_t left = n_vectors() - j;
            if (left >= 4) {
                apply_columns<4>(j, n, rows, sink);
                j += 4;
            } else if (left >= 2) {
                apply_columns<2>(j, n, rows, sink);
                j += 2;
            } else {
                apply_columns<1>(j, n, rows, sink);
                j += 1;
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
    static constexpr std::size_t least_blocked = 24;      // samples that pay for tables of their own
    static constexpr double least_blocked_density = 0.25; // below, single rows are fewer additions
    static constexpr std::size_t block_samples = 128;     // whose sums of 64 units are kept in the first-level cache

    // The columns that one pass of apply works on: their table is contiguous.
    struct Panel {
        std::size_t first, width, offset;
    };
    Panel panel_of(std::size_t j) const {
        const std::size_t whole = n_vectors() / 4 * 4;
        std::size_t first = j / 4 * 4, width = 4;
        if (j >= whole) {
            const bool pair = (n_vectors() & 2) != 0;
            first = pair && j < whole + 2 ? whole : whole + (pair ? 2 : 0);
            width = pair && j < whole + 2 ? 2 : 1;
        }
        return {first * lanes, width * lanes, first * lanes * n_source * 4};
    }

    template <std::size_t n_block, class Rows, class Sink>
    RGRBM_INLINE void apply_columns(std::size_t j, std::size_t n, Rows& rows, Sink& sink) const {
        if (way_ == Way::blocks && n >= least_blocked)
            apply_blocks<n_block>(j, n, rows, sink);
        else
            apply_tiles<n_block>(j, n, rows, sink);
    }

    // All samples pass over the tables of 32 rows, then over those of the next 32.
    template <std::size_t n_block, class Rows, class Sink>
    RGRBM_INLINE void apply_blocks(std::size_t j, std::size_t n, Rows& rows, Sink& sink) const {
        V sums[block_samples][n_block];
        for (std::size_t start = 0; start < n; start += block_samples) {
            const std::size_t count = std::min(block_samples, n - start);
            for (std::size_t s = 0; s < count; ++s)
                for (std::size_t c = 0; c < n_block; ++c)
                    sums[s][c] = V::load(&bias[(j + c) * lanes]);
            std::size_t half = 0;
            for (; half + 2 <= n_source / 16; half += 2)
                add_block<n_block, 2>(j, half, count, [&](std::size_t s) { return rows(start + s); }, sums);
            if (half < n_source / 16)
                add_block<n_block, 1>(j, half, count, [&](std::size_t s) { return rows(start + s); }, sums);
            for (std::size_t s = 0; s < count; ++s)
                for (std::size_t c = 0; c < n_block; ++c)
                    sink(start + s, j + c, sums[s][c]);
        }
    }

    // Adds the rows of `n_halves` halfwords of source units to the sums of n samples.
    template <std::size_t n_block, std::size_t n_halves, class Bits>
    RGRBM_INLINE void add_block(std::size_t j, std::size_t half, std::size_t n, Bits&& bits, V (*sums)[n_block]) const {
        V tables[4 * n_halves][16][n_block];
        for (std::size_t group = 0; group < 4 * n_halves; ++group) {
            const Real* const rows = &matrix[(half * 16 + group * 4) * n_units + j * lanes];
            for (std::size_t c = 0; c < n_block; ++c) {
                tables[group][0][c] = V::zero();
                for (unsigned value = 1; value < 16; ++value) {
                    const auto lowest = static_cast<std::size_t>(std::countr_zero(value));
                    tables[group][value][c] =
                        tables[group][value & (value - 1)][c] + V::load(rows + lowest * n_units + c * lanes);
                }
            }
        }
        for (std::size_t s = 0; s < n; ++s) {
            const std::uint16_t* const halves = bits(s) + half;
            V sum[n_block];
            for (std::size_t c = 0; c < n_block; ++c)
                sum[c] = sums[s][c];
            for (std::size_t h = 0; h < n_halves; ++h)
                for (unsigned group = 0; group < 4; ++group)
                    for (std::size_t c = 0; c < n_block; ++c)
                        sum[c] += tables[4 * h + group][(halves[h] >> (4 * group)) & 15][c];
            for (std::size_t c = 0; c < n_block; ++c)
                sums[s][c] = sum[c];
        }
    }

    // Sums of some samples first, then their sinks: two short loops whose iterations overlap in the processor.
    template <std::size_t n_block, class Rows, class Sink>
    RGRBM_INLINE void apply_tiles(std::size_t j, std::size_t n, Rows& rows, Sink& sink) const {
        constexpr std::size_t tile = 32;
        V sums[tile][n_block];
        for (std::size_t start = 0; start < n; start += tile) {
            const std::size_t count = std::min(tile, n - start);
            const auto bits = [&](std::size_t s) { return rows(start + s); };
            if (way_ == Way::tables)
                add_groups<n_block>(j, count, bits, sums);
            else
                add_rows<n_block>(j, count, bits, sums);
            for (std::size_t s = 0; s < count; ++s)
                for (std::size_t c = 0; c < n_block; ++c)
                    sink(start + s, j + c, sums[s][c]);
        }
    }

    template <std::size_t n_block, class Bits>
    RGRBM_INLINE void add_groups(std::size_t j, std::size_t n, Bits&& bits, V (*sums)[n_block]) const {
        constexpr std::size_t stride = n_block * lanes;
        for (std::size_t s = 0; s < n; ++s) {
            const Real* table = &table_[panel_of(j).offset];
            const std::uint16_t* halves = bits(s);
            V sum[n_block];
            for (std::size_t c = 0; c < n_block; ++c)
                sum[c] = V::load(&bias[(j + c) * lanes]);
            for (std::size_t h = 0; h < n_source / 16; ++h, table += 64 * stride) {
                const unsigned half = halves[h];
                for (unsigned group = 0; group < 4; ++group) {
                    const Real* row = table + (group * 16 + ((half >> (4 * group)) & 15)) * stride;
                    for (std::size_t c = 0; c < n_block; ++c)
                        sum[c] += V::load(row + c * lanes);
                }
            }
            for (std::size_t c = 0; c < n_block; ++c)
                sums[s][c] = sum[c];
        }
    }

    // Sixty-four rows of the matrix at a time serve all samples, while they are in the first-level cache.
    template <std::size_t n_block, class Bits>
    RGRBM_INLINE void add_rows(std::size_t j, std::size_t n, Bits&& bits, V (*sums)[n_block]) const {
        for (std::size_t s = 0; s < n; ++s)
            for (std::size_t c = 0; c < n_block; ++c)
                sums[s][c] = V::load(&bias[(j + c) * lanes]);
        for (std::size_t w = 0; w * 64 < n_source; ++w) {
            const Real* columns = &matrix[w * 64 * n_units + j * lanes];
            for (std::size_t s = 0; s < n; ++s) {
                V sum[n_block];
                for (std::size_t c = 0; c < n_block; ++c)
                    sum[c] = sums[s][c];
                for (std::uint64_t left = word(bits(s), w); left != 0; left &= left - 1) {
                    const Real* row = columns + static_cast<std::size_t>(std::countr_zero(left)) * n_units;
                    for (std::size_t c = 0; c < n_block; ++c)
                        sum[c] += V::load(row + c * lanes);
                }
                for (std::size_t c = 0; c < n_block; ++c)
                    sums[s][c] = sum[c];
            }
        }
    }

    Way way_ = Way::rows;
    AlignedVector<Real> table_;
};

} // namespace rgrbm
