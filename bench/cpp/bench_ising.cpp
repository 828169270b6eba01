// Speed of the Ising samplers. Items are single-spin updates (or spins unpacked): items_per_second is the
// figure to compare. One block of 512 chains runs on one thread.
#include "rgrbm/ising.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace {

using rgrbm::IsingChains;
using rgrbm::Lattice;
using rgrbm::Update;

constexpr std::size_t n_chains = 512;
constexpr double critical_coupling = 0.44068679350977147; // ln(1 + √2) / 2

void sweep(benchmark::State& state, Lattice lattice, double coupling, Update update) {
    IsingChains chains(lattice, coupling, n_chains, {1, 2});
    chains.sweep(50, update);
    for (auto _ : state) {
        chains.sweep(1, update);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(n_chains * lattice.n_sites()));
}

void unpack(benchmark::State& state, Lattice lattice) {
    const IsingChains chains(lattice, 1.0, n_chains, {1, 2});
    std::vector<std::int8_t> out(n_chains * lattice.n_sites());
    for (auto _ : state) {
        chains.unpack(chains.n_chains(), out.data());
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}

BENCHMARK_CAPTURE(sweep, ring_64_metropolis, Lattice{1, 64}, 1.0, Update::metropolis);
BENCHMARK_CAPTURE(sweep, ring_64_heat_bath, Lattice{1, 64}, 1.0, Update::heat_bath);
BENCHMARK_CAPTURE(sweep, square_64_metropolis, Lattice{64, 64}, critical_coupling, Update::metropolis);
BENCHMARK_CAPTURE(sweep, square_64_heat_bath, Lattice{64, 64}, critical_coupling, Update::heat_bath);
BENCHMARK_CAPTURE(unpack, ring_64, Lattice{1, 64});
BENCHMARK_CAPTURE(unpack, square_64, Lattice{64, 64});

} // namespace
