// Work without Python's lock, in a way that survives the end of the interpreter.
//
// A daemon thread that comes back from a kernel when the interpreter has ended cannot have the lock: Python ends such a
// thread where it stands, and that ends the process through the destructors of C++. So once the interpreter is closing,
// threads other than the one that closes it do not come back: they sleep until the process is gone. Those that are
// about to come back at that moment, and wait for the lock, are let through first.
#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

namespace rgrbm::bindings {

inline std::atomic<bool> interpreter_is_closing{false};
inline std::atomic<std::thread::id> closing_thread{};
inline std::atomic<int> n_returning{0}; // threads that wait for the lock

// Called by the thread that ends the interpreter, before it does.
inline void close_interpreter() {
    closing_thread = std::this_thread::get_id();
    interpreter_is_closing = true;
    const pybind11::gil_scoped_release release;
    while (n_returning > 0)
        std::this_thread::yield();
}

class Unlocked {
public:
    Unlocked() { release_.emplace(); }
    Unlocked(const Unlocked&) = delete;
    Unlocked& operator=(const Unlocked&) = delete;
    ~Unlocked() {
        ++n_returning;
        if (interpreter_is_closing && closing_thread.load() != std::this_thread::get_id()) {
            --n_returning;
            for (;;)
                std::this_thread::sleep_for(std::chrono::hours(1));
        }
        release_.reset();
        --n_returning;
    }

private:
    std::optional<pybind11::gil_scoped_release> release_;
};

} // namespace rgrbm::bindings
