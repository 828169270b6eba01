"""Gibbs chains of an RBM of given parameters: samples of the model, and of some units given others."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import _check_feature_names

from rgrbm._support import checks, streams
from rgrbm._support.progress import Progress, reports
from rgrbm.model.known_units import Known, known_units, only_binary
from rgrbm.rbm.public_names import named_in_errors
from rgrbm.spins.values import Binary

Key = tuple[int, int]


# Gibbs steps times multiply-adds per step that one call of the kernels makes: some tenths of a second.
_WORK_PER_CALL = 2**28
_MEANS_PER_SUM = 4096  # that a sum in single precision takes without losing digits


@dataclass(frozen=True)
class Conditions:
    """What the kernels are given beside the visible states: known units, hidden states, and sums of means to add to."""

    known: Binary | None = None
    h: Binary | None = None
    known_hidden: Binary | None = None
    sums: npt.NDArray[Any] | None = None

    def arguments(self) -> dict[str, Any]:
        """As arguments of the kernels."""
        return {"h": self.h, "known": self.known, "known_hidden": self.known_hidden, "sums": self.sums}


UNCONDITIONAL = Conditions()


def chain_key(generator: np.random.Generator) -> Key:
    """A key of their own for chains: they take many indices, which must not meet those of other draws."""
    first, second = (int(word) for word in generator.integers(2**64, size=2, dtype=np.uint64))
    return first, second


@named_in_errors("RBM")
class GibbsChains:
    """Methods that run chains; what they need of the model, whatever its visible units, is declared below."""

    components_: npt.NDArray[Any]
    intercept_hidden_: npt.NDArray[Any]

    def sample(
        self,
        n_samples: int | None = None,
        *,
        n_steps: int = 1000,
        clamp: Any = None,
        clamp_hidden: Any = None,
        start: Any = None,
        seed: streams.Seed = None,
        progress: Progress = None,
    ) -> npt.NDArray[Any]:
        """Draw from the model by independent Gibbs chains, or from its distribution given that some units are known.

        Parameters
        ----------
        n_samples : int, optional
            Number of chains, each giving one sample. By default as many as ``clamp``, ``clamp_hidden`` or ``start``
            have rows, and else 1.
        n_steps : int, default=1000
            Gibbs steps v → h → v of each chain. How many are enough depends on the model: chains of a model
            with strong weights decorrelate slowly from their start. Where a layer has up to 26 units,
            :func:`rgrbm.likelihood.sample_exactly` needs no chain (with Gaussian visible units: the hidden layer).
        clamp : array-like of shape (n_features,) or (n_samples, n_features), optional
            Visible units that are known and stay as they are; NaN, or masked, where a unit is to be drawn. Chains then
            sample p(unknown units | known units).
        clamp_hidden : array-like of shape (n_components,) or (n_samples, n_components), optional
            The same for hidden units.
        start : array-like of shape (n_features,) or (n_samples, n_features), optional
            Visible states that chains start from. By default binary units start as 0 or 1 with probability ½, and
            Gaussian ones are drawn given such hidden units.
        seed : int, SeedSequence, Generator, RandomState or None
            None: the estimator's own stream, which goes on from call to call.
        progress : bool or callable, optional
            A bar (True), a function of (done, in all) steps, or nothing (False). By default a bar in terminals and
            notebooks, for what takes longer than two seconds.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Visible units: uint8 if they are binary, in the precision of the parameters if they are Gaussian.

        Raises
        ------
        ValueError
            If ``n_samples`` or ``n_steps`` is below 1, a shape does not fit, or a known value is infinite or not what
            the unit can be.
        TypeError
            If one of them is not an integer, or ``progress`` is neither a bool nor a function.
        MemoryError
            If the samples need more memory than there is.

        See Also
        --------
        impute : Means or samples of missing values.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> rbm = BernoulliRBM(n_components=2, random_state=0).fit(np.eye(4, dtype=np.uint8))
        >>> rbm.sample(3, n_steps=10, seed=0).shape
        (3, 4)
        >>> rbm.sample(3, n_steps=10, clamp=[1, np.nan, np.nan, 0], seed=0)[:, [0, 3]]
        array([[1, 0],
               [1, 0],
               [1, 0]], dtype=uint8)
        """
        self._check_parameters()
        n_steps = checks.integer("n_steps", n_steps, 1)
        visible = None if clamp is None else self._known_visible(clamp, "clamp")
        hidden = None if clamp_hidden is None else self._known_hidden(clamp_hidden)
        first = None if start is None else self._known_visible(start, "start")
        if first is not None and not first.known.all():
            raise ValueError("start must hold a value for every visible unit; unknown ones may be NaN in clamp")
        n_samples = _n_chains(n_samples, {"clamp": visible, "clamp_hidden": hidden, "start": first})
        return self._run_chains(n_samples, n_steps, visible, hidden, first, seed, progress)[0]

    def impute(
        self,
        X: Any,
        method: Literal["mean", "sample"] = "mean",
        *,
        n_steps: int = 1000,
        n_burn_in: int = 100,
        seed: streams.Seed = None,
        progress: Progress = None,
    ) -> npt.NDArray[Any]:
        """Fill in missing values from the model's distribution given the others.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Visible units; NaN, or masked, where they are missing.
        method : {"mean", "sample"}, default="mean"
            "mean": means of the missing units given the known ones, for binary units p(v = 1 | known). "sample": one
            sample of them.
        n_steps : int, default=1000
            Gibbs steps with the known units clamped.
        n_burn_in : int, default=100
            Of these, steps at the beginning that do not count in means.
        seed : int, SeedSequence, Generator, RandomState or None
            None: the estimator's own stream, which goes on from call to call.
        progress : bool or callable, optional
            A bar (True), a function of (done, in all) steps, or nothing (False). By default a bar in terminals and
            notebooks, for what takes longer than two seconds.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            ``X`` with the missing values filled in, known ones as they are; samples of binary units as uint8, all else
            in the precision of the parameters.

        Raises
        ------
        ValueError
            If ``method`` is unknown, ``n_burn_in`` is not below ``n_steps``, a shape does not fit, or a known value is
            infinite or not what the unit can be.
        TypeError
            If the values are no numbers.
        MemoryError
            If the chains need more memory than there is.

        Notes
        -----
        One chain for each sample. Means are averages over its steps of the units' means given the hidden ones
        (Rao-Blackwell), which is exact where all hidden units have one mode; :func:`rgrbm.likelihood.exact_means` sums
        over all hidden states of a small layer.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> X = np.repeat([[0, 0, 0], [1, 1, 1]], 50, axis=0)
        >>> rbm = BernoulliRBM(n_components=2, n_iter=200, random_state=0).fit(X)
        >>> rbm.impute([[1, 1, np.nan], [np.nan, 0, 0]], seed=0).round()
        array([[1., 1., 1.],
               [0., 0., 0.]])
        """
        self._check_parameters()
        checks.choice("method", method, ("mean", "sample"))
        n_steps = checks.integer("n_steps", n_steps, 1)
        n_burn_in = checks.integer("n_burn_in", n_burn_in, 0)
        if method == "mean" and n_burn_in >= n_steps:
            raise ValueError(f"n_burn_in must be below n_steps = {n_steps}, got {n_burn_in}")
        _check_feature_names(self, X, reset=False)
        known = self._known_visible(X, "X")
        if known.values.ndim != 2:
            raise ValueError(f"expected one sample per row, shape (n_samples, n_features), got {known.values.shape}")
        if method == "sample":
            return self._run_chains(len(known.values), n_steps, known, None, None, seed, progress)[0]
        means = self._run_chains(len(known.values), n_steps, known, None, None, seed, progress, n_burn_in)[1]
        assert means is not None
        return known.put_into(means)

    def _run_chains(
        self,
        n_samples: int,
        n_steps: int,
        visible: Known | None,
        hidden: Known | None,
        start: Known | None,
        seed: streams.Seed,
        progress: Progress,
        n_burn_in: int | None = None,
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
        """Visible states at the end, and with a number of steps to burn in their means after these."""
        n_hidden, n_visible = self.components_.shape
        # A call of the kernels takes visible states and returns visible and hidden ones.
        needed = n_samples * (2 * self._bytes_per_visible_unit() * n_visible + n_hidden)
        needed += 0 if n_burn_in is None else n_samples * n_visible * (8 + self.components_.itemsize)
        checks.require_memory(needed, f"{n_samples} chains of {n_visible} visible units")
        key, index = self._draw(seed)
        generator = np.random.default_rng((*key, index))
        v, own_key, call = self._random_visible(n_samples, generator)
        conditions = Conditions()
        if start is not None:
            v = start.rows(n_samples).values
        if visible is not None:
            visible = visible.rows(n_samples)
            v = visible.put_into(v)
            conditions = replace(conditions, known=visible.known)
        if hidden is not None:
            hidden = hidden.rows(n_samples)
            conditions = replace(conditions, h=hidden.values, known_hidden=hidden.known)
        total = np.zeros((n_samples, n_visible) if n_burn_in is not None else (0, 0))
        ends = (n_steps,) if n_burn_in is None else (n_burn_in, n_steps)
        steps = max(1, _WORK_PER_CALL // max(1, 2 * self.components_.size * n_samples))
        if n_burn_in is not None:
            steps = min(steps, _MEANS_PER_SUM)
        done = 0
        with reports(progress, "sampling", "steps") as report:
            for end in ends:
                while done < end:
                    count = min(steps, end - done)
                    counts = n_burn_in is not None and end == n_steps
                    sums = np.zeros_like(total, dtype=self.components_.dtype) if counts else None
                    v, _ = self._gibbs(v, count, own_key, call, replace(conditions, sums=sums))
                    if sums is not None:
                        total += sums
                    done, call = done + count, call + 1
                    report(done, n_steps)
        means = None if n_burn_in is None else (total / (n_steps - n_burn_in)).astype(self.components_.dtype)
        return v, means

    def _known_hidden(self, values: Any) -> Known:
        return known_units(values, len(self.intercept_hidden_), "clamp_hidden", only_binary("hidden"))

    # Differences between models

    @abstractmethod
    def _check_parameters(self) -> None:
        """Refuse to work before training, or with parameters that are not finite."""

    @abstractmethod
    def _draw(self, seed: streams.Seed) -> tuple[Key, int]:
        """Key and index of the random stream for one draw."""

    @abstractmethod
    def _gibbs(
        self, units: npt.NDArray[Any], n_steps: int, key: Key, index: int, conditions: Conditions = UNCONDITIONAL
    ) -> tuple[npt.NDArray[Any], Binary]:
        """Visible and hidden states after ``n_steps`` steps v → h → v."""

    @abstractmethod
    def _known_visible(self, values: Any, name: str) -> Known:
        """Visible units of which some may be unknown, checked."""

    @abstractmethod
    def _bytes_per_visible_unit(self) -> int:
        """Memory that the state of a visible unit takes."""

    @abstractmethod
    def _random_visible(self, n_samples: int, generator: np.random.Generator) -> tuple[npt.NDArray[Any], Key, int]:
        """Visible states that chains start from; a key for the chains, and the first index that it has not served."""


def _n_chains(n_samples: int | None, arrays: dict[str, Known | None]) -> int:
    """The number of chains, which all arrays with rows agree on."""
    rows = {name: len(x.values) for name, x in arrays.items() if x is not None and x.values.ndim == 2}
    rows = {name: length for name, length in rows.items() if length != 1}  # one row serves all samples
    n = checks.integer("n_samples", n_samples if n_samples is not None else next(iter(rows.values()), 1), 1)
    for name, length in rows.items():
        if length != n:
            raise ValueError(f"{name} must have one row, or one for each of {n} samples, got {length}")
    return n
