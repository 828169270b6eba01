// Speed of the cluster updates of one chain on one thread. Items are sites of the lattice (Swendsen and Wang: one
// update each; Wolff: as many as its clusters flipped): items_per_second is the figure to compare.
#include "rgrbm/spins/clusters.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace {

using rgrbm::ClusterChains;
using rgrbm::ClusterUpdate;
using rgrbm::Lattice;

constexpr double square_critical = 0.44068679350977147; // ln(1 + √2) / 2
constexpr double cubic_critical = 0.22165463;           // Ferrenberg, Xu & Landau, Phys. Rev. E 97, 043301 (2018)

void sweep(benchmark::State& state, const Lattice& lattice, double coupling, ClusterUpdate update) {
    const std::vector<double> couplings(lattice.n_axes(), coupling);
    ClusterChains chains(lattice, update, couplings.data(), 0, 1, {1, 2}, {});
    chains.align(true);
    chains.sweep(50);
    double sites = 0, size = 0, flipped = 0;
    for (auto _ : state) {
        chains.sweep(1, &size, &flipped);
        sites += update == ClusterUpdate::wolff ? size : static_cast<double>(lattice.n_sites());
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(sites));
}

BENCHMARK_CAPTURE(sweep, square_64_swendsen_wang, Lattice::square(64, 64), square_critical,
                  ClusterUpdate::swendsen_wang);
BENCHMARK_CAPTURE(sweep, square_256_swendsen_wang, Lattice::square(256, 256), square_critical,
                  ClusterUpdate::swendsen_wang);
BENCHMARK_CAPTURE(sweep, cubic_32_swendsen_wang, Lattice::cubic(32, 32, 32), cubic_critical,
                  ClusterUpdate::swendsen_wang);
BENCHMARK_CAPTURE(sweep, square_64_wolff, Lattice::square(64, 64), square_critical, ClusterUpdate::wolff);
BENCHMARK_CAPTURE(sweep, square_256_wolff, Lattice::square(256, 256), square_critical, ClusterUpdate::wolff);
BENCHMARK_CAPTURE(sweep, cubic_32_wolff, Lattice::cubic(32, 32, 32), cubic_critical, ClusterUpdate::wolff);

} // namespace
