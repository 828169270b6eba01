#include "arrays.hpp"
#include "register.hpp"
#include "unlocked.hpp"

#include "rgrbm/mechanics/bistable_chains.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace py = pybind11;

namespace rgrbm::bindings {

namespace {

// Far beyond any chain of use, and fourth powers of such numbers are still finite.
constexpr double largest_position = 1e6, largest_constant = 1e100;

std::string number(double x) {
    return py::str(py::float_(x)).cast<std::string>();
}

void require_constant(double value, bool or_zero, const char* name) {
    if (!((or_zero ? value >= 0 : value > 0) && value <= largest_constant))
        throw py::value_error(std::string(name) + " must be finite, " + (or_zero ? "not negative" : "positive") +
                              " and at most 1e100, got " + number(value));
}

BistableChains make_chains(std::size_t n_sites, double lambda, double kappa, std::size_t n_chains, const Key& key,
                           const Array<double>& start) {
    if (n_sites < 2)
        throw py::value_error("a ring must have at least 2 sites, got n_sites = " + std::to_string(n_sites));
    if (n_chains < 1)
        throw py::value_error("there must be at least one chain, got n_chains = 0");
    require_constant(lambda, false, "lambda_");
    require_constant(kappa, true, "kappa");
    require_shape(start, {static_cast<py::ssize_t>(n_chains), static_cast<py::ssize_t>(n_sites)}, "start");
    const double* data = start.data();
    const auto* bad =
        std::find_if(data, data + start.size(), [](double x) { return !(std::abs(x) <= largest_position); });
    if (bad != data + start.size())
        throw py::value_error("start must hold finite numbers between -1e6 and 1e6, got " + number(*bad));
    const Unlocked unlocked;
    return {n_sites, lambda, kappa, n_chains, key, data};
}

void set_step(BistableChains& chains, double width) {
    if (!(width > 0 && width <= largest_position))
        throw py::value_error("the width of steps must be positive and at most 1e6, got " + number(width));
    chains.set_step(width);
}

// Accepted shares of the steps and of the flips.
py::tuple sweeps(BistableChains& chains, std::uint64_t n) {
    Acceptance a;
    {
        const Unlocked unlocked;
        a = chains.sweep(n);
    }
    const auto share = [](std::uint64_t accepted, std::uint64_t all) {
        return all == 0 ? std::numeric_limits<double>::quiet_NaN()
                        : static_cast<double>(accepted) / static_cast<double>(all);
    };
    return py::make_tuple(share(a.accepted_steps, a.steps), share(a.accepted_flips, a.flips));
}

Array<double> states(const BistableChains& chains) {
    Array<double> out({chains.n_chains(), chains.n_sites()});
    double* data = out.mutable_data();
    const Unlocked unlocked;
    chains.states(data);
    return out;
}

} // namespace

void register_mechanics(py::module_& m) {
    py::class_<BistableChains>(m, "BistableChains",
                               "Metropolis chains of the periodic bistable (phi^4) ring: H = sum of\n"
                               "lambda (u_i^2 - 1)^2 + 1/2 kappa (u_i - u_(i+1))^2, at temperature 1.")
        .def(py::init(&make_chains), py::arg("n_sites"), py::arg("lambda_"), py::arg("kappa"), py::arg("n_chains"),
             py::arg("key"), py::arg("start").noconvert())
        .def_property_readonly("n_sites", &BistableChains::n_sites, "Number of sites of the ring.")
        .def_property_readonly("n_chains", &BistableChains::n_chains, "Number of chains.")
        .def_property_readonly("lambda_", &BistableChains::lambda, "Height of the barrier between the wells.")
        .def_property_readonly("kappa", &BistableChains::kappa, "Stiffness of the bonds.")
        .def_property_readonly("n_sweeps", &BistableChains::n_sweeps, "Sweeps made so far.")
        .def_property_readonly("step", &BistableChains::step, "Half-width of the steps that are proposed.")
        .def("set_step", &set_step, py::arg("width"), "Propose steps uniform in (-width, width) from now on.")
        .def("sweeps", &sweeps, py::arg("n"),
             "Make n sweeps of all chains; every fourth proposes flips u -> -u. Returns the accepted shares of these\n"
             "sweeps' steps and flips, nan where none was proposed.")
        .def("states", &states, "Positions u of all chains, (n_chains, n_sites).");
}

} // namespace rgrbm::bindings
