// One function per concept adds its classes and functions to the extension module.
#pragma once

#include <pybind11/pybind11.h>

namespace rgrbm::bindings {

void register_biased_chains(pybind11::module_& m);
void register_block_spins(pybind11::module_& m);
void register_interrupts(pybind11::module_& m);
void register_mechanics(pybind11::module_& m);
void register_spins(pybind11::module_& m);
void register_partition(pybind11::module_& m);
void register_rbm(pybind11::module_& m);
void register_trainer(pybind11::module_& m);

} // namespace rgrbm::bindings
