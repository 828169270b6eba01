#include "arrays.hpp"
#include "register.hpp"

#include "rgrbm/spins/clusters.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace py = pybind11;

namespace rgrbm::bindings {

namespace {

constexpr std::size_t max_sites = std::size_t{1} << 31;

ClusterSweep parse_sweep(const std::string& name, std::size_t n_clusters) {
    if (name == "swendsen_wang")
        return {ClusterUpdate::swendsen_wang, 0};
    if (name != "wolff")
        throw py::value_error("update must be 'wolff' or 'swendsen_wang', got '" + name + "'");
    if (n_clusters < 1)
        throw py::value_error("a sweep must have at least one cluster");
    return {ClusterUpdate::wolff, n_clusters};
}

ClusterLattice checked_lattice(const std::vector<std::size_t>& sides, bool triangular) {
    if (sides.empty() || sides.size() > PackedLattice::max_axes)
        throw py::value_error("a lattice must have 1 to 3 sides, got " + std::to_string(sides.size()));
    if (triangular && sides.size() != 2)
        throw py::value_error("a triangular lattice must have 2 sides, got " + std::to_string(sides.size()));
    std::size_t n_sites = 1;
    for (const std::size_t side : sides) {
        if (side < 2 || side >= max_sites || n_sites * side >= max_sites)
            throw py::value_error("each side must have at least 2 sites, and the lattice less than 2^31");
        n_sites *= side;
    }
    return {sides, triangular};
}

const double* checked_couplings(const Array<double>& couplings, const ClusterLattice& lattice, std::size_t n_chains) {
    require_shape(couplings, {static_cast<py::ssize_t>(n_chains), static_cast<py::ssize_t>(lattice.n_bonds())},
                  "couplings");
    const double* values = couplings.data();
    if (!std::all_of(values, values + couplings.size(), [](double J) { return std::isfinite(J); }))
        throw py::value_error("couplings must be finite");
    return values;
}

ClusterChains make_chains(const std::vector<std::size_t>& sides, const Array<double>& couplings, const Key& key,
                          double field, bool triangular) {
    const ClusterLattice lattice = checked_lattice(sides, triangular);
    const std::size_t n_chains = couplings.ndim() == 2 ? length(couplings, 0) : 0;
    const double* values = checked_couplings(couplings, lattice, n_chains);
    if (n_chains < 1)
        throw py::value_error("there must be at least one chain");
    if (!std::isfinite(field))
        throw py::value_error("the field must be finite");
    py::gil_scoped_release release;
    return {lattice, values, field, n_chains, key};
}

void set_couplings(ClusterChains& chains, const Array<double>& couplings) {
    const double* values = checked_couplings(couplings, chains.lattice(), chains.n_chains());
    py::gil_scoped_release release;
    chains.set_couplings(values);
}

py::array_t<double> sweep(ClusterChains& chains, std::size_t n, const std::string& update, std::size_t n_clusters) {
    const ClusterSweep parsed = parse_sweep(update, n_clusters);
    py::array_t<double> sizes(static_cast<py::ssize_t>(chains.n_chains()));
    double* data = sizes.mutable_data();
    py::gil_scoped_release release;
    chains.sweep(n, parsed, data);
    return sizes;
}

py::dict measure(ClusterChains& chains, std::size_t n, const std::string& update, std::size_t n_clusters,
                 std::size_t spacing) {
    const ClusterSweep parsed = parse_sweep(update, n_clusters);
    if (spacing < 1)
        throw py::value_error("the spacing must be at least one sweep");
    const auto rows = static_cast<py::ssize_t>(n), columns = static_cast<py::ssize_t>(chains.n_chains());
    const auto n_bonds = static_cast<py::ssize_t>(chains.lattice().n_bonds());
    const auto n_axes = static_cast<py::ssize_t>(chains.lattice().n_axes());
    py::array_t<std::int64_t> bonds({rows, columns, n_bonds}), magnetizations({rows, columns});
    py::array_t<double> structure({rows, columns, n_axes}), cluster_structure({rows, columns, n_axes});
    py::array_t<double> squares({rows, columns}), fourths({rows, columns}), sizes({rows, columns});
    const ClusterRecord record{bonds.mutable_data(),   magnetizations.mutable_data(), structure.mutable_data(),
                               squares.mutable_data(), fourths.mutable_data(),        cluster_structure.mutable_data(),
                               sizes.mutable_data()};
    {
        py::gil_scoped_release release;
        chains.measure(n, spacing, parsed, record);
    }
    py::dict result;
    result["bond_sums"] = bonds;
    result["magnetization"] = magnetizations;
    result["structure"] = structure;
    result["improved_square"] = squares;
    result["improved_fourth"] = fourths;
    result["improved_structure"] = cluster_structure;
    result["cluster_size"] = sizes;
    return result;
}

py::array_t<std::int64_t> bond_sums(const ClusterChains& chains) {
    py::array_t<std::int64_t> out(
        {static_cast<py::ssize_t>(chains.n_chains()), static_cast<py::ssize_t>(chains.lattice().n_bonds())});
    std::int64_t* data = out.mutable_data();
    py::gil_scoped_release release;
    chains.bond_sums(data);
    return out;
}

py::array_t<std::int64_t> magnetizations(const ClusterChains& chains) {
    py::array_t<std::int64_t> out(static_cast<py::ssize_t>(chains.n_chains()));
    std::int64_t* data = out.mutable_data();
    py::gil_scoped_release release;
    chains.magnetizations(data);
    return out;
}

void unpack(const ClusterChains& chains, Array<std::int8_t> out) {
    require_shape(out, {-1, static_cast<py::ssize_t>(chains.lattice().n_sites())}, "out");
    const std::size_t n = length(out, 0);
    if (n > chains.n_chains())
        throw py::value_error("out has room for " + std::to_string(n) + " chains, but there are " +
                              std::to_string(chains.n_chains()));
    std::int8_t* data = out.mutable_data();
    py::gil_scoped_release release;
    chains.unpack(n, data);
}

} // namespace

void register_clusters(py::module_& m) {
    py::class_<ClusterChains>(
        m, "ClusterChains",
        "Chains of an Ising model on a periodic lattice of 1 to 3 axes, moved by cluster updates. Couplings (n_chains, "
        "n_bonds): one along each axis, and for a triangular lattice that of the diagonal (row, column) to (row + 1, "
        "column + 1).")
        .def(py::init(&make_chains), py::arg("sides"), py::arg("couplings"), py::arg("key"), py::arg("field") = 0.0,
             py::arg("triangular") = false)
        .def("align", &ClusterChains::align, "Set every spin to +1.")
        .def("set_couplings", &set_couplings, py::arg("couplings"), "Give the chains other couplings.")
        .def("sweep", &sweep, py::arg("n"), py::arg("update"), py::arg("n_clusters") = 1,
             "Make n sweeps, each one update 'swendsen_wang' or n_clusters updates 'wolff'. Returns the mean number of "
             "sites of Wolff's clusters for each chain, else NaN.")
        .def("measure", &measure, py::arg("n"), py::arg("update"), py::arg("n_clusters") = 1, py::arg("spacing") = 1,
             "Measure n times, each time after so many sweeps as the spacing says. Returns arrays whose first axes are "
             "(n, n_chains); improved estimators are those of the last sweep of each time.")
        .def("bond_sums", &bond_sums, "Sum of s s' over the bonds of each kind, (n_chains, n_bonds).")
        .def("magnetizations", &magnetizations, "Sum of all spins, for each chain.")
        .def("unpack", &unpack, py::arg("out").noconvert(),
             "Write the spins of the first n chains into an int8 array of shape (n, n_sites).");
}

} // namespace rgrbm::bindings
