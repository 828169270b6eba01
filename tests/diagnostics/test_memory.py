"""A model that has learned its samples by heart is distinguished from one that has learned their distribution."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm

from rbm_models import random_rbm
from rgrbm import BernoulliRBM, IsingModel, to_binary
from rgrbm.diagnostics import nearest_training_samples
from rgrbm.likelihood import log_likelihood, sample_exactly
from rgrbm.rg import decimation_rbm

RNG = np.random.default_rng(5)
RBM = random_rbm(12, 3, 0.3)


def brute_force(x, others):
    return np.array([np.sum(row != others, axis=1).min() for row in x])


def test_distances_and_statistic_by_brute_force():
    train, test, drawn = (RNG.integers(2, size=(n, 12)) for n in (2000, 70, 1500))  # more than a block of rows
    memory = nearest_training_samples(RBM, drawn, train, test)
    of_model, of_test = brute_force(drawn, train), brute_force(test, train)
    assert (memory.median_model, memory.median_reference) == (np.median(of_model), np.median(of_test))
    assert (memory.copies_model, memory.copies_reference) == (np.mean(of_model == 0), np.mean(of_test == 0))
    pairs = of_model[:, None], of_test
    assert memory.nearer == pytest.approx(np.mean(pairs[0] < pairs[1]) + np.mean(pairs[0] == pairs[1]) / 2)
    expected = mannwhitneyu(of_test, of_model, alternative="greater", use_continuity=False, method="asymptotic")
    assert memory.nearer == pytest.approx(expected.statistic / (70 * 1500))
    # scipy gives the probability of the deviation, ties corrected for.
    assert norm.sf(memory.deviations) == pytest.approx(expected.pvalue)
    for name, distances in (("model", of_model), ("reference", of_test)):
        counts = memory.distances.counts[name]
        centres = (memory.distances.edges[1:] + memory.distances.edges[:-1]) / 2
        np.testing.assert_array_equal(counts, [np.sum(distances == centre) for centre in centres])


def test_without_test_data_training_samples_are_compared_with_the_others():
    train, drawn = RNG.integers(2, size=(40, 12)), RNG.integers(2, size=(30, 12))
    train[1] = train[0]
    among = [brute_force(train[[i]], np.delete(train, i, axis=0))[0] for i in range(40)]
    memory = nearest_training_samples(RBM, drawn, train)
    assert (memory.reference, memory.n_reference) == ("train", 40)
    assert memory.median_reference == np.median(among)
    assert memory.copies_reference == np.mean(np.array(among) == 0) > 0
    few = nearest_training_samples(RBM, drawn, train, n_reference=7, seed=1)
    assert few.n_reference == 7
    assert few.distances.counts["reference"].sum() == 7


def test_wide_ranges_of_distances_share_bins():
    train, drawn = np.zeros((3, 100), int), np.tri(101, 100, -1, dtype=int)  # distances 0 … 100
    memory = nearest_training_samples(random_rbm(100, 2, 0.1), drawn, train)
    assert len(memory.distances.edges) <= 42
    assert memory.distances.counts["model"].sum() == 101


def ring_data():
    spins = IsingModel((20,), J=0.6).sample(1024, method="exact", seed=1)
    units = to_binary(spins)
    return units[:24], units[24:524], units[524:]


def test_a_machine_overfitted_on_few_samples_has_memorised_them():
    train, test, _ = ring_data()
    rbm = BernoulliRBM(
        12, gradient="exact", optimizer="adam", learning_rate=0.05, n_iter=600, batch_size=24, random_state=0
    ).fit(train)
    assert log_likelihood(train, rbm) > log_likelihood(test, rbm) + 10
    memory = nearest_training_samples(rbm, sample_exactly(rbm, 500, seed=2), train, test)
    assert memory.memorised
    assert memory.copies_model > 0.5 > memory.copies_reference
    alone = nearest_training_samples(rbm, sample_exactly(rbm, 500, seed=2), train)
    assert alone.memorised


def test_a_machine_that_has_the_distribution_has_not():
    # The exact RBM of the ring, and the distribution itself. 20 runs, each a false alarm in 30,000; |deviations| as
    # normal ones.
    train, test, fresh = ring_data()
    rbm = decimation_rbm(20, J=0.6, K=4.0)
    deviations = []
    for seed in range(20):
        memory = nearest_training_samples(rbm, sample_exactly(rbm, 500, seed=seed), train, test)
        assert not memory.memorised
        deviations.append(memory.deviations)
    # All runs share their test set, whose own scatter is about a standard deviation; five are allowed.
    assert np.abs(np.mean(deviations)) < 5
    assert np.std(deviations) < 2
    assert not nearest_training_samples(rbm, fresh, train, test).memorised


def test_patterns_that_are_all_in_the_training_data_are_no_memory():
    # With every pattern known, test data are copies as well.
    train = np.repeat(np.eye(4, dtype=int), 25, axis=0)
    rbm = random_rbm(4, 2, 0.1)
    for test in (train[::5], None):
        memory = nearest_training_samples(rbm, train[::2], train, test)
        assert (memory.nearer, memory.deviations, memory.memorised) == (0.5, 0.0, False)


def test_a_single_training_sample_leaves_nothing_to_compare_with():
    memory = nearest_training_samples(RBM, np.ones((3, 12)), np.zeros((1, 12)))
    assert (memory.n_reference, memory.memorised) == (0, False)
    assert np.isnan([memory.nearer, memory.median_reference]).all()


def test_bad_input():
    x = np.ones((3, 12))
    with pytest.raises(ValueError, match="samples must have shape"):
        nearest_training_samples(RBM, x[:, :4], x)
    with pytest.raises(ValueError, match="X_test"):
        nearest_training_samples(RBM, x, x, 2 * x)
    with pytest.raises(ValueError, match="n_reference must be at least 1"):
        nearest_training_samples(RBM, x, x, n_reference=0)
