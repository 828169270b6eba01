"""Every instruction set that this processor runs gives the same spins and units, and the same numbers to rounding."""

import os
import subprocess
import sys

import numpy as np
import pytest

from rgrbm._core import available_isas

SCRIPT = """
import sys
import numpy as np
import rgrbm
from rgrbm._core import kernels

rng = np.random.default_rng(0)
result = {"isa": kernels.isa}
for shape in ((9,), (6, 4), (16, 16), (3, 5)):
    for method in ("metropolis", "heat_bath") + (("exact",) if len(shape) == 1 else ()):
        result[f"spins_{shape}_{method}"] = rgrbm.IsingModel(shape, J=0.3).sample(600, method=method, seed=5)
blocked = rgrbm.IsingModel((16, 16), J=0.3).sample(600, method="heat_bath", seed=6)
for kernel in (rgrbm.mcrg.MajorityKernel(), rgrbm.mcrg.ConvolutionKernel(rng.normal(size=(4, 4)), 2)):
    result[f"blocked_{kernel.name}"] = kernel.block(blocked, seed=7)
result["operators"] = rgrbm.mcrg.operator_sums(blocked, rgrbm.mcrg.EVEN_OPERATORS + rgrbm.mcrg.ODD_OPERATORS)
for shape, J, h, lattice in (
    ((9,), 0.3, 0.1, "hypercubic"),
    ((8, 8), (0.3, -0.2), 0.1, "hypercubic"),
    ((4, 6, 8), 0.2, 0.0, "hypercubic"),
    ((2, 3, 4), (0.2, 0.1, 0.3), -0.1, "hypercubic"),
    ((9, 9), 0.2, 0.0, "triangular"),
    ((6, 5), (0.2, -0.1, 0.3), 0.1, "triangular"),
):
    for method in ("metropolis", "heat_bath"):
        model = rgrbm.IsingModel(shape, J, h, lattice=lattice)
        result[f"spins_{model}_{method}"] = model.sample(600, method=method, seed=5)
for kind in ("chains", "lattice", "sites", "wolff", "swendsen_wang"):
    for shape, J, h, lattice in (
        ((16, 16), 0.4, 0.0, "hypercubic"),
        ((16, 16), -0.4, 0.0, "hypercubic"),
        ((256, 1030), (0.4, -0.3), 0.1, "hypercubic"),
        ((8, 12, 130), 0.2, 0.0, "hypercubic"),
        ((9, 12), (0.2, -0.1, 0.3), 0.1, "triangular"),
        ((132, 396), 0.25, 0.0, "triangular"),
    ):
        grid = rgrbm.spins.Lattice(shape, lattice)
        for method in ("metropolis", "heat_bath") if kind in ("chains", "lattice", "sites") else (kind,):
            options = dict(method=method, n_chains=2, seed=5)
            if method == kind:
                sampler = rgrbm.spins.ClusterSampler(grid, J, h, **options)
            elif kind == "lattice" and method == "metropolis" and (h or min(shape) < 8):
                continue
            else:
                sampler = rgrbm.spins.SingleSpinSampler(grid, J, h, packing=kind, **options)
            record = sampler.measure(3)
            name = f"{kind}_{method}_{grid}_{J}"
            result["spins_" + name] = sampler.spins()
            result["spins_bonds_" + name] = record.bond_sums
            result["spins_order_" + name] = record.magnetization
            result["structure_" + name] = record.structure
for dtype in (np.float32, np.float64):
    for n, m in ((7, 3), (64, 32), (100, 50)):
        W, c, b = (rng.normal(size=size).astype(dtype) for size in ((n, m), n, m))
        x = (rng.random((300, n)) < 0.3).astype(np.uint8)
        name = f"{np.dtype(dtype).name}_{n}_{m}"
        result[f"units_{name}"] = kernels.sample_hidden(x, W, b, (1, 2), 3)
        result[f"probabilities_{name}"] = kernels.hidden_probabilities(x, W, b)
        offsets = x.mean(0).astype(dtype), np.full(m, 0.5, dtype)
        bits = name.split("_")[0].removeprefix("float")
        structure = np.arange(n * m, dtype=np.int32).reshape(n, m), *(np.arange(k, dtype=np.int32) for k in (n, m))
        trainers = {
            "dense": getattr(kernels, f"Trainer{bits}")(W, c, b, (1, 2)),
            "structured": getattr(kernels, f"StructuredTrainer{bits}")(W, c, b, *structure, False, (1, 2)),
        }
        z = np.linspace(-0.5, 0.5, n).astype(dtype)
        gaussian = getattr(kernels, f"GaussianTrainer{bits}")(W, c, b, z, z - 9, True, (1, 2))
        u = rng.normal(size=(300, n)).astype(dtype)
        gradient = gaussian.gradient(u, 3, 1, "cd", True, u.mean(0).astype(dtype), offsets[1])
        for part, values in zip(("W", "c", "b", "z"), gradient):
            result[f"gaussian_{name}_{part}"] = values
        h = np.ones((40, m), np.uint8)
        result[f"normal_{name}"] = kernels.gaussian_sample_visible(h, W, c, np.exp(z), (1, 2), 3)
        for kind, trainer in trainers.items():
            gradient = trainer.gradient(x, 3, 1, "cd", True, *offsets)
            for part, values in zip(("W", "c", "b"), gradient):
                result[f"gradient_{kind}_{name}_{part}"] = values
parameters = rgrbm.model.RBMParameters(rng.normal(size=(20, 12)), rng.normal(size=20), rng.normal(size=12))
result["log_z"] = rgrbm.log_z(parameters)
result["annealed"] = rgrbm.anneal(parameters, n_chains=50, n_betas=100, seed=1).log_weights
np.savez(sys.argv[1], **result)
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("isa")
    rows = {}
    for isa in available_isas():
        file = folder / f"{isa}.npz"
        subprocess.run([sys.executable, "-c", SCRIPT, str(file)], env={**os.environ, "RGRBM_ISA": isa}, check=True)
        with np.load(file) as arrays:
            rows[isa] = dict(arrays)
        assert rows[isa].pop("isa") == isa
    return list(rows.values())


def test_spins_are_the_same_bits(results):
    names = [name for name in results[0] if name.startswith("spins")]
    # 4 lattices of chains and 5 others; 6 lattices by 2 methods in two packings, 10 in the third, and by clusters.
    assert len(names) == 21 + 3 * (2 * 12 + 10 + 2 * 6)
    for other in results[1:]:
        for name in names:
            np.testing.assert_array_equal(results[0][name], other[name], err_msg=name)


def test_block_spins_and_operators_are_the_same(results):
    # A draw of a filter changes if its random number falls within rounding, 1e-15, of its probability: never in 40,000.
    names = [name for name in results[0] if name.startswith(("blocked", "operators"))]
    assert len(names) == 3
    for other in results[1:]:
        for name in names:
            np.testing.assert_array_equal(results[0][name], other[name], err_msg=name)


def test_units_differ_only_where_rounding_decides(results):
    # A unit changes if its random number falls within rounding (2e-6 in single precision) of its probability: of
    # the 36,000 units drawn here in single precision, more than 3 with probability below 1e-6.
    for other in results[1:]:
        for name in (name for name in results[0] if name.startswith("units")):
            unequal = np.count_nonzero(results[0][name] != other[name])
            assert unequal <= (3 if "float32" in name else 0), name


def test_numbers_agree_to_rounding(results):
    for other in results[1:]:
        for name, values in results[0].items():
            if name.startswith("probabilities"):
                np.testing.assert_allclose(other[name], values, atol=2e-6 if "float32" in name else 1e-13, rtol=0)
            elif name.startswith("gradient"):
                # One unit that changes moves an entry of the mean over 300 samples by at most 1/300 per centred
                # factor; in double precision none does.
                np.testing.assert_allclose(other[name], values, atol=0.02 if "float32" in name else 1e-13, rtol=0)
            elif name.startswith("structure"):
                np.testing.assert_allclose(other[name], values, rtol=1e-10, atol=1e-8, err_msg=name)
            elif name.startswith("normal"):
                np.testing.assert_allclose(other[name], values, atol=2e-5 if "float32" in name else 1e-12, rtol=0)
            elif name.startswith("gaussian"):
                # One unit that changes moves some twenty weights' worth of u, divided by 300 samples.
                np.testing.assert_allclose(other[name], values, atol=0.5 if "float32" in name else 1e-11, rtol=0)
        assert other["log_z"] == pytest.approx(results[0]["log_z"], rel=1e-13)
        np.testing.assert_allclose(other["annealed"], results[0]["annealed"], rtol=1e-11)
