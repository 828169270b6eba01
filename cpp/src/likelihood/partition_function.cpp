#include "rgrbm/likelihood/partition_function.hpp"

#include "rgrbm/support/log_sum.hpp"
#include "rgrbm/support/parallel.hpp"
#include "rgrbm/support/sigmoid.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace rgrbm {

namespace {

using V = Vector<double>;
constexpr std::size_t lanes = V::n_lanes;
constexpr std::size_t most_low_bits = 8, least_low_bits = 4; // one vector of 16 states
constexpr double group_range = 600;                          // e^-600 is far from underflow
constexpr double padding_bias = -1e4;                        // of units that do not exist: softplus is 0

} // namespace

LayerMoments& LayerMoments::operator+=(const LayerMoments& other) {
    const auto add = [](AlignedVector<double>& to, const AlignedVector<double>& from) {
        std::transform(to.begin(), to.end(), from.begin(), to.begin(), std::plus<>());
    };
    total += other.total;
    add(enumerated, other.enumerated);
    add(summed, other.summed);
    add(products, other.products);
    return *this;
}

struct LayerEnumeration::Scratch {
    explicit Scratch(const LayerEnumeration& e)
        : part(e.stride_), block(e.stride_), scaled(2 * e.stride_), mantissas(std::size_t{1} << e.low_bits_),
          exponents(std::size_t{1} << e.low_bits_), logs(e.part_size() >> e.low_bits_) {}
    AlignedVector<double> part, block; // a_i of the part's bits, and of the block's
    AlignedVector<double> scaled;      // c_i and d_i of the block
    AlignedVector<double> mantissas;
    AlignedVector<std::int64_t> exponents;
    std::vector<double> logs; // ln of each block's sum
};

LayerEnumeration::LayerEnumeration(std::size_t n_enumerated, std::size_t n_summed, const double* matrix,
                                   const double* enumerated_bias, const double* summed_bias)
    : n_(n_enumerated), m_(n_summed), stride_(round_up(n_summed, lanes)), part_bits_(std::min(n_, max_part_bits)),
      matrix_(n_ * stride_), enumerated_bias_(enumerated_bias, enumerated_bias + n_),
      summed_bias_(stride_, padding_bias), summed_top_(stride_, padding_bias) {
    for (std::size_t j = 0; j < n_; ++j)
        std::copy_n(matrix + j * m_, m_, matrix_.data() + j * stride_);
    std::copy_n(summed_bias, m_, summed_bias_.data());
    choose_blocks();
    fill_tables();
}

// As many low bits as leave each unit's factor representable; then the groups of units.
void LayerEnumeration::choose_blocks() {
    std::vector<double> range(m_);
    for (low_bits_ = std::min(n_, most_low_bits);; --low_bits_) {
        if (low_bits_ < least_low_bits) {
            low_bits_ = 0;
            return;
        }
        double bias_range = 0;
        std::fill(range.begin(), range.end(), 0.0);
        for (std::size_t j = 0; j < low_bits_; ++j) {
            bias_range += std::abs(enumerated_bias_[j]);
            for (std::size_t i = 0; i < m_; ++i)
                range[i] += std::abs(matrix_[j * stride_ + i]);
        }
        const double largest = m_ ? *std::max_element(range.begin(), range.end()) : 0;
        if (std::max(bias_range, largest) > group_range)
            continue;
        double sum = bias_range;
        for (std::size_t i = 0; i < m_; ++i) {
            if (sum + range[i] > group_range) {
                group_ends_.push_back(i);
                sum = 0;
            }
            sum += range[i];
        }
        group_ends_.push_back(m_);
        return;
    }
}

void LayerEnumeration::fill_tables() {
    for (std::size_t i = 0; i < m_; ++i) {
        double top = 0;
        for (std::size_t j = 0; j < low_bits_; ++j)
            top += std::max(0.0, matrix_[j * stride_ + i]);
        summed_top_[i] = summed_bias_[i] + top;
    }
    for (std::size_t j = 0; j < low_bits_; ++j)
        enumerated_top_ += std::max(0.0, enumerated_bias_[j]);
    if (low_bits_ == 0)
        return;
    // Σ_j over the low bits of min(0, w_j) where the bit is set and −max(0, w_j) where it is not: B − B̂, without
    // cancellation.
    const std::size_t n_low = std::size_t{1} << low_bits_;
    const auto below_top = [&](std::size_t state, auto weight) {
        double sum = 0;
        for (std::size_t j = 0; j < low_bits_; ++j)
            sum += (state >> j) & 1 ? std::min(0.0, weight(j)) : -std::max(0.0, weight(j));
        return std::exp(sum);
    };
    table_.resize(n_low * m_);
    bias_table_.resize(n_low);
    for (std::size_t state = 0; state < n_low; ++state) {
        bias_table_[state] = below_top(state, [&](std::size_t j) { return enumerated_bias_[j]; });
        double* const chunk = table_.data() + state / lanes * m_ * lanes + state % lanes;
        for (std::size_t i = 0; i < m_; ++i)
            chunk[i * lanes] = below_top(state, [&](std::size_t j) { return matrix_[j * stride_ + i]; });
    }
}

// Adds the rows of the set bits, the lowest bit standing for unit first_bit.
void LayerEnumeration::arguments(std::uint64_t bits, std::size_t first_bit, double* a) const {
    for (std::size_t j = first_bit; bits; ++j, bits >>= 1) {
        if (!(bits & 1))
            continue;
        const double* const row = matrix_.data() + j * stride_;
        for (std::size_t i = 0; i < stride_; i += lanes)
            (V::load(a + i) + V::load(row + i)).store(a + i);
    }
}

double LayerEnumeration::bias_sum(std::uint64_t bits) const {
    double sum = 0;
    for (std::size_t j = 0; bits; ++j, bits >>= 1)
        if (bits & 1)
            sum += enumerated_bias_[j];
    return sum;
}

// Σ_i ln(1 + e^(a_i)), and optionally c_i = σ(−a_i) and d_i = σ(a_i), neither by a difference.
double LayerEnumeration::block_scale(const double* a, double* scaled) const {
    SoftplusSum sum;
    for (std::size_t i = 0; i < stride_; i += lanes) {
        const V x = V::load(a + i), e = exp_minus_magnitude(x);
        sum.add(x, e);
        if (!scaled)
            continue;
        const V larger = logistic_of(e), smaller = e * larger;
        V::map([](auto value, auto p, auto q) { return value < 0 ? p : q; }, x, larger, smaller).store(scaled + i);
        V::map([](auto value, auto p, auto q) { return value < 0 ? q : p; }, x, larger, smaller)
            .store(scaled + stride_ + i);
    }
    return sum.total();
}

namespace {

// Π_i (c_i + d_i t_i) over the units [first, last) for `width` vectors of states, times what product holds.
template <std::size_t width>
RGRBM_INLINE void multiply(const double* c, const double* d, const double* table, std::size_t chunk_size,
                           std::size_t first, std::size_t last, V* product) {
    for (std::size_t i = first; i < last; ++i)
        for (std::size_t k = 0; k < width; ++k) {
            const V t = V::load(table + k * chunk_size + i * lanes);
            for (std::size_t p = 0; p < V::n_native; ++p)
                product[k].part[p] *= t.part[p] * d[i] + c[i];
        }
}

// Moves the exponent of each lane, a normal positive number, into exponents.
RGRBM_INLINE void set_exponent_aside(V& product, std::int64_t* exponents) {
    using Integers = V::NativeInteger;
    using Memory = std::int64_t __attribute__((vector_size(native_bytes), may_alias));
    for (std::size_t p = 0; p < V::n_native; ++p) {
        const Integers bits = (Integers)product.part[p];
        reinterpret_cast<Memory*>(exponents)[p] += (bits >> 52) - 1023;
        product.part[p] = (V::Native)((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000);
    }
}

} // namespace

// ln Σ_low e^(e·low − top) Π_i (c_i + d_i t_i(low)).
double LayerEnumeration::block_log_sum(const double* scaled, Scratch& scratch) const {
    if (low_bits_ == 0)
        return 0;
    const double* const c = scaled;
    const double* const d = scaled + stride_;
    const std::size_t n_chunks = (std::size_t{1} << low_bits_) / lanes, chunk_size = m_ * lanes;
    const auto start = [&](std::size_t chunk) { return V::load(bias_table_.data() + chunk * lanes); };
    if (group_ends_.size() == 1) {
        V sum = V::zero();
        std::size_t chunk = 0;
        for (; chunk + 2 <= n_chunks; chunk += 2) {
            V product[2] = {start(chunk), start(chunk + 1)};
            multiply<2>(c, d, table_.data() + chunk * chunk_size, chunk_size, 0, m_, product);
            sum += product[0] + product[1];
        }
        for (; chunk < n_chunks; ++chunk) {
            V product = start(chunk);
            multiply<1>(c, d, table_.data() + chunk * chunk_size, chunk_size, 0, m_, &product);
            sum += product;
        }
        return std::log(sum.sum());
    }
    std::fill(scratch.exponents.begin(), scratch.exponents.end(), 0);
    for (std::size_t chunk = 0; chunk < n_chunks; ++chunk) {
        V product = start(chunk);
        std::size_t first = 0;
        for (const std::size_t last : group_ends_) {
            multiply<1>(c, d, table_.data() + chunk * chunk_size, chunk_size, first, last, &product);
            set_exponent_aside(product, scratch.exponents.data() + chunk * lanes);
            first = last;
        }
        product.store(scratch.mantissas.data() + chunk * lanes);
    }
    const std::int64_t largest = *std::max_element(scratch.exponents.begin(), scratch.exponents.end());
    double sum = 0;
    for (std::size_t state = 0; state < scratch.mantissas.size(); ++state) {
        const std::int64_t exponent = scratch.exponents[state] - largest;
        if (exponent > -1000)
            sum += std::ldexp(scratch.mantissas[state], static_cast<int>(exponent));
    }
    return std::log(sum) + static_cast<double>(largest) * std::log(2.0);
}

double LayerEnumeration::part_log_sum(std::size_t part, Scratch& scratch) const {
    scratch.part = summed_top_;
    arguments(part, part_bits_, scratch.part.data());
    double* const scaled = low_bits_ ? scratch.scaled.data() : nullptr;
    for (std::size_t block = 0; block < scratch.logs.size(); ++block) {
        scratch.block = scratch.part;
        arguments(block, low_bits_, scratch.block.data());
        const double bias = bias_sum((std::uint64_t{part} << part_bits_) | (std::uint64_t{block} << low_bits_));
        scratch.logs[block] =
            (bias + enumerated_top_ + block_scale(scratch.block.data(), scaled)) + block_log_sum(scaled, scratch);
    }
    return log_sum_exp(scratch.logs.data(), scratch.logs.size());
}

void LayerEnumeration::log_sums(std::size_t first, std::size_t count, double* out) const {
    for_pieces(
        count, [&] { return Scratch(*this); },
        [&](std::size_t part, Scratch& scratch) { out[part] = part_log_sum(first + part, scratch); });
}

void LayerEnumeration::log_weights(std::size_t first, std::size_t count, double* out) const {
    for_pieces(count, [&](std::size_t part) {
        const std::uint64_t start = (first + part) << part_bits_;
        AlignedVector<double> base = summed_bias_, a;
        arguments(start >> part_bits_, part_bits_, base.data());
        for (std::size_t state = 0; state < part_size(); ++state) {
            a = base;
            arguments(state, 0, a.data());
            out[(part << part_bits_) + state] = bias_sum(start | state) + block_scale(a.data(), nullptr);
        }
    });
}

// A few states at a time, so that the sums of products are matrix products.
void LayerEnumeration::add_moments(std::size_t part, double log_z, LayerMoments& moments) const {
    using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const auto n = static_cast<Eigen::Index>(n_), m = static_cast<Eigen::Index>(m_);
    const std::size_t tile = std::min<std::size_t>(64, part_size());
    const std::uint64_t start = std::uint64_t{part} << part_bits_;
    AlignedVector<double> base = summed_bias_, a, scaled(2 * stride_);
    arguments(part, part_bits_, base.data());
    Matrix states(static_cast<Eigen::Index>(tile), n), weighted(static_cast<Eigen::Index>(tile), m);
    Eigen::Map<Matrix> products(moments.products.data(), n, m);
    Eigen::Map<Eigen::VectorXd> enumerated(moments.enumerated.data(), n), summed(moments.summed.data(), m);
    Eigen::VectorXd weights(static_cast<Eigen::Index>(tile));
    for (std::size_t offset = 0; offset < part_size() && !interrupt_requested(); offset += tile) {
        for (std::size_t k = 0; k < tile; ++k) {
            const std::uint64_t state = start | (offset + k);
            const auto row = static_cast<Eigen::Index>(k);
            a = base;
            arguments(offset + k, 0, a.data());
            weights[row] = std::exp(bias_sum(state) + block_scale(a.data(), scaled.data()) - log_z);
            for (Eigen::Index j = 0; j < n; ++j)
                states(row, j) = static_cast<double>((state >> j) & 1);
            weighted.row(row) = weights[row] * Eigen::Map<Eigen::RowVectorXd>(scaled.data() + stride_, m);
        }
        moments.total += weights.sum();
        enumerated.noalias() += states.transpose() * weights;
        summed += weighted.colwise().sum().transpose();
        products.noalias() += states.transpose() * weighted;
    }
}

LayerMoments LayerEnumeration::moments(std::size_t first, std::size_t count, double log_z) const {
    const LayerMoments zero{0, AlignedVector<double>(n_), AlignedVector<double>(m_), AlignedVector<double>(n_ * m_)};
    std::vector<LayerMoments> parts(count, zero);
    for_pieces(count, [&](std::size_t part) { add_moments(first + part, log_z, parts[part]); });
    return std::accumulate(parts.begin(), parts.end(), zero,
                           [](LayerMoments sum, const LayerMoments& part) { return std::move(sum += part); });
}

} // namespace rgrbm
