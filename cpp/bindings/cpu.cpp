// Which x86-64 levels this processor can run. An empty list on other processors.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <vector>

namespace {

std::vector<std::string> supported_levels() {
    std::vector<std::string> levels;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v2"))
        levels.emplace_back("v2");
    if (__builtin_cpu_supports("x86-64-v3"))
        levels.emplace_back("v3");
    if (__builtin_cpu_supports("x86-64-v4"))
        levels.emplace_back("v4");
#endif
    return levels;
}

} // namespace

PYBIND11_MODULE(_cpu, m) {
    m.doc() = "Asks the processor which x86-64 instruction-set levels it supports.";
    m.def("supported_levels", &supported_levels,
          "The x86-64 levels that this processor can run, lowest first.");
}
