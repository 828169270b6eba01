#include "arrays.hpp"
#include "register.hpp"
#include "unlocked.hpp"

#include "rgrbm/rbm/rbm.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace py = pybind11;

namespace rgrbm::bindings {

namespace {

BitMatrix pack(const Array<std::uint8_t>& x) {
    BitMatrix bits(length(x, 0), length(x, 1));
    for (std::size_t i = 0; i < bits.n_rows(); ++i)
        bits.pack(i, x.data() + i * bits.n_columns());
    return bits;
}

Array<std::uint8_t> unpack(const BitMatrix& bits) {
    Array<std::uint8_t> x({bits.n_rows(), bits.n_columns()});
    for (std::size_t i = 0; i < bits.n_rows(); ++i)
        bits.unpack(i, x.mutable_data() + i * bits.n_columns());
    return x;
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
    return unpack(units);
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

template <class Real>
py::tuple gibbs(const Array<std::uint8_t>& x, std::size_t n_steps, const Array<Real>& weights,
                const Array<Real>& visible_bias, const Array<Real>& hidden_bias, const Key& key, std::uint64_t index) {
    const Direction<Real> up(x, weights, hidden_bias, false);
    require_shape(visible_bias, {weights.shape(0)}, "visible_bias");
    const Layer<Real> down =
        make_layer(up.n_units, length(weights, 0), weights.data(), visible_bias.data(), true, length(x, 0));
    BitMatrix visible = pack(x), hidden(visible.n_rows(), up.n_units);
    {
        const Unlocked unlocked;
        for (std::size_t step = 0; step < n_steps; ++step) {
            draw_units(up.layer, visible, hidden, key, index, 2 * step);
            draw_units(down, hidden, visible, key, index, 2 * step + 1);
        }
    }
    return py::make_tuple(unpack(visible), unpack(hidden));
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
                         const Key& key, std::uint64_t index) {
    require_shape(weights, {-1, -1}, "weights");
    require_shape(x, {-1, weights.shape(0)}, "x");
    const GaussianDirections<Real> model(weights, visible_bias, hidden_bias, variance, length(x, 0));
    Array<Real> out({length(x, 0), model.n});
    std::copy_n(x.data(), x.size(), out.mutable_data());
    BitMatrix hidden(length(x, 0), model.m);
    {
        Real* data = out.mutable_data();
        const Unlocked unlocked;
        for (std::size_t step = 0; step < n_steps; ++step) {
            draw_units(model.up, data, model.n, hidden, key, index, 2 * step);
            draw_gaussian_units(model.down, hidden, model.deviation, model.n, data, key, index, 2 * step + 1);
        }
    }
    return py::make_tuple(out, unpack(hidden));
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
    m.def("gibbs", &gibbs<Real>, x, py::arg("n_steps"), weights, visible_bias, hidden_bias, py::arg("key"),
          py::arg("index"), "Block Gibbs steps x -> h -> x; returns the last x and the h that it was drawn from.");
    const auto variance = py::arg("variance").noconvert();
    m.def("gaussian_sample_visible", &gaussian_sample<Real>, h, weights, visible_bias, variance, py::arg("key"),
          py::arg("index"), "Draw Gaussian x from p(x | h); each index has random numbers of its own.");
    m.def("gaussian_gibbs", &gaussian_gibbs<Real>, x, py::arg("n_steps"), weights, visible_bias, hidden_bias, variance,
          py::arg("key"), py::arg("index"), "The same steps with Gaussian x.");
}

} // namespace

void register_rbm(py::module_& m) {
    register_precision<float>(m);
    register_precision<double>(m);
}

} // namespace rgrbm::bindings
