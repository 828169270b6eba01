#include "arrays.hpp"
#include "register.hpp"
#include "unlocked.hpp"

#include "rgrbm/rbm/energies.hpp"
#include "rgrbm/rbm/rbm.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace py = pybind11;

namespace rgrbm::bindings {

namespace {

BitMatrix pack(const Array<std::uint8_t>& x) {
    return packed(x.data(), length(x, 0), length(x, 1));
}

Array<std::uint8_t> unpacked(const BitMatrix& bits) {
    Array<std::uint8_t> x({bits.n_rows(), bits.n_columns()});
    std::uint8_t* const data = x.mutable_data();
    const Unlocked unlocked;
    unpack(bits, data);
    return x;
}

template <class Number>
std::optional<Array<std::uint8_t>> binary_units(const Array<Number>& x) {
    Array<std::uint8_t> units(std::vector<py::ssize_t>(x.shape(), x.shape() + x.ndim()));
    std::uint8_t* const data = units.mutable_data();
    const auto n = static_cast<std::size_t>(x.size());
    bool binary;
    {
        const Unlocked unlocked;
        binary = copy_binary(x.data(), n, data);
    }
    return binary ? std::optional(units) : std::nullopt;
}

// One layer given the other. `transposed` is true for visible units given hidden ones.
template <class Real>
struct Direction {
    Direction(const Array<std::uint8_t>& source, const Array<Real>& weights, const Array<Real>& bias, bool transposed) {
        require_shape(weights, {-1, -1}, "weights");
        n_units = length(weights, transposed ? 0 : 1);
        const std::size_t n_source = length(weights, transposed ? 1 : 0);
        require_shape(source, {-1, static_cast<py::ssize_t>(n_source)}, transposed ? "h" : "x");
        require_shape(bias, {static_cast<py::ssize_t>(n_units)}, transposed ? "visible_bias" : "hidden_bias");
        layer = make_layer(n_source, n_units, weights.data(), bias.data(), transposed, length(source, 0));
    }

    Layer<Real> layer;
    std::size_t n_units;
};

template <class Real, bool transposed>
Array<std::uint8_t> sample(const Array<std::uint8_t>& source, const Array<Real>& weights, const Array<Real>& bias,
                           const Key& key, std::uint64_t index) {
    const Direction<Real> direction(source, weights, bias, transposed);
    const BitMatrix given = pack(source);
    BitMatrix units(given.n_rows(), direction.n_units);
    {
        const Unlocked unlocked;
        draw_units(direction.layer, given, units, key, index, 0);
    }
    return unpacked(units);
}

template <class Real, bool transposed>
Array<Real> probabilities(const Array<std::uint8_t>& source, const Array<Real>& weights, const Array<Real>& bias) {
    const Direction<Real> direction(source, weights, bias, transposed);
    const BitMatrix given = pack(source);
    Array<Real> out({given.n_rows(), direction.n_units});
    Real* data = out.mutable_data();
    const Unlocked unlocked;
    unit_probabilities(direction.layer, given, direction.n_units, data);
    return out;
}

using Bytes = std::optional<Array<std::uint8_t>>;

// What stays as it is in Gibbs steps, and sums of means to add to: checked, and without Python.
template <class Real>
struct Given {
    Given(const Bytes& h, const Bytes& known, const Bytes& known_hidden, std::optional<Array<Real>>& sums,
          py::ssize_t n_samples, py::ssize_t n_visible, py::ssize_t n_hidden) {
        if (known_hidden && !h)
            throw py::value_error("known_hidden needs the states h of the hidden units");
        const auto data = [&](const Bytes& x, py::ssize_t n, const char* name) -> const std::uint8_t* {
            if (!x)
                return nullptr;
            require_shape(*x, {n_samples, n}, name);
            return x->data();
        };
        hidden = data(h, n_hidden, "h");
        up.known = data(known_hidden, n_hidden, "known_hidden");
        down.known = data(known, n_visible, "known");
        if (sums) {
            require_shape(*sums, {n_samples, n_visible}, "sums");
            down.sums = sums->mutable_data();
        }
    }
    // The hidden states to start from.
    BitMatrix first_hidden(std::size_t n_samples, std::size_t n_hidden) const {
        return hidden != nullptr ? packed(hidden, n_samples, n_hidden) : BitMatrix(n_samples, n_hidden);
    }

    const std::uint8_t* hidden = nullptr;
    Conditions<Real> up, down;
};

template <class Real>
py::tuple gibbs(const Array<std::uint8_t>& x, std::size_t n_steps, const Array<Real>& weights,
                const Array<Real>& visible_bias, const Array<Real>& hidden_bias, const Key& key, std::uint64_t index,
                const Bytes& h, const Bytes& known, const Bytes& known_hidden, std::optional<Array<Real>> sums) {
    const Direction<Real> up(x, weights, hidden_bias, false);
    require_shape(visible_bias, {weights.shape(0)}, "visible_bias");
    const Given<Real> given(h, known, known_hidden, sums, x.shape(0), weights.shape(0), weights.shape(1));
    const Layer<Real> down =
        make_layer(up.n_units, length(weights, 0), weights.data(), visible_bias.data(), true, length(x, 0));
    BitMatrix visible = pack(x), hidden = given.first_hidden(visible.n_rows(), up.n_units);
    {
        const Unlocked unlocked;
        for (std::size_t step = 0; step < n_steps; ++step) {
            draw_units(up.layer, visible, hidden, key, index, 2 * step, given.up);
            draw_units(down, hidden, visible, key, index, 2 * step + 1, given.down);
        }
    }
    return py::make_tuple(unpacked(visible), unpacked(hidden));
}

// u given h, and h given u, of a model with Gaussian visible units.
template <class Real>
struct GaussianDirections {
    GaussianDirections(const Array<Real>& weights, const Array<Real>& visible_bias, const Array<Real>& hidden_bias,
                       const Array<Real>& variance, std::size_t n_samples) {
        require_shape(weights, {-1, -1}, "weights");
        n = length(weights, 0), m = length(weights, 1);
        require_shape(visible_bias, {weights.shape(0)}, "visible_bias");
        require_shape(hidden_bias, {weights.shape(1)}, "hidden_bias");
        require_shape(variance, {weights.shape(0)}, "variance");
        if (!std::all_of(variance.data(), variance.data() + n, [](Real x) { return x > 0; }))
            throw py::value_error("variances must be positive");
        std::vector<Real> couplings(weights.data(), weights.data() + n * m);
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < m; ++j)
                couplings[i * m + j] /= variance.data()[i];
        up = make_layer(n, m, couplings.data(), hidden_bias.data(), false, n_samples);
        down = make_layer(m, n, weights.data(), visible_bias.data(), true, n_samples);
        deviation.resize(down.n_units);
        std::transform(variance.data(), variance.data() + n, deviation.begin(), [](Real x) { return std::sqrt(x); });
    }

    std::size_t n, m;
    Layer<Real> up, down;
    AlignedVector<Real> deviation;
};

template <class Real>
Array<Real> gaussian_sample(const Array<std::uint8_t>& h, const Array<Real>& weights, const Array<Real>& visible_bias,
                            const Array<Real>& variance, const Key& key, std::uint64_t index) {
    require_shape(weights, {-1, -1}, "weights");
    require_shape(h, {-1, weights.shape(1)}, "h");
    Array<Real> hidden_bias(weights.shape(1));
    std::fill_n(hidden_bias.mutable_data(), hidden_bias.size(), Real{0});
    const GaussianDirections<Real> model(weights, visible_bias, hidden_bias, variance, length(h, 0));
    const BitMatrix hidden = pack(h);
    Array<Real> out({hidden.n_rows(), model.n});
    Real* data = out.mutable_data();
    const Unlocked unlocked;
    draw_gaussian_units(model.down, hidden, model.deviation, model.n, data, key, index, 0);
    return out;
}

template <class Real>
py::tuple gaussian_gibbs(const Array<Real>& x, std::size_t n_steps, const Array<Real>& weights,
                         const Array<Real>& visible_bias, const Array<Real>& hidden_bias, const Array<Real>& variance,
                         const Key& key, std::uint64_t index, const Bytes& h, const Bytes& known,
                         const Bytes& known_hidden, std::optional<Array<Real>> sums) {
    require_shape(weights, {-1, -1}, "weights");
    require_shape(x, {-1, weights.shape(0)}, "x");
    const Given<Real> given(h, known, known_hidden, sums, x.shape(0), weights.shape(0), weights.shape(1));
    const GaussianDirections<Real> model(weights, visible_bias, hidden_bias, variance, length(x, 0));
    Array<Real> out({length(x, 0), model.n});
    std::copy_n(x.data(), x.size(), out.mutable_data());
    BitMatrix hidden = given.first_hidden(length(x, 0), model.m);
    {
        Real* data = out.mutable_data();
        const Unlocked unlocked;
        for (std::size_t step = 0; step < n_steps; ++step) {
            draw_units(model.up, data, model.n, hidden, key, index, 2 * step, given.up);
            draw_gaussian_units(model.down, hidden, model.deviation, model.n, data, key, index, 2 * step + 1,
                                given.down);
        }
    }
    return py::make_tuple(out, unpacked(hidden));
}

Array<double> free_energy(const Array<std::uint8_t>& x, const Array<double>& weights, const Array<double>& own_bias,
                          const Array<double>& other_bias) {
    const Direction<double> direction(x, weights, other_bias, false);
    require_shape(own_bias, {x.shape(1)}, "own_bias");
    const BitMatrix given = pack(x);
    Array<double> out(x.shape(0));
    double* const data = out.mutable_data();
    const Unlocked unlocked;
    free_energies(direction.layer, given, own_bias.data(), data);
    return out;
}

PseudoLikelihood make_pseudo_likelihood(const Array<double>& weights, const Array<double>& visible_bias,
                                        const Array<double>& hidden_bias, std::size_t n_samples) {
    require_shape(weights, {-1, -1}, "weights");
    require_shape(visible_bias, {weights.shape(0)}, "visible_bias");
    require_shape(hidden_bias, {weights.shape(1)}, "hidden_bias");
    const Unlocked unlocked;
    return {length(weights, 0), length(weights, 1), weights.data(), visible_bias.data(), hidden_bias.data(), n_samples};
}

Array<double> pseudo_likelihoods(const PseudoLikelihood& model, const Array<std::uint8_t>& x) {
    require_shape(x, {-1, static_cast<py::ssize_t>(model.n_visible())}, "x");
    const BitMatrix given = pack(x);
    Array<double> out(x.shape(0));
    double* const data = out.mutable_data();
    const Unlocked unlocked;
    model.logs(given, data);
    return out;
}

void register_energies(py::module_& m) {
    const auto x = py::arg("x").noconvert(), weights = py::arg("weights").noconvert();
    m.def("free_energy", &free_energy, x, weights, py::arg("own_bias").noconvert(), py::arg("other_bias").noconvert(),
          "-own_bias x - sum of softplus(other_bias + x weights), for each row.");
    py::class_<PseudoLikelihood>(m, "PseudoLikelihood", "Pseudo-likelihoods of binary units.")
        .def(py::init(&make_pseudo_likelihood), weights, py::arg("visible_bias").noconvert(),
             py::arg("hidden_bias").noconvert(), py::arg("n_samples"))
        .def("logs", &pseudo_likelihoods, x, "Sum over units of ln p(unit | all others), for each row.");
    m.def("binary_units", &binary_units<float>, x, "A copy as uint8 if every value is 0 or 1, else None.");
    m.def("binary_units", &binary_units<double>, x, "The same for float64.");
    m.def("binary_units", &binary_units<std::uint8_t>, x, "The same for uint8.");
}

template <class Real>
void register_precision(py::module_& m) {
    const auto x = py::arg("x").noconvert(), h = py::arg("h").noconvert();
    const auto weights = py::arg("weights").noconvert();
    const auto visible_bias = py::arg("visible_bias").noconvert(), hidden_bias = py::arg("hidden_bias").noconvert();
    m.def("hidden_probabilities", &probabilities<Real, false>, x, weights, hidden_bias, "p(h = 1 | x) (Eq. 10).");
    m.def("visible_probabilities", &probabilities<Real, true>, h, weights, visible_bias, "p(v = 1 | h) (Eq. 10).");
    m.def("sample_hidden", &sample<Real, false>, x, weights, hidden_bias, py::arg("key"), py::arg("index"),
          "Draw h from p(h | x); each index has random numbers of its own.");
    m.def("sample_visible", &sample<Real, true>, h, weights, visible_bias, py::arg("key"), py::arg("index"),
          "Draw v from p(v | h); each index has random numbers of its own.");
    const auto states = py::arg("h").noconvert() = py::none(), known = py::arg("known").noconvert() = py::none(),
               known_hidden = py::arg("known_hidden").noconvert() = py::none(),
               sums = py::arg("sums").noconvert() = py::none();
    m.def("gibbs", &gibbs<Real>, x, py::arg("n_steps"), weights, visible_bias, hidden_bias, py::arg("key"),
          py::arg("index"), states, known, known_hidden, sums,
          "Block Gibbs steps x -> h -> x; returns the last x and the h that it was drawn from. Units where known or "
          "known_hidden is not 0 stay as they are in x and h; means of x given h are added to sums.");
    const auto variance = py::arg("variance").noconvert();
    m.def("gaussian_sample_visible", &gaussian_sample<Real>, h, weights, visible_bias, variance, py::arg("key"),
          py::arg("index"), "Draw Gaussian x from p(x | h); each index has random numbers of its own.");
    m.def("gaussian_gibbs", &gaussian_gibbs<Real>, x, py::arg("n_steps"), weights, visible_bias, hidden_bias, variance,
          py::arg("key"), py::arg("index"), states, known, known_hidden, sums, "The same steps with Gaussian x.");
}

} // namespace

void register_rbm(py::module_& m) {
    register_precision<float>(m);
    register_precision<double>(m);
    register_energies(m);
}

} // namespace rgrbm::bindings
