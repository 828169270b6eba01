#include "arrays.hpp"
#include "register.hpp"
#include "unlocked.hpp"

#include "rgrbm/likelihood/partition_function.hpp"
#include "rgrbm/rbm/binary_trainer.hpp"
#include "rgrbm/rbm/gaussian_trainer.hpp"
#include "rgrbm/rbm/structured_trainer.hpp"
#include "rgrbm/spins/spin_enumeration.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <type_traits>

namespace py = pybind11;

namespace rgrbm::bindings {

namespace {

// What a state calls the arrays of parameters; the last one is that of Gaussian visible units.
constexpr std::array<const char*, 4> layers{"weight", "visible", "hidden", "log_variance"};

template <class Real>
std::size_t n_arrays(const ContrastiveDivergence<Real>& trainer) {
    return trainer.is_gaussian() ? 4 : 3;
}

NegativePhase parse_gradient(const std::string& name) {
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
    throw py::value_error("gradient must be 'cd', 'pcd', 'pt', 'exact' or 'paper', got '" + name + "'");
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
void check_parameters(const Array<Real>& weights, const Array<Real>& visible_bias, const Array<Real>& hidden_bias) {
    require_shape(weights, {-1, -1}, "weights");
    require(weights.size() > 0, "there must be at least one visible and one hidden unit");
    require_shape(visible_bias, {weights.shape(0)}, "visible_bias");
    require_shape(hidden_bias, {weights.shape(1)}, "hidden_bias");
}

template <class Real>
BinaryTrainer<Real> make_trainer(const Array<Real>& weights, const Array<Real>& visible_bias,
                                 const Array<Real>& hidden_bias, const Key& key) {
    check_parameters(weights, visible_bias, hidden_bias);
    return BinaryTrainer<Real>(length(weights, 0), length(weights, 1), weights.data(), visible_bias.data(),
                               hidden_bias.data(), key);
}

template <class Real>
GaussianTrainer<Real> make_gaussian_trainer(const Array<Real>& weights, const Array<Real>& visible_bias,
                                            const Array<Real>& hidden_bias, const Array<Real>& log_variance,
                                            const Array<Real>& log_floor, bool learn_variance, const Key& key) {
    check_parameters(weights, visible_bias, hidden_bias);
    require_shape(log_variance, {weights.shape(0)}, "log_variance");
    require_shape(log_floor, {weights.shape(0)}, "log_floor");
    return GaussianTrainer<Real>(length(weights, 0), length(weights, 1), weights.data(), visible_bias.data(),
                                 hidden_bias.data(), {log_variance.data(), log_floor.data(), learn_variance}, key);
}

// Every class from 0 to the largest must have a member.
void check_classes(const Array<std::int32_t>& classes, std::int32_t lowest, const char* message) {
    const auto n = static_cast<std::size_t>(classes.size());
    std::vector<bool> seen(n);
    std::size_t n_classes = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const std::int32_t c = classes.data()[i];
        require(c >= lowest && c < static_cast<std::int64_t>(n), message);
        if (c < 0)
            continue;
        seen[static_cast<std::size_t>(c)] = true;
        n_classes = std::max(n_classes, static_cast<std::size_t>(c) + 1);
    }
    require(n_classes > 0 && std::all_of(seen.begin(), seen.begin() + static_cast<std::ptrdiff_t>(n_classes),
                                         [](bool has_member) { return has_member; }),
            message);
}

template <class Real>
StructuredTrainer<Real>
make_structured_trainer(const Array<Real>& weights, const Array<Real>& visible_bias, const Array<Real>& hidden_bias,
                        const Array<std::int32_t>& weight_class, const Array<std::int32_t>& visible_class,
                        const Array<std::int32_t>& hidden_class, bool symmetric, const Key& key) {
    check_parameters(weights, visible_bias, hidden_bias);
    require_shape(weight_class, {weights.shape(0), weights.shape(1)}, "weight_class");
    require_shape(visible_class, {weights.shape(0)}, "visible_class");
    require_shape(hidden_class, {weights.shape(1)}, "hidden_class");
    check_classes(weight_class, -1, "weight_class must hold -1 or classes numbered from 0 without a gap");
    check_classes(visible_class, 0, "visible_class must hold classes numbered from 0 without a gap");
    check_classes(hidden_class, 0, "hidden_class must hold classes numbered from 0 without a gap");
    const WeightStructure structure{length(weights, 0),   length(weights, 1),  weight_class.data(),
                                    visible_class.data(), hidden_class.data(), symmetric};
    return StructuredTrainer<Real>(structure, weights.data(), visible_bias.data(), hidden_bias.data(), key);
}

template <class Real, class Value>
const double* check_data(const ContrastiveDivergence<Real>& trainer, const Array<Value>& x,
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
void set_data(ContrastiveDivergence<Real>& trainer, const Array<std::uint8_t>& x,
              const std::optional<Array<double>>& weight) {
    const double* weights = check_data(trainer, x, weight);
    require(!trainer.is_gaussian(), "Gaussian units take real data: use set_real_data");
    require(std::all_of(x.data(), x.data() + x.size(), [](std::uint8_t value) { return value <= 1; }),
            "x must hold 0 and 1 only");
    const Unlocked unlocked;
    trainer.set_data(x.data(), length(x, 0), weights);
}

template <class Real>
void set_real_data(ContrastiveDivergence<Real>& trainer, const Array<Real>& x,
                   const std::optional<Array<double>>& weight) {
    const double* weights = check_data(trainer, x, weight);
    if (trainer.is_gaussian())
        require(std::all_of(x.data(), x.data() + x.size(), [](Real value) { return std::isfinite(value); }),
                "x must hold finite values only");
    else
        require(std::all_of(x.data(), x.data() + x.size(), [](Real value) { return value >= 0 && value <= 1; }),
                "x must hold values between 0 and 1 only");
    const Unlocked unlocked;
    trainer.set_real_data(x.data(), length(x, 0), weights);
}

template <class Real>
void require_trainable(const ContrastiveDivergence<Real>& trainer, NegativePhase phase) {
    const std::size_t enumerated =
        trainer.is_gaussian() ? trainer.n_hidden() : std::min(trainer.n_visible(), trainer.n_hidden());
    static_assert(SpinEnumeration::max_sites == LayerEnumeration::max_units);
    require(phase != NegativePhase::exact || enumerated <= LayerEnumeration::max_units,
            trainer.is_gaussian() ? "the hidden layer has more units than can ever be enumerated"
                                  : "the smaller layer has more units than can ever be enumerated");
    require(trainer.supports(phase), "Gaussian units can be trained with gradient 'cd', 'pcd', 'pt' or 'exact' only");
}

template <class Real>
py::dict run(ContrastiveDivergence<Real>& trainer, std::uint64_t first_epoch, const Array<double>& learning_rate,
             const Array<double>& l1, double l2, double momentum, std::size_t batch_size, std::size_t k,
             const std::string& gradient, bool centered, bool shuffle, const std::string& optimizer,
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
    options.gradient = parse_gradient(gradient);
    options.optimizer = parse_optimizer(optimizer);
    require(n_temperatures >= 2, "n_temperatures must be at least 2");
    options.n_temperatures = n_temperatures;
    require_trainable(trainer, options.gradient);
    options.centered = centered;
    options.shuffle = shuffle;
    TrainingReport report;
    {
        const Unlocked unlocked;
        report = trainer.run(options);
    }
    const auto array = [](const std::vector<double>& values) {
        return py::array_t<double>(static_cast<py::ssize_t>(values.size()), values.data());
    };
    py::dict result;
    result["reconstruction_error"] = array(report.reconstruction_error);
    result["gradient_norm"] = array(report.gradient_norm);
    if (options.gradient == NegativePhase::pt)
        result["exchange_rate"] = array(report.exchange_rate);
    return result;
}

// New arrays of the parameters' shapes, filled by fill.
template <class Real, class Fill>
py::tuple arrays_of(const ContrastiveDivergence<Real>& trainer, Fill&& fill) {
    const auto n = static_cast<py::ssize_t>(trainer.n_visible()), m = static_cast<py::ssize_t>(trainer.n_hidden());
    Array<Real> weights({n, m}), visible(n), hidden(m);
    PlainArrays<Real> plain{weights.mutable_data(), visible.mutable_data(), hidden.mutable_data()};
    if (!trainer.is_gaussian()) {
        fill(plain);
        return py::make_tuple(weights, visible, hidden);
    }
    Array<Real> log_variance(n);
    plain.log_variance = log_variance.mutable_data();
    fill(plain);
    return py::make_tuple(weights, visible, hidden, log_variance);
}

template <class Real>
py::tuple unpacked(const ContrastiveDivergence<Real>& trainer, const Parameters<Real>& values) {
    return arrays_of(trainer, [&](const PlainArrays<Real>& arrays) { trainer.unpack(values, arrays); });
}

template <class Real, std::size_t which>
py::object parameter(const ContrastiveDivergence<Real>& trainer) {
    return arrays_of(trainer, [&](const PlainArrays<Real>& arrays) { trainer.copy_parameters(arrays); })[which];
}

template <class Real>
py::dict state(const ContrastiveDivergence<Real>& trainer) {
    const OptimizerState<Real>& optimizer = trainer.optimizer();
    const Array<Real> none(0);
    const py::tuple velocity = unpacked(trainer, optimizer.velocity);
    const py::tuple squares =
        optimizer.has_squares() ? unpacked(trainer, optimizer.squares) : py::make_tuple(none, none, none, none);
    const std::vector<Real> offset = trainer.hidden_offset();
    const BitMatrix& bits = trainer.chains();
    Array<std::uint8_t> chains({bits.n_rows(), trainer.chain_units()});
    for (std::size_t i = 0; i < bits.n_rows(); ++i)
        bits.unpack(i, chains.mutable_data() + i * trainer.chain_units());
    py::dict result;
    for (std::size_t i = 0; i < n_arrays(trainer); ++i)
        result[(std::string(layers[i]) + "_velocity").c_str()] = velocity[i];
    for (std::size_t i = 0; i < n_arrays(trainer); ++i)
        result[(std::string(layers[i]) + "_square").c_str()] = squares[i];
    result["n_updates"] = Array<std::uint64_t>(1, std::array{optimizer.n_updates}.data());
    result["hidden_offset"] = Array<Real>(static_cast<py::ssize_t>(offset.size()), offset.data());
    result["chains"] = chains;
    return result;
}

template <class Value>
Array<Value> entry(const py::dict& state, const std::string& name) {
    if (!state.contains(name))
        throw py::key_error("the state lacks " + name);
    const py::object value = state[name.c_str()];
    if (!py::isinstance<Array<Value>>(value))
        throw py::type_error("the state's " + name + " is not an array of the right dtype");
    return py::reinterpret_borrow<Array<Value>>(value);
}

// A number for each parameter, or none at all.
template <class Real>
std::optional<Parameters<Real>> entries(const ContrastiveDivergence<Real>& trainer, const py::dict& state,
                                        const std::string& what) {
    const auto n = static_cast<py::ssize_t>(trainer.n_visible()), m = static_cast<py::ssize_t>(trainer.n_hidden());
    const auto of = [&](std::size_t i) { return entry<Real>(state, layers[i] + ("_" + what)); };
    const Array<Real> weights = of(0), visible = of(1), hidden = of(2);
    if (weights.size() + visible.size() + hidden.size() == 0)
        return std::nullopt;
    require_shape(weights, {n, m}, ("weight_" + what).c_str());
    require_shape(visible, {n}, ("visible_" + what).c_str());
    require_shape(hidden, {m}, ("hidden_" + what).c_str());
    if (!trainer.is_gaussian())
        return trainer.pack({weights.data(), visible.data(), hidden.data()});
    const Array<Real> log_variance = of(3);
    require_shape(log_variance, {n}, ("log_variance_" + what).c_str());
    return trainer.pack({weights.data(), visible.data(), hidden.data(), log_variance.data()});
}

template <class Real>
void set_state(ContrastiveDivergence<Real>& trainer, const py::dict& state) {
    const auto m = static_cast<py::ssize_t>(trainer.n_hidden());
    const auto velocity = entries(trainer, state, "velocity");
    require(velocity.has_value(), "the state's velocity is empty");
    OptimizerState<Real> optimizer{*velocity, {}, 0};
    if (state.contains("weight_square")) // no state of masked weights had it before Adam came to them
        if (const auto squares = entries(trainer, state, "square")) {
            const auto n_updates = entry<std::uint64_t>(state, "n_updates");
            require_shape(n_updates, {1}, "n_updates");
            optimizer.squares = *squares;
            optimizer.n_updates = *n_updates.data();
        }
    const auto offset = entry<Real>(state, "hidden_offset");
    const auto chains = entry<std::uint8_t>(state, "chains");
    if (offset.size() > 0)
        require_shape(offset, {m}, "hidden_offset");
    require_shape(chains, {-1, static_cast<py::ssize_t>(trainer.chain_units())}, "chains");
    trainer.optimizer() = optimizer;
    trainer.set_hidden_offset({offset.data(), offset.data() + offset.size()});
    BitMatrix bits(length(chains, 0), trainer.chain_units());
    for (std::size_t i = 0; i < bits.n_rows(); ++i)
        bits.pack(i, chains.data() + i * trainer.chain_units());
    trainer.set_chains(std::move(bits));
}

template <class Real, class Value>
py::tuple draw_gradient(ContrastiveDivergence<Real>& trainer, const Array<Value>& x, std::uint64_t index, std::size_t k,
                        const std::string& gradient, bool centered, const Array<Real>& visible_mean,
                        const Array<Real>& hidden_mean) {
    if constexpr (std::is_floating_point_v<Value>)
        set_real_data(trainer, x, std::nullopt);
    else
        set_data(trainer, x, std::nullopt);
    require_shape(visible_mean, {static_cast<py::ssize_t>(trainer.n_visible())}, "visible_mean");
    require_shape(hidden_mean, {static_cast<py::ssize_t>(trainer.n_hidden())}, "hidden_mean");
    require(k >= 1, "k must be at least 1");
    const NegativePhase phase = parse_gradient(gradient);
    require_trainable(trainer, phase);
    {
        const Unlocked unlocked;
        trainer.gradient(index, k, phase, centered, visible_mean.data(), hidden_mean.data());
    }
    return unpacked(trainer, trainer.gradient());
}

template <class Real>
void register_common(py::module_& m, const char* name) {
    py::class_<ContrastiveDivergence<Real>>(
        m, name, "What all trainers have: parameters, packed data, all state of the training, and its course.")
        .def("set_data", &set_data<Real>, py::arg("x").noconvert(), py::arg("sample_weight") = py::none(),
             "Take over data of 0 and 1, shape (n_samples, n_visible).")
        .def("set_real_data", &set_real_data<Real>, py::arg("x").noconvert(), py::arg("sample_weight") = py::none(),
             "Take over probabilities in [0, 1], or values of Gaussian units, shape (n_samples, n_visible).")
        .def("run", &run<Real>, py::kw_only(), py::arg("first_epoch"), py::arg("learning_rate"), py::arg("l1"),
             py::arg("l2"), py::arg("momentum"), py::arg("batch_size"), py::arg("k"), py::arg("gradient"),
             py::arg("centered"), py::arg("shuffle"), py::arg("optimizer") = "sgd", py::arg("n_temperatures") = 10,
             "Train for as many epochs as there are learning rates.")
        .def("gradient", &draw_gradient<Real, std::uint8_t>, py::arg("x").noconvert(), py::arg("index"), py::arg("k"),
             py::arg("gradient"), py::arg("centered"), py::arg("visible_mean").noconvert(),
             py::arg("hidden_mean").noconvert(),
             "Take over x; one draw of the gradient from all of it: (weights, visible biases, hidden biases).")
        .def("gradient", &draw_gradient<Real, Real>, py::arg("x").noconvert(), py::arg("index"), py::arg("k"),
             py::arg("gradient"), py::arg("centered"), py::arg("visible_mean").noconvert(),
             py::arg("hidden_mean").noconvert(), "The same of real data; with Gaussian units also that of ln σ².")
        .def_property_readonly("weights", &parameter<Real, 0>, "Copy of the weights, (n_visible, n_hidden).")
        .def_property_readonly("visible_bias", &parameter<Real, 1>, "Copy of the visible biases, (n_visible,).")
        .def_property_readonly("hidden_bias", &parameter<Real, 2>, "Copy of the hidden biases, (n_hidden,).")
        .def("state", &state<Real>, "All else that a resumed training needs, as arrays.")
        .def("set_state", &set_state<Real>, py::arg("state"), "Take over what state() returned.");
}

template <class Real>
void register_precision(py::module_& m, const std::string& bits) {
    using Base = ContrastiveDivergence<Real>;
    const auto weights = py::arg("weights").noconvert();
    const auto visible_bias = py::arg("visible_bias").noconvert(), hidden_bias = py::arg("hidden_bias").noconvert();
    register_common<Real>(m, ("ContrastiveDivergence" + bits).c_str());
    py::class_<BinaryTrainer<Real>, Base>(m, ("Trainer" + bits).c_str(),
                                          "Trains a Bernoulli RBM whose weights are all free.")
        .def(py::init(&make_trainer<Real>), weights, visible_bias, hidden_bias, py::arg("key"));
    py::class_<GaussianTrainer<Real>, Base>(m, ("GaussianTrainer" + bits).c_str(),
                                            "Trains an RBM with Gaussian visible units.")
        .def(py::init(&make_gaussian_trainer<Real>), weights, visible_bias, hidden_bias,
             py::arg("log_variance").noconvert(), py::arg("log_floor").noconvert(), py::arg("learn_variance"),
             py::arg("key"))
        .def_property_readonly("log_variance", &parameter<Real, 3>, "Copy of the logs of the variances, (n_visible,).");
    py::class_<StructuredTrainer<Real>, Base>(m, ("StructuredTrainer" + bits).c_str(),
                                              "Trains a Bernoulli RBM whose weights are masked, shared or symmetric.")
        .def(py::init(&make_structured_trainer<Real>), weights, visible_bias, hidden_bias,
             py::arg("weight_class").noconvert(), py::arg("visible_class").noconvert(),
             py::arg("hidden_class").noconvert(), py::arg("symmetric"), py::arg("key"));
}

} // namespace

void register_trainer(py::module_& m) {
    register_precision<float>(m, "32");
    register_precision<double>(m, "64");
}

} // namespace rgrbm::bindings
