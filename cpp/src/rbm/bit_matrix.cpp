#include "rgrbm/rbm/bit_matrix.hpp"

#include "rgrbm/support/threads.hpp"

namespace rgrbm {

namespace {
constexpr std::size_t bytes_per_piece = 1 << 18; // of work for a thread

std::ptrdiff_t pieces(std::size_t n_bytes) {
    return static_cast<std::ptrdiff_t>(n_pieces(n_bytes, bytes_per_piece));
}
} // namespace

BitMatrix packed(const std::uint8_t* bytes, std::size_t n_rows, std::size_t n_columns) {
    BitMatrix bits(n_rows, n_columns);
#pragma omp parallel for schedule(static) num_threads(threads_for(pieces(n_rows* n_columns)))
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(n_rows); ++i)
        bits.pack(static_cast<std::size_t>(i), bytes + static_cast<std::size_t>(i) * n_columns);
    return bits;
}

void unpack(const BitMatrix& bits, std::uint8_t* bytes) {
    const std::size_t n = bits.n_columns();
#pragma omp parallel for schedule(static) num_threads(threads_for(pieces(bits.n_rows() * n)))
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(bits.n_rows()); ++i)
        bits.unpack(static_cast<std::size_t>(i), bytes + static_cast<std::size_t>(i) * n);
}

template <class Number>
bool copy_binary(const Number* numbers, std::size_t n, std::uint8_t* bytes) {
    const std::ptrdiff_t n_shares = pieces(n * sizeof(Number));
    const std::size_t per_piece = bytes_per_piece / sizeof(Number);
    bool all = true;
#pragma omp parallel for schedule(static) num_threads(threads_for(n_shares)) reduction(&& : all)
    for (std::ptrdiff_t piece = 0; piece < n_shares; ++piece) {
        const std::size_t first = static_cast<std::size_t>(piece) * per_piece, end = std::min(n, first + per_piece);
        unsigned wrong = 0;
        for (std::size_t i = first; i < end && wrong == 0; i += 4096) {
            const std::size_t stop = std::min(end, i + 4096);
            for (std::size_t j = i; j < stop; ++j) {
                const bool one = numbers[j] == Number{1};
                bytes[j] = one;
                wrong |= static_cast<unsigned>(!one & (numbers[j] != Number{0}));
            }
        }
        all = all && wrong == 0;
    }
    return all;
}

template bool copy_binary(const float*, std::size_t, std::uint8_t*);
template bool copy_binary(const double*, std::size_t, std::uint8_t*);
template bool copy_binary(const std::uint8_t*, std::size_t, std::uint8_t*);

} // namespace rgrbm
