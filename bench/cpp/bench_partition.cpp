// Speed of the exact sums and of annealing. Items are states summed (64 summed units each, unless named otherwise)
// or Gibbs steps of one chain: items_per_second is the figure to compare. All threads are used; pin with
// OMP_NUM_THREADS.
#include "rgrbm/likelihood/annealing.hpp"
#include "rgrbm/likelihood/partition_function.hpp"
#include "rgrbm/spins/spin_enumeration.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

namespace {

using namespace rgrbm;

std::vector<double> numbers(std::size_t n, double scale, std::uint64_t name) {
    Stream stream({3, 4}, name);
    std::vector<double> out(n);
    for (double& x : out)
        x = scale * (2 * std::ldexp(static_cast<double>(stream.next().lane(0) >> 11), -53) - 1);
    return out;
}

void layer_log_sum(benchmark::State& state, std::size_t n, std::size_t m, double scale) {
    const auto matrix = numbers(n * m, scale, 0), own = numbers(n, scale, 1), other = numbers(m, scale, 2);
    const LayerEnumeration e(n, m, matrix.data(), own.data(), other.data());
    std::vector<double> sums(e.n_parts());
    for (auto _ : state) {
        e.log_sums(0, e.n_parts(), sums.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(e.n_parts() * e.part_size()));
}

void layer_moments(benchmark::State& state, std::size_t n, std::size_t m) {
    const auto matrix = numbers(n * m, 1, 0), own = numbers(n, 1, 1), other = numbers(m, 1, 2);
    const LayerEnumeration e(n, m, matrix.data(), own.data(), other.data());
    for (auto _ : state)
        benchmark::DoNotOptimize(e.moments(0, e.n_parts(), 100.0).total);
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(e.n_parts() * e.part_size()));
}

void ring_log_sum(benchmark::State& state, std::size_t n) {
    std::vector<Bond> bonds;
    for (std::size_t i = 0; i < n; ++i)
        bonds.push_back({i, (i + 1) % n, 1.0});
    const SpinEnumeration e(n, bonds, std::vector<double>(n));
    std::vector<double> sums(e.n_parts());
    for (auto _ : state) {
        e.log_sums(0, e.n_parts(), sums.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(e.n_parts() * e.part_size()));
}

void anneal(benchmark::State& state, std::size_t n, std::size_t m, std::size_t chains) {
    const auto matrix = numbers(n * m, 1, 0), own = numbers(n, 1, 1), other = numbers(m, 1, 2);
    const std::vector<double> base(n);
    const double log_share = 0;
    const Annealing annealing(false, n, m, 1, matrix.data(), own.data(), other.data(), base.data(), &log_share);
    std::vector<double> betas, weights(chains);
    for (int k = 0; k <= 100; ++k)
        betas.push_back(k / 100.0);
    std::vector<std::uint8_t> v(chains * n);
    for (auto _ : state) {
        annealing.run(betas.data(), 100, 0, {1, 2}, chains, v.data(), weights.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(100 * chains));
}

BENCHMARK_CAPTURE(layer_log_sum, hidden_24_visible_64, 24, 64, 1.0)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(layer_log_sum, hidden_20_visible_784, 20, 784, 1.0)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(layer_log_sum, hidden_20_visible_64_saturated, 20, 64, 700.0)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(layer_moments, hidden_16_visible_64, 16, 64)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(ring_log_sum, sites_24, 24)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(anneal, visible_64_hidden_32, 64, 32, 256)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(anneal, visible_784_hidden_144, 784, 144, 256)->Unit(benchmark::kMillisecond)->UseRealTime();

} // namespace
