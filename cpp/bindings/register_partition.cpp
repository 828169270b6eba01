#include "arrays.hpp"
#include "register.hpp"
#include "unlocked.hpp"

#include "rgrbm/likelihood/annealing.hpp"
#include "rgrbm/likelihood/mode_ascent.hpp"
#include "rgrbm/likelihood/partition_function.hpp"
#include "rgrbm/spins/spin_enumeration.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <type_traits>

namespace py = pybind11;

namespace rgrbm::bindings {

namespace {

void require_finite(const Array<double>& array, const char* name) {
    if (!std::all_of(array.data(), array.data() + array.size(), [](double x) { return std::isfinite(x); }))
        throw py::value_error(std::string(name) + " must be finite");
}

LayerEnumeration make_enumeration(const Array<double>& matrix, const Array<double>& enumerated_bias,
                                  const Array<double>& summed_bias) {
    require_shape(matrix, {-1, -1}, "matrix");
    require_shape(enumerated_bias, {matrix.shape(0)}, "enumerated_bias");
    require_shape(summed_bias, {matrix.shape(1)}, "summed_bias");
    if (length(matrix, 0) > LayerEnumeration::max_units)
        throw py::value_error("the enumerated layer has more units than can ever be enumerated");
    require_finite(matrix, "matrix");
    require_finite(enumerated_bias, "enumerated_bias");
    require_finite(summed_bias, "summed_bias");
    const Unlocked unlocked;
    return {static_cast<std::size_t>(matrix.shape(0)), static_cast<std::size_t>(matrix.shape(1)), matrix.data(),
            enumerated_bias.data(), summed_bias.data()};
}

template <class Enumeration>
void require_parts(const Enumeration& e, std::size_t first, std::size_t count) {
    if (first > e.n_parts() || count > e.n_parts() - first)
        throw py::value_error("there are only " + std::to_string(e.n_parts()) + " parts");
}

template <class Enumeration>
Array<double> log_sums(const Enumeration& e, std::size_t first, std::size_t count) {
    require_parts(e, first, count);
    Array<double> out(static_cast<py::ssize_t>(count));
    double* data = out.mutable_data();
    const Unlocked unlocked;
    e.log_sums(first, count, data);
    return out;
}

template <class Enumeration>
Array<double> log_weights(const Enumeration& e, std::size_t first, std::size_t count) {
    require_parts(e, first, count);
    Array<double> out(static_cast<py::ssize_t>(count * e.part_size()));
    double* data = out.mutable_data();
    const Unlocked unlocked;
    e.log_weights(first, count, data);
    return out;
}

py::tuple moments(const LayerEnumeration& e, std::size_t first, std::size_t count, double log_z) {
    require_parts(e, first, count);
    LayerMoments sums;
    {
        const Unlocked unlocked;
        sums = e.moments(first, count, log_z);
    }
    Array<double> products({e.n_enumerated(), e.n_summed()});
    std::copy(sums.products.begin(), sums.products.end(), products.mutable_data());
    return py::make_tuple(sums.total, Array<double>(static_cast<py::ssize_t>(e.n_enumerated()), sums.enumerated.data()),
                          Array<double>(static_cast<py::ssize_t>(e.n_summed()), sums.summed.data()), products);
}

SpinEnumeration make_spins(std::size_t n_sites, const Array<std::int64_t>& sites, const Array<double>& couplings,
                           const Array<double>& fields) {
    if (n_sites > SpinEnumeration::max_sites)
        throw py::value_error("there are more sites than can ever be enumerated");
    require_shape(sites, {-1, 2}, "bonds");
    require_shape(couplings, {sites.shape(0)}, "couplings");
    require_shape(fields, {static_cast<py::ssize_t>(n_sites)}, "fields");
    require_finite(couplings, "couplings");
    require_finite(fields, "fields");
    std::vector<Bond> bonds;
    for (std::size_t k = 0; k < length(sites, 0); ++k) {
        const std::int64_t i = sites.data()[2 * k], j = sites.data()[2 * k + 1];
        const auto n = static_cast<std::int64_t>(n_sites);
        if (i < 0 || j < 0 || i >= n || j >= n || i == j)
            throw py::value_error("a bond must join two different sites, numbered from 0");
        bonds.push_back({static_cast<std::size_t>(i), static_cast<std::size_t>(j), couplings.data()[k]});
    }
    const std::vector<double> h(fields.data(), fields.data() + n_sites);
    const Unlocked unlocked;
    return {n_sites, bonds, h};
}

py::tuple up_moments(const SpinEnumeration& e, std::size_t first, std::size_t count, double log_z) {
    require_parts(e, first, count);
    UpMoments sums;
    {
        const Unlocked unlocked;
        sums = e.up_moments(first, count, log_z);
    }
    return py::make_tuple(sums.total, Array<double>({e.n_sites(), e.n_sites()}, sums.pairs.data()));
}

void require_binary(const Array<std::uint8_t>& array, const char* name) {
    if (std::any_of(array.data(), array.data() + array.size(), [](std::uint8_t x) { return x > 1; }))
        throw py::value_error(std::string(name) + " must hold 0 and 1 only");
}

void require_layers(const Array<double>& weights, const Array<double>& visible_bias, const Array<double>& hidden_bias) {
    require_shape(weights, {-1, -1}, "weights");
    require_shape(visible_bias, {weights.shape(0)}, "visible_bias");
    require_shape(hidden_bias, {weights.shape(1)}, "hidden_bias");
    require_finite(weights, "weights");
    require_finite(visible_bias, "visible_bias");
    require_finite(hidden_bias, "hidden_bias");
}

Annealing make_annealing(const Array<double>& weights, const Array<double>& visible_bias,
                         const Array<double>& hidden_bias, const Array<double>& base_bias,
                         const Array<double>& base_log_shares, bool gaussian) {
    require_layers(weights, visible_bias, hidden_bias);
    require_shape(base_bias, {-1, weights.shape(0)}, "base_bias");
    require_shape(base_log_shares, {base_bias.shape(0)}, "base_log_shares");
    if (length(base_bias, 0) < 1)
        throw py::value_error("base_bias must have at least one row");
    require_finite(base_bias, "base_bias");
    require_finite(base_log_shares, "base_log_shares");
    return {gaussian,
            length(weights, 0),
            length(weights, 1),
            length(base_bias, 0),
            weights.data(),
            visible_bias.data(),
            hidden_bias.data(),
            base_bias.data(),
            base_log_shares.data()};
}

template <class Value>
py::tuple anneal(const Annealing& annealing, const Array<double>& betas, std::uint64_t first_step, const Key& key,
                 const Array<Value>& v, const Array<double>& log_weights) {
    constexpr bool gaussian = std::is_floating_point_v<Value>;
    if (annealing.is_gaussian() != gaussian)
        throw py::type_error(gaussian ? "v must hold units 0 and 1 as uint8" : "v must hold real numbers as float64");
    require_shape(betas, {-1}, "betas");
    require_shape(v, {-1, static_cast<py::ssize_t>(annealing.n_visible())}, "v");
    require_shape(log_weights, {v.shape(0)}, "log_weights");
    if (length(betas, 0) < 1)
        throw py::value_error("betas must not be empty");
    require_finite(betas, "betas");
    if constexpr (gaussian)
        require_finite(v, "v");
    else
        require_binary(v, "v");
    Array<Value> states({length(v, 0), length(v, 1)});
    std::copy_n(v.data(), v.size(), states.mutable_data());
    Array<double> weights(log_weights.shape(0));
    std::copy_n(log_weights.data(), log_weights.size(), weights.mutable_data());
    {
        Value* state_data = states.mutable_data();
        double* weight_data = weights.mutable_data();
        const Unlocked unlocked;
        annealing.run(betas.data(), length(betas, 0) - 1, first_step, key, length(v, 0), state_data, weight_data);
    }
    return py::make_tuple(states, weights);
}

ModeAscent make_ascent(const Array<double>& weights, const Array<double>& visible_bias,
                       const Array<double>& hidden_bias, bool gaussian) {
    require_layers(weights, visible_bias, hidden_bias);
    return {gaussian, length(weights, 0), length(weights, 1), weights.data(), visible_bias.data(), hidden_bias.data()};
}

Array<std::uint8_t> climb(const ModeAscent& ascent, const Array<std::uint8_t>& hidden) {
    require_shape(hidden, {-1, static_cast<py::ssize_t>(ascent.n_hidden())}, "hidden");
    require_binary(hidden, "hidden");
    Array<std::uint8_t> states({length(hidden, 0), length(hidden, 1)});
    std::uint8_t* data = states.mutable_data();
    std::copy_n(hidden.data(), hidden.size(), data);
    const Unlocked unlocked;
    ascent.climb(length(hidden, 0), data);
    return states;
}

} // namespace

void register_partition(py::module_& m) {
    py::class_<LayerEnumeration>(m, "LayerEnumeration",
                                 "Exact sums over all states of one layer of an RBM, the other summed in closed form.")
        .def(py::init(&make_enumeration), py::arg("matrix").noconvert(), py::arg("enumerated_bias").noconvert(),
             py::arg("summed_bias").noconvert())
        .def_property_readonly("n_parts", &LayerEnumeration::n_parts, "Number of parts the states are split into.")
        .def_property_readonly("part_size", &LayerEnumeration::part_size, "Number of states in a part.")
        .def_property_readonly("low_bits", &LayerEnumeration::low_bits, "States that share a block, as a power of 2.")
        .def("log_sums", &log_sums<LayerEnumeration>, py::arg("first"), py::arg("count"),
             "Log of the sum over the states of each part.")
        .def("log_weights", &log_weights<LayerEnumeration>, py::arg("first"), py::arg("count"),
             "Log of the unnormalised probability of each state of the parts; bit j of its number is unit j.")
        .def("moments", &moments, py::arg("first"), py::arg("count"), py::arg("log_z"),
             "Sums over the parts of p, p x, p <y> and p x <y>, with p = exp(log weight - log_z).");

    py::class_<SpinEnumeration>(m, "SpinEnumeration",
                                "Exact sums over all states of spins with pair couplings and fields.")
        .def(py::init(&make_spins), py::arg("n_sites"), py::arg("bonds").noconvert(), py::arg("couplings").noconvert(),
             py::arg("fields").noconvert())
        .def_property_readonly("n_parts", &SpinEnumeration::n_parts, "Number of parts the states are split into.")
        .def_property_readonly("part_size", &SpinEnumeration::part_size, "Number of states in a part.")
        .def("log_sums", &log_sums<SpinEnumeration>, py::arg("first"), py::arg("count"),
             "Log of the sum over the states of each part.")
        .def("log_weights", &log_weights<SpinEnumeration>, py::arg("first"), py::arg("count"),
             "Minus the energy of each state of the parts; bit i of its number is set where spin i is +1.")
        .def("up_moments", &up_moments, py::arg("first"), py::arg("count"), py::arg("log_z"),
             "Sums over the parts of p = exp(-energy - log_z), and of p where spins i and j are both +1.");

    py::class_<Annealing>(m, "Annealing",
                          "Annealed importance sampling to an RBM, from a mixture of independent units.")
        .def(py::init(&make_annealing), py::arg("weights").noconvert(), py::arg("visible_bias").noconvert(),
             py::arg("hidden_bias").noconvert(), py::arg("base_bias").noconvert(),
             py::arg("base_log_shares").noconvert(), py::arg("gaussian"))
        .def("run", &anneal<std::uint8_t>, py::arg("betas"), py::arg("first_step"), py::arg("key"),
             py::arg("v").noconvert(), py::arg("log_weights"),
             "Take chains along a schedule; returns their states and log weights.")
        .def("run", &anneal<double>, py::arg("betas"), py::arg("first_step"), py::arg("key"), py::arg("v").noconvert(),
             py::arg("log_weights"), "The same with Gaussian visible units of variance 1.");

    py::class_<ModeAscent>(m, "ModeAscent", "Hidden states that no change of one unit makes more probable.")
        .def(py::init(&make_ascent), py::arg("weights").noconvert(), py::arg("visible_bias").noconvert(),
             py::arg("hidden_bias").noconvert(), py::arg("gaussian"))
        .def("climb", &climb, py::arg("hidden").noconvert(), "Take hidden states (n, n_hidden) uphill.");
}

} // namespace rgrbm::bindings
