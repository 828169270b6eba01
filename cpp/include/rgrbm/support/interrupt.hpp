// How long work is stopped from outside, as by Ctrl-C.
//
// Work asks between its steps, which take some milliseconds at most, whether it is to stop. The thread that called the
// kernel asks the host, ten times a second; other threads see its answer. What is stopped ends by the exception
// Interrupted, in the thread that called the kernel; what it was to write is not to be used.
#pragma once

#include <atomic>
#include <exception>

namespace rgrbm {

class Interrupted : public std::exception {
public:
    const char* what() const noexcept override { return "interrupted"; }
};

// The host's answer, asked by threads that called a kernel; none by default.
using InterruptCheck = bool (*)();
void set_interrupt_check(InterruptCheck check);

// True if the kernel that this thread works for is to stop; some nanoseconds, so that every step may ask.
bool interrupt_requested();

// A call of a kernel, made by the calling thread before it shares its work. A call within another one is part of it.
class KernelCall {
public:
    KernelCall();
    KernelCall(const KernelCall&) = delete;
    KernelCall& operator=(const KernelCall&) = delete;
    ~KernelCall();

    bool stopping() const { return shared_->load(std::memory_order_relaxed); }
    void stop() { shared_->store(true, std::memory_order_relaxed); }
    void throw_if_stopping() const {
        if (stopping())
            throw Interrupted();
    }

    // A thread's part in the call, while it lasts.
    class Member {
    public:
        explicit Member(KernelCall& call);
        Member(const Member&) = delete;
        Member& operator=(const Member&) = delete;
        ~Member();

    private:
        std::atomic<bool>* outer_;
    };

private:
    std::atomic<bool> own_{false};
    std::atomic<bool>* shared_; // that of the outermost call
    std::atomic<bool>* outer_;
    bool asked_before_; // whether this thread asks the host already
};

// While it lasts, this thread does not ask the host: for work that is short, and not to be torn apart.
class Uninterrupted {
public:
    Uninterrupted();
    Uninterrupted(const Uninterrupted&) = delete;
    Uninterrupted& operator=(const Uninterrupted&) = delete;
    ~Uninterrupted();

private:
    bool before_;
};

} // namespace rgrbm
