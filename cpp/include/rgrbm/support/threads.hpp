// The number of threads that the kernels use. It changes the time, never the result.
#pragma once

#include <cstddef>

namespace rgrbm {

// True if the library was compiled with OpenMP.
bool has_openmp();

// Threads of the next parallel region: the number given to set_num_threads, else OpenMP's default; but no more than the
// system grants (OpenMP's runtime ends the process where it is refused one).
int num_threads();

// Called once for each number of threads that the system does not grant, with the one that is used instead.
using ThreadWarning = void (*)(int asked, int granted);
void set_thread_warning(ThreadWarning warning);

// The same, but no more than there are pieces of work: idle threads cost the others time.
int threads_for(std::size_t n_pieces);

// Threads of the parallel region that this one is in: OpenMP may give fewer than were asked for.
int team_size();

// For loops that wait for another thread.
inline void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

// Called in the child of a fork. A fork does not copy the threads of OpenMP's team, and waiting for them never ends.
// From then on this process runs on one thread.
void set_forked();
bool is_forked();

// n = 0 goes back to OpenMP's default (OMP_NUM_THREADS or the number of cores).
void set_num_threads(int n);

} // namespace rgrbm
