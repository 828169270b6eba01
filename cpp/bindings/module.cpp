// The extension module, compiled once for each instruction-set level under another name: what was built and how, and
// the classes and functions of each concept.
#include "register.hpp"
#include "unlocked.hpp"

#include "rgrbm/support/threads.hpp"

#include <Eigen/Core>

#include <string>

namespace py = pybind11;

namespace {

void register_config(py::module_& m) {
    using namespace rgrbm;
    m.attr("isa") = RGRBM_ISA;
    m.attr("version") = RGRBM_VERSION;
    m.attr("eigen_version") = std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
                              std::to_string(EIGEN_MINOR_VERSION);
    m.attr("compiler") = __VERSION__;
    m.def("has_openmp", &has_openmp, "Whether the kernels were compiled with OpenMP.");
    m.def("num_threads", &num_threads, "Number of threads that the kernels use.");
    m.def("close_interpreter", &bindings::close_interpreter,
          "Say that the interpreter ends: other threads are not to come back.");
    m.def("set_forked", &set_forked, "Say that this process is the child of a fork: it runs on one thread.");
    m.def("is_forked", &is_forked, "Whether this process is the child of a fork.");
    m.def("set_num_threads", &set_num_threads, py::arg("n"),
          "Use n threads from now on; 0 goes back to OpenMP's default.");
}

} // namespace

PYBIND11_MODULE(RGRBM_MODULE, m) {
    m.doc() = "Compiled kernels of rgrbm: arrays in, arrays out.";
    rgrbm::bindings::register_biased_chains(m);
    rgrbm::bindings::register_block_spins(m);
    register_config(m);
    rgrbm::bindings::register_interrupts(m);
    rgrbm::bindings::register_mechanics(m);
    rgrbm::bindings::register_spins(m);
    rgrbm::bindings::register_partition(m);
    rgrbm::bindings::register_rbm(m);
    rgrbm::bindings::register_trainer(m);
}
