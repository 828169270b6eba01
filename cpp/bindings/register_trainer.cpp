#include "arrays.hpp"
#include "register.hpp"

#include "rgrbm/contrastive_divergence.hpp"
#include "rgrbm/partition_function.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>

namespace py = pybind11;

namespace rgrbm::bindings {

namespace {

NegativePhase parse_method(const std::string& name) {
    if (name == "cd")
        return NegativePhase::cd;
    if (name == "pcd")
        return NegativePhase::pcd;
    if (name == "pt")
        return NegativePhase::pt;
    if (name == "exact")
        return NegativePhase::exact;
    if (name == "paper")
        return NegativePhase::paper;
    throw py::value_error("method must be 'cd', 'pcd', 'pt', 'exact' or 'paper', got '" + name + "'");
}

Optimizer parse_optimizer(const std::string& name) {
    if (name == "sgd")
        return Optimizer::sgd;
    if (name == "adam")
        return Optimizer::adam;
    throw py::value_error("optimizer must be 'sgd' or 'adam', got '" + name + "'");
}

void require(bool condition, const char* message) {
    if (!condition)
        throw py::value_error(message);
}

template <class Real>
Trainer<Real> make_trainer(const Array<Real>& weights, const Array<Real>& visible_bias, const Array<Real>& hidden_bias,
                           const Key& key) {
    require_shape(weights, {-1, -1}, "weights");
    require(weights.size() > 0, "there must be at least one visible and one hidden unit");
    require_shape(visible_bias, {weights.shape(0)}, "visible_bias");
    require_shape(hidden_bias, {weights.shape(1)}, "hidden_bias");
    return Trainer<Real>(length(weights, 0), length(weights, 1), weights.data(), visible_bias.data(),
                         hidden_bias.data(), key);
}

template <class Real, class Value>
const double* check_data(const Trainer<Real>& trainer, const Array<Value>& x,
                         const std::optional<Array<double>>& sample_weight) {
    require_shape(x, {-1, static_cast<py::ssize_t>(trainer.n_visible())}, "x");
    require(x.shape(0) > 0, "there must be at least one sample");
    require(x.shape(0) < py::ssize_t{1} << 32, "there can be at most 2^32 samples");
    if (!sample_weight)
        return nullptr;
    require_shape(*sample_weight, {x.shape(0)}, "sample_weight");
    const double* weight = sample_weight->data();
    double total = 0;
    for (py::ssize_t i = 0; i < x.shape(0); ++i) {
        require(std::isfinite(weight[i]) && weight[i] >= 0, "sample weights must be finite and not negative");
        total += weight[i];
    }
    require(total > 0, "at least one sample weight must be positive");
    return weight;
}

template <class Real>
void set_data(Trainer<Real>& trainer, const Array<std::uint8_t>& x, const std::optional<Array<double>>& weight) {
    const double* weights = check_data(trainer, x, weight);
    require(std::all_of(x.data(), x.data() + x.size(), [](std::uint8_t value) { return value <= 1; }),
            "x must hold 0 and 1 only");
    py::gil_scoped_release release;
    trainer.set_data(x.data(), length(x, 0), weights);
}

template <class Real>
void set_real_data(Trainer<Real>& trainer, const Array<Real>& x, const std::optional<Array<double>>& weight) {
    const double* weights = check_data(trainer, x, weight);
    require(std::all_of(x.data(), x.data() + x.size(), [](Real value) { return value >= 0 && value <= 1; }),
            "x must hold values between 0 and 1 only");
    py::gil_scoped_release release;
    trainer.set_real_data(x.data(), length(x, 0), weights);
}

template <class Real>
void require_enumerable(const Trainer<Real>& trainer, NegativePhase method) {
    require(method != NegativePhase::exact ||
                std::min(trainer.n_visible(), trainer.n_hidden()) <= LayerEnumeration::max_units,
            "the smaller layer has more units than can ever be enumerated");
}

template <class Real>
py::dict run(Trainer<Real>& trainer, std::uint64_t first_epoch, const Array<double>& learning_rate,
             const Array<double>& l1, double l2, double momentum, std::size_t batch_size, std::size_t k,
             const std::string& method, bool centered, bool shuffle, const std::string& optimizer,
             std::size_t n_temperatures) {
    require(trainer.n_samples() > 0, "set_data must come before run");
    require_shape(learning_rate, {-1}, "learning_rate");
    require_shape(l1, {learning_rate.shape(0)}, "l1");
    require(batch_size >= 1 && k >= 1, "batch_size and k must be at least 1");
    TrainingOptions options;
    options.first_epoch = first_epoch;
    options.learning_rate = {learning_rate.data(), length(learning_rate, 0)};
    options.l1 = {l1.data(), length(l1, 0)};
    options.l2 = l2;
    options.momentum = momentum;
    options.batch_size = std::min(batch_size, trainer.n_samples());
    options.k = k;
    options.method = parse_method(method);
    options.optimizer = parse_optimizer(optimizer);
    require(n_temperatures >= 2, "n_temperatures must be at least 2");
    options.n_temperatures = n_temperatures;
    require_enumerable(trainer, options.method);
    options.centered = centered;
    options.shuffle = shuffle;
    TrainingReport report;
    {
        py::gil_scoped_release release;
        report = trainer.run(options);
    }
    const auto array = [](const std::vector<double>& values) {
        return py::array_t<double>(static_cast<py::ssize_t>(values.size()), values.data());
    };
    py::dict result;
    result["reconstruction_error"] = array(report.reconstruction_error);
    result["gradient_norm"] = array(report.gradient_norm);
    if (options.method == NegativePhase::pt)
        result["exchange_rate"] = array(report.exchange_rate);
    return result;
}

// Three new arrays of the parameters' shapes, filled by one of the trainer's copy functions.
template <class Real, class Copy>
py::tuple triple(const Trainer<Real>& trainer, Copy copy) {
    Array<Real> weights({trainer.n_visible(), trainer.n_hidden()}),
        visible(static_cast<py::ssize_t>(trainer.n_visible())), hidden(static_cast<py::ssize_t>(trainer.n_hidden()));
    (trainer.*copy)(weights.mutable_data(), visible.mutable_data(), hidden.mutable_data());
    return py::make_tuple(weights, visible, hidden);
}

template <class Real, int which>
py::object parameter(const Trainer<Real>& trainer) {
    return triple(trainer, &Trainer<Real>::copy_parameters)[which];
}

template <class Real>
py::dict state(const Trainer<Real>& trainer) {
    const py::tuple velocity = triple(trainer, &Trainer<Real>::copy_velocity);
    const std::vector<Real> offset = trainer.hidden_offset();
    const BitMatrix& bits = trainer.chains();
    Array<std::uint8_t> chains({bits.n_rows(), trainer.n_visible()});
    for (std::size_t i = 0; i < bits.n_rows(); ++i)
        bits.unpack(i, chains.mutable_data() + i * trainer.n_visible());
    py::dict result;
    result["weight_velocity"] = velocity[0];
    result["visible_velocity"] = velocity[1];
    result["hidden_velocity"] = velocity[2];
    const py::tuple squares = trainer.has_squares() ? triple(trainer, &Trainer<Real>::copy_squares)
                                                    : py::make_tuple(Array<Real>(0), Array<Real>(0), Array<Real>(0));
    result["weight_square"] = squares[0];
    result["visible_square"] = squares[1];
    result["hidden_square"] = squares[2];
    result["n_updates"] = Array<std::uint64_t>(1, std::array{trainer.n_updates()}.data());
    result["hidden_offset"] = Array<Real>(static_cast<py::ssize_t>(offset.size()), offset.data());
    result["chains"] = chains;
    return result;
}

template <class T>
Array<T> entry(const py::dict& state, const char* name) {
    if (!state.contains(name))
        throw py::key_error(std::string("the state lacks ") + name);
    const py::object value = state[name];
    if (!py::isinstance<Array<T>>(value))
        throw py::type_error(std::string("the state's ") + name + " is not an array of the right dtype");
    return py::reinterpret_borrow<Array<T>>(value);
}

template <class Real>
void set_state(Trainer<Real>& trainer, const py::dict& state) {
    const auto n = static_cast<py::ssize_t>(trainer.n_visible()), m = static_cast<py::ssize_t>(trainer.n_hidden());
    const auto weights = entry<Real>(state, "weight_velocity");
    const auto visible = entry<Real>(state, "visible_velocity"), hidden = entry<Real>(state, "hidden_velocity");
    const auto offset = entry<Real>(state, "hidden_offset");
    const auto chains = entry<std::uint8_t>(state, "chains");
    require_shape(weights, {n, m}, "weight_velocity");
    require_shape(visible, {n}, "visible_velocity");
    require_shape(hidden, {m}, "hidden_velocity");
    if (offset.size() > 0)
        require_shape(offset, {m}, "hidden_offset");
    require_shape(chains, {-1, n}, "chains");
    const auto weight_square = entry<Real>(state, "weight_square");
    const auto visible_square = entry<Real>(state, "visible_square"),
               hidden_square = entry<Real>(state, "hidden_square");
    const auto n_updates = entry<std::uint64_t>(state, "n_updates");
    require_shape(n_updates, {1}, "n_updates");
    const bool squares = weight_square.size() + visible_square.size() + hidden_square.size() > 0;
    if (squares) {
        require_shape(weight_square, {n, m}, "weight_square");
        require_shape(visible_square, {n}, "visible_square");
        require_shape(hidden_square, {m}, "hidden_square");
        trainer.set_squares(weight_square.data(), visible_square.data(), hidden_square.data(), *n_updates.data());
    } else {
        trainer.clear_squares();
    }
    trainer.set_velocity(weights.data(), visible.data(), hidden.data());
    trainer.set_hidden_offset({offset.data(), offset.data() + offset.size()});
    BitMatrix bits(length(chains, 0), trainer.n_visible());
    for (std::size_t i = 0; i < bits.n_rows(); ++i)
        bits.pack(i, chains.data() + i * trainer.n_visible());
    trainer.set_chains(std::move(bits));
}

template <class Real>
py::tuple cd_gradient(const Array<std::uint8_t>& x, const Array<Real>& weights, const Array<Real>& visible_bias,
                      const Array<Real>& hidden_bias, const Key& key, std::uint64_t index, std::size_t k,
                      const std::string& method, bool centered, const Array<Real>& visible_mean,
                      const Array<Real>& hidden_mean) {
    Trainer<Real> trainer = make_trainer(weights, visible_bias, hidden_bias, key);
    set_data(trainer, x, std::nullopt);
    require_shape(visible_mean, {weights.shape(0)}, "visible_mean");
    require_shape(hidden_mean, {weights.shape(1)}, "hidden_mean");
    require(k >= 1, "k must be at least 1");
    const NegativePhase phase = parse_method(method);
    require_enumerable(trainer, phase);
    {
        py::gil_scoped_release release;
        trainer.gradient(index, k, phase, centered, visible_mean.data(), hidden_mean.data());
    }
    return triple(trainer, &Trainer<Real>::copy_gradient);
}

template <class Real>
void register_precision(py::module_& m, const char* name) {
    using T = Trainer<Real>;
    const auto weights = py::arg("weights").noconvert();
    const auto visible_bias = py::arg("visible_bias").noconvert(), hidden_bias = py::arg("hidden_bias").noconvert();
    py::class_<T>(m, name, "Trains a Bernoulli RBM; holds parameters, packed data and all state of the training.")
        .def(py::init(&make_trainer<Real>), weights, visible_bias, hidden_bias, py::arg("key"))
        .def("set_data", &set_data<Real>, py::arg("x").noconvert(), py::arg("sample_weight") = py::none(),
             "Take over data of 0 and 1, shape (n_samples, n_visible).")
        .def("set_real_data", &set_real_data<Real>, py::arg("x").noconvert(), py::arg("sample_weight") = py::none(),
             "Take over probabilities in [0, 1], shape (n_samples, n_visible).")
        .def("run", &run<Real>, py::kw_only(), py::arg("first_epoch"), py::arg("learning_rate"), py::arg("l1"),
             py::arg("l2"), py::arg("momentum"), py::arg("batch_size"), py::arg("k"), py::arg("method"),
             py::arg("centered"), py::arg("shuffle"), py::arg("optimizer") = "sgd", py::arg("n_temperatures") = 10,
             "Train for as many epochs as there are learning rates.")
        .def_property_readonly("weights", &parameter<Real, 0>, "Copy of the weights, (n_visible, n_hidden).")
        .def_property_readonly("visible_bias", &parameter<Real, 1>, "Copy of the visible biases, (n_visible,).")
        .def_property_readonly("hidden_bias", &parameter<Real, 2>, "Copy of the hidden biases, (n_hidden,).")
        .def("state", &state<Real>, "All else that a resumed training needs, as arrays.")
        .def("set_state", &set_state<Real>, py::arg("state"), "Take over what state() returned.");
    m.def("cd_gradient", &cd_gradient<Real>, py::arg("x").noconvert(), weights, visible_bias, hidden_bias,
          py::arg("key"), py::arg("index"), py::arg("k"), py::arg("method"), py::arg("centered"),
          py::arg("visible_mean").noconvert(), py::arg("hidden_mean").noconvert(),
          "One draw of the gradient from all of x: (weights, visible biases, hidden biases).");
}

} // namespace

void register_trainer(py::module_& m) {
    register_precision<float>(m, "Trainer32");
    register_precision<double>(m, "Trainer64");
}

} // namespace rgrbm::bindings
