// One epoch of CD-1 and the kernels it is made of. Sizes: the 1D Ising experiment, and layers as for MNIST.
#include "rgrbm/rbm/binary_trainer.hpp"
#include "rgrbm/rbm/gaussian_trainer.hpp"
#include "rgrbm/rbm/statistics.hpp"
#include "rgrbm/rbm/structured_trainer.hpp"
#include "rgrbm/support/sigmoid.hpp"
#include "rgrbm/support/threads.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

namespace {

using namespace rgrbm;

constexpr Key key{1, 2};

std::vector<std::uint8_t> random_data(std::size_t n, std::size_t n_visible, double density) {
    std::mt19937_64 engine(7);
    std::bernoulli_distribution unit(density);
    std::vector<std::uint8_t> x(n * n_visible);
    std::generate(x.begin(), x.end(), [&] { return static_cast<std::uint8_t>(unit(engine)); });
    return x;
}

template <class Real>
BinaryTrainer<Real> make_trainer(std::size_t n, std::size_t n_visible, std::size_t n_hidden, double density) {
    std::mt19937_64 engine(8);
    std::normal_distribution<Real> weight(0, Real{0.01f});
    std::vector<Real> weights(n_visible * n_hidden), hidden_bias(n_hidden);
    std::vector<Real> visible_bias(n_visible, static_cast<Real>(std::log(density / (1 - density))));
    std::generate(weights.begin(), weights.end(), [&] { return weight(engine); });
    BinaryTrainer<Real> trainer(n_visible, n_hidden, weights.data(), visible_bias.data(), hidden_bias.data(), key);
    trainer.set_data(random_data(n, n_visible, density).data(), n, nullptr);
    return trainer;
}

// Arguments: samples, visible units, hidden units, percent of ones, batch size, threads. Time per epoch.
template <class Real>
void epoch_of_cd1(benchmark::State& state) {
    const auto argument = [&](int i) { return static_cast<std::size_t>(state.range(i)); };
    auto trainer = make_trainer<Real>(argument(0), argument(1), argument(2), static_cast<double>(state.range(3)) / 100);
    const std::size_t n_epochs = std::max<std::size_t>(1, 200'000'000 / (argument(0) * argument(1) * argument(2)));
    const std::vector<double> rate(n_epochs, 0.05), l1(n_epochs, 1e-3);
    TrainingOptions options;
    options.learning_rate = rate;
    options.l1 = l1;
    options.batch_size = argument(4);
    set_num_threads(static_cast<int>(state.range(5)));
    for (auto _ : state)
        benchmark::DoNotOptimize(trainer.run(options));
    set_num_threads(0);
    const double epochs = static_cast<double>(state.iterations()) * static_cast<double>(n_epochs);
    state.counters["epoch"] = benchmark::Counter(epochs, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.counters["samples/s"] =
        benchmark::Counter(epochs * static_cast<double>(argument(0)), benchmark::Counter::kIsRate);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
    for (const int threads : {1, 2})
        benchmark->Args({800, 64, 32, 50, 800, threads})
            ->Args({800, 64, 32, 50, 100, threads})
            ->Args({1600, 784, 144, 13, 100, threads});
    benchmark->UseRealTime();
}
BENCHMARK(epoch_of_cd1<float>)->Apply(sizes);
BENCHMARK(epoch_of_cd1<double>)->Apply(sizes);

// The same with Gaussian visible units. Arguments: samples, visible units, hidden units, batch size, threads.
template <class Real>
void epoch_of_gaussian_cd1(benchmark::State& state) {
    const auto argument = [&](int i) { return static_cast<std::size_t>(state.range(i)); };
    const std::size_t n = argument(0), n_visible = argument(1), n_hidden = argument(2);
    std::mt19937_64 engine(8);
    std::normal_distribution<Real> normal;
    std::vector<Real> weights(n_visible * n_hidden), x(n * n_visible);
    const std::vector<Real> visible(n_visible), hidden(n_hidden), floor(n_visible, Real{-20});
    std::generate(weights.begin(), weights.end(), [&] { return Real{0.01f} * normal(engine); });
    std::generate(x.begin(), x.end(), [&] { return normal(engine); });
    GaussianTrainer<Real> trainer(n_visible, n_hidden, weights.data(), visible.data(), hidden.data(),
                                  {visible.data(), floor.data(), true}, key);
    trainer.set_real_data(x.data(), n, nullptr);
    const std::vector<double> rate(1, 0.01), l1(1);
    TrainingOptions options;
    options.learning_rate = rate;
    options.l1 = l1;
    options.batch_size = argument(3);
    set_num_threads(static_cast<int>(state.range(4)));
    for (auto _ : state)
        benchmark::DoNotOptimize(trainer.run(options));
    set_num_threads(0);
    state.counters["samples/s"] = benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(n),
                                                     benchmark::Counter::kIsRate);
}
BENCHMARK(epoch_of_gaussian_cd1<float>)
    ->Args({5000, 64, 64, 100, 1})
    ->Args({2000, 784, 500, 100, 1})
    ->Args({2000, 784, 500, 100, 2})
    ->UseRealTime();

// One epoch of the 1D Ising experiment's layers, or larger ones, with three neighbouring sites per hidden unit.
// Arguments: samples, hidden units (half as many as visible ones), batch size, threads.
void epoch_of_masked_cd1(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0)), n_hidden = static_cast<std::size_t>(state.range(1));
    const std::size_t n_visible = 2 * n_hidden;
    std::vector<std::int32_t> classes(n_visible * n_hidden, -1), visible(n_visible), hidden(n_hidden);
    for (std::size_t j = 0; j < n_hidden; ++j)
        for (std::size_t k = 0; k < 3; ++k)
            classes[(2 * j + k) % n_visible * n_hidden + j] = static_cast<std::int32_t>(3 * j + k);
    std::iota(visible.begin(), visible.end(), 0);
    std::iota(hidden.begin(), hidden.end(), 0);
    const std::vector<float> weights(classes.size(), 0.1f), visible_bias(n_visible), hidden_bias(n_hidden);
    const WeightStructure structure{n_visible, n_hidden, classes.data(), visible.data(), hidden.data(), false};
    StructuredTrainer<float> trainer(structure, weights.data(), visible_bias.data(), hidden_bias.data(), key);
    trainer.set_data(random_data(n, n_visible, 0.5).data(), n, nullptr);
    const std::vector<double> rate(10, 0.05), l1(10, 1e-3);
    TrainingOptions options;
    options.learning_rate = rate;
    options.l1 = l1;
    options.batch_size = static_cast<std::size_t>(state.range(2));
    set_num_threads(static_cast<int>(state.range(3)));
    for (auto _ : state)
        benchmark::DoNotOptimize(trainer.run(options));
    set_num_threads(0);
    const double epochs = 10 * static_cast<double>(state.iterations());
    state.counters["epoch"] = benchmark::Counter(epochs, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(epoch_of_masked_cd1)
    ->Args({800, 32, 100, 1})
    ->Args({800, 500, 100, 1})
    ->Args({800, 500, 100, 2})
    ->UseRealTime();

// Probabilities and draws of units from their activations, in arrays that stay in the first-level cache.
template <class Real>
void logistic_and_draw(benchmark::State& state) {
    using V = Vector<Real>;
    constexpr std::size_t n_vectors = 64;
    AlignedVector<Real> x(n_vectors * V::n_lanes, Real{0.3f}), p(x.size());
    std::vector<std::uint16_t> h(n_vectors);
    Stream kept(key, 0);
    for (auto _ : state) {
        Stream stream = kept;
        for (std::size_t j = 0; j < n_vectors; ++j) {
            const V e = exp_negative(V::load(&x[j * V::n_lanes]));
            h[j] = draw(stream, e);
            logistic_of(e).store(&p[j * V::n_lanes]);
        }
        kept = stream;
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(x.size()));
}
BENCHMARK(logistic_and_draw<float>);
BENCHMARK(logistic_and_draw<double>);

// Activations of all hidden units, by tables (many dense samples) or rows. Arguments: visible, hidden, percent.
void activations(benchmark::State& state) {
    const auto n_visible = static_cast<std::size_t>(state.range(0)),
               n_hidden = static_cast<std::size_t>(state.range(1));
    const double density = static_cast<double>(state.range(2)) / 100;
    constexpr std::size_t n = 100;
    Layer<float> layer(n_visible, n_hidden);
    layer.plan(n, density);
    layer.refresh();
    const auto x = random_data(n, n_visible, density);
    BitMatrix bits(n, n_visible);
    for (std::size_t s = 0; s < n; ++s)
        bits.pack(s, &x[s * n_visible]);
    for (auto _ : state) {
        layer.apply(
            n, [&](std::size_t s) { return bits.row(s); },
            [](std::size_t, std::size_t, Vector<float> sum) { benchmark::DoNotOptimize(sum); });
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * n));
}
BENCHMARK(activations)->Args({64, 32, 50})->Args({32, 64, 50})->Args({784, 144, 13})->Args({144, 784, 50});

// Statistics of a batch of 100 whose reconstruction differs in 8% of units. Arguments: visible, hidden, percent of
// ones.
void statistics(benchmark::State& state) {
    const auto n_visible = static_cast<std::size_t>(state.range(0)), width = static_cast<std::size_t>(state.range(1));
    constexpr std::size_t n = 100, n_words = 2;
    const double density = static_cast<double>(state.range(2)) / 100;
    std::mt19937_64 engine(1);
    std::bernoulli_distribution one(density), other(0.08);
    std::vector<std::uint64_t> data(n_visible * n_words), model(data.size());
    for (std::size_t i = 0; i < n_visible; ++i)
        for (std::size_t s = 0; s < n; ++s) {
            const bool v = one(engine), u = v != other(engine);
            data[i * n_words + s / 64] |= std::uint64_t{v} << (s % 64);
            model[i * n_words + s / 64] |= std::uint64_t{u} << (s % 64);
        }
    AlignedVector<float> p(n * width, 0.5f), rows(n_visible * width);
    const Statistics<float> sums{data.data(), model.data(), n_words, p.data(), p.data(), n, width};
    for (auto _ : state) {
        sums.add(0, n_visible, density < 0.25, false, rows.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * n));
}
BENCHMARK(statistics)->Args({64, 32, 50})->Args({784, 144, 13});

} // namespace
