// Work without Python's lock, in a way that survives the end of the interpreter.
//
// A daemon thread that comes back from a kernel when the interpreter has ended cannot have the lock: Python ends such a
// thread where it stands, and that ends the process through the destructors of C++. So once the interpreter is closing,
// threads other than the one that closes it do not come back: they sleep until the process is gone.
#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

namespace rgrbm::bindings {

inline std::atomic<bool> interpreter_is_closing{false};
inline std::atomic<std::thread::id> closing_thread{};

// Called by the thread that ends the interpreter, before it does.
inline void close_interpreter() {
    closing_thread = std::this_thread::get_id();
    interpreter_is_closing = true;
}

class Unlocked {
public:
    Unlocked() { release_.emplace(); }
    Unlocked(const Unlocked&) = delete;
    Unlocked& operator=(const Unlocked&) = delete;
    ~Unlocked() {
        while (interpreter_is_closing && closing_thread.load() != std::this_thread::get_id())
            std::this_thread::sleep_for(std::chrono::hours(1));
    }

private:
    std::optional<pybind11::gil_scoped_release> release_;
};

} // namespace rgrbm::bindings
