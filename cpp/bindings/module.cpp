// The extension module. It is compiled once per instruction-set level under another name.
#include "register.hpp"

PYBIND11_MODULE(RGRBM_MODULE, m) {
    m.doc() = "Compiled kernels of rgrbm: arrays in, arrays out.";
    rgrbm::bindings::register_block_spins(m);
    rgrbm::bindings::register_config(m);
    rgrbm::bindings::register_spins(m);
    rgrbm::bindings::register_partition(m);
    rgrbm::bindings::register_rbm(m);
    rgrbm::bindings::register_trainer(m);
}
