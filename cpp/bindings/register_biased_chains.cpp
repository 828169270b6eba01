#include "arrays.hpp"
#include "register.hpp"
#include "unlocked.hpp"

#include "rgrbm/mcrg/biased_chains.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace py = pybind11;

namespace rgrbm::bindings {

namespace {

// Places of an operator's products at a block spin, and of all that hold it without it.
using Places = std::pair<Array<std::uint16_t>, Array<std::uint16_t>>;

// Numbers of sites below n.
std::vector<std::uint32_t> site_numbers(const Array<std::uint32_t>& sites, std::size_t n, const char* name) {
    const std::uint32_t* data = sites.data();
    std::vector<std::uint32_t> numbers(data, data + sites.size());
    if (std::ranges::any_of(numbers, [=](std::uint32_t site) { return site >= n; }))
        throw py::value_error(std::string(name) + " must be numbers of sites below " + std::to_string(n));
    return numbers;
}

void require_once(const std::vector<std::uint32_t>& windows, std::size_t n_sites) {
    std::vector<bool> seen(n_sites);
    for (const std::uint32_t site : windows) {
        if (seen[site])
            throw py::value_error("windows must not overlap, site " + std::to_string(site) + " is in two");
        seen[site] = true;
    }
}

// Places in surroundings of n block spins. The first place is the block spin itself.
LocalProducts products_of(const Array<std::uint16_t>& places, std::size_t first, std::size_t n) {
    require_shape(places, {-1, -1}, "products of an operator");
    const std::uint16_t* data = places.data();
    LocalProducts products{length(places, 0), length(places, 1), {data, data + places.size()}};
    if (products.n < 1 || products.n > 1u << 20)
        throw py::value_error("an operator must have from 1 to 2^20 products");
    if (std::ranges::any_of(products.places, [=](std::size_t place) { return place < first || place >= n; }))
        throw py::value_error("products must have places from " + std::to_string(first) + " to " +
                              std::to_string(n - 1));
    return products;
}

void require_finite(const std::vector<double>& values, const char* name) {
    if (!std::ranges::all_of(values, [](double x) { return std::isfinite(x); }))
        throw py::value_error(std::string(name) + " must be finite");
}

BiasedModel biased_model(const Array<std::uint32_t>& neighbours, const std::vector<double>& couplings,
                         const Array<std::uint32_t>& windows, const std::vector<double>& up,
                         const Array<std::uint32_t>& surroundings, const std::vector<Places>& operators) {
    const std::size_t n_axes = couplings.size();
    if (n_axes < 1 || n_axes > 3)
        throw py::value_error("there must be couplings of one to three axes, got " + std::to_string(n_axes));
    require_finite(couplings, "couplings");
    require_shape(neighbours, {-1, static_cast<py::ssize_t>(n_axes), 2}, "neighbours");
    require_shape(windows, {-1, -1}, "windows");
    const std::size_t n_sites = length(neighbours, 0), n_windows = length(windows, 0), n_window = length(windows, 1);
    if (n_windows < 1 || n_window < 1 || n_window > BiasedChains::largest_window)
        throw py::value_error("there must be windows of 1 to 255 sites, got " + std::to_string(n_windows) + " of " +
                              std::to_string(n_window));
    if (up.size() != n_window + 1 || !std::ranges::all_of(up, [](double p) { return p >= 0 && p <= 1; }))
        throw py::value_error("up must be " + std::to_string(n_window + 1) + " probabilities");
    require_shape(surroundings, {static_cast<py::ssize_t>(n_windows), -1}, "surroundings");
    const std::size_t n_around = length(surroundings, 1);
    if (n_around < 1 || n_around > 1u << 16)
        throw py::value_error("surroundings must be of 1 to 2^16 block spins, got " + std::to_string(n_around));
    BiasedModel model{n_sites,
                      n_axes,
                      site_numbers(neighbours, n_sites, "neighbours"),
                      couplings,
                      n_windows,
                      n_window,
                      site_numbers(windows, n_sites, "windows"),
                      up,
                      n_around,
                      site_numbers(surroundings, n_windows, "surroundings"),
                      {}};
    require_once(model.windows, n_sites);
    for (const auto& [products, others] : operators)
        model.operators.push_back({products_of(products, 0, n_around), products_of(others, 1, n_around)});
    return model;
}

BiasedChains make_biased_chains(const Array<std::uint32_t>& neighbours, const std::vector<double>& couplings,
                                const Array<std::uint32_t>& windows, const std::vector<double>& up,
                                const Array<std::uint32_t>& surroundings, const std::vector<Places>& operators,
                                std::size_t n_chains, const Key& key) {
    if (n_chains < 1)
        throw py::value_error("there must be at least one chain, got n_chains = 0");
    BiasedModel model = biased_model(neighbours, couplings, windows, up, surroundings, operators);
    const Unlocked unlocked;
    return {std::move(model), n_chains, key};
}

void set_bias(BiasedChains& chains, const std::vector<double>& couplings) {
    if (couplings.size() != chains.n_operators())
        throw py::value_error("the bias needs " + std::to_string(chains.n_operators()) + " couplings, got " +
                              std::to_string(couplings.size()));
    require_finite(couplings, "the bias");
    chains.set_bias(couplings.data());
}

Array<std::int32_t> sample_biased(BiasedChains& chains, std::size_t n, std::size_t spacing) {
    Array<std::int32_t> out({n, chains.n_chains(), chains.n_operators()});
    std::int32_t* data = out.mutable_data();
    const Unlocked unlocked;
    chains.sample(n, spacing, data);
    return out;
}

Array<std::int8_t> fine_spins(const BiasedChains& chains) {
    Array<std::int8_t> out({chains.n_chains(), chains.n_sites()});
    chains.spins(out.mutable_data());
    return out;
}

Array<std::int8_t> coarse_spins(const BiasedChains& chains) {
    Array<std::int8_t> out({chains.n_chains(), chains.n_windows()});
    chains.block_spins(out.mutable_data());
    return out;
}

} // namespace

void register_biased_chains(py::module_& m) {
    py::class_<BiasedChains>(m, "BiasedChains",
                             "Chains of spins and block spins with a bias V = sum of J S of the block spins:\n"
                             "p ~ exp(sum of K s s' over bonds) T(block spins | spins) exp(-V).")
        .def(py::init(&make_biased_chains), py::arg("neighbours"), py::arg("couplings"), py::arg("windows"),
             py::arg("up"), py::arg("surroundings"), py::arg("operators"), py::arg("n_chains"), py::arg("key"),
             "neighbours (n_sites, n_axes, 2) and windows (n_windows, n_window) are numbers of sites, up[m] is\n"
             "p(block spin = +1) of a window with m spins +1. surroundings (n_windows, n_around) are numbers of block\n"
             "spins, itself first. An operator is two arrays of places in them, (n_products, order): of its products\n"
             "at a block spin, and of all its products that hold this block spin, left out.")
        .def_property_readonly("n_chains", &BiasedChains::n_chains, "Number of chains.")
        .def_property_readonly("n_sites", &BiasedChains::n_sites, "Number of spins.")
        .def_property_readonly("n_windows", &BiasedChains::n_windows, "Number of block spins.")
        .def_property_readonly("n_operators", &BiasedChains::n_operators, "Number of operators.")
        .def("set_bias", &set_bias, py::arg("couplings"), "Set J of all operators.")
        .def("sample", &sample_biased, py::arg("n"), py::arg("spacing"),
             "n times `spacing` sweeps and a measurement: values of the operators, (n, n_chains, n_operators).")
        .def("spins", &fine_spins, "Spins of all chains, (n_chains, n_sites).")
        .def("block_spins", &coarse_spins, "Block spins of all chains, (n_chains, n_windows).");
}

} // namespace rgrbm::bindings
