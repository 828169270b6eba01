// Training allocates its memory before the first epoch, and none in the epochs.
#include "rgrbm/rbm/binary_trainer.hpp"
#include "rgrbm/rbm/statistics.hpp"
#include "rgrbm/support/threads.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <random>
#include <vector>

// The thread sanitizer has an operator new of its own.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RGRBM_THREAD_SANITIZER
#endif
#endif

#ifndef RGRBM_THREAD_SANITIZER

namespace {
std::atomic<long> n_allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
    ++n_allocations;
    if (void* memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment))
        return memory;
    throw std::bad_alloc();
}
} // namespace

void* operator new(std::size_t size) {
    return counted(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

using namespace rgrbm;

TEST_CASE_TEMPLATE("epochs allocate nothing", Real, float, double) {
    constexpr std::size_t n = 300, n_visible = 70, n_hidden = 20;
    std::mt19937 engine(1);
    std::vector<std::uint8_t> x(n * n_visible);
    for (auto& unit : x)
        unit = engine() & 1;
    const std::vector<Real> weights(n_visible * n_hidden, Real{0.01f}), visible(n_visible), hidden(n_hidden);
    for (const auto phase : {NegativePhase::cd, NegativePhase::pcd, NegativePhase::pt, NegativePhase::paper}) {
        for (const std::size_t batch_size : {7u, 100u, 300u}) {
            BinaryTrainer<Real> trainer(n_visible, n_hidden, weights.data(), visible.data(), hidden.data(), {1, 2});
            trainer.set_data(x.data(), n, nullptr);
            const auto allocations = [&](std::size_t n_epochs) {
                const std::vector<double> rate(n_epochs, 0.1), l1(n_epochs, 1e-3);
                TrainingOptions options;
                options.learning_rate = rate;
                options.l1 = l1;
                options.momentum = 0.5;
                options.k = 2;
                options.batch_size = batch_size;
                options.gradient = phase;
                options.optimizer = batch_size == 7 ? Optimizer::adam : Optimizer::sgd;
                const long before = n_allocations;
                trainer.run(options);
                return n_allocations - before;
            };
            allocations(20); // the first run fills buffers that later runs keep
            allocations(20); // a long one keeps what it started from, of which there is all from now on
            CHECK(allocations(1) > 0);
            CHECK(allocations(20) == allocations(40));
        }
    }
}

#endif // RGRBM_THREAD_SANITIZER

using namespace rgrbm;

TEST_CASE("transposed bits are the bits") {
    constexpr std::size_t n = 150, n_words = 3;
    std::mt19937 engine(2);
    std::vector<std::uint16_t> halves(n);
    for (auto& half : halves)
        half = static_cast<std::uint16_t>(engine());
    std::vector<std::uint64_t> out(16 * n_words);
    transpose_units(n, [&](std::size_t s) { return halves[s]; }, out.data(), n_words);
    bool same = true;
    for (std::size_t i = 0; i < 16; ++i)
        for (std::size_t s = 0; s < 64 * n_words; ++s)
            same &= ((out[i * n_words + s / 64] >> (s % 64)) & 1) == (s < n ? (halves[s] >> i) & 1u : 0u);
    CHECK(same);
}

TEST_CASE_TEMPLATE("tables and set bits give the same statistics", Real, float, double) {
    constexpr std::size_t n = 101, n_words = 2, n_units = 32, width = 48;
    std::mt19937_64 engine(3);
    std::vector<std::uint64_t> data(n_units * n_words), model(n_units * n_words);
    for (std::size_t i = 0; i < n_units * n_words; ++i) {
        const std::uint64_t valid = i % 2 ? (std::uint64_t{1} << (n - 64)) - 1 : ~std::uint64_t{0};
        data[i] = engine() & valid;
        model[i] = engine() & valid;
    }
    AlignedVector<Real> positive(n * width), negative(n * width), dense(n_units * width), sparse(n_units * width),
        apart(n_units * width);
    // Sixteenths: all sums are exact, whatever their order.
    for (auto& p : positive)
        p = static_cast<Real>(engine() % 17) / 16;
    for (auto& p : negative)
        p = static_cast<Real>(engine() % 17) / 16;
    AlignedVector<Real> difference(n * width);
    for (std::size_t i = 0; i < difference.size(); ++i)
        difference[i] = positive[i] - negative[i];
    const Statistics<Real> statistics{data.data(), model.data(), n_words, difference.data(), negative.data(), n, width};
    statistics.add(0, n_units, false, false, dense.data());
    statistics.add(0, n_units, true, false, sparse.data());
    statistics.add(0, n_units, false, true, apart.data());
    bool same = true;
    for (std::size_t i = 0; i < n_units; ++i)
        for (std::size_t j = 0; j < width; ++j) {
            Real expected = 0;
            for (std::size_t s = 0; s < n; ++s) {
                expected += static_cast<Real>((data[i * n_words + s / 64] >> (s % 64)) & 1) * positive[s * width + j];
                expected -= static_cast<Real>((model[i * n_words + s / 64] >> (s % 64)) & 1) * negative[s * width + j];
            }
            for (const auto* sums : {&dense, &sparse, &apart})
                same &= (*sums)[i * width + j] == expected;
        }
    CHECK(same);
}
