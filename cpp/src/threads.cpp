#include "rgrbm/threads.hpp"

#include <atomic>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace rgrbm {

namespace {
std::atomic<int> requested{0};
}

bool has_openmp() {
#ifdef _OPENMP
    return true;
#else
    return false;
#endif
}

int num_threads() {
#ifdef _OPENMP
    const int n = requested.load();
    return n > 0 ? n : omp_get_max_threads();
#else
    return 1;
#endif
}

void set_num_threads(int n) {
    requested.store(n > 0 ? n : 0);
}

} // namespace rgrbm
