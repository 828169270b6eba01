// Speed of the Ising samplers. Items are single-spin updates (or spins unpacked): items_per_second is the
// figure to compare. One block of 512 chains runs on one thread.
#include "rgrbm/spins/ising.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace {

using rgrbm::Couplings;
using rgrbm::IsingChains;
using rgrbm::Lattice;
using rgrbm::Update;

constexpr std::size_t n_chains = 512;
constexpr double critical_coupling = 0.44068679350977147; // ln(1 + √2) / 2

Couplings plain(double J) {
    return {{J, J, J}, 0};
}

void sweep(benchmark::State& state, Lattice lattice, const Couplings& couplings, Update update) {
    IsingChains chains(lattice, couplings, n_chains, {1, 2});
    chains.sweep(50, update);
    for (auto _ : state) {
        chains.sweep(1, update);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(n_chains * lattice.n_sites()));
}

void unpack(benchmark::State& state, Lattice lattice) {
    const IsingChains chains(lattice, plain(1.0), n_chains, {1, 2});
    std::vector<std::int8_t> out(n_chains * lattice.n_sites());
    for (auto _ : state) {
        chains.unpack(chains.n_chains(), out.data());
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}

constexpr double cubic_critical_coupling = 0.221654626; // Ferrenberg, Xu and Landau 2018

const Lattice ring = Lattice::ring(64), square = Lattice::square(64, 64), cubic = Lattice::cubic(16, 16, 16),
              triangular = Lattice::triangular(63, 63);
const Couplings square_critical = plain(critical_coupling), square_unequal{{0.4, 0.5, 0}, 0.1},
                cubic_critical = plain(cubic_critical_coupling), cubic_unequal{{0.2, 0.2, 0.25}, 0.1};

BENCHMARK_CAPTURE(sweep, ring_64_metropolis, ring, plain(1.0), Update::metropolis);
BENCHMARK_CAPTURE(sweep, ring_64_heat_bath, ring, plain(1.0), Update::heat_bath);
BENCHMARK_CAPTURE(sweep, ring_64_field_heat_bath, ring, Couplings{{1.0}, 0.1}, Update::heat_bath);
BENCHMARK_CAPTURE(sweep, square_64_metropolis, square, square_critical, Update::metropolis);
BENCHMARK_CAPTURE(sweep, square_64_heat_bath, square, square_critical, Update::heat_bath);
BENCHMARK_CAPTURE(sweep, square_64_field_metropolis, square, square_unequal, Update::metropolis);
BENCHMARK_CAPTURE(sweep, square_64_field_heat_bath, square, square_unequal, Update::heat_bath);
BENCHMARK_CAPTURE(sweep, cubic_16_metropolis, cubic, cubic_critical, Update::metropolis);
BENCHMARK_CAPTURE(sweep, cubic_16_heat_bath, cubic, cubic_critical, Update::heat_bath);
BENCHMARK_CAPTURE(sweep, cubic_16_field_heat_bath, cubic, cubic_unequal, Update::heat_bath);
BENCHMARK_CAPTURE(sweep, triangular_63_metropolis, triangular, plain(0.27), Update::metropolis);
BENCHMARK_CAPTURE(sweep, triangular_63_heat_bath, triangular, plain(0.27), Update::heat_bath);
BENCHMARK_CAPTURE(unpack, ring_64, ring);
BENCHMARK_CAPTURE(unpack, square_64, square);

} // namespace
