// The number of threads that the kernels use. It changes how fast a result comes, never the result.
#pragma once

#include <cstddef>

namespace rgrbm {

// True if the library was compiled with OpenMP.
bool has_openmp();

// Threads used by the next parallel region: what set_num_threads asked for, else OpenMP's own default.
int num_threads();

// The same, but no more than there are pieces of work: idle threads cost the others time.
int threads_for(std::ptrdiff_t n_pieces);

// Called in the child of a fork. Threads of OpenMP's team are not copied by a fork, and whoever waits for them waits
// for ever: from then on this process runs on one thread.
void set_forked();
bool is_forked();

// n = 0 goes back to OpenMP's default (OMP_NUM_THREADS or the number of cores).
void set_num_threads(int n);

} // namespace rgrbm
