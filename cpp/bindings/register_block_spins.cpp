#include "arrays.hpp"
#include "register.hpp"
#include "unlocked.hpp"

#include "rgrbm/mcrg/block_spins.hpp"
#include "rgrbm/mcrg/spin_operators.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <cmath>
#include <string>

namespace py = pybind11;

namespace rgrbm::bindings {

namespace {

constexpr std::size_t max_window = 1024; // sites; counts of them fit into a few bit planes

PackedSpins pack(const Array<std::int8_t>& spins) {
    require_shape(spins, {-1, -1, -1}, "spins");
    const Grid grid{length(spins, 1), length(spins, 2)};
    if (grid.n_sites() == 0 || length(spins, 0) == 0)
        throw py::value_error("there must be at least one configuration of at least one spin");
    const std::int8_t* data = spins.data();
    bool valid = false;
    PackedSpins packed = [&] {
        const Unlocked unlocked;
        PackedSpins result(grid, length(spins, 0));
        valid = result.pack(data);
        return result;
    }();
    if (!valid)
        throw py::value_error("expected spins -1 and +1");
    return packed;
}

py::array_t<std::int8_t> unpack(const PackedSpins& spins) {
    const std::array<std::size_t, 3> shape{spins.size(), spins.grid().rows, spins.grid().columns};
    py::array_t<std::int8_t> out(shape);
    std::int8_t* data = out.mutable_data();
    const Unlocked unlocked;
    spins.unpack(data);
    return out;
}

void require_fit(const PackedSpins& spins, const Windows& windows) {
    const std::array<std::size_t, 2> sides{spins.grid().rows, spins.grid().columns};
    for (std::size_t axis = 0; axis < 2; ++axis)
        if (windows.strides[axis] < 1 || sides[axis] % windows.strides[axis] != 0)
            throw py::value_error("a stride of " + std::to_string(windows.strides[axis]) +
                                  " does not divide a side of " + std::to_string(sides[axis]) + " sites");
    if (windows.n_sites() < 1 || windows.sides[0] > max_window || windows.sides[1] > max_window ||
        windows.n_sites() > max_window)
        throw py::value_error("a window needs from 1 to " + std::to_string(max_window) + " sites");
}

py::array_t<std::int64_t> sums(const PackedSpins& spins, const std::vector<Operator>& operators) {
    for (const Operator& products : operators) {
        if (products.empty() || products[0].empty())
            throw py::value_error("an operator needs a product, and a product a site");
        for (const Product& product : products)
            if (product.size() != products[0].size())
                throw py::value_error("the products of an operator must have equally many sites");
    }
    const std::array<std::size_t, 2> shape{spins.size(), operators.size()};
    py::array_t<std::int64_t> out(shape);
    std::int64_t* data = out.mutable_data();
    const Unlocked unlocked;
    operator_sums(spins, operators, data);
    return out;
}

PackedSpins decimate(const PackedSpins& spins, const std::array<std::size_t, 2>& strides) {
    const Windows windows{strides, {0, 0}, {1, 1}};
    require_fit(spins, windows);
    const Unlocked unlocked;
    return decimated(spins, windows);
}

PackedSpins take_majority(const PackedSpins& spins, const std::array<std::size_t, 2>& sides, const Key& key,
                          std::uint64_t first_block, std::uint64_t step) {
    const Windows windows{sides, {0, 0}, sides};
    require_fit(spins, windows);
    const Unlocked unlocked;
    return majority(spins, windows, {key, first_block, step});
}

PackedSpins filter(const PackedSpins& spins, const Array<double>& weights, double field,
                   const std::array<std::size_t, 2>& strides, const std::array<std::int64_t, 2>& first, const Key& key,
                   std::uint64_t first_block, std::uint64_t step) {
    require_shape(weights, {-1, -1}, "weights");
    const Windows windows{strides, first, {length(weights, 0), length(weights, 1)}};
    require_fit(spins, windows);
    const std::vector<double> values(weights.data(), weights.data() + weights.size());
    for (const double value : values)
        if (!std::isfinite(value))
            throw py::value_error("weights must be finite");
    if (!std::isfinite(field))
        throw py::value_error("the field must be finite");
    const Unlocked unlocked;
    return filtered(spins, windows, values, field, {key, first_block, step});
}

} // namespace

void register_block_spins(py::module_& m) {
    py::class_<PackedSpins>(m, "PackedSpins", "Configurations of spins on a periodic grid, one bit per spin.")
        .def(py::init(&pack), py::arg("spins"), "From int8 of -1 and +1, shape (n, rows, columns).")
        .def("__len__", &PackedSpins::size)
        .def_property_readonly("shape", [](const PackedSpins& s) { return std::pair(s.grid().rows, s.grid().columns); })
        .def("unpack", &unpack, "The spins as int8, shape (n, rows, columns).")
        .def("operator_sums", &sums, py::arg("operators"),
             "Sums over the lattice of products of spins, shape (n, n_operators). An operator is a list of products "
             "with equally many sites, a product a list of offsets (rows, columns).")
        .def("decimate", &decimate, py::arg("strides"), "Every strides-th spin along each axis.")
        .def("majority", &take_majority, py::arg("sides"), py::arg("key"), py::arg("first_block"), py::arg("step"),
             "The sign of the sum of each block of spins, and +1 or -1 with probability 1/2 where it is zero.")
        .def("filter", &filter, py::arg("weights"), py::arg("field"), py::arg("strides"), py::arg("first"),
             py::arg("key"), py::arg("first_block"), py::arg("step"),
             "Spins that are +1 with probability 1 / (1 + exp(-2 (field + sum of weights * spins))) of their windows.");
}

} // namespace rgrbm::bindings
