#include "rgrbm/rbm/bit_matrix.hpp"

#include "rgrbm/support/parallel.hpp"

namespace rgrbm {

namespace {
constexpr std::size_t bytes_per_piece = 1 << 18; // of work for a thread

std::size_t pieces(std::size_t n_bytes) {
    return n_pieces(n_bytes, bytes_per_piece);
}
} // namespace

BitMatrix packed(const std::uint8_t* bytes, std::size_t n_rows, std::size_t n_columns) {
    BitMatrix bits(n_rows, n_columns);
#pragma omp parallel for schedule(static) num_threads(threads_for(pieces(n_rows* n_columns)))
    for (std::size_t i = 0; i < n_rows; ++i)
        bits.pack(i, bytes + i * n_columns);
    return bits;
}

void unpack(const BitMatrix& bits, std::uint8_t* bytes) {
    const std::size_t n = bits.n_columns();
#pragma omp parallel for schedule(static) num_threads(threads_for(pieces(bits.n_rows() * n)))
    for (std::size_t i = 0; i < bits.n_rows(); ++i)
        bits.unpack(i, bytes + i * n);
}

template <class Number>
bool copy_binary(const Number* numbers, std::size_t n, std::uint8_t* bytes) {
    const std::size_t per_piece = bytes_per_piece / sizeof(Number);
    std::atomic<bool> all{true};
    for_pieces(pieces(n * sizeof(Number)), [&](std::size_t piece) {
        const std::size_t first = piece * per_piece, end = std::min(n, first + per_piece);
        unsigned wrong = 0;
        for (std::size_t i = first; i < end && wrong == 0; i += 4096) {
            const std::size_t stop = std::min(end, i + 4096);
            for (std::size_t j = i; j < stop; ++j) {
                const bool one = numbers[j] == Number{1};
                bytes[j] = one;
                wrong |= static_cast<unsigned>(!one & (numbers[j] != Number{0}));
            }
        }
        if (wrong != 0)
            all = false;
    });
    return all;
}

template bool copy_binary(const float*, std::size_t, std::uint8_t*);
template bool copy_binary(const double*, std::size_t, std::uint8_t*);
template bool copy_binary(const std::uint8_t*, std::size_t, std::uint8_t*);

} // namespace rgrbm
