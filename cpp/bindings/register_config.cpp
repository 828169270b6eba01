#include "register.hpp"
#include "unlocked.hpp"

#include "rgrbm/support/threads.hpp"

#include <Eigen/Core>

#include <string>

namespace py = pybind11;

namespace rgrbm::bindings {

void register_config(py::module_& m) {
    m.attr("isa") = RGRBM_ISA;
    m.attr("version") = RGRBM_VERSION;
    m.attr("eigen_version") = std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
                              std::to_string(EIGEN_MINOR_VERSION);
    m.attr("compiler") = __VERSION__;
    m.def("has_openmp", &has_openmp, "Whether the kernels were compiled with OpenMP.");
    m.def("num_threads", &num_threads, "Number of threads that the kernels use.");
    m.def("close_interpreter", &close_interpreter,
          "Say that the interpreter ends: other threads are not to come back.");
    m.def("set_forked", &set_forked, "Say that this process is the child of a fork: it runs on one thread.");
    m.def("is_forked", &is_forked, "Whether this process is the child of a fork.");
    m.def("set_num_threads", &set_num_threads, py::arg("n"),
          "Use n threads from now on; 0 goes back to OpenMP's default.");
}

} // namespace rgrbm::bindings
