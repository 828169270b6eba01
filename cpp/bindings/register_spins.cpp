#include "arrays.hpp"
#include "register.hpp"
#include "unlocked.hpp"

#include "rgrbm/spins/clusters.hpp"
#include "rgrbm/spins/lattice_chains.hpp"
#include "rgrbm/spins/site_chains.hpp"
#include "rgrbm/spins/word_chains.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace py = pybind11;

namespace rgrbm::bindings {

namespace {

using Shape = std::vector<py::ssize_t>;

py::ssize_t signed_size(std::size_t n) {
    return static_cast<py::ssize_t>(n);
}

const double* checked_couplings(const Array<double>& couplings, const Lattice& lattice, py::ssize_t n_chains) {
    require_shape(couplings, {n_chains, signed_size(lattice.n_axes())}, "couplings");
    const double* values = couplings.data();
    if (!std::all_of(values, values + couplings.size(), [](double J) { return std::isfinite(J); }))
        throw py::value_error("couplings must be finite");
    return values;
}

// Chains of a class, from arguments that all classes take; couplings (n_chains, n_axes).
template <class Chains, class Update>
Chains make_chains(const std::vector<std::size_t>& sides, bool triangular, Update update,
                   const Array<double>& couplings, double field, const Key& key, const Alternating& alternating) {
    const Lattice lattice = Lattice::checked(sides, triangular);
    const double* values = checked_couplings(couplings, lattice, -1);
    const std::size_t n_chains = length(couplings, 0);
    if (n_chains < 1)
        throw py::value_error("there must be at least one chain");
    if (!std::isfinite(field))
        throw py::value_error("the field must be finite");
    const Unlocked unlocked;
    return Chains(lattice, update, values, field, n_chains, key, alternating);
}

WordChains make_word_chains(const std::vector<std::size_t>& sides, bool triangular, Update update,
                            const std::vector<double>& couplings, double field, std::size_t n_chains, const Key& key,
                            const Alternating& alternating) {
    const Lattice lattice = Lattice::checked(sides, triangular);
    if (couplings.size() != lattice.n_axes())
        throw py::value_error("there must be a coupling for each of " + std::to_string(lattice.n_axes()) + " axes");
    if (!std::ranges::all_of(couplings, [](double J) { return std::isfinite(J); }) || !std::isfinite(field))
        throw py::value_error("couplings and field must be finite");
    if (n_chains < 1)
        throw py::value_error("there must be at least one chain");
    const Unlocked unlocked;
    return WordChains(lattice, update, couplings.data(), field, n_chains, key, alternating);
}

// Calls fill(data) with the memory of a new array, without the GIL.
template <class T, class Fill>
py::array_t<T> filled(const Shape& shape, Fill&& fill) {
    py::array_t<T> out(shape);
    T* data = out.mutable_data();
    {
        const Unlocked unlocked;
        fill(data);
    }
    return out;
}

py::array_t<std::int64_t> bond_sums(const SpinChains& chains) {
    return filled<std::int64_t>({signed_size(chains.n_chains()), signed_size(chains.lattice().n_axes())},
                                [&](std::int64_t* out) { chains.bond_sums(out); });
}

py::array_t<std::int64_t> magnetizations(const SpinChains& chains, bool alternating) {
    return filled<std::int64_t>({signed_size(chains.n_chains())},
                                [&](std::int64_t* out) { chains.magnetizations(alternating, out); });
}

py::array_t<double> structure(const SpinChains& chains) {
    return filled<double>({signed_size(chains.n_chains()), signed_size(chains.lattice().n_dimensions())},
                          [&](double* out) { chains.structure(out); });
}

void unpack_chains(const SpinChains& chains, Array<std::int8_t> out) {
    require_shape(out, {-1, signed_size(chains.lattice().n_sites())}, "out");
    const std::size_t n = length(out, 0);
    if (n > chains.n_chains())
        throw py::value_error("out has room for " + std::to_string(n) + " chains, but there are " +
                              std::to_string(chains.n_chains()));
    std::int8_t* data = out.mutable_data();
    const Unlocked unlocked;
    chains.unpack(n, data);
}

void pack_chains(SpinChains& chains, const Array<std::int8_t>& spins) {
    require_shape(spins, {signed_size(chains.n_chains()), signed_size(chains.lattice().n_sites())}, "spins");
    const std::int8_t* data = spins.data();
    bool good = false;
    {
        const Unlocked unlocked;
        good = chains.pack(data);
    }
    if (!good)
        throw py::value_error("spins must be -1 or +1");
}

py::list chains_state(SpinChains& chains) {
    py::list parts;
    for (const auto& words : chains.state())
        parts.append(filled<std::uint64_t>({signed_size(words.size())},
                                           [&](std::uint64_t* out) { std::ranges::copy(words, out); }));
    return parts;
}

void restore(SpinChains& chains, const std::vector<Array<std::uint64_t>>& parts) {
    const auto own = chains.state();
    bool fits = parts.size() == own.size();
    for (std::size_t i = 0; fits && i < own.size(); ++i)
        fits = parts[i].ndim() == 1 && length(parts[i], 0) == own[i].size();
    if (!fits)
        throw py::value_error("this state is that of other chains");
    for (std::size_t i = 0; i < own.size(); ++i)
        std::copy_n(parts[i].data(), own[i].size(), own[i].begin());
}

void set_couplings(SpinChains& chains, const Array<double>& couplings) {
    const double* values = checked_couplings(couplings, chains.lattice(), signed_size(chains.n_chains()));
    const Unlocked unlocked;
    chains.set_couplings(values);
}

// The arrays of n measurements, in a dictionary, and where they are.
struct Record {
    py::dict arrays;
    SpinRecord spins{};

    Record(const SpinChains& chains, std::size_t n, bool with_structure) {
        const Shape by_chain{signed_size(n), signed_size(chains.n_chains())};
        spins.bond_sums = add<std::int64_t>("bond_sums", by_chain, chains.lattice().n_axes());
        spins.magnetizations = add<std::int64_t>("magnetization", by_chain);
        spins.alternating = add<std::int64_t>("alternating", by_chain);
        if (with_structure)
            spins.structure = add<double>("structure", by_chain, chains.lattice().n_dimensions());
    }

    template <class T>
    T* add(const char* name, Shape shape, std::size_t last = 0) {
        if (last)
            shape.push_back(signed_size(last));
        py::array_t<T> array(shape);
        T* data = array.mutable_data();
        arrays[name] = array;
        return data;
    }
};

void require_spacing(std::size_t spacing) {
    if (spacing < 1)
        throw py::value_error("the spacing must be at least one sweep");
}

py::dict measure(SpinChains& chains, std::size_t n, std::size_t spacing, bool with_structure, bool with_flips) {
    require_spacing(spacing);
    Record record(chains, n, with_structure);
    {
        const Unlocked unlocked;
        chains.measure(n, spacing, with_flips, record.spins);
    }
    return record.arrays;
}

py::dict measure_clusters(ClusterChains& chains, std::size_t n, std::size_t spacing, bool with_structure,
                          bool with_flips) {
    require_spacing(spacing);
    Record record(chains, n, with_structure);
    const Shape by_chain{signed_size(n), signed_size(chains.n_chains())};
    ClusterRecord clusters{};
    if (with_structure)
        clusters = {record.add<double>("improved_square", by_chain), record.add<double>("improved_fourth", by_chain),
                    record.add<double>("improved_structure", by_chain, chains.lattice().n_dimensions()),
                    record.add<double>("cluster_size", by_chain)};
    {
        const Unlocked unlocked;
        chains.measure_clusters(n, spacing, with_flips, record.spins, with_structure ? &clusters : nullptr);
    }
    return record.arrays;
}

py::tuple sweep_clusters(ClusterChains& chains, std::size_t n) {
    py::array_t<double> sizes(signed_size(chains.n_chains())), flipped(signed_size(chains.n_chains()));
    double *size = sizes.mutable_data(), *flips = flipped.mutable_data();
    {
        const Unlocked unlocked;
        chains.sweep(n, size, flips);
    }
    return py::make_tuple(sizes, flipped);
}

void sample_exactly(WordChains& chains) {
    if (!chains.lattice().is_ring() || chains.field() != 0)
        throw py::value_error("exact sampling is known for the ring without a field only");
    const Unlocked unlocked;
    chains.sample_exactly();
}

void set_clusters(ClusterChains& chains, std::size_t n) {
    if (n < 1)
        throw py::value_error("a sweep must have at least one cluster");
    chains.set_clusters_per_sweep(n);
}

bool may_be_sequential_of(const std::vector<std::size_t>& sides, bool triangular, Update update,
                          const std::vector<double>& couplings, double field) {
    const Lattice lattice = Lattice::checked(sides, triangular);
    if (couplings.size() != lattice.n_axes())
        throw py::value_error("there must be a coupling for each of " + std::to_string(lattice.n_axes()) + " axes");
    return may_be_sequential(lattice, update, Couplings(couplings.data(), couplings.size(), field));
}

void register_updates(py::module_& m) {
    py::enum_<Update>(m, "Update", "Single-spin updates.")
        .value("metropolis", Update::metropolis)
        .value("heat_bath", Update::heat_bath);
    py::enum_<ClusterUpdate>(m, "ClusterUpdate", "Cluster updates.")
        .value("wolff", ClusterUpdate::wolff)
        .value("swendsen_wang", ClusterUpdate::swendsen_wang);
    m.def("may_be_sequential", &may_be_sequential_of, py::arg("sides"), py::arg("triangular"), py::arg("update"),
          py::arg("couplings"), py::arg("field"),
          "Whether colours may be visited in sequential order, and not sites at random.");
}

void register_base(py::module_& m) {
    py::class_<SpinChains>(m, "SpinChains", "Chains of an Ising model on a periodic lattice, however they are moved.")
        .def_property_readonly("n_chains", &SpinChains::n_chains)
        .def("set_couplings", &set_couplings, py::arg("couplings"),
             "Give the chains other couplings, (n_chains, n_axes).")
        .def("align", &SpinChains::align, py::arg("up"), "Set every spin to +1, or to -1.")
        .def(
            "sweep", [](SpinChains& chains, std::size_t n) { chains.sweep(n); }, py::arg("n"),
            py::call_guard<Unlocked>(), "Make n sweeps.")
        .def("flip_globally", &SpinChains::flip_globally, py::call_guard<Unlocked>(),
             "Flip all spins of a chain with the probability that its mirror image has of the two.")
        .def("measure", &measure, py::arg("n"), py::arg("spacing") = 1, py::arg("with_structure") = true,
             py::arg("with_flips") = false,
             "Measure n times, each time after `spacing` sweeps and, with flips, a global flip. Returns arrays "
             "(n, n_chains, ...).")
        .def("bond_sums", &bond_sums, "Sum of s s' over the bonds of each axis, (n_chains, n_axes).")
        .def("magnetizations", &magnetizations, py::arg("alternating") = false,
             "Sum of all spins of each chain, or with the signs that alternate.")
        .def("structure", &structure, "|Sum of s exp(ikx)|^2 for k = 2 pi/L along each dimension.")
        .def("unpack", &unpack_chains, py::arg("out").noconvert(),
             "Write the spins of the first n chains into an int8 array of shape (n, n_sites).")
        .def("pack", &pack_chains, py::arg("spins").noconvert(),
             "Take the spins from an int8 array (n_chains, n_sites).")
        .def("state", &chains_state, "Spins and random streams, as arrays of uint64.")
        .def("restore", &restore, py::arg("state"), "Continue from such a state.");
}

} // namespace

void register_spins(py::module_& m) {
    register_updates(m);
    register_base(m);
    py::class_<WordChains, SpinChains>(m, "WordChains", "512 chains to a word, all with the same couplings (n_axes,).")
        .def(py::init(&make_word_chains), py::arg("sides"), py::arg("triangular"), py::arg("update"),
             py::arg("couplings"), py::arg("field"), py::arg("n_chains"), py::arg("key"), py::arg("alternating"))
        .def("sample_exactly", &sample_exactly, "Replace each chain of a ring by an independent exact sample.");
    py::class_<LatticeChains, SpinChains>(
        m, "LatticeChains", "Single lattices, 512 sites of a colour to a word; couplings (n_chains, n_axes).")
        .def(py::init(&make_chains<LatticeChains, Update>), py::arg("sides"), py::arg("triangular"), py::arg("update"),
             py::arg("couplings"), py::arg("field"), py::arg("key"), py::arg("alternating"));
    py::class_<SiteChains, SpinChains>(m, "SiteChains",
                                       "Single chains, a site at a time in random order; couplings (n_chains, n_axes).")
        .def(py::init(&make_chains<SiteChains, Update>), py::arg("sides"), py::arg("triangular"), py::arg("update"),
             py::arg("couplings"), py::arg("field"), py::arg("key"), py::arg("alternating"));
    py::class_<ClusterChains, SpinChains>(m, "ClusterChains",
                                          "Chains moved by cluster updates; couplings (n_chains, n_axes).")
        .def(py::init(&make_chains<ClusterChains, ClusterUpdate>), py::arg("sides"), py::arg("triangular"),
             py::arg("update"), py::arg("couplings"), py::arg("field"), py::arg("key"), py::arg("alternating"))
        .def("set_clusters_per_sweep", &set_clusters, py::arg("n"), "Wolff's clusters in a sweep.")
        .def("sweep_clusters", &sweep_clusters, py::arg("n"),
             "Make n sweeps. Returns the mean number of sites of Wolff's clusters of each chain, and of those that "
             "flipped; NaN otherwise.")
        .def("measure_clusters", &measure_clusters, py::arg("n"), py::arg("spacing") = 1,
             py::arg("with_structure") = true, py::arg("with_flips") = false,
             "As measure, with improved estimators from the last sweep before each measurement.");
}

} // namespace rgrbm::bindings
