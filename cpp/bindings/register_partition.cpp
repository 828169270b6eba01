#include "arrays.hpp"
#include "register.hpp"

#include "rgrbm/partition_function.hpp"

#include <algorithm>
#include <cmath>

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
    py::gil_scoped_release release;
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
    py::gil_scoped_release release;
    e.log_sums(first, count, data);
    return out;
}

template <class Enumeration>
Array<double> log_weights(const Enumeration& e, std::size_t first, std::size_t count) {
    require_parts(e, first, count);
    Array<double> out(static_cast<py::ssize_t>(count * e.part_size()));
    double* data = out.mutable_data();
    py::gil_scoped_release release;
    e.log_weights(first, count, data);
    return out;
}

py::tuple moments(const LayerEnumeration& e, std::size_t first, std::size_t count, double log_z) {
    require_parts(e, first, count);
    LayerMoments sums;
    {
        py::gil_scoped_release release;
        sums = e.moments(first, count, log_z);
    }
    Array<double> products({e.n_enumerated(), e.n_summed()});
    std::copy(sums.products.begin(), sums.products.end(), products.mutable_data());
    return py::make_tuple(sums.total, Array<double>(static_cast<py::ssize_t>(e.n_enumerated()), sums.enumerated.data()),
                          Array<double>(static_cast<py::ssize_t>(e.n_summed()), sums.summed.data()), products);
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
}

} // namespace rgrbm::bindings
