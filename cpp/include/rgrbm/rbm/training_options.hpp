// Options of a training by contrastive divergence, and what it reports of each epoch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rgrbm {

enum class NegativePhase { cd, pcd, pt, exact, paper };
enum class Optimizer { sgd, adam };

struct TrainingOptions {
    std::uint64_t first_epoch = 0;
    std::span<const double> learning_rate, l1; // one per epoch
    double l2 = 0, momentum = 0;
    std::size_t batch_size = 0, k = 1, n_temperatures = 10; // the temperatures of "pt"
    NegativePhase gradient = NegativePhase::cd;
    Optimizer optimizer = Optimizer::sgd;
    bool centered = true, shuffle = true;
    bool slide = true; // whether centring's λ follows the data
};

// One number per epoch.
struct TrainingReport {
    std::vector<double> reconstruction_error; // fraction of unequal units after one Gibbs step
    std::vector<double> gradient_norm;        // root mean square over batches of the norm of (∇W, ∇c, ∇b)
    std::vector<double> exchange_rate;        // of "pt": least fraction of exchanges accepted between two temperatures
};

constexpr std::size_t part_size = 32;    // samples that share a random stream
constexpr std::size_t group_size = 4;    // parts that one thread works on at a time, at most
constexpr std::size_t chunk_size = 1024; // samples whose statistics are kept at a time
constexpr double offset_rate = 0.01;     // of the sliding mean λ of the hidden probabilities, per batch

// Samples × visible × hidden units of a batch that make a further thread worthwhile: below, handing the weights from
// core to core takes as long as the work that is shared.
constexpr std::size_t work_per_thread = 1 << 19;

// Work is split by sizes alone, never by threads, so that results do not depend on their number.
constexpr std::size_t piece(std::size_t i, std::size_t n, std::size_t pieces) {
    return i * n / pieces;
}

} // namespace rgrbm
