#include "arrays.hpp"
#include "register.hpp"

#include "rgrbm/ising.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <cmath>
#include <stdexcept>
#include <string>

namespace py = pybind11;

namespace rgrbm::bindings {

namespace {

constexpr std::size_t max_sites = std::size_t{1} << 31;

Update parse_update(const std::string& name) {
    if (name == "metropolis")
        return Update::metropolis;
    if (name == "heat_bath")
        return Update::heat_bath;
    throw py::value_error("update must be 'metropolis' or 'heat_bath', got '" + name + "'");
}

IsingChains make_chains(std::size_t rows, std::size_t columns, double coupling, std::size_t n_chains, const Key& key) {
    if (rows < 1 || columns < 2 || rows > max_sites || columns > max_sites || rows * columns > max_sites)
        throw py::value_error("a lattice needs at least 2 columns and at most 2^31 sites");
    if (!std::isfinite(coupling))
        throw py::value_error("the coupling must be finite");
    if (n_chains < 1)
        throw py::value_error("there must be at least one chain");
    py::gil_scoped_release release;
    return IsingChains({rows, columns}, coupling, n_chains, key);
}

py::array_t<std::int64_t> per_chain(const IsingChains& chains, void (IsingChains::*observable)(std::int64_t*) const) {
    py::array_t<std::int64_t> out(static_cast<py::ssize_t>(chains.n_chains()));
    std::int64_t* data = out.mutable_data();
    py::gil_scoped_release release;
    (chains.*observable)(data);
    return out;
}

void unpack(const IsingChains& chains, Array<std::int8_t> out) {
    require_shape(out, {-1, static_cast<py::ssize_t>(chains.lattice().n_sites())}, "out");
    const std::size_t n = length(out, 0);
    if (n > chains.n_chains())
        throw py::value_error("out has room for " + std::to_string(n) + " chains, but there are " +
                              std::to_string(chains.n_chains()));
    std::int8_t* data = out.mutable_data();
    py::gil_scoped_release release;
    chains.unpack(n, data);
}

void sample_exactly(IsingChains& chains) {
    if (!chains.lattice().is_ring())
        throw py::value_error("exact sampling is known for the ring only");
    py::gil_scoped_release release;
    chains.sample_exactly();
}

} // namespace

void register_ising(py::module_& m) {
    py::class_<IsingChains>(m, "IsingChains",
                            "Chains of an Ising model on a ring (rows = 1) or torus, one bit per spin.")
        .def(py::init(&make_chains), py::arg("rows"), py::arg("columns"), py::arg("coupling"), py::arg("n_chains"),
             py::arg("key"))
        .def("align", &IsingChains::align, "Set every spin to +1.")
        .def(
            "sweep",
            [](IsingChains& chains, std::size_t n, const std::string& update) {
                const Update parsed = parse_update(update);
                py::gil_scoped_release release;
                chains.sweep(n, parsed);
            },
            py::arg("n"), py::arg("update"), "Make n sweeps of as many single-site updates as there are sites.")
        .def("sample_exactly", &sample_exactly, "Replace each chain of a ring by an independent exact sample.")
        .def(
            "bond_sums", [](const IsingChains& c) { return per_chain(c, &IsingChains::bond_sums); },
            "Sum of s s' over all bonds, for each chain.")
        .def(
            "magnetizations", [](const IsingChains& c) { return per_chain(c, &IsingChains::magnetizations); },
            "Sum of all spins, for each chain.")
        .def("unpack", &unpack, py::arg("out").noconvert(),
             "Write the spins of the first n chains into an int8 array of shape (n, n_sites).");
}

} // namespace rgrbm::bindings
