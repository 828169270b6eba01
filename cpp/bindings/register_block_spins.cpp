#include "arrays.hpp"
#include "register.hpp"
#include "unlocked.hpp"

#include "rgrbm/mcrg/block_spins.hpp"
#include "rgrbm/mcrg/spin_operators.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

namespace py = pybind11;

namespace rgrbm::bindings {

namespace {

constexpr std::size_t max_window = 1024; // sites; counts of them fit into a few bit planes

PackedSpins pack(const Array<std::int8_t>& spins, std::size_t shift) {
    require_shape(spins, {-1, -1, -1, -1}, "spins");
    const Grid grid{length(spins, 1), length(spins, 2), length(spins, 3), shift};
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
    const Grid& grid = spins.grid();
    const std::array<std::size_t, 4> shape{spins.size(), grid.layers, grid.rows, grid.columns};
    py::array_t<std::int8_t> out(shape);
    std::int8_t* data = out.mutable_data();
    const Unlocked unlocked;
    spins.unpack(data);
    return out;
}

// Layers, rows, columns and shift of the new grid, its steps and windows on the old one.
using Shape = std::array<std::size_t, 4>;
using Steps = std::array<Offset, 3>;

Windows windows_on(const PackedSpins& spins, const Shape& coarse, const Steps& steps,
                   const std::vector<Offset>& window) {
    Windows windows{{coarse[0], coarse[1], coarse[2], coarse[3]}, steps, window};
    if (coarse[0] < 1 || coarse[1] < 1 || coarse[2] < 1 || windows.coarse.n_sites() > spins.grid().n_sites())
        throw py::value_error("the lattice of block spins needs sites along each axis, and no more than there are");
    constexpr std::int64_t far = 1 << 20;
    const auto is_near = [](const Offset& o) {
        return std::ranges::all_of(o, [](std::int64_t x) { return std::abs(x) < far; });
    };
    if (!std::ranges::all_of(steps, is_near) || !std::ranges::all_of(window, is_near))
        throw py::value_error("steps and windows reach too far");
    if (!windows.fits(spins.grid()))
        throw py::value_error("the lattice of block spins does not close where that of the spins does");
    if (window.empty() || window.size() > max_window)
        throw py::value_error("a window needs from 1 to " + std::to_string(max_window) + " sites");
    return windows;
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

PackedSpins decimate(const PackedSpins& spins, const Shape& coarse, const Steps& steps,
                     const std::vector<Offset>& window) {
    const Windows windows = windows_on(spins, coarse, steps, window);
    const Unlocked unlocked;
    return decimated(spins, windows);
}

PackedSpins take_majority(const PackedSpins& spins, const Shape& coarse, const Steps& steps,
                          const std::vector<Offset>& window, const Key& key, std::uint64_t first_block,
                          std::uint64_t step) {
    const Windows windows = windows_on(spins, coarse, steps, window);
    const Unlocked unlocked;
    return majority(spins, windows, {key, first_block, step});
}

PackedSpins filter(const PackedSpins& spins, const Shape& coarse, const Steps& steps, const std::vector<Offset>& window,
                   const std::vector<double>& weights, double field, const Key& key, std::uint64_t first_block,
                   std::uint64_t step) {
    const Windows windows = windows_on(spins, coarse, steps, window);
    if (weights.size() != window.size())
        throw py::value_error("a window needs a weight for each of its sites");
    if (!std::ranges::all_of(weights, [](double w) { return std::isfinite(w); }))
        throw py::value_error("weights must be finite");
    if (!std::isfinite(field))
        throw py::value_error("the field must be finite");
    const Unlocked unlocked;
    return filtered(spins, windows, weights, field, {key, first_block, step});
}

} // namespace

void register_block_spins(py::module_& m) {
    py::class_<PackedSpins>(m, "PackedSpins", "Configurations of spins on a periodic grid, one bit per spin.")
        .def(py::init(&pack), py::arg("spins"), py::arg("shift"),
             "From int8 of -1 and +1, shape (n, layers, rows, columns). Who leaves the last row comes back to the "
             "first `shift` columns ahead.")
        .def("__len__", &PackedSpins::size)
        .def("unpack", &unpack, "The spins as int8, shape (n, layers, rows, columns).")
        .def("operator_sums", &sums, py::arg("operators"),
             "Sums over the lattice of products of spins, shape (n, n_operators). An operator is a list of products "
             "with equally many sites, a product a list of offsets (layers, rows, columns).")
        .def("decimate", &decimate, py::arg("coarse"), py::arg("steps"), py::arg("window"),
             "The first spin of each window. The lattice of block spins is (layers, rows, columns, shift); block spin "
             "(i, j, k) has its window at i steps[0] + j steps[1] + k steps[2].")
        .def("majority", &take_majority, py::arg("coarse"), py::arg("steps"), py::arg("window"), py::arg("key"),
             py::arg("first_block"), py::arg("step"),
             "The sign of the sum of each window, and +1 or -1 with probability 1/2 where it is zero.")
        .def("filter", &filter, py::arg("coarse"), py::arg("steps"), py::arg("window"), py::arg("weights"),
             py::arg("field"), py::arg("key"), py::arg("first_block"), py::arg("step"),
             "Spins that are +1 with probability 1 / (1 + exp(-2 (field + sum of weights * spins))) of their windows.");
}

} // namespace rgrbm::bindings
