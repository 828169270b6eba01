// Independent pieces of work, side by side on the threads of this process.
//
// Each piece is done once, by any thread. When one throws, or the caller is interrupted (interrupt.hpp), no further one
// is begun, and the exception comes out of the call. The caller never just waits: it goes on to ask whether to stop.
#pragma once

#include "rgrbm/support/interrupt.hpp"
#include "rgrbm/support/threads.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <thread>

namespace rgrbm {

// The first exception of a team of threads.
class FirstError {
public:
    void keep(std::exception_ptr error) {
        if (!taken_.exchange(true))
            error_ = std::move(error);
    }
    void rethrow() const {
        if (error_)
            std::rethrow_exception(error_);
    }

private:
    std::atomic<bool> taken_{false};
    std::exception_ptr error_;
};

// Waits for other threads, which mostly end within microseconds, and goes on to ask whether to stop.
template <class Condition>
void wait(Condition&& is_met) {
    constexpr int spins = 2000, yields = 4000;
    for (int checks = 0; !is_met(); ++checks) {
        if (checks < spins) {
            pause();
            continue;
        }
        interrupt_requested();
        if (checks < spins + yields)
            std::this_thread::yield();
        else
            std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
}

// Calls body() in n_threads threads, all of which work for the call.
template <class Body>
void in_parallel(int n_threads, Body&& body) {
    KernelCall call;
    if (n_threads == 1) {
        body();
        call.throw_if_stopping();
        return;
    }
    FirstError error;
    std::atomic<int> n_done{0};
    const std::thread::id caller = std::this_thread::get_id();
#pragma omp parallel num_threads(n_threads)
    {
        const KernelCall::Member member(call);
        try {
            body();
        } catch (...) {
            error.keep(std::current_exception());
            call.stop();
        }
        n_done.fetch_add(1, std::memory_order_release);
        if (std::this_thread::get_id() == caller)
            wait([&] { return n_done.load(std::memory_order_acquire) == team_size(); });
    }
    error.rethrow();
    call.throw_if_stopping();
}

// Calls take(i) in n_threads threads, each i < n once, where `start` makes the function `take` of each thread.
template <class Start>
void share_pieces(int n_threads, std::size_t n, Start&& start) {
    std::atomic<std::size_t> next{0};
    in_parallel(n_threads, [&] {
        auto&& take = start();
        for (std::size_t i = 0; (i = next.fetch_add(1, std::memory_order_relaxed)) < n && !interrupt_requested();)
            take(i);
    });
}

// Calls piece(i) for i < n.
template <class Piece>
void for_pieces(std::size_t n, Piece&& piece) {
    share_pieces(threads_for(n), n, [&]() -> Piece& { return piece; });
}

// Calls piece(i, scratch) for i < n, with a scratch = make_scratch() of each thread's own.
template <class MakeScratch, class Piece>
void for_pieces(std::size_t n, MakeScratch&& make_scratch, Piece&& piece) {
    share_pieces(threads_for(n), n,
                 [&] { return [&piece, scratch = make_scratch()](std::size_t i) mutable { piece(i, scratch); }; });
}

} // namespace rgrbm
