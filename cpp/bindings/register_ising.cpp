#include "arrays.hpp"
#include "register.hpp"

#include "rgrbm/spins/ising.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

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

Lattice make_lattice(const std::vector<std::size_t>& shape, const std::string& kind) {
    if (kind != "hypercubic" && kind != "triangular")
        throw py::value_error("lattice must be 'hypercubic' or 'triangular', got '" + kind + "'");
    if (shape.empty() || shape.size() > 3 || (kind == "triangular" && shape.size() != 2))
        throw py::value_error("a lattice needs one to three sides, a triangular one two");
    std::size_t n_sites = 1;
    for (const std::size_t side : shape) {
        if (side < 2 || side > max_sites / n_sites)
            throw py::value_error("a lattice needs at least 2 sites along each axis and at most 2^31 in all");
        n_sites *= side;
    }
    if (kind == "triangular")
        return Lattice::triangular(shape[0], shape[1]);
    if (shape.size() == 1)
        return Lattice::ring(shape[0]);
    return shape.size() == 2 ? Lattice::square(shape[0], shape[1]) : Lattice::cubic(shape[0], shape[1], shape[2]);
}

IsingChains make_chains(const std::vector<std::size_t>& shape, const std::vector<double>& along, double field,
                        std::size_t n_chains, const Key& key, const std::string& kind) {
    const Lattice lattice = make_lattice(shape, kind);
    if (along.size() != lattice.n_axes())
        throw py::value_error("there must be a coupling for each of " + std::to_string(lattice.n_axes()) + " axes");
    Couplings couplings{{}, field};
    std::copy(along.begin(), along.end(), couplings.along.begin());
    if (!std::all_of(along.begin(), along.end(), [](double J) { return std::isfinite(J); }) || !std::isfinite(field))
        throw py::value_error("couplings and field must be finite");
    if (n_chains < 1)
        throw py::value_error("there must be at least one chain");
    py::gil_scoped_release release;
    return IsingChains(lattice, couplings, n_chains, key);
}

py::array_t<std::int64_t> bond_sums(const IsingChains& chains) {
    py::array_t<std::int64_t> out(
        {static_cast<py::ssize_t>(chains.lattice().n_axes()), static_cast<py::ssize_t>(chains.n_chains())});
    std::int64_t* data = out.mutable_data();
    py::gil_scoped_release release;
    chains.bond_sums(data);
    return out;
}

py::array_t<std::int64_t> magnetizations(const IsingChains& chains) {
    py::array_t<std::int64_t> out(static_cast<py::ssize_t>(chains.n_chains()));
    std::int64_t* data = out.mutable_data();
    py::gil_scoped_release release;
    chains.magnetizations(data);
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
    if (!chains.lattice().is_ring() || chains.couplings().field != 0)
        throw py::value_error("exact sampling is known for the ring without a field only");
    py::gil_scoped_release release;
    chains.sample_exactly();
}

} // namespace

void register_ising(py::module_& m) {
    py::class_<IsingChains>(m, "IsingChains", "Chains of an Ising model on a periodic lattice, one bit per spin.")
        .def(py::init(&make_chains), py::arg("shape"), py::arg("couplings"), py::arg("field"), py::arg("n_chains"),
             py::arg("key"), py::arg("lattice") = "hypercubic")
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
            "in_turn", [](const IsingChains& c, const std::string& update) { return c.in_turn(parse_update(update)); },
            py::arg("update"), "Whether sites are visited colour by colour, and not at random.")
        .def("bond_sums", &bond_sums, "Sum of s s' over the bonds of each axis, shape (n_axes, n_chains).")
        .def("magnetizations", &magnetizations, "Sum of all spins, for each chain.")
        .def("unpack", &unpack, py::arg("out").noconvert(),
             "Write the spins of the first n chains into an int8 array of shape (n, n_sites).");
}

} // namespace rgrbm::bindings
