// Kernels that this process's main thread has called ask Python whether to stop: signal handlers run there, and nowhere
// else. What they raise comes out of the kernel.
#include "register.hpp"

#include "rgrbm/support/interrupt.hpp"
#include "rgrbm/support/threads.hpp"

#include <pybind11/pybind11.h>

#include <atomic>
#include <string>

namespace py = pybind11;

namespace rgrbm::bindings {

namespace {

std::atomic<unsigned long> main_thread{0};
std::atomic<bool> asking{false};

// Runs the handlers of signals that have come. An exception of theirs stays set until the kernel's caller has the lock.
bool signal_handler_raised() {
    if (PyThread_get_thread_ident() != main_thread)
        return false;
    const py::gil_scoped_acquire lock;
    asking = true;
    const bool raised = PyErr_CheckSignals() != 0;
    asking = false;
    return raised;
}

void warn_of_threads(int asked, int granted) {
    const py::gil_scoped_acquire lock;
    const std::string message =
        "the system does not grant " + std::to_string(asked) + " threads: " + std::to_string(granted) + " are used";
    if (PyErr_WarnEx(PyExc_RuntimeWarning, message.c_str(), 1) != 0)
        PyErr_WriteUnraisable(Py_None); // a warning that is an error cannot be raised from here
}

void set_main_thread(unsigned long ident) {
    main_thread = ident;
}

} // namespace

void register_interrupts(py::module_& m) {
    set_interrupt_check(&signal_handler_raised);
    set_thread_warning(&warn_of_threads);
    py::register_local_exception_translator([](std::exception_ptr error) {
        try {
            if (error)
                std::rethrow_exception(error);
        } catch (const Interrupted&) {
            if (PyErr_Occurred() == nullptr)
                PyErr_SetNone(PyExc_KeyboardInterrupt);
        }
    });
    m.def("set_main_thread", &set_main_thread, py::arg("ident"), "Say in which thread signals are handled.");
    m.def(
        "in_interrupt_check", [] { return asking.load(); },
        "Whether a signal handler is called from within a kernel, which then can be stopped by an exception.");
}

} // namespace rgrbm::bindings
