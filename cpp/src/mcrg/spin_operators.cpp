#include "rgrbm/mcrg/spin_operators.hpp"

#include "rgrbm/support/bits.hpp"
#include "rgrbm/support/parallel.hpp"

namespace rgrbm {

namespace {

// Counts, over the translations along one line, the exclusive or of the product's words; `parities` has room for a
// line.
void count_product(const Word* sites, const Grid& grid, std::size_t line, const Product& product,
                   std::vector<Word>& parities, VerticalCounter& counter) {
    const auto layer = static_cast<std::int64_t>(line / grid.rows);
    const auto row = static_cast<std::int64_t>(line % grid.rows);
    for (std::size_t i = 0; i < product.size(); ++i) {
        const auto [z, y, x] = grid.wrapped({product[i][0] + layer, product[i][1] + row, product[i][2]});
        const Word* words = sites + (z * grid.rows + y) * grid.columns;
        const auto add = [&](std::size_t first, std::size_t n, const Word* from) {
            for (std::size_t k = 0; k < n; ++k)
                parities[first + k] = i == 0 ? from[k] : parities[first + k] ^ from[k];
        };
        add(0, grid.columns - x, words + x); // up to the end of the line, and from its beginning on
        add(grid.columns - x, x, words);
    }
    counter.add(parities.data(), grid.columns);
}

} // namespace

void operator_sums(const PackedSpins& spins, const std::vector<Operator>& operators, std::int64_t* out) {
    const Grid& grid = spins.grid();
    const std::size_t n_operators = operators.size();
    for_pieces(spins.n_blocks() * n_operators, [&](std::size_t piece) {
        const std::size_t block = piece / n_operators, index = piece % n_operators;
        const Operator& products = operators[index];
        VerticalCounter counter;
        std::vector<Word> parities(grid.columns);
        // Line by line, so that the few lines that products reach stay in the cache.
        for (std::size_t line = 0; line < grid.layers * grid.rows; ++line)
            for (const Product& product : products)
                count_product(spins.block(block), grid, line, product, parities, counter);
        std::array<std::int64_t, Word::n_bits> counts;
        counter.read(counts.data(), spins.size_of(block));
        const auto n_terms = static_cast<std::int64_t>(products.size() * grid.n_sites());
        const std::int64_t sign = products[0].size() % 2 == 0 ? 1 : -1;
        std::int64_t* sums = out + block * Word::n_bits * n_operators + index;
        for (std::size_t i = 0; i < spins.size_of(block); ++i)
            sums[i * n_operators] = sign * (n_terms - 2 * counts[i]);
    });
}

} // namespace rgrbm
