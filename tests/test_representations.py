"""Results are short in a terminal and tables in a notebook: shapes in place of arrays, values with their errors."""

import dataclasses
import importlib
import inspect
import pickle
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import rgrbm
from rgrbm import (
    BernoulliRBM,
    IsingModel,
    diagnose,
    effective_couplings,
    estimate_coupling,
    hidden_correlation,
    mcrg,
    rg,
)
from rgrbm._support.html_table import MOST_ROWS, html_table
from rgrbm.datasets import Digits
from rgrbm.diagnostics import Memory
from rgrbm.likelihood import GaussianExpectations, anneal, expectations
from rgrbm.mechanics import BistableChain, HarmonicLattice
from rgrbm.model import GaussianParameters, parameters_of, spin_parameters
from rgrbm.plots import plot_time_series
from rgrbm.rbm import History, TrainingProgress
from rgrbm.selftest import CheckResult, SelfTest
from rgrbm.spins import ClusterSampler, Lattice, ParallelTempering, Reweighting
from rgrbm.spins.exact import density_of_states
from rgrbm.statistics import Estimate, SpinMoments, StreamedMoments, integrated_autocorrelation_time
from rgrbm.statistics.presentation import MOST_COLUMNS, MOST_LINES, in_short, short_repr

FOLDER = Path(rgrbm.__file__).parent
ROOMS = sorted(".".join(stub.parent.relative_to(FOLDER.parent).parts) for stub in FOLDER.rglob("__init__.pyi"))
# What users make themselves, of a few numbers; the others are results.
SETTINGS = {
    "Lattice",
    "SpinOperator",
    "DecimationKernel",
    "MajorityKernel",
    "TriangleKernel",
    "HarmonicLattice",
    "BistableChain",
}
NOT_TABLES = {"ConvolutionKernel"}


def public_classes():
    """Dataclasses and named tuples in the ``__all__`` of rooms."""
    results = {}
    for room in ROOMS:
        module = importlib.import_module(room)
        for value in (getattr(module, name) for name in module.__all__):
            if inspect.isclass(value) and (dataclasses.is_dataclass(value) or hasattr(value, "_fields")):
                results[value.__name__] = value
    return results


class Tables(HTMLParser):
    """Captions and cells of a page; that all that is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.caption, self.cells, self.rows = [], "", [], 0
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        assert tag in ("figure", "figcaption", "table", "thead", "tbody", "tr", "th", "td"), (
            f"a name was not escaped: <{tag}>"
        )
        self.open.append(tag)
        self.rows += tag == "tr"
        if tag in ("th", "td"):
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "figcaption":
            self.caption += data
        elif self.open and self.open[-1] in ("th", "td"):
            self.cells[-1] += data


def results():
    """One of each result, by the name of its class."""
    ring, square = IsingModel(16, J=1.0), IsingModel((8, 8), J=0.44)
    ensemble = square.ensemble(400, seed=0)
    chain = ring.sample(2000, method="exact", seed=0)
    measured = square.measure(200, seed=0, keep_series=True)
    sampler = ClusterSampler(Lattice((8, 8)), 0.44, method="swendsen_wang", n_chains=4, seed=0)
    units = rgrbm.to_binary(chain[:300])
    rbm = BernoulliRBM(6, n_iter=10, random_state=0).fit(units)
    decimation = rg.decimation_rbm(16, 1.0, 2.0)
    diagnosis = diagnose(rbm, units[:200], units[200:], seed=0, n_chains=4, n_steps=40, n_samples=40, exact_up_to=4)
    likelihoods, couplings = diagnosis.log_likelihood, effective_couplings(rbm, order=3)
    kernel = mcrg.MajorityKernel(2)
    exponents = mcrg.mcrg(ensemble.spins, kernel, seed=0)
    small = IsingModel((4, 4), J=0.44).sample(400, seed=1)
    match = mcrg.match_critical_coupling(ensemble.spins, small, kernel, J=0.44, seed=0)
    surroundings = mcrg.count_surroundings(chain, width=2)
    informative = mcrg.most_informative_kernel(surroundings, n_starts=1)
    steps = np.array([[1.0, 1.2, 1.4], [1.1, 1.2, 1.3]])
    check = CheckResult("a sampler, 8 sites: all states", "p-value", 0.25, True, 0.1)
    moments = StreamedMoments(3)
    moments.add(np.ones((20, 3)))
    weights = np.eye(16)[:, ::2]
    fields = rg.receptive_fields(np.random.default_rng(0).normal(size=(64, 5)), (8, 8))
    hidden = ensemble.spins.reshape(400, 64)[:, ::13]
    every = [
        ensemble,
        measured,
        measured.series,
        square.time_series(20, n_chains=3, seed=0),
        sampler.measure(5),
        ParallelTempering(Lattice((8, 8)), [0.4, 0.44], seed=0).run(5),
        Reweighting([measured.series], 64),
        estimate_coupling(ensemble),
        density_of_states((4, 4)),
        integrated_autocorrelation_time(measured.series.bonds),
        Estimate(0.66251, 0.0123),
        SpinMoments(np.ones(4), np.ones((4, 8)), np.ones((4, 8, 8))),
        moments.blocks(),
        parameters_of(rbm),
        spin_parameters(rbm),
        GaussianParameters(np.ones((40, 8)), np.ones(40), np.ones(8), np.ones(40)),
        expectations(rbm),
        GaussianExpectations(*[np.ones((40, 40))] * 5),
        anneal(rbm, n_chains=10, n_betas=20, seed=0),
        rbm.history_,
        TrainingProgress(3, 10, 0.5, {f"quantity_{k}": 0.1 * k for k in range(12)}, None, None),
        diagnosis,
        diagnosis.chains,
        diagnosis.samples,
        diagnosis.free_energy,
        diagnosis.free_energy.train,
        diagnosis.reconstruction_error,
        diagnosis.hidden_units,
        diagnosis.weights,
        diagnosis.weights.histogram,
        diagnosis.memory,
        likelihoods,
        likelihoods.train,
        rg.decimate(np.linspace(0, 1, 50)),
        couplings,
        couplings.triples,
        rg.ring_couplings(effective_couplings(decimation), decimation.weights_),
        hidden_correlation(chain[:, ::2], weights),
        exponents,
        exponents.exponents[0],
        exponents.steps[0],
        match,
        match.matches[0],
        check,
        SelfTest((check, check), {"rgrbm": "0"}),
        mcrg.common_exponent(*steps, tuple(np.stack([step, step]) for step in steps)),
        mcrg.fit_hamiltonian(ensemble.spins, mcrg.EVEN_OPERATORS[:3]),
        mcrg.renormalized_couplings((8, 8), 0.4, mcrg.MajorityKernel(), mcrg.EVEN_OPERATORS[:2], n_steps=50, seed=0),
        rg.rbm_flow(rbm, chain[:100], 60, seed=0),
        fields,
        rg.hidden_lattice_correlation(ensemble.spins, hidden, fields),
        surroundings,
        informative,
        informative.kernel,
        rg.optimal_ring_kernel(8, 1.0, n_starts=1),
        mcrg.optimal_block_kernel((8,), 1.0, n_starts=1),
        rg.sublattice_rbm(16, Lattice((4, 4)).bonds().reshape(-1, 2), 0.4),
        HarmonicLattice(64, 1.3, 0.4).decimate(),
        BistableChain(64, 1.0, 1.0).decimate(),
        rg.harmonic_decimation_rbm(HarmonicLattice(64, 1.3, 0.4), 10.0),
        rg.trace_condition_error(decimation, np.zeros(2**16)),
        Digits(np.zeros((500, 28, 28), np.uint8), np.zeros(500, np.uint8), "test", "~/.cache/<none>"),
    ]
    return {type(result).__name__: result for result in every}


RESULTS = results()
TABLES = [name for name, result in RESULTS.items() if not isinstance(result, tuple) and name not in NOT_TABLES]


def test_every_public_result_is_here():
    missing = public_classes().keys() - RESULTS.keys() - SETTINGS
    assert not missing, f"{sorted(missing)}: results that a user may print, and their short forms are not tested"


@pytest.mark.parametrize("name", RESULTS)
def test_a_few_short_lines(name):
    text = repr(RESULTS[name])
    lines = text.splitlines()
    assert text.startswith(f"{name}(")
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= MOST_COLUMNS
    assert "array(" not in text
    assert " object at 0x" not in text


@pytest.mark.parametrize("name", TABLES)
def test_a_table_in_notebooks(name):
    html = RESULTS[name]._repr_html_()
    tables = Tables(html)
    assert tables.caption.startswith(f"{name}: ")
    assert len(tables.caption) > len(name) + 5
    assert ":`" not in tables.caption
    assert 2 <= tables.rows <= MOST_ROWS + 2
    assert "array(" not in html
    assert " object at 0x" not in html


@pytest.mark.parametrize("name", RESULTS)
def test_pickles_come_back(name):
    assert repr(pickle.loads(pickle.dumps(RESULTS[name]))) == repr(RESULTS[name])


def test_values_stand_with_their_errors():
    measured, estimate = RESULTS["Measurement"], RESULTS["CouplingEstimate"]
    assert f"energy_per_site={in_short(measured.energy_per_site)}" in repr(measured)
    assert "8 × 8 square lattice, J = 0.44" in repr(measured)
    assert in_short(measured.binder) in Tables(measured._repr_html_()).cells
    assert f"J={in_short(Estimate(estimate.J, estimate.stderr))}" in repr(estimate)
    assert "stderr" not in repr(estimate)
    assert in_short(Estimate(0.66041, 0.00502)) == "0.6604(50)"


def test_text_is_that_of_before():
    for name in ("Measurement", "MCRGResult", "CouplingMatch", "HamiltonianFit", "Diagnosis"):
        assert str(RESULTS[name]) != repr(RESULTS[name])
    assert str(RESULTS["CouplingMatch"]).splitlines()[2].startswith("J_c from")


def test_names_are_escaped():
    html = html_table("a < b & c", ["<script>", "value"], [["x < 1", "<b>"]])
    tables = Tables(html)
    assert tables.caption == "a < b & c"
    assert tables.cells == ["<script>", "value", "x < 1", "<b>"]
    assert "~/.cache/<none>" in "".join(Tables(RESULTS["Digits"]._repr_html_()).cells)


def test_the_middle_of_long_tables_is_left_out():
    cells = Tables(RESULTS["RBMFlow"]._repr_html_()).cells
    assert "… 21 rows …" in cells
    assert (cells[4], cells[-4]) == ("0", "60")


def test_values_of_any_length():
    assert in_short(2**200) == "an integer of 201 bits"
    assert in_short((64,)) == "(64,)"
    assert in_short(()) == "()"
    assert len(in_short("word " * 1000)) <= 120
    assert in_short({"a": np.float64(0.5), "b": float("nan")}) == "{a: 0.5, b: –}"
    many = short_repr(None, {f"quantity{k}": "x" * 80 for k in range(100)})
    assert len(many.splitlines()) == MOST_LINES
    assert many.endswith("…)")


def test_an_empty_history():
    assert "0 epochs" in repr(History())
    assert "epoch 0" in History()._repr_html_()


def test_the_figure_of_a_time_series():
    series = RESULTS["TimeSeries"]
    above, below = plot_time_series(series).axes
    np.testing.assert_array_equal(above.lines[0].get_ydata(), series.energy_per_site[:, 0])
    np.testing.assert_array_equal(above.lines[3].get_ydata(), series.energy_per_site.mean(axis=1))
    np.testing.assert_array_equal(below.lines[2].get_ydata(), series.magnetization[:, 2])
    np.testing.assert_array_equal(below.lines[0].get_xdata(), series.sweeps)
    assert [text.get_text() for text in above.get_legend().get_texts()] == ["single chains", "mean of 3 chains"]


def test_fields_and_equality_are_those_of_the_dataclass():
    estimate = RESULTS["CouplingEstimate"]
    assert estimate == dataclasses.replace(estimate)
    assert [field.name for field in dataclasses.fields(Memory)][:2] == ["reference", "n_samples"]
