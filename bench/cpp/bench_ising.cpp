// Speed of the single-spin samplers. Items are single-spin updates (or spins unpacked): items_per_second is the
// figure to compare. One word of 512 chains, or one chain, runs on one thread.
#include "rgrbm/spins/lattice_chains.hpp"
#include "rgrbm/spins/site_chains.hpp"
#include "rgrbm/spins/word_chains.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace {

using rgrbm::Couplings;
using rgrbm::Lattice;
using rgrbm::LatticeChains;
using rgrbm::SiteChains;
using rgrbm::Update;
using rgrbm::WordChains;

constexpr std::size_t n_chains = 512;
constexpr double critical_coupling = 0.44068679350977147; // ln(1 + √2) / 2

Couplings plain(double J) {
    return {{J, J, J}, 0};
}

void time_sweeps(benchmark::State& state, rgrbm::SpinChains& chains) {
    chains.sweep(50);
    for (auto _ : state) {
        chains.sweep(1);
        benchmark::ClobberMemory();
    }
    const auto n_spins = static_cast<std::int64_t>(chains.n_chains() * chains.lattice().n_sites());
    state.SetItemsProcessed(state.iterations() * n_spins);
}

void sweep(benchmark::State& state, const Lattice& lattice, const Couplings& couplings, Update update) {
    WordChains chains(lattice, update, couplings.along.data(), couplings.field, n_chains, {1, 2}, {});
    time_sweeps(state, chains);
}

void one_lattice(benchmark::State& state, const Lattice& lattice, const Couplings& couplings, Update update) {
    LatticeChains chains(lattice, update, couplings.along.data(), couplings.field, 1, {1, 2}, {});
    time_sweeps(state, chains);
}

void one_chain(benchmark::State& state, const Lattice& lattice, const Couplings& couplings, Update update) {
    SiteChains chains(lattice, update, couplings.along.data(), couplings.field, 1, {1, 2}, {});
    time_sweeps(state, chains);
}

void unpack(benchmark::State& state, const Lattice& lattice) {
    const WordChains chains(lattice, Update::metropolis, plain(1.0).along.data(), 0, n_chains, {1, 2}, {});
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
BENCHMARK_CAPTURE(one_lattice, square_16_metropolis, Lattice::square(16, 16), square_critical, Update::metropolis);
BENCHMARK_CAPTURE(one_lattice, square_64_metropolis, square, square_critical, Update::metropolis);
BENCHMARK_CAPTURE(one_lattice, square_256_metropolis, Lattice::square(256, 256), square_critical, Update::metropolis);
BENCHMARK_CAPTURE(one_lattice, square_1000_metropolis, Lattice::square(1000, 1000), square_critical,
                  Update::metropolis);
BENCHMARK_CAPTURE(one_lattice, square_1024_metropolis, Lattice::square(1024, 1024), square_critical,
                  Update::metropolis);
BENCHMARK_CAPTURE(one_lattice, square_1024_heat_bath, Lattice::square(1024, 1024), square_critical, Update::heat_bath);
BENCHMARK_CAPTURE(one_lattice, square_1024_field_heat_bath, Lattice::square(1024, 1024), square_unequal,
                  Update::heat_bath);
BENCHMARK_CAPTURE(one_lattice, square_4096_metropolis, Lattice::square(4096, 4096), square_critical,
                  Update::metropolis);
BENCHMARK_CAPTURE(one_lattice, cubic_64_metropolis, Lattice::cubic(64, 64, 64), cubic_critical, Update::metropolis);
BENCHMARK_CAPTURE(one_lattice, cubic_256_metropolis, Lattice::cubic(256, 256, 256), cubic_critical, Update::metropolis);
BENCHMARK_CAPTURE(one_lattice, triangular_1536_metropolis, Lattice::triangular(1536, 1536), plain(0.27),
                  Update::metropolis);
BENCHMARK_CAPTURE(one_chain, ring_64_metropolis, ring, plain(1.0), Update::metropolis);
BENCHMARK_CAPTURE(one_chain, ring_64_heat_bath, ring, plain(1.0), Update::heat_bath);
BENCHMARK_CAPTURE(one_chain, ring_4096_metropolis, Lattice::ring(4096), plain(1.0), Update::metropolis);
BENCHMARK_CAPTURE(one_chain, square_63_heat_bath, Lattice::square(63, 63), square_critical, Update::heat_bath);
BENCHMARK_CAPTURE(unpack, ring_64, ring);
BENCHMARK_CAPTURE(unpack, square_64, square);

} // namespace
