"""The Monte Carlo renormalization group: exponents from how operators of block spins move with those of the spins."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks, streams
from rgrbm._support.progress import Progress, progress_bar
from rgrbm.mcrg.block_kernels import BlockKernel
from rgrbm.mcrg.enumerated_operators import default_operators
from rgrbm.mcrg.linearized_rg import (
    Covariances,
    covariances,
    independent_operators,
    leading_eigenvalues,
    linearized,
)
from rgrbm.mcrg.mcrg_result import LinearizedStep, MCRGExponent, MCRGResult, Sector
from rgrbm.mcrg.spin_operators import SpinOperator, checked_operators, lattice_spins, pack, sums_of
from rgrbm.mcrg.torus import Torus, checked_sides
from rgrbm.spins.ensemble import Ensemble
from rgrbm.spins.lattice import Kind
from rgrbm.spins.sample_checks import (
    FEWEST_BLOCKS,
    MANY_CHAINS,
    MORE_SAMPLES,
    Blocks,
    blocks_of,
    by_chain,
    require_no_field,
    require_rings,
    sides_of,
    warn_of_interleaved_chains,
)
from rgrbm.statistics.jackknife import jackknife_stderr
from rgrbm.statistics.streamed import BlockedMoments, StreamedMoments

_BLOCKS = 100
_SMALLEST = 4  # sites along an axis after the last step, unless asked for
_WORD = 512  # configurations that share a stream
_SLICE_BYTES = 2**26  # of spins in one call of the kernels


class _Sums(NamedTuple):
    """What the samples so far have added up to."""

    moments: dict[Sector, StreamedMoments]
    n_words: int = 0
    """Words of samples, which the draws of the next ones come after."""


class MCRGAccumulator:
    """Moments of operators along the steps of a renormalization, of samples that come in parts and are not kept.

    Parameters
    ----------
    kernel : BlockKernel
        The distribution of block spins.
    shape : tuple of int
        Lattice of the samples: ``(n_sites,)``, ``(rows, columns)`` or ``(layers, rows, columns)``.
    operators : iterable of SpinOperator, optional
        Even and odd ones, each in the order of inclusion; by default those of
        :func:`~rgrbm.mcrg.default_operators`. Those of a triangular lattice say that the samples are of one.
    levels : int, optional
        Steps, each of which divides the sides by b; by default as many as leave four sites along each axis. Without
        any, 0, only the samples' own operators are measured.
    seed : int, SeedSequence, Generator, RandomState or None, default=None
        Fixes the draws of block spins.
    n_blocks : int, default=100
        Least number of blocks of the jackknife, if there are so many samples.

    Raises
    ------
    TypeError
        If an argument is of another kind.
    ValueError
        If the blocks do not cover the lattice at each level, an operator does not fit it, or the kernel has a field:
        without the symmetry of flips even and odd operators would mix.

    Examples
    --------
    >>> from rgrbm import IsingModel
    >>> from rgrbm.mcrg import DecimationKernel, MCRGAccumulator
    >>> model = IsingModel((64,), J=0.5)
    >>> accumulator = MCRGAccumulator(DecimationKernel(), model.shape, levels=1, seed=0)
    >>> for part in range(4):
    ...     accumulator.add(model.sample(5000, method="exact", seed=part))
    >>> accumulator.result().exponent("even", 1, n_operators=1).eigenvalue  # exactly tanh 2J = 0.7616 # doctest: +SKIP
    """

    def __init__(
        self,
        kernel: BlockKernel,
        shape: Sequence[int],
        *,
        operators: Iterable[SpinOperator] | None = None,
        levels: int | None = None,
        seed: streams.Seed = None,
        n_blocks: int = 100,
    ) -> None:
        if not checks.instance("kernel", kernel, BlockKernel).is_symmetric:
            raise ValueError(
                f"expected a kernel without a field, got {kernel.name}: even and odd operators would mix; use field=0"
            )
        self.kernel = kernel
        self.shape = checked_sides(shape)
        if operators is None:
            operators = default_operators(len(self.shape), kernel.lattice)
        checked = checked_operators(operators, len(self.shape))
        if kernel.lattice == "triangular" and checked[0].lattice != "triangular":
            raise ValueError(f"{kernel.name}: a kernel of the triangular lattice needs operators of that lattice")
        self.operators: dict[Sector, tuple[SpinOperator, ...]] = {
            "even": tuple(o for o in checked if o.is_even),
            "odd": tuple(o for o in checked if not o.is_even),
        }
        self._tori = _tori(kernel, Torus(self.shape, checked[0].lattice), levels)
        self.shapes = [torus.shape for torus in self._tori]
        self._key = streams.key(streams.seed_sequence(seed))
        checks.integer("n_blocks", n_blocks, 2)
        moments = {
            sector: StreamedMoments(len(self.shapes) * len(some), n_blocks)
            for sector, some in self.operators.items()
            if some
        }
        self._sums = _Sums(moments)

    @property
    def levels(self) -> int:
        """Steps of the renormalization."""
        return len(self.shapes) - 1

    @property
    def n_samples(self) -> int:
        """Samples so far."""
        return max(moments.n_samples for moments in self._sums.moments.values())

    def add(self, spins: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> None:
        """Block configurations, measure the operators of all levels, and add up their moments.

        All samples are added, or none if an exception comes in between, as that of Ctrl-C.

        The jackknife takes blocks of consecutive samples for independent: of a Markov chain, add one chain after the
        other, or so many samples that a block is longer than the autocorrelation time. Draws depend on the order of
        the samples, and on the parts that they come in unless these are multiples of 512. The samples must be without a
        field, which is not checked.

        Parameters
        ----------
        spins : array_like of -1 and +1, shape ``(n_samples, *shape)``
        weights : array_like of shape (n_samples,), optional
            Weights of the samples, not negative; probabilities, if the samples are all states of a small lattice.

        Raises
        ------
        ValueError
            If the shape is another, a value is not ±1, or a weight is negative or not finite.
        """
        array = lattice_spins(spins)
        if array.shape[1:] != self.shape:
            raise ValueError(f"expected samples of shape (n_samples, {self.shape}), got {array.shape}")
        w = None if weights is None else checks.numbers("weights", weights)
        if w is not None and (w.shape != (len(array),) or not np.isfinite(w).all() or (w < 0).any()):
            raise ValueError(f"weights must be {len(array)} finite numbers that are not negative, got shape {w.shape}")
        sums = self._sums
        for first, end in _slices(len(array), math.prod(self.shape)):
            packed = pack(array[first:end], self._tori[0])
            sums = self._with(sums, packed, self.sums_of_samples(packed), None if w is None else w[first:end])
        self._sums = sums

    def sums_of_samples(self, packed: Any) -> npt.NDArray[np.int64]:
        """Operators of packed samples themselves, which are the same for all kernels."""
        return sums_of(packed, self.operators["even"] + self.operators["odd"])

    def add_packed(
        self, packed: Any, sums: npt.NDArray[np.int64], weights: npt.NDArray[np.float64] | None = None
    ) -> None:
        """As :meth:`add`, of packed samples whose own operators are known."""
        self._sums = self._with(self._sums, packed, sums, weights)

    def _with(
        self, before: _Sums, packed: Any, sums: npt.NDArray[np.int64], weights: npt.NDArray[np.float64] | None
    ) -> _Sums:
        """The sums with more samples; those before stay as they are."""
        n_samples, values = len(packed), [sums]
        for level, torus in enumerate(self._tori[:-1], start=1):
            packed = self.kernel.block_packed(packed, torus, self._key, before.n_words, level)
            values.append(self.sums_of_samples(packed))
        n_even = len(self.operators["even"])
        moments = {sector: one.fork() for sector, one in before.moments.items()}
        for sector, part in (("even", slice(n_even)), ("odd", slice(n_even, None))):
            if sector in moments:
                moments[sector].add(np.concatenate([v[:, part] for v in values], axis=1), weights)
        return _Sums(moments, before.n_words - -n_samples // _WORD)

    def moments(self, sector: Sector) -> BlockedMoments:
        """Moments of the operators of a sector at all levels, level after level.

        Raises
        ------
        KeyError
            If there are no operators of that sector.
        """
        return self._sums.moments[sector].blocks()

    def replicas(self, sector: Sector, level: int) -> npt.NDArray[np.float64]:
        """The exponent y of a step with all operators, without each of the blocks of the jackknife.

        Accumulators that were given the same samples have the same blocks: the error of any function of their exponents
        is the jackknife's over these.

        Parameters
        ----------
        sector : {"even", "odd"}
        level : int
            From 1.

        Returns
        -------
        ndarray of shape (n_blocks,)
            NaN where the leading eigenvalue is not positive.

        Raises
        ------
        KeyError
            If there is no such step, or there are no operators of that sector.
        """
        if sector not in self._sums.moments or not 1 <= level <= self.levels:
            raise KeyError(f"there is no {sector} exponent of level {level}; levels are 1 to {self.levels}")
        A, B = self._covariances(sector, level, covariances(self.moments(sector), centred=sector == "even"))
        chosen = independent_operators(A[0])
        every = (..., chosen[:, None], chosen)
        eigenvalues = leading_eigenvalues(linearized(A[1][every], B[1][every]))
        y = np.full(len(eigenvalues), math.nan)
        positive = eigenvalues > 0
        y[positive] = np.log(eigenvalues[positive]) / math.log(self.kernel.scale)
        return y

    def result(self) -> MCRGResult:
        """Exponents of what has been added so far.

        Raises
        ------
        ValueError
            If there are fewer than two samples.
        """
        if self.n_samples < 2:
            raise ValueError(f"covariances need at least two samples, there are {self.n_samples}")
        exponents: list[MCRGExponent] = []
        steps: list[LinearizedStep] = []
        for sector in self._sums.moments:
            covariance = covariances(self.moments(sector), centred=sector == "even")
            for level in range(1, self.levels + 1):
                some, step = self._step(sector, level, covariance)
                exponents += some
                steps.append(step)
        return MCRGResult(
            kernel=self.kernel.name, scale=self.kernel.scale, shape=self.shape, n_samples=self.n_samples,
            n_blocks=max(len(self.moments(sector).weights) for sector in self._sums.moments),
            even_operators=tuple(o.name for o in self.operators["even"]),
            odd_operators=tuple(o.name for o in self.operators["odd"]),
            exponents=tuple(exponents), steps=tuple(steps),
        )  # fmt: skip

    def _step(self, sector: Sector, level: int, covariance: Covariances) -> tuple[list[MCRGExponent], LinearizedStep]:
        """Exponents of one step for each number of operators, and its matrix for all."""
        operators = self.operators[sector]
        A, B = self._covariances(sector, level, covariance)
        chosen = independent_operators(A[0])
        exponents = [
            self._exponent(sector, level, some, A, B, chosen[chosen < some]) for some in range(1, len(operators) + 1)
        ]
        every = np.ix_(chosen, chosen)
        names = tuple(operators[i].name for i in chosen)
        return exponents, LinearizedStep(sector, level, names, linearized(A[0][every], B[0][every]))

    def _covariances(self, sector: Sector, level: int, covariance: Covariances) -> list[list[npt.NDArray[np.float64]]]:
        """A of operators after a step and B with those before it, each of all samples and of the replicas."""
        n = len(self.operators[sector])
        after, before = slice(level * n, (level + 1) * n), slice((level - 1) * n, level * n)
        return [[c[..., after, part] for c in covariance] for part in (after, before)]

    def _exponent(
        self,
        sector: Sector,
        level: int,
        n_operators: int,
        A: Sequence[npt.NDArray[np.float64]],
        B: Sequence[npt.NDArray[np.float64]],
        chosen: npt.NDArray[np.intp],
    ) -> MCRGExponent:
        """The leading eigenvalue with the chosen operators, of all samples (A[0], B[0]) and replicas (A[1], B[1])."""
        eigenvalue = stderr = y = y_stderr = math.nan
        if len(chosen):
            whole, replicas = (
                leading_eigenvalues(linearized(a[..., chosen[:, None], chosen], b[..., chosen[:, None], chosen]))
                for a, b in zip(A, B, strict=True)
            )
            eigenvalue = float(whole)
            stderr = float(jackknife_stderr(replicas)) if len(replicas) > 1 else math.nan
            if eigenvalue > 0:
                y, y_stderr = (math.log(eigenvalue), stderr / eigenvalue)
                y, y_stderr = y / math.log(self.kernel.scale), y_stderr / math.log(self.kernel.scale)
        shape = self.shapes[level]
        return MCRGExponent(sector, level, shape, n_operators, eigenvalue, stderr, y, y_stderr)


def mcrg(
    spins: npt.ArrayLike | Ensemble,
    kernel: BlockKernel,
    *,
    operators: Iterable[SpinOperator] | None = None,
    levels: int | None = None,
    shape: int | Sequence[int] | None = None,
    n_chains: int | None = None,
    seed: streams.Seed = None,
    progress: Progress = None,
) -> MCRGResult:
    """Critical exponents by Swendsen's Monte Carlo renormalization group.

    Samples at the critical point are blocked again and again. With A_αβ = ⟨S′_α S′_β⟩ − ⟨S′_α⟩⟨S′_β⟩ of operators
    S′ after a step and B_αβ = ⟨S′_α S_β⟩ − ⟨S′_α⟩⟨S_β⟩ with those before it, the linearized renormalization group is
    T = ∂K′/∂K = A⁻¹ B. The leading eigenvalue λ of the even operators gives y_T = 1/ν = ln λ / ln b, that of the odd
    ones y_h. Errors are by jackknife. They do not cover the truncation to few operators, nor the distance of the
    samples from the fixed point; the table over levels and numbers of operators shows both.

    Parameters
    ----------
    spins : Ensemble, or array_like of -1 and +1, shape (n_samples, n_sites), (n_samples, rows, columns) or with layers
        Samples of a periodic ring, square, triangular or cubic lattice without a field. Blocks of consecutive samples
        are taken for independent; those of an ensemble, or of ``n_chains``, are put in order, chain after chain.
    kernel : BlockKernel
        The distribution of block spins: :class:`MajorityKernel`, :class:`DecimationKernel`, :class:`ConvolutionKernel`.
    operators, levels, seed
        As in :class:`MCRGAccumulator`.
    shape : int or sequence of int, optional
        ``(rows, columns)`` of configurations that were flattened to ``(n_samples, n_sites)``. ``(n_sites,)`` states
        that they are rings, which is then not checked.
    n_chains : int, optional
        Of an array: its number of interleaved chains, as in :class:`rgrbm.spins.Ensemble`. By default one.
    progress : bool or callable, optional
        A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks, for
        what takes longer than two seconds.

    Returns
    -------
    MCRGResult

    Warns
    -----
    UserWarning
        If the samples make fewer than ten independent blocks, or an array seems to hold flattened
        lattices or interleaved chains and neither ``shape`` nor ``n_chains`` says so.

    Raises
    ------
    TypeError, ValueError
        As of :class:`MCRGAccumulator`. If an ensemble has a field or another lattice; if an array was certainly drawn
        in a field, or its rows are certainly not rings. :func:`rgrbm.estimate_coupling` says when that is certain.

    References
    ----------
    R. H. Swendsen, Phys. Rev. Lett. 42, 859 (1979).

    Examples
    --------
    Decimation of the ring with one operator: T = ∂J′/∂J = tanh 2J.

    >>> import numpy as np
    >>> from rgrbm import IsingModel
    >>> from rgrbm.mcrg import RING_OPERATORS, DecimationKernel, mcrg
    >>> spins = IsingModel((64,), J=0.5).sample(20_000, method="exact", seed=0)
    >>> exponent = mcrg(spins, DecimationKernel(), operators=RING_OPERATORS[:1], levels=1, seed=0).exponents[0]
    >>> abs(exponent.eigenvalue - np.tanh(1.0)) < 4 * exponent.eigenvalue_stderr < 0.05
    True
    """
    if operators is None and isinstance(kernel, BlockKernel) and isinstance(spins, Ensemble):
        operators = default_operators(len(spins.shape), cast("Kind", spins.lattice))
    operators = None if operators is None else tuple(checks.items("operators", operators, "SpinOperator"))
    in_time, chains = _in_time(spins, shape, n_chains)
    _require_lattice_of(spins, operators)
    blocks, array = _blocks(in_time, chains), _ordered(in_time, chains)
    accumulator = MCRGAccumulator(
        kernel, array.shape[1:], operators=operators, levels=levels, seed=seed,
        n_blocks=_BLOCKS if blocks is None else max(FEWEST_BLOCKS, min(_BLOCKS, blocks.n_blocks // 2)),
    )  # fmt: skip
    if blocks is not None and blocks.n_blocks < FEWEST_BLOCKS:
        warnings.warn(
            f"{len(array)} samples with an autocorrelation time of {blocks.tau_int:.3g} make {blocks.n_blocks} "
            f"independent blocks: standard errors are themselves uncertain. {MORE_SAMPLES}",
            stacklevel=2,
        )
    with progress_bar("renormalizing", len(array), unit="samples", show=progress) as advance:
        for first, end in _slices(len(array), math.prod(array.shape[1:])):
            accumulator.add(array[first:end])
            advance(end - first, "")
    return accumulator.result()


def _blocks(in_time: npt.NDArray[np.int8], n_chains: int) -> Blocks | None:
    """Independent blocks of samples, of chains in turn; None where their number sets no limit.

    The jackknife takes between one and two times the blocks that it is asked for, and at least ten: without any one of
    them, the samples must determine the covariances of all operators.
    """
    if n_chains >= MANY_CHAINS or len(in_time) < 2 * FEWEST_BLOCKS:
        return None
    blocks = blocks_of(in_time, n_chains)
    return None if math.isnan(blocks.tau_int) else blocks


def by_chains(spins: npt.ArrayLike | Ensemble) -> npt.NDArray[np.int8]:
    """Samples as an array, in the order of their chains, each chain in the order of its time.

    Raises
    ------
    ValueError
        If they are no spins ±1 of a ring or square lattice, or were drawn in a field: of an ensemble any, of an array
        one that is certain.
    """
    return _ordered(*_in_time(spins, None, None))


def _ordered(in_time: npt.NDArray[np.int8], n_chains: int) -> npt.NDArray[np.int8]:
    return in_time if n_chains == 1 else in_time[by_chain(len(in_time), n_chains)]


def _in_time(
    spins: npt.ArrayLike | Ensemble, shape: int | Sequence[int] | None, n_chains: int | None
) -> tuple[npt.NDArray[np.int8], int]:
    """Samples as an array, sample i of chain i modulo the number of chains, and this number."""
    if not isinstance(spins, Ensemble):
        return _checked_array(lattice_spins(spins), shape, n_chains)
    if shape is not None or n_chains is not None:
        raise ValueError("an ensemble brings its shape and n_chains; give neither, or pass its spins as an array")
    if spins.h != 0:
        raise ValueError(f"in a field even and odd operators mix; the ensemble has h = {spins.h:g}")
    return lattice_spins(spins.spins), spins.n_chains


def _checked_array(
    array: npt.NDArray[np.int8], shape: int | Sequence[int] | None, n_chains: int | None
) -> tuple[npt.NDArray[np.int8], int]:
    chains = 1 if n_chains is None else checks.integer("n_chains", n_chains)
    if not 1 <= chains <= len(array):
        raise ValueError(f"n_chains must be from 1 to the number of samples, {len(array)}, got {chains}")
    if shape is not None:
        array = lattice_spins(array.reshape(len(array), *sides_of(shape, array.shape)))
    else:
        require_rings(array, blocks_of(array, chains))
    require_no_field(array, chains)
    warn_of_interleaved_chains(array, chains)
    return array, chains


def _require_lattice_of(spins: npt.ArrayLike | Ensemble, operators: tuple[SpinOperator, ...] | None) -> None:
    """Of an ensemble, the operators must be those of its lattice; of an array, they say what it is."""
    if isinstance(spins, Ensemble) and operators:
        for operator in operators:
            if isinstance(operator, SpinOperator) and operator.lattice != spins.lattice:
                raise ValueError(f"operator {operator.name!r} is one of a {operator.lattice} lattice, the ensemble is "
                                 f"of a {spins.lattice} one")  # fmt: skip


def _slices(n_samples: int, n_sites: int) -> Iterator[tuple[int, int]]:
    """Ranges of samples for one call of the kernels, of whole words but for the last."""
    length = _WORD * max(1, _SLICE_BYTES // (_WORD * n_sites))
    for first in range(0, n_samples, length):
        yield first, min(first + length, n_samples)


def _tori(kernel: BlockKernel, samples: Torus, levels: int | None) -> list[Torus]:
    """The lattices of all levels, the samples' first."""
    steps, tori = kernel.steps(len(samples.shape)), [samples]
    if levels is not None:
        for _ in range(checks.integer("levels", levels, 0)):
            tori.append(tori[-1].coarse(steps))
        return tori
    while (coarse := tori[-1].coarse_or_none(steps)) and min(coarse.shape) >= _SMALLEST:
        tori.append(coarse)
    if len(tori) == 1:
        b, shape = kernel.scale, samples.shape
        least = _SMALLEST * (int(b) if b == int(b) else round(b * b))
        if coarse is None:
            raise ValueError(
                f"the kernel needs sides that are multiples of its b = {b:.4g}; the lattice has the shape {shape}. "
                f"Choose sides such as {least} or {least * least // _SMALLEST}, or a kernel of another b"
            )
        raise ValueError(
            f"a step of b = {b:.4g} should leave at least {_SMALLEST} sites along each axis; of {shape} it leaves "
            f"{coarse.shape}: choose levels to make it all the same, or a larger lattice"
        )
    return tori
