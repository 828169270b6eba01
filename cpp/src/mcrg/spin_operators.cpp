#include "rgrbm/mcrg/spin_operators.hpp"

#include "rgrbm/support/bits.hpp"
#include "rgrbm/support/threads.hpp"

namespace rgrbm {

namespace {

// Counts, over all translations, the exclusive or of the product's words; `parities` has room for a row.
void count_product(const Word* sites, const Grid& grid, const Product& product, std::vector<Word>& parities,
                   VerticalCounter& counter) {
    const std::size_t k = product.size();
    std::vector<const Word*> rows(k);
    std::vector<std::size_t> columns(k);
    for (std::size_t line = 0; line < grid.layers * grid.rows; ++line) {
        const auto layer = static_cast<std::int64_t>(line / grid.rows);
        const auto row = static_cast<std::int64_t>(line % grid.rows);
        for (std::size_t i = 0; i < k; ++i) {
            const auto [z, y, x] = grid.wrapped({product[i][0] + layer, product[i][1] + row, product[i][2]});
            rows[i] = sites + (z * grid.rows + y) * grid.columns;
            columns[i] = x;
        }
        for (std::size_t column = 0; column < grid.columns; ++column) {
            Word parity = Word::zero();
            for (std::size_t i = 0; i < k; ++i) {
                parity = parity ^ rows[i][columns[i]];
                if (++columns[i] == grid.columns)
                    columns[i] = 0;
            }
            parities[column] = parity;
        }
        counter.add(parities.data(), grid.columns);
    }
}

} // namespace

void operator_sums(const PackedSpins& spins, const std::vector<Operator>& operators, std::int64_t* out) {
    const Grid& grid = spins.grid();
    const std::size_t n_operators = operators.size();
    const auto n_pieces = static_cast<std::ptrdiff_t>(spins.n_blocks() * n_operators);
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(n_pieces))
    for (std::ptrdiff_t piece = 0; piece < n_pieces; ++piece) {
        const std::size_t block = static_cast<std::size_t>(piece) / n_operators;
        const std::size_t index = static_cast<std::size_t>(piece) % n_operators;
        const Operator& products = operators[index];
        VerticalCounter counter;
        std::vector<Word> parities(grid.columns);
        for (const Product& product : products)
            count_product(spins.block(block), grid, product, parities, counter);
        std::array<std::int64_t, Word::n_bits> counts;
        counter.read(counts.data(), spins.size_of(block));
        const auto n_terms = static_cast<std::int64_t>(products.size() * grid.n_sites());
        const std::int64_t sign = products[0].size() % 2 == 0 ? 1 : -1;
        std::int64_t* sums = out + block * Word::n_bits * n_operators + index;
        for (std::size_t i = 0; i < spins.size_of(block); ++i)
            sums[i * n_operators] = sign * (n_terms - 2 * counts[i]);
    }
}

} // namespace rgrbm
