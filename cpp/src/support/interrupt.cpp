#include "rgrbm/support/interrupt.hpp"

#include <chrono>

namespace rgrbm {

namespace {

using Clock = std::chrono::steady_clock;
constexpr Clock::rep interval = Clock::duration(std::chrono::milliseconds(100)).count();

std::atomic<InterruptCheck> host_check{nullptr};
thread_local std::atomic<bool>* current = nullptr; // whether the call that this thread works for is to stop
thread_local bool asks_host = false, may_ask = true;
thread_local Clock::rep next_question = 0; // in the clock's ticks

} // namespace

void set_interrupt_check(InterruptCheck check) {
    host_check.store(check);
}

bool interrupt_requested() {
    if (current == nullptr)
        return false;
    if (current->load(std::memory_order_relaxed))
        return true;
    const InterruptCheck check = asks_host && may_ask ? host_check.load(std::memory_order_relaxed) : nullptr;
    if (check == nullptr)
        return false;
    const Clock::rep now = Clock::now().time_since_epoch().count();
    if (now < next_question)
        return false;
    next_question = now + interval;
    if (!check())
        return false;
    current->store(true, std::memory_order_relaxed);
    return true;
}

KernelCall::KernelCall() : shared_(current != nullptr ? current : &own_), outer_(current), asked_before_(asks_host) {
    if (outer_ == nullptr)
        asks_host = true;
    current = shared_;
}

KernelCall::~KernelCall() {
    current = outer_;
    asks_host = asked_before_;
}

KernelCall::Member::Member(KernelCall& call) : outer_(current) {
    current = call.shared_;
}

KernelCall::Member::~Member() {
    current = outer_;
}

Uninterrupted::Uninterrupted() : before_(may_ask) {
    may_ask = false;
}

Uninterrupted::~Uninterrupted() {
    may_ask = before_;
}

} // namespace rgrbm
