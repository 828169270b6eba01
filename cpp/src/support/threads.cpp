#include "rgrbm/support/threads.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <latch>
#include <limits>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace rgrbm {

namespace {
std::atomic<int> requested{0};
std::atomic<bool> forked{false};
std::atomic<ThreadWarning> warning{nullptr};

// How many of so many threads the system grants, this one among them.
int count_granted(int n) {
    std::vector<std::thread> others;
    std::latch all_started(1);
    bool refused = false;
    while (!refused && static_cast<int>(others.size()) + 1 < n) {
        try {
            others.emplace_back([&] { all_started.wait(); });
        } catch (const std::exception&) { // std::system_error, or no memory
            refused = true;
        }
    }
    all_started.count_down();
    for (std::thread& thread : others)
        thread.join();
    return static_cast<int>(others.size()) + 1;
}

// The number of threads to use where so many are asked for.
int granted(int n) {
    static std::atomic<int> tried{1}, most{std::numeric_limits<int>::max()};
    static std::mutex mutex;
    if (n <= tried.load() || n > most.load())
        return std::min(n, most.load());
    {
        const std::scoped_lock lock(mutex);
        if (n <= tried.load() || n > most.load())
            return std::min(n, most.load());
        // A few more are tried, as others start threads, too, and those that have ended may count for some moments.
        const int spare = std::max(2, n / 4), count = count_granted(n + spare);
        if (count == n + spare) {
            tried = n;
            return n;
        }
        most = std::max(1, count - std::max(2, count / 4));
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    // Without the mutex: the warning waits for Python's lock, whose holder may wait for the mutex.
    if (const ThreadWarning warn = warning.load())
        warn(n, most);
    return most;
}
} // namespace

bool has_openmp() {
#ifdef _OPENMP
    return true;
#else
    return false;
#endif
}

int num_threads() {
    if (is_forked())
        return 1;
#ifdef _OPENMP
    const int n = requested.load();
    return granted(n > 0 ? n : omp_get_max_threads());
#else
    return 1;
#endif
}

int threads_for(std::size_t n_pieces) {
    return static_cast<int>(std::clamp<std::size_t>(n_pieces, 1, static_cast<std::size_t>(num_threads())));
}

int team_size() {
#ifdef _OPENMP
    return omp_get_num_threads();
#else
    return 1;
#endif
}

void set_forked() {
    forked.store(true);
}

bool is_forked() {
    return forked.load();
}

void set_thread_warning(ThreadWarning warn) {
    warning.store(warn);
}

void set_num_threads(int n) {
    requested.store(n > 0 ? n : 0);
}

} // namespace rgrbm
