// Threads that work together through phases of independent pieces of work, some microseconds long.
//
// Pieces are claimed one at a time, and the thread that ends the last piece of a phase opens the next one. A thread
// that the system has put aside is waited for only if it holds a piece; coming back, it finds its phases done and
// catches up. Waiting threads soon yield: two threads on one busy core lose microseconds to each other, where a
// barrier that spins would lose a scheduler's slice.
//
// When the work is to stop (interrupt.hpp), members leave the phase that they are in with its pieces undone, and are
// not to enter another one.
#pragma once

#include "rgrbm/support/interrupt.hpp"
#include "rgrbm/support/simd.hpp"
#include "rgrbm/support/threads.hpp"

#include <atomic>
#include <cstdint>
#include <thread>

namespace rgrbm {

class Team {
public:
    // One thread's way through the phases. All members must call the same phases in the same order, and touch
    // what other phases write inside their pieces only.
    class Member {
    public:
        explicit Member(Team& team) : team_(team) {}

        // piece(i) for i < n, each once and by any thread; then finish(), once, before anyone enters the next phase.
        template <class Piece, class Finish>
        void phase(std::size_t n, Piece&& piece, Finish&& finish) {
            team_.run(phase_++, n, piece, finish);
        }

    private:
        Team& team_;
        std::uint64_t phase_ = 0;
    };

private:
    static constexpr int index_bits = 20; // of the next piece; the bits above it number the phase
    static constexpr int patience = 500;  // checks before yielding, some microseconds

    template <class Piece, class Finish>
    void run(std::uint64_t phase, std::size_t n, Piece& piece, Finish& finish) {
        for (std::uint64_t now = next_.load(std::memory_order_acquire);;) {
            if (now >> index_bits != phase || interrupt_requested())
                return;
            const std::size_t index = now & ((std::uint64_t{1} << index_bits) - 1);
            if (index >= n)
                break;
            if (!next_.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel, std::memory_order_acquire))
                continue;
            piece(index);
            if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 == n) {
                finish();
                done_.store(0, std::memory_order_relaxed);
                next_.store((phase + 1) << index_bits, std::memory_order_release);
                return;
            }
            now = next_.load(std::memory_order_acquire);
        }
        for (int checks = 0; next_.load(std::memory_order_acquire) >> index_bits == phase; ++checks) {
            if (checks < patience) {
                pause();
                continue;
            }
            if (interrupt_requested())
                return;
            std::this_thread::yield();
        }
    }

    alignas(64) std::atomic<std::uint64_t> next_{0};
    alignas(64) std::atomic<std::size_t> done_{0};
};

} // namespace rgrbm
