"""One valid call of each public function, class and method, small enough to be made thousands of times."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np

import rgrbm
from rgrbm import diagnostics, likelihood, mcrg, mechanics, model, plots, rbm, rg, spins, statistics
from rgrbm.spins import exact

Calls = dict[str, tuple[Callable[..., Any], dict[str, Any]]]

ROOMS = (rgrbm, spins, exact, rbm, likelihood, rg, mcrg, mechanics, statistics, diagnostics, plots, model)
# What a caller does not make: results, protocols and types. Their methods are called where they take arguments.
NOT_CALLED = frozenset([
    "AISResult", "AutocorrelationTime", "Binary", "BlockKernel", "BlockSurroundings", "BlockedMoments",
    "CommonExponent", "CouplingEstimate", "CouplingMatch", "DecimatedChain", "Decimation", "DensityOfStates",
    "Diagnosis", "EffectiveCouplings", "Ensemble", "Estimate", "Expectations", "FileFormatError", "FreeEnergies",
    "GaussianExpectations", "GibbsChains", "HamiltonianFit", "HiddenCorrelation", "HiddenLatticeCorrelation",
    "HiddenUnits", "Histogram", "History", "InformativeKernel", "LinearRBM", "LinearizedStep", "LogLikelihood",
    "LogLikelihoods", "MCRGExponent", "MCRGResult", "MatchedCoupling", "Mean", "Measurement", "Memory",
    "ModelSamples", "NoFiniteCouplingError", "NoFiniteHamiltonianError", "OptimalBlockKernel", "OptimalKernel",
    "RBMFlow", "ReceptiveFields", "ReconstructionErrors", "RenormalizedCouplings", "RingCouplings", "Sampler",
    "SetCouplings", "SpinMoments", "SpinRecord", "Spins", "SublatticeRBM", "TemperingRecord", "TimeSeries",
    "TraceConditionError", "TrainingProgress", "TruncatedDecimation", "Weights", "RBMParameters",
    "GaussianParameters", "SpinParameters",
])  # fmt: skip
# Prints, draws the whole package's parts, or needs files: no arguments that could be wrong, or tested with files.
ELSEWHERE = frozenset([
    "show_config", "plot_diagnosis", "plot_learned_flow", "plot_rbm_flow", "plot_time_series", "load_model",
    "save_model",
])  # fmt: skip


@functools.cache
def calls() -> Calls:
    """Every call by its name: the function and valid arguments."""
    mpl.use("Agg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # small runs are not in equilibrium, and short trainings do not converge
        groups = (
            _spins(), _exact(), _statistics(), _rbm(), _model(), _rg(), _mcrg(), _mechanics(), _diagnostics(), _plots(),
        )  # fmt: skip
    return {name: call for group in groups for name, call in group.items()}


def missing() -> list[str]:
    """Public callables that no call is of."""
    covered = {name.split(".")[0] for name in calls()} | NOT_CALLED | ELSEWHERE
    public = {
        name
        for room in ROOMS
        for name in getattr(room, "__all__", dir(room))
        if callable(getattr(room, name)) and not name.startswith("_")
    }
    return sorted(public - covered)


@functools.cache
def _ring() -> Any:
    return rgrbm.IsingModel(16, J=0.5)


@functools.cache
def _square() -> Any:
    return rgrbm.IsingModel((4, 4), J=0.3)


@functools.cache
def _ring_spins() -> Any:
    return _ring().sample(200, n_chains=8, seed=0)


@functools.cache
def _square_spins() -> Any:
    return rgrbm.IsingModel((8, 8), J=0.3).sample(128, n_chains=8, seed=0)


@functools.cache
def _bits() -> Any:
    return rgrbm.to_binary(_ring_spins())


@functools.cache
def _machine() -> Any:
    return rgrbm.BernoulliRBM(8, n_iter=3, batch_size=50, random_state=0).fit(_bits())


@functools.cache
def _gaussian() -> Any:
    data = np.random.default_rng(0).normal(size=(60, 6))
    return rgrbm.GaussianRBM(3, n_iter=2, random_state=0).fit(data)


def _spins() -> Calls:
    ring, square = _ring(), _square()
    lattice = spins.Lattice((4, 4))
    run = square.measure(400, burn_in=10, n_chains=2, keep_series=True, seed=0)
    single = spins.SingleSpinSampler(lattice, 0.3, n_chains=2, seed=0)
    cluster, restored = (spins.ClusterSampler(lattice, 0.3, n_chains=2, seed=0) for _ in range(2))
    tempering = spins.ParallelTempering(lattice, [0.2, 0.3], seed=0)
    bonds = spins.lattice_bonds((2, 3))
    small = {"n_sites": 6, "bonds": bonds, "couplings": 0.3}
    sampled = {"n_samples": 8, "method": "auto", "seed": 0, "n_chains": 4, "burn_in": 5, "spacing": 1}
    made = {"J": 0.3, "h": 0.0, "n_chains": 2, "seed": 0}
    return {
        "IsingModel": (rgrbm.IsingModel, {"shape": (4, 4), "J": 0.3, "h": 0.1, "lattice": "triangular"}),
        "IsingModel.T": (rgrbm.IsingModel, {"shape": 8, "T": 2.0, "h": 0.1}),
        "IsingModel.sample": (ring.sample, sampled),
        "IsingModel.ensemble": (square.ensemble, sampled),
        "IsingModel.measure": (
            square.measure,
            {"n_sweeps": 20, "method": "auto", "n_chains": 2, "burn_in": 5, "correlation_every": 1, "seed": 0},
        ),
        "IsingModel.energy": (square.energy, {"spins": square.sample(3, n_chains=3, burn_in=2, seed=0)}),
        "IsingModel.magnetization": (square.magnetization, {"spins": square.sample(3, n_chains=3, burn_in=2, seed=0)}),
        "IsingModel.time_series": (
            square.time_series,
            {"n_sweeps": 8, "start": "cold", "method": "heat_bath", "n_chains": 2, "every": 2, "seed": 0},
        ),
        "IsingModel.correlation": (ring.correlation, {"max_distance": 3}),
        "Lattice": (spins.Lattice, {"shape": (4, 4), "kind": "hypercubic"}),
        "SingleSpinSampler": (
            spins.SingleSpinSampler,
            {"lattice": lattice, **made, "method": "heat_bath", "packing": "chains"},
        ),
        "SingleSpinSampler.sweep": (single.sweep, {"n": 2}),
        "SingleSpinSampler.measure": (single.measure, {"n": 2, "spacing": 1}),
        "SingleSpinSampler.set_couplings": (single.set_couplings, {"J": 0.3}),
        "SingleSpinSampler.set_spins": (single.set_spins, {"x": single.spins()}),
        "SingleSpinSampler.restore": (single.restore, {"state": single.state()}),
        "SingleSpinSampler.align": (single.align, {}),
        "ClusterSampler": (spins.ClusterSampler, {"lattice": lattice, **made, "method": "wolff"}),
        "ClusterSampler.sweep": (cluster.sweep, {"n": 2}),
        "ClusterSampler.calibrate": (cluster.calibrate, {}),
        "ClusterSampler.restore": (restored.restore, {"state": restored.state()}),
        "ParallelTempering": (
            spins.ParallelTempering,
            {"lattice": lattice, "ladder": [0.2, 0.3], "h": 0.0, "method": "metropolis", "n_ladders": 2, "seed": 0},
        ),
        "ParallelTempering.run": (tempering.run, {"n": 2, "spacing": 2}),
        "tempering_ladder": (
            spins.tempering_ladder,
            {"lattice": lattice, "low": 0.2, "high": 0.4, "h": 0.0, "acceptance": 0.3, "method": "wolff", "seed": 0},
        ),
        "RecordedRun": (
            spins.RecordedRun,
            {"J": 0.3, "bonds": np.full((64, 1), 4), "magnetization": np.arange(64).reshape(64, 1) % 5},
        ),
        "Reweighting": (spins.Reweighting, {"runs": [run], "n_blocks": 8}),
        "Reweighting.curve": (spins.Reweighting([run]).curve, {"name": "energy_per_site", "J": [0.3, 0.31]}),
        "Reweighting.maximum": (spins.Reweighting([run]).maximum, {"name": "specific_heat"}),
        "binder_crossing": (
            spins.binder_crossing,
            {"first": spins.Reweighting([run]), "second": spins.Reweighting([run]), "name": "binder"},
        ),
        "estimate_coupling": (
            rgrbm.estimate_coupling,
            {"spins": _ring_spins(), "method": "nearest", "n_chains": 8, "significance": 5.0},
        ),
        "estimate_coupling.bonds": (
            rgrbm.estimate_coupling,
            {"spins": _ring_spins(), "bonds": spins.lattice_bonds((16,)), "method": "pseudolikelihood"},
        ),
        "bond_arrays": (spins.bond_arrays, {"n_sites": 6, "bonds": bonds, "couplings": 0.3, "fields": 0.0}),
        "lattice_bonds": (spins.lattice_bonds, {"shape": (2, 3)}),
        "spin_energies": (spins.spin_energies, {**small, "fields": 0.1}),
        "spin_log_z": (spins.spin_log_z, {**small, "fields": 0.1}),
        "two_sublattices": (spins.two_sublattices, {"n_sites": 4, "bonds": spins.lattice_bonds((4,))}),
        "to_binary": (rgrbm.to_binary, {"spins": np.array([[1, -1]], dtype=np.int8)}),
        "to_spins": (rgrbm.to_spins, {"binary": np.array([[1, 0]], dtype=np.uint8)}),
        "set_num_threads": (rgrbm.set_num_threads, {"n": 0}),
    }


def _exact() -> Calls:
    states = exact.density_of_states((4, 4))
    named = {name: getattr(exact, name) for name in exact.__all__ if inspect.isfunction(getattr(exact, name))}
    valid = {"J": 0.4, "n_sites": 8, "max_distance": 3, "rows": 4, "columns": 3, "shape": (4, 3)}
    methods = {
        f"DensityOfStates.{name}": (getattr(states, name), {"J": 0.3})
        for name in ("log_z", "mean_energy_per_site", "specific_heat")
        if callable(getattr(states, name, None))
    }
    return methods | {
        name: (function, {p: valid[p] for p in inspect.signature(function).parameters})
        for name, function in named.items()
    }


def _statistics() -> Calls:
    series = np.random.default_rng(0).normal(size=(4, 100))
    x = np.linspace(0, 1, 4)
    blocks = np.random.default_rng(1).normal(size=(16, 3))
    rising, falling = ([statistics.Estimate(v, 0.1) for v in values] for values in (x, 1 - x))
    return {
        "autocorrelation_function": (statistics.autocorrelation_function, {"series": series}),
        "integrated_autocorrelation_time": (statistics.integrated_autocorrelation_time, {"series": series}),
        "split_r_hat": (statistics.split_r_hat, {"series": series}),
        "block_bounds": (statistics.block_bounds, {"n_samples": 100, "n_blocks": 10}),
        "block_sums": (statistics.block_sums, {"per_sample": blocks, "n_blocks": 4}),
        "correlation": (statistics.correlation, {"spins": _ring_spins(), "max_distance": 4}),
        "crossing": (statistics.crossing, {"x": x, "first": rising, "second": falling, "degree": 1, "seed": 0}),
        "jackknife_stderr": (statistics.jackknife_stderr, {"replicas": blocks}),
        "leave_one_out": (statistics.leave_one_out, {"sums": blocks}),
        "mean_and_stderr": (statistics.mean_and_stderr, {"values": blocks}),
        "or_dash": (statistics.or_dash, {"value": 1.0, "form": ".3f"}),
        "spin_moments": (statistics.spin_moments, {"blocks": [_ring_spins()]}),
        "StreamedMoments": (statistics.StreamedMoments, {"n_values": 3, "n_blocks": 10}),
        "StreamedMoments.add": (statistics.StreamedMoments(3).add, {"values": blocks}),
        "student_factor": (statistics.student_factor, {"n_blocks": 10}),
        "with_error": (statistics.with_error, {"value": 1.0, "stderr": 0.1}),
    }


def _rbm() -> Calls:
    bits, machine, gaussian = _bits(), _machine(), _gaussian()
    trained = {"n_components": 4, "learning_rate": 0.1, "batch_size": 50, "n_iter": 2, "random_state": 0}
    more = {"k": 1, "l1": 1e-3, "l1_warmup": 1, "l2": 0.0, "momentum": 0.5, "weight_scale": 0.01, "verbose": 0}
    kinds = {"gradient": "cd", "optimizer": "sgd", "learning_rate_schedule": "constant", "dtype": "float32"}

    def fit(**options: Any) -> Any:
        return rgrbm.BernoulliRBM(**options).fit(bits)

    def fit_gaussian(**options: Any) -> Any:
        return rgrbm.GaussianRBM(**options).fit(np.random.default_rng(0).normal(size=(60, 6)))

    def fit_stack(**options: Any) -> Any:
        return rgrbm.RBMStack(**options).fit(bits)

    stack = fit_stack(n_components=(8, 4), rbm=rgrbm.BernoulliRBM(n_iter=1), random_state=0)
    fresh = functools.partial(rgrbm.BernoulliRBM, **trained)
    drawn = {"n_samples": 3, "n_steps": 2, "seed": 0}
    return {
        "BernoulliRBM": (fit, {**trained, **more, **kinds, "centered": True, "shuffle": True, "symmetric": False}),
        "BernoulliRBM.mask": (fit, {**trained, "mask": np.ones((16, 4), dtype=bool), "clip": False}),
        "BernoulliRBM.pt": (fit, {**trained, "gradient": "pt", "n_temperatures": 3}),
        "GaussianRBM": (fit_gaussian, {**trained, **more, "gradient": "pcd", "optimizer": "adam"}),
        "RBMStack": (fit_stack, {"n_components": (8, 4), "rbm": rgrbm.BernoulliRBM(n_iter=1), "random_state": 0}),
        "BernoulliRBM.fit": (
            lambda X, sample_weight: fresh().fit(X, sample_weight=sample_weight),
            {"X": bits, "sample_weight": np.ones(len(bits))},
        ),
        "BernoulliRBM.partial_fit": (lambda X: fresh().partial_fit(X), {"X": bits}),
        "BernoulliRBM.transform": (machine.transform, {"X": bits[:5]}),
        "BernoulliRBM.score_samples": (machine.score_samples, {"X": bits[:5]}),
        "BernoulliRBM.free_energy": (machine.free_energy, {"X": bits[:5]}),
        "BernoulliRBM.reconstruct": (machine.reconstruct, {"X": bits[:5]}),
        "BernoulliRBM.gibbs": (machine.gibbs, {"v": bits[:5]}),
        "BernoulliRBM.sample": (machine.sample, drawn),
        "BernoulliRBM.sample.clamped": (machine.sample, {"clamp": np.where(bits[:3] > 0, np.nan, 0.0), "n_steps": 2}),
        "BernoulliRBM.sample_visible": (machine.sample_visible, {"H": np.zeros((2, 8)), "seed": 0}),
        "BernoulliRBM.free_energy_hidden": (machine.free_energy_hidden, {"H": np.zeros((2, 8))}),
        "BernoulliRBM.inverse_transform": (machine.inverse_transform, {"X": np.zeros((2, 8))}),
        "RBMStack.transform": (stack.transform, {"X": bits[:5]}),
        "RBMStack.sample_hidden": (stack.sample_hidden, {"X": bits[:5], "seed": 0}),
        "RBMStack.from_rbms": (rgrbm.RBMStack.from_rbms, {"rbms": stack.rbms_}),
        "RBMStack.receptive_fields": (stack.receptive_fields, {"layer": 1}),
        "BernoulliRBM.sample_hidden": (machine.sample_hidden, {"X": bits[:5], "seed": 0}),
        "BernoulliRBM.impute": (
            machine.impute,
            {"X": np.where(bits[:3] > 0, np.nan, 0.0), "n_steps": 8, "n_burn_in": 4, "seed": 0},
        ),
        "GaussianRBM.transform": (gaussian.transform, {"X": np.zeros((2, 6))}),
        "GaussianRBM.sample": (gaussian.sample, drawn),
        "GaussianRBM.score_samples": (gaussian.score_samples, {"X": np.zeros((2, 6))}),
        "EarlyStopping": (
            rbm.EarlyStopping,
            {"X": bits, "score": "pseudo_likelihood", "patience": 2, "interval": 1, "min_gain": 0.0},
        ),
        "from_parameters": (rbm.from_parameters, {"rbm": machine, "random_state": 0}),
        "from_sklearn": (rbm.from_sklearn, {"model": rbm.to_sklearn(machine)}),
        "to_sklearn": (rbm.to_sklearn, {"model": machine}),
        "anneal": (rgrbm.anneal, {"rbm": machine, "n_chains": 16, "n_betas": 20, "n_modes": 2, "x": bits, "seed": 0}),
        "log_z": (rgrbm.log_z, {"rbm": machine, "method": "exact"}),
        "log_z.ais": (rgrbm.log_z, {"rbm": machine, "method": "ais", "n_chains": 16, "n_betas": 20, "seed": 0}),
        "exact_gradient": (likelihood.exact_gradient, {"x": bits, "rbm": machine, "sample_weight": np.ones(len(bits))}),
        "exact_means": (likelihood.exact_means, {"rbm": machine, "X": np.where(bits[:3] > 0, np.nan, 0.0)}),
        "expectations": (likelihood.expectations, {"rbm": machine}),
        "kl_divergence": (
            likelihood.kl_divergence,
            {"probabilities": np.full(2**4, 2.0**-4), "rbm": rg.ring_bond_rbm(4, 0.5)},
        ),
        "log_likelihood": (likelihood.log_likelihood, {"x": bits, "rbm": machine, "log_z": 10.0}),
        "log_marginal": (likelihood.log_marginal, {"rbm": machine, "layer": "hidden", "normalized": True}),
        "sample_exactly": (likelihood.sample_exactly, {"rbm": machine, "n_samples": 4, "seed": 0}),
    }


def _model() -> Calls:
    bits, machine, gaussian = _bits(), _machine(), _gaussian()
    own = {"weights": machine.weights_, "own_bias": machine.intercept_visible_, "other_bias": machine.intercept_hidden_}
    biases = {"visible_bias": machine.intercept_visible_, "hidden_bias": machine.intercept_hidden_}
    return {
        "binary_parameters": (model.binary_parameters, {"weights": np.eye(3), "visible_fields": 0.1}),
        "spin_parameters": (model.spin_parameters, {"rbm": machine}),
        "parameters_of": (model.parameters_of, {"rbm": machine}),
        "gaussian_parameters_of": (model.gaussian_parameters_of, {"rbm": gaussian}),
        "free_energy": (model.free_energy, {"units": bits[:3], **own}),
        "gaussian_free_energy": (model.gaussian_free_energy, {"x": np.zeros((2, 6)), "rbm": gaussian}),
        "gaussian_hidden_free_energy": (model.gaussian_hidden_free_energy, {"h": np.zeros((2, 3)), "rbm": gaussian}),
        "log_pseudo_likelihood": (
            model.log_pseudo_likelihood,
            {"units": bits[:3], "weights": machine.weights_, **biases},
        ),
    }


def _rg() -> Calls:
    machine, weights = _machine(), _machine().weights_
    ring = rg.ring_bond_rbm(4, 0.5)
    energies = rgrbm.IsingModel(4, J=0.5).energy(np.array(_all_spins(4), dtype=np.int8))
    hidden = rgrbm.to_spins(machine.sample_hidden(_bits(), seed=0))
    covariance = np.diag([3.0, 2.0, 1.0, 0.5]) + 0.1
    square = {"n_sites": 16, "bonds": spins.lattice_bonds((4, 4)), "couplings": 0.3}
    units = {"rbm": ring, "v": np.array([[0, 1, 0, 1]] * 3), "h": np.array([[0, 1, 0, 1]] * 3)}
    couplings = rg.effective_couplings(machine)
    return {
        "decimate": (rgrbm.decimate, {"J": 0.5}),
        "decimation_flow": (rg.decimation_flow, {"J": 0.5, "n_steps": 3}),
        "inverse_decimation": (rg.inverse_decimation, {"J": 0.2}),
        "decimation_log_z": (rg.decimation_log_z, {"n_visible": 8, "J": 0.5, "K": 1.0}),
        "decimation_rbm": (rg.decimation_rbm, {"n_visible": 8, "J": 0.5, "K": 1.0}),
        "reconstruction_error_decimation_bound": (rg.reconstruction_error_decimation_bound, {"J": 0.5}),
        "effective_couplings": (
            rgrbm.effective_couplings,
            {"rbm": machine, "layer": "hidden", "order": 2, "method": "fourier"},
        ),
        "effective_couplings.triples": (
            rgrbm.effective_couplings,
            {"rbm": machine, "order": 3, "triples": [(0, 1, 2)], "method": "fourier"},
        ),
        "lattice_gas_couplings": (rg.lattice_gas_couplings, {"rbm": machine, "layer": "hidden", "order": 2}),
        "hidden_correlation": (
            rgrbm.hidden_correlation,
            {"hidden_spins": hidden, "weights": weights, "sites_per_unit": 2.0, "significance": 5.0},
        ),
        "hidden_lattice_correlation": (
            rg.hidden_lattice_correlation,
            {
                "spins": _square_spins(),
                "hidden": hidden[:128],
                "fields": rg.receptive_fields(np.abs(np.eye(64)[:, :8]) + 0.01, (8, 8)),
                "bin_width": 1.0,
            },
        ),
        "bond_log_z": (rg.bond_log_z, {"spin_log_z": 3.0, **square}),
        "bond_rbm": (rg.bond_rbm, {**square, "fields": 0.1}),
        "sublattice_rbm": (rg.sublattice_rbm, {**square, "fields": 0.0}),
        "lattice_decimation_rbm": (rg.lattice_decimation_rbm, {**square, "K": 1.0}),
        "ring_bond_rbm": (rg.ring_bond_rbm, {"n_sites": 6, "J": 0.5}),
        "dominant_visible": (rg.dominant_visible, {"weights": weights}),
        "filter_positions": (rg.filter_positions, {"weights": weights}),
        "filter_signs": (rg.filter_signs, {"weights": weights}),
        "sort_by_position": (rg.sort_by_position, {"weights": weights}),
        "receptive_fields": (rg.receptive_fields, {"weights": weights, "shape": (4, 4)}),
        "ring_couplings": (rg.ring_couplings, {"couplings": couplings, "weights": weights}),
        "fit_linear_rbm": (
            rg.fit_linear_rbm,
            {"covariance": covariance, "n_hidden": 2, "equal_stiffness": True, "max_iter": 50, "seed": 0},
        ),
        "principal_rbm": (rg.principal_rbm, {"covariance": covariance, "n_hidden": 2}),
        "principal_divergence": (rg.principal_divergence, {"covariance": covariance, "n_hidden": 2}),
        "principal_angles": (rg.principal_angles, {"weights": np.eye(4)[:, :2], "modes": np.eye(4)[:, 1:3]}),
        "harmonic_decimation_rbm": (
            rg.harmonic_decimation_rbm,
            {"chain": mechanics.HarmonicLattice((8,), 1.0, 0.5), "sharpness": 10.0},
        ),
        "optimal_ring_kernel": (rg.optimal_ring_kernel, {"n_spins": 8, "J": 0.5, "width": 1, "n_starts": 1, "seed": 0}),
        "measured_crossing": (
            rg.measured_crossing,
            {"small": _measured(4), "large": _measured(6), "observable": "binder", "degree": 1, "seed": 0},
        ),
        "rbm_flow": (
            rg.rbm_flow,
            {"rbm": machine, "spins": _ring_spins()[:20], "n_steps": 2, "measure_every": 1, "seed": 0},
        ),
        "free_energy_difference": (rg.free_energy_difference, {"rbm": ring, "energies": energies, "kernel": "centred"}),
        "trace_condition_error": (rg.trace_condition_error, {"rbm": ring, "energies": energies, "kernel": "centred"}),
        "rg_hamiltonian": (rg.rg_hamiltonian, {"rbm": ring, "energies": energies, "kernel": "conditional"}),
        "sampled_rg_hamiltonian": (rg.sampled_rg_hamiltonian, {**units, "free_energy": 0.0}),
        "log_conditional": (rg.log_conditional, units),
    }


def _measured(side: int) -> list[Any]:
    return [rgrbm.IsingModel((side, side), J=J).measure(60, burn_in=10, n_chains=2, seed=0) for J in (0.4, 0.43, 0.46)]


def _all_spins(n: int) -> list[list[int]]:
    return [[2 * (state >> i & 1) - 1 for i in range(n)] for state in range(2**n)]


def _mcrg() -> Calls:
    samples, majority = _square_spins(), mcrg.MajorityKernel(2)
    operators = mcrg.EVEN_OPERATORS[:3]
    surroundings = mcrg.count_surroundings(samples, 2)
    replicas = [np.random.default_rng(i).normal([1.0, 1.1, 1.2], 0.01, (8, 3)) for i in range(2)]
    ensembles = {
        side: rgrbm.IsingModel((side, side), 0.42).ensemble(128, n_chains=8, burn_in=10, spacing=1, seed=0)
        for side in (8, 16)
    }
    accumulator = mcrg.MCRGAccumulator(majority, (8, 8), n_blocks=8)
    mask = rbm.masks.lattice((4, 4), 2, 2, shared=True)
    data = rgrbm.to_binary(rgrbm.IsingModel((4, 4), 0.3).sample(64, seed=0)).reshape(64, 16)
    kernel_machine = rgrbm.BernoulliRBM(4, mask=mask, n_iter=1, random_state=0).fit(data)
    return {
        "MajorityKernel": (mcrg.MajorityKernel, {"side": 2}),
        "DecimationKernel": (mcrg.DecimationKernel, {"stride": 2}),
        "ConvolutionKernel": (mcrg.ConvolutionKernel, {"weights": np.ones((2, 2)), "stride": 2, "field": 0.0}),
        "ConvolutionKernel.from_rbm": (
            mcrg.ConvolutionKernel.from_rbm,
            {"rbm": kernel_machine, "shape": (4, 4), "width": 2, "stride": 2},
        ),
        "BlockKernel.block": (majority.block, {"spins": samples, "seed": 0}),
        "BlockKernel.coarse_shape": (majority.coarse_shape, {"shape": (8, 8)}),
        "TriangleKernel": (mcrg.TriangleKernel, {"weight": 1.0}),
        "SpinOperator": (mcrg.SpinOperator, {"name": "x", "sites": [(0, 0), (0, 1)], "lattice": "hypercubic"}),
        "MCRGAccumulator": (mcrg.MCRGAccumulator, {"kernel": majority, "shape": (8, 8), "levels": 1, "n_blocks": 8}),
        "MCRGAccumulator.add": (accumulator.add, {"spins": samples}),
        "common_exponent": (
            mcrg.common_exponent,
            {"before": [1.0, 1.1, 1.2], "after": [1.0, 1.05, 1.1], "replicas": replicas, "scale": 2.0},
        ),
        "count_surroundings": (mcrg.count_surroundings, {"spins": samples, "width": 2, "buffer": 1}),
        "default_operators": (mcrg.default_operators, {"n_dimensions": 2, "lattice": "triangular"}),
        "fit_hamiltonian": (mcrg.fit_hamiltonian, {"spins": samples, "operators": operators, "n_blocks": 8}),
        "likeliest_block_weight": (mcrg.likeliest_block_weight, {"spins": samples, "side": 2, "n_blocks": 8}),
        "match_critical_coupling": (
            mcrg.match_critical_coupling,
            {"large": ensembles[16], "small": ensembles[8], "kernel": majority, "J": 0.42, "levels": 1, "seed": 0},
        ),
        "mcrg": (mcrg.mcrg, {"spins": samples, "kernel": majority, "levels": 1, "n_chains": 8, "seed": 0}),
        "most_informative_kernel": (
            mcrg.most_informative_kernel,
            {"surroundings": surroundings, "stride": 2, "n_starts": 1, "seed": 0, "lattice_symmetric": False},
        ),
        "operator_classes": (mcrg.operator_classes, {"n_sites": 2, "max_distance_squared": 2, "n_dimensions": 2}),
        "operator_sums": (mcrg.operator_sums, {"spins": samples, "operators": operators}),
        "optimal_block_kernel": (
            mcrg.optimal_block_kernel,
            {"shape": (2, 2), "J": 0.4, "width": 1, "stride": 2, "n_starts": 1, "seed": 0},
        ),
        "renormalized_couplings": (
            mcrg.renormalized_couplings,
            {
                "shape": (4, 4), "J": 0.3, "kernel": majority, "operators": mcrg.EVEN_OPERATORS[:1],
                "n_chains": 16, "n_steps": 20, "n_samples": 20, "spacing": 1, "seed": 0,
            },
        ),
    }  # fmt: skip


def _mechanics() -> Calls:
    chain = mechanics.BistableChain(8, 1.0, 0.5)
    lattice = mechanics.HarmonicLattice((6,), 1.0, 0.5)
    return {
        "BistableChain": (mechanics.BistableChain, {"n_sites": 8, "barrier": 1.0, "stiffness": 0.5}),
        "BistableChain.sample": (chain.sample, {"n_samples": 4, "seed": 0}),
        "BistableChain.metropolis": (chain.metropolis, {"n_chains": 4, "n_sweeps": 3, "seed": 0}),
        "BistableChain.correlation": (chain.correlation, {"power": 1}),
        "BistableChain.mean_between": (chain.mean_between, {"left": 0.5, "right": [0.1, -0.2]}),
        "BistableChain.energy_at": (chain.energy_at, {"u": np.zeros((2, 8))}),
        "BistableChain.log_density": (chain.log_density, {"u": np.zeros((2, 8))}),
        "HarmonicLattice": (mechanics.HarmonicLattice, {"shape": (4, 4), "stiffness": 1.0, "on_site": 0.5}),
        "HarmonicLattice.sample": (lattice.sample, {"n_samples": 3, "seed": 0}),
        "soft_spin_correlation": (mechanics.soft_spin_correlation, {"n_sites": 6, "J": 0.5, "d": 1.0}),
        "soft_spin_rbm": (mechanics.soft_spin_rbm, {"n_sites": 6, "J": 0.5, "d": 1.0}),
    }


def _diagnostics() -> Calls:
    bits, machine = _bits(), _machine()
    both = {"rbm": machine, "X_train": bits[:100], "X_test": bits[100:]}
    short = {"n_chains": 8, "n_steps": 20, "seed": 0}
    return {
        "diagnose": (
            rgrbm.diagnose,
            {**both, **short, "exact_up_to": 16, "n_ais_chains": 16, "n_betas": 20, "n_samples": 20},
        ),
        "free_energies": (diagnostics.free_energies, both),
        "hidden_units": (diagnostics.hidden_units, {"rbm": machine, "X": bits}),
        "log_likelihoods": (diagnostics.log_likelihoods, {**both, "exact_up_to": 16, "n_chains": 16, "n_betas": 20}),
        "nearest_training_samples": (
            diagnostics.nearest_training_samples,
            {**both, "samples": bits[:10], "n_reference": 20, "seed": 0},
        ),
        "reconstruction_errors": (diagnostics.reconstruction_errors, {**both, "n_draws": 1, "seed": 0}),
        "run_chains": (diagnostics.run_chains, {"rbm": machine, "X_train": bits, **short, "n_burn_in": 5}),
        "weight_summary": (diagnostics.weight_summary, {"rbm": machine}),
        "Record": (
            functools.partial(diagnostics.Record, "dead_units"),
            {"X_train": bits, "X_test": bits, "every": 1, "seed": 0, "n_chains": 8},
        ),
    }


def _plots() -> Calls:
    x, images = np.arange(5.0), np.random.default_rng(0).random((4, 16))
    return {
        "plot_correlation": (
            _closed(plots.plot_correlation),
            {
                "distance": x, "hidden": x / 9, "hidden_stderr": x / 90, "ising": x / 8, "ising_stderr": x / 80,
                "exact": x / 8, "J": 0.5,
            },
        ),
        "plot_couplings": (_closed(plots.plot_couplings), {"pairs": np.eye(4), "expected": 0.3}),
        "plot_filters": (_closed(plots.plot_filters), {"weights": images.T, "shape": (4, 4), "n_shown": 4}),
        "plot_image_pairs": (
            _closed(plots.plot_image_pairs),
            {"original": images, "reconstruction": images, "shape": (4, 4), "n_columns": 2},
        ),
        "plot_learning_curve": (
            _closed(plots.plot_learning_curve),
            {"epoch": x, "reconstruction_error": x, "bound": 0.1, "test": 0.2},
        ),
        "plot_reconstruction": (
            _closed(plots.plot_reconstruction),
            {"original": images, "reconstruction": images},
        ),
        "plot_samples": (_closed(plots.plot_samples), {"samples": images, "shape": (4, 4), "title": "samples"}),
        "plot_weights": (_closed(plots.plot_weights), {"weights": np.eye(4), "units": [0, 1]}),
    }  # fmt: skip


def _closed(plot: Callable[..., Any]) -> Callable[..., None]:
    @functools.wraps(plot)
    def call(**arguments: Any) -> None:
        from matplotlib import pyplot

        try:
            plot(**arguments)
        finally:
            pyplot.close("all")

    return call
