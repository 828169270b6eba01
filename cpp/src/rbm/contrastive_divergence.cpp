#include "rgrbm/rbm/contrastive_divergence.hpp"

#include "rgrbm/support/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rgrbm {

template <class Real>
TrainingReport ContrastiveDivergence<Real>::run(const TrainingOptions& options) {
    const std::size_t n_epochs = options.learning_rate.size();
    TrainingReport report{std::vector<double>(n_epochs), std::vector<double>(n_epochs), {}};
    if (options.gradient == NegativePhase::pt)
        report.exchange_rate.resize(n_epochs);
    if (n_epochs == 0)
        return report;
    if (!is_long(options)) {
        const Uninterrupted whole; // nothing to go back to is kept
        run_epochs(options, report);
        return report;
    }
    const KernelCall call;
    save();
    try {
        run_epochs(options, report);
    } catch (...) {
        restore();
        throw;
    }
    return report;
}

template <class Real>
void ContrastiveDivergence<Real>::run_epochs(const TrainingOptions& options, TrainingReport& report) {
    start(options);
    open_batch(0, 0);
    const int n_threads = this->n_threads();
    Team team;
    in_parallel(n_threads, [&] {
        Team::Member member(team);
        for (std::size_t epoch = 0; epoch < options.learning_rate.size(); ++epoch)
            for (std::size_t begin = 0; begin < n_samples_ && !interrupt_requested(); begin += options.batch_size)
                run_batch(epoch, begin, static_cast<std::size_t>(n_threads), member, report);
    });
}

// Whether a run may take longer than anyone should wait for it to stop. What it starts from is kept then, which costs
// some copies of the parameters: nothing beside what a long run costs.
template <class Real>
bool ContrastiveDivergence<Real>::is_long(const TrainingOptions& options) const {
    constexpr double shortest = 1 << 27; // multiply-adds, some 20 milliseconds
    const double n_steps = static_cast<double>(options.learning_rate.size()) * static_cast<double>(n_samples_);
    const double n_weights = static_cast<double>(n_visible_) * static_cast<double>(n_hidden_);
    return options.gradient == NegativePhase::exact ||
           n_steps * n_weights * static_cast<double>(options.k) *
                   (options.gradient == NegativePhase::pt ? static_cast<double>(options.n_temperatures) : 1) >=
               shortest;
}

template <class Real>
void ContrastiveDivergence<Real>::save() {
    const std::vector<Values*> parameters = trained();
    saved_.parameters.resize(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i)
        saved_.parameters[i] = *parameters[i];
    saved_.optimizer = optimizer_;
    saved_.hidden_offset = hidden_offset_;
    saved_.chains = chains_;
}

template <class Real>
void ContrastiveDivergence<Real>::restore() {
    const std::vector<Values*> parameters = trained();
    for (std::size_t i = 0; i < parameters.size(); ++i)
        *parameters[i] = saved_.parameters[i];
    optimizer_ = saved_.optimizer;
    hidden_offset_ = saved_.hidden_offset;
    chains_ = saved_.chains;
}

template <class Real>
void ContrastiveDivergence<Real>::start(const TrainingOptions& options) {
    options_ = options;
    const std::size_t batch = std::min(options.batch_size, n_samples_);
    const std::size_t n_parts = n_pieces(std::min(batch, chunk_size), part_size);
    streams_.assign(n_parts, Stream(key_, 0));
    part_error_.assign(n_parts, 0.0);
    norm_ = 0;
    optimizer_.prepare(options);
    prepare(batch);
    if (options.centered && hidden_offset_.empty()) {
        hidden_offset_.assign(round_up(n_hidden_, lanes), Real{0});
        start_offset();
    }
    const std::size_t n_chains = options.gradient == NegativePhase::pt ? batch * options.n_temperatures : batch;
    if (persistent() && chains_.n_rows() != n_chains)
        start_chains(n_chains);
}

// The chains start at data spread evenly over the set.
template <class Real>
void ContrastiveDivergence<Real>::start_chains(std::size_t n) {
    chains_ = BitMatrix(n, n_visible_);
    std::vector<std::uint8_t> bytes(n_visible_);
    for (std::size_t c = 0; c < n; ++c) {
        const std::size_t s = c * n_samples_ / n;
        if (!real_data_) {
            chains_.copy_row(c, data_.row(s));
            continue;
        }
        for (std::size_t i = 0; i < n_visible_; ++i)
            bytes[i] = real_[s * stride_ + i] > Real{0.5};
        chains_.pack(c, bytes.data());
    }
}

// A thread more than the work of a batch is worth only makes the others wait.
template <class Real>
int ContrastiveDivergence<Real>::n_threads() const {
    const std::size_t work = std::min(options_.batch_size, n_samples_) * work_per_sample();
    return static_cast<int>(std::min(static_cast<std::size_t>(num_threads()), 1 + work / work_per_thread));
}

template <class Real>
ContrastiveDivergence<Real>::Group::Group(const Chunk& chunk, std::size_t first_part, std::size_t last_part)
    : first_part(first_part), last_part(last_part), first(piece(first_part, chunk.n, chunk.n_parts)),
      n(piece(last_part, chunk.n, chunk.n_parts) - first) {
    for (std::size_t part = first_part; part < last_part; ++part)
        for (std::size_t s = piece(part, chunk.n, chunk.n_parts); s < piece(part + 1, chunk.n, chunk.n_parts); ++s)
            part_of[s - first] = static_cast<std::uint8_t>(part - first_part);
}

// Called by all threads: sizes and options are all that may be read outside the pieces.
template <class Real>
void ContrastiveDivergence<Real>::run_batch(std::size_t epoch, std::size_t begin, std::size_t n_shares,
                                            Team::Member& member, TrainingReport& report) {
    const std::size_t n = std::min(options_.batch_size, n_samples_ - begin);
    const std::size_t n_chunks = n_pieces(n, chunk_size), n_parts = n_pieces(n_pieces(n, n_chunks), part_size);
    for (std::size_t c = 0; c < n_chunks; ++c) {
        const std::size_t start = piece(c, n, n_chunks);
        const Chunk chunk{begin + start, piece(c + 1, n, n_chunks) - start, start, n_parts, c + 1 == n_chunks};
        const std::size_t size = prefers_groups() ? std::clamp(n_parts / n_shares, std::size_t{1}, group_size) : 1;
        member.phase(
            n_pieces(n_parts, size),
            [&](std::size_t group) {
                gibbs_group(chunk, Group(chunk, group * size, std::min((group + 1) * size, n_parts)));
            },
            [&] {
                if (chunk.last)
                    end_gibbs(n_parts);
            });
        member.phase(
            n_shares, [&](std::size_t share) { statistics(chunk, share, n_shares); },
            [&] {
                if (chunk.last)
                    close_batch(epoch, begin + n, n_parts, report);
            });
    }
}

// Before the pieces of a batch: the epoch's order and streams, and the batch's weight.
template <class Real>
void ContrastiveDivergence<Real>::open_batch(std::size_t epoch, std::size_t begin) {
    if (begin == 0) {
        const std::uint64_t index = options_.first_epoch + epoch;
        for (std::size_t part = 0; part < streams_.size(); ++part)
            streams_[part] = Stream(key_, index, part, 0);
        std::fill(part_error_.begin(), part_error_.end(), 0.0);
        shuffle(index, options_.shuffle && n_samples_ > options_.batch_size);
    }
    const std::size_t n = std::min(options_.batch_size, n_samples_ - begin);
    batch_weight_ = static_cast<Real>(n);
    if (weighted_)
        batch_weight_ = std::accumulate(&order_[begin], &order_[begin] + n, Real{0},
                                        [&](Real sum, std::uint32_t s) { return sum + weight_[s]; });
    model_weight_ = batch_weight_ / static_cast<Real>(n);
    step_ = optimizer_.step(options_, epoch);
    start_batch();
}

// After the pieces of a batch, of which `end` is the next one's first sample.
template <class Real>
void ContrastiveDivergence<Real>::close_batch(std::size_t epoch, std::size_t end, std::size_t n_parts,
                                              TrainingReport& report) {
    update(n_parts);
    optimizer_.n_updates += options_.optimizer == Optimizer::adam;
    if (end < n_samples_) {
        open_batch(epoch, end);
        return;
    }
    const double n_units = static_cast<double>(n_samples_) * static_cast<double>(n_visible_);
    const double n_batches = static_cast<double>(n_pieces(n_samples_, options_.batch_size));
    report.reconstruction_error[epoch] = std::accumulate(part_error_.begin(), part_error_.end(), 0.0) / n_units;
    report.gradient_norm[epoch] = std::sqrt(norm_ / n_batches);
    norm_ = 0;
    end_epoch(report, epoch);
    if (epoch + 1 < options_.learning_rate.size())
        open_batch(epoch + 1, 0);
}

template <class Real>
void ContrastiveDivergence<Real>::gradient(std::uint64_t index, std::size_t k, NegativePhase phase, bool centered,
                                           const Real* visible_mean, const Real* hidden_mean) {
    const double zero = 0;
    std::copy_n(visible_mean, n_visible_, visible_mean_.data());
    set_hidden_offset({hidden_mean, hidden_mean + n_hidden_});
    TrainingOptions options;
    options.first_epoch = index;
    options.learning_rate = options.l1 = std::span<const double>(&zero, 1);
    options.batch_size = n_samples_;
    options.k = k;
    options.gradient = phase;
    options.centered = centered;
    options.slide = false;
    run(options);
}

template <class Real>
void ContrastiveDivergence<Real>::resize(std::size_t n_weights, std::size_t n_visible, std::size_t n_hidden,
                                         std::size_t n_log_variance) {
    gradient_ = {Values(n_weights), Values(n_visible), Values(n_hidden), Values(n_log_variance)};
    optimizer_.velocity = gradient_;
}

template <class Real>
void ContrastiveDivergence<Real>::unpack(const Parameters<Real>& from, const PlainArrays<Real>& to) const {
    unpack_weights(from.weights, to.weights);
    std::copy_n(from.visible.data(), n_visible_, to.visible);
    std::copy_n(from.hidden.data(), n_hidden_, to.hidden);
    if (to.log_variance)
        std::copy_n(from.log_variance.data(), n_visible_, to.log_variance);
}

template <class Real>
Parameters<Real> ContrastiveDivergence<Real>::pack(const PlainArrays<const Real>& from) const {
    Parameters<Real> to = gradient_.zeros();
    pack_weights(from.weights, to.weights);
    std::copy_n(from.visible, n_visible_, to.visible.data());
    std::copy_n(from.hidden, n_hidden_, to.hidden.data());
    if (from.log_variance)
        std::copy_n(from.log_variance, n_visible_, to.log_variance.data());
    return to;
}

template <class Real>
std::vector<Real> ContrastiveDivergence<Real>::hidden_offset() const {
    if (hidden_offset_.empty())
        return {};
    return {hidden_offset_.begin(), hidden_offset_.begin() + static_cast<std::ptrdiff_t>(n_hidden_)};
}

template <class Real>
void ContrastiveDivergence<Real>::set_hidden_offset(const std::vector<Real>& offset) {
    hidden_offset_.assign(offset.empty() ? 0 : round_up(n_hidden_, lanes), Real{0});
    std::copy(offset.begin(), offset.end(), hidden_offset_.begin());
}

template class ContrastiveDivergence<float>;
template class ContrastiveDivergence<double>;

} // namespace rgrbm
