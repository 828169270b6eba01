#include "rgrbm/support/threads.hpp"

#include <algorithm>
#include <atomic>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace rgrbm {

namespace {
std::atomic<int> requested{0};
std::atomic<bool> forked{false};
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
    return n > 0 ? n : omp_get_max_threads();
#else
    return 1;
#endif
}

int threads_for(std::ptrdiff_t n_pieces) {
    return static_cast<int>(std::clamp<std::ptrdiff_t>(n_pieces, 1, num_threads()));
}

void set_forked() {
    forked.store(true);
}

bool is_forked() {
    return forked.load();
}

void set_num_threads(int n) {
    requested.store(n > 0 ? n : 0);
}

} // namespace rgrbm
