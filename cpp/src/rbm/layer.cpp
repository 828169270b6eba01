#include "rgrbm/rbm/layer.hpp"

#include <bit>

namespace rgrbm {

namespace {
constexpr std::size_t table_limit = std::size_t{256} * 1024; // bytes, half of a usual second-level cache
constexpr std::size_t least_blocked = 24;                    // samples that pay for tables of their own
// Density below which single rows are fewer additions: of a matrix in the second-level cache, and of larger ones.
constexpr double least_blocked_density = 0.25, least_of_large = 0.1;
} // namespace

template <class Real>
void Layer<Real>::plan(std::size_t n_samples, double density) {
    const bool fits = 4 * matrix.size() * sizeof(Real) <= table_limit;
    const double n = static_cast<double>(n_samples);
    const double least = matrix.size() * sizeof(Real) > 2 * table_limit ? least_of_large : least_blocked_density;
    way_ = Way::rows;
    if (fits && 16 + n < 4 * density * n)
        plan_tables();
    else if (!fits && n_samples >= least_blocked && density > least)
        way_ = Way::blocks;
}

template <class Real>
void Layer<Real>::plan_tables() {
    way_ = Way::tables;
    table_.assign(4 * matrix.size(), Real{0});
}

template <class Real>
void Layer<Real>::refresh(std::size_t first_source, std::size_t last_source, std::size_t first, std::size_t last) {
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

template <class Real>
void Layer<Real>::add(std::size_t j, std::size_t width, std::size_t n, const std::uint16_t* const* bits,
                      V* sums) const {
    switch (width) {
    case 4:
        return add_vectors<4>(j, n, bits, sums);
    case 3:
        return add_vectors<3>(j, n, bits, sums);
    case 2:
        return add_vectors<2>(j, n, bits, sums);
    default:
        return add_vectors<1>(j, n, bits, sums);
    }
}

template <class Real>
template <std::size_t width>
void Layer<Real>::add_vectors(std::size_t j, std::size_t n, const std::uint16_t* const* bits, V* sums) const {
    for (std::size_t s = 0; s < n; ++s)
        for (std::size_t c = 0; c < width; ++c)
            sums[s * width + c] = V::load(&bias[(j + c) * lanes]);
    if (way_ == Way::tables) {
        add_groups<width>(j, n, bits, sums);
    } else if (way_ == Way::blocks && n >= least_blocked) {
        std::size_t half = 0;
        for (; half + 2 <= n_source / 16; half += 2)
            add_block<width, 2>(j, half, n, bits, sums);
        if (half < n_source / 16)
            add_block<width, 1>(j, half, n, bits, sums);
    } else {
        add_rows<width>(j, n, bits, sums);
    }
}

// The partial sums of the whole matrix, from its table.
template <class Real>
template <std::size_t width>
void Layer<Real>::add_groups(std::size_t j, std::size_t n, const std::uint16_t* const* bits, V* sums) const {
    constexpr std::size_t stride = width * lanes;
    for (std::size_t s = 0; s < n; ++s) {
        const Real* table = &table_[panel_of(j).offset];
        const std::uint16_t* halves = bits[s];
        V sum[width];
        for (std::size_t c = 0; c < width; ++c)
            sum[c] = sums[s * width + c];
        for (std::size_t h = 0; h < n_source / 16; ++h, table += 64 * stride) {
            const unsigned half = halves[h];
            for (unsigned group = 0; group < 4; ++group) {
                const Real* row = table + (group * 16 + ((half >> (4 * group)) & 15)) * stride;
                for (std::size_t c = 0; c < width; ++c)
                    sum[c] += V::load(row + c * lanes);
            }
        }
        for (std::size_t c = 0; c < width; ++c)
            sums[s * width + c] = sum[c];
    }
}

// The rows of `n_halves` halfwords of source units: all samples pass over their tables.
template <class Real>
template <std::size_t width, std::size_t n_halves>
void Layer<Real>::add_block(std::size_t j, std::size_t half, std::size_t n, const std::uint16_t* const* bits,
                            V* sums) const {
    V tables[4 * n_halves][16][width];
    for (std::size_t group = 0; group < 4 * n_halves; ++group) {
        const Real* const rows = &matrix[(half * 16 + group * 4) * n_units + j * lanes];
        for (std::size_t c = 0; c < width; ++c) {
            tables[group][0][c] = V::zero();
            for (unsigned value = 1; value < 16; ++value) {
                const auto lowest = static_cast<std::size_t>(std::countr_zero(value));
                tables[group][value][c] =
                    tables[group][value & (value - 1)][c] + V::load(rows + lowest * n_units + c * lanes);
            }
        }
    }
    for (std::size_t s = 0; s < n; ++s) {
        const std::uint16_t* const halves = bits[s] + half;
        V sum[width];
        for (std::size_t c = 0; c < width; ++c)
            sum[c] = sums[s * width + c];
        for (std::size_t h = 0; h < n_halves; ++h)
            for (unsigned group = 0; group < 4; ++group)
                for (std::size_t c = 0; c < width; ++c)
                    sum[c] += tables[4 * h + group][(halves[h] >> (4 * group)) & 15][c];
        for (std::size_t c = 0; c < width; ++c)
            sums[s * width + c] = sum[c];
    }
}

// Sixty-four rows of the matrix at a time serve all samples, while they are in the first-level cache.
template <class Real>
template <std::size_t width>
void Layer<Real>::add_rows(std::size_t j, std::size_t n, const std::uint16_t* const* bits, V* sums) const {
    for (std::size_t w = 0; w * 64 < n_source; ++w) {
        const Real* columns = &matrix[w * 64 * n_units + j * lanes];
        for (std::size_t s = 0; s < n; ++s) {
            V sum[width];
            for (std::size_t c = 0; c < width; ++c)
                sum[c] = sums[s * width + c];
            for (std::uint64_t left = word(bits[s], w); left != 0; left &= left - 1) {
                const Real* row = columns + static_cast<std::size_t>(std::countr_zero(left)) * n_units;
                for (std::size_t c = 0; c < width; ++c)
                    sum[c] += V::load(row + c * lanes);
            }
            for (std::size_t c = 0; c < width; ++c)
                sums[s * width + c] = sum[c];
        }
    }
}

template class Layer<float>;
template class Layer<double>;

} // namespace rgrbm
