"""What every sampler of spins answers: sweep, measure, spins, couplings, and a state to go on from."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm._support.progress import Progress, reports
from rgrbm.spins.lattice import Lattice
from rgrbm.spins.patterns import GroundState, bond_signs, ground_state, pattern_spins
from rgrbm.spins.values import Spins, spin_values
from rgrbm.statistics.presentation import Presented

Values = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, repr=False, eq=False)
class SpinRecord(Presented):
    """Measurements of chains, one after the other; the first axes of all arrays are (n, n_chains).

    The *order* of a configuration is M = Σ s, or for a model whose ground state is staggered M_s = Σ ε s, where ε is
    the sign of that ground state.

    Attributes
    ----------
    bond_sums : ndarray of int64, shape (n, n_chains, n_axes)
        Σ s s′ over the bonds of each axis; the energy is −Σ_a J_a times these, less h times the magnetization.
    magnetization : ndarray of int64, shape (n, n_chains)
        M = Σ s.
    staggered : ndarray of int64, shape (n, n_chains), or None
        M_s = Σ ε s with signs that alternate from site to site; None where an odd side, or a triangular lattice, does
        not allow it.
    structure : ndarray, shape (n, n_chains, n_dimensions), or None
        ``|Σ s e^(ikx)|²`` with k = 2π/L along each dimension of the lattice, the smallest wave number there is; of ε s
        where the order is staggered and there is no field. None if it was not wanted.
    improved_square, improved_fourth : ndarray, shape (n, n_chains)
        Improved estimators of the second and the fourth moment of the order, by clusters: means over all signs of the
        clusters, of smaller variance than the moments themselves. Without a field the first is ``Σ_C |C|²``, or the
        mean of ``N |C|`` over Wolff's clusters of a sweep, whose variance is small only where many make a sweep.
        Wolff's clusters do not give the fourth moment, and in a field none of these; single-spin methods have none:
        NaN.
    improved_structure : ndarray, shape (n, n_chains, n_dimensions)
        The same of the structure factor.
    cluster_size : ndarray, shape (n, n_chains)
        Mean number of sites of Wolff's clusters since the last measurement; NaN by other methods.
    """

    bond_sums: Counts
    magnetization: Counts
    staggered: Counts | None
    structure: Values | None
    improved_square: Values
    improved_fourth: Values
    improved_structure: Values
    cluster_size: Values


class Sampler(ABC):
    """Chains of an Ising model H = −Σ_a J_a Σ s s′ − h Σ s at β = 1; see the classes derived from it.

    Without a field, a model that is a ferromagnet in other variables (:mod:`rgrbm.spins.patterns`) is sampled in these:
    an antiferromagnet on two sublattices has the chains, and so the autocorrelation times, of the ferromagnet.

    Attributes
    ----------
    lattice : Lattice
        Sites and axes of bonds.
    method : str
        How spins are moved.
    n_chains : int
        Independent chains.
    h : float
        Uniform field.
    couplings : ndarray of float64, shape (n_chains, n_axes)
        Coupling of each chain and axis of bonds.
    """

    _UPDATES_PER_SLICE = 2**28
    """Spins that one call of the kernels may visit: a fraction of a second, so that progress is shown."""

    lattice: Lattice
    method: str
    n_chains: int
    h: float
    couplings: Values
    _chains: kernels.SpinChains

    def _start(self, J: npt.ArrayLike, seed: streams.Seed) -> None:
        """Make the chains; the last step of a constructor."""
        self._lock = threading.RLock()
        self.couplings = self._checked_couplings(J)
        self._choose_frame()
        self._key = streams.key(streams.seed_sequence(seed))
        self._chains = self._make_chains(self._frame_couplings())

    @abstractmethod
    def _make_chains(self, couplings: Values) -> kernels.SpinChains:
        """Chains of the kernels, started at random."""

    # Couplings and the frame in which spins are kept

    def _checked_couplings(self, J: npt.ArrayLike) -> Values:
        shape = self.n_chains, self.lattice.n_axes
        values = checks.numbers("J", J)
        if values.shape not in ((), shape[1:], shape):
            raise ValueError(f"J must be a number or have shape {shape[1:]} or {shape}, got {values.shape}")
        if not np.isfinite(values).all():
            raise ValueError("each coupling J must be finite")
        return np.ascontiguousarray(np.broadcast_to(values, shape))

    def _choose_frame(self) -> None:
        """The ground state, and whether spins are kept relative to it.

        Chains of different couplings share a frame if the signs of their couplings allow.
        """
        strongest = np.where(
            self.couplings.max(axis=0) > -self.couplings.min(axis=0),
            self.couplings.max(axis=0),
            self.couplings.min(axis=0),
        )
        self._ground: GroundState = ground_state(self.lattice, strongest, self.h)
        dimensions = len(self.lattice.shape)
        both = self.lattice.kind == "hypercubic" and self.lattice.n_colours == 2
        uniform = (False,) * dimensions
        staggered = self._ground.pattern if any(self._ground.pattern) and both else (both,) * dimensions
        signs = np.array(bond_signs(self.lattice, self._ground.pattern))
        self._in_frame = self.h == 0 and any(self._ground.pattern) and bool(np.all(signs * self.couplings >= 0))
        self._staggered = self._ground.pattern if self._in_frame else staggered
        self._signs = signs if self._in_frame else np.ones_like(signs)
        self._pattern = self._staggered if self._in_frame else uniform

    def _frame_couplings(self) -> Values:
        return np.ascontiguousarray(self._signs * self.couplings)

    def _alternating(self) -> tuple[bool, bool, bool]:
        """The staggered pattern, as the kernels take it: of layers, rows and columns."""
        first, second, third = (False, False, False, *self._staggered)[-3:]
        return first, second, third

    @property
    def staggered_pattern(self) -> tuple[bool, ...] | None:
        """Dimensions along which the signs of the staggered magnetization alternate, None if it has no meaning."""
        return self._staggered if any(self._staggered) else None

    @property
    def order_is_staggered(self) -> bool:
        """Whether the ground state is staggered, so that M_s and not M is its order."""
        return any(self._staggered) and any(self._ground.pattern)

    def set_couplings(self, J: float | Sequence[float] | Values) -> None:
        """Give the chains other couplings; of the shapes that the class takes.

        Raises
        ------
        ValueError
            If they do not fit, are not finite, or change the sign of a model that is kept in the variables of a
            ferromagnet: make another sampler for those.
        TypeError
            If they are no numbers.
        """
        values = self._checked_couplings(J)
        if self._in_frame and np.any(self._signs * values < 0):
            raise ValueError(
                f"these chains are those of an antiferromagnet with the signs {self._signs.tolist()} of its couplings; "
                "other signs need another sampler"
            )
        with self._lock:
            self._set_frame_couplings(np.ascontiguousarray(self._signs * values))
            self.couplings = values

    def _set_frame_couplings(self, couplings: Values) -> None:
        self._chains.set_couplings(couplings)

    # Spins

    def spins(self) -> Spins:
        """The configurations, ±1, int8 of shape ``(n_chains, *shape)``."""
        out = np.empty((self.n_chains, self.lattice.n_sites), dtype=np.int8)
        with self._lock:
            self._chains.unpack(out)
        return self._out_of_frame(out.reshape(self.n_chains, *self.lattice.shape))

    def set_spins(self, x: npt.ArrayLike) -> None:
        """Start all chains from given configurations.

        Parameters
        ----------
        x : array_like of ±1, shape ``(n_chains, *shape)`` or ``shape``
            One configuration for each chain, or one for all.

        Raises
        ------
        ValueError
            If the shape is another, or a value is not ±1.
        """
        array = spin_values(x)
        if array.shape not in ((self.n_chains, *self.lattice.shape), self.lattice.shape):
            raise ValueError(
                f"expected spins of shape {(self.n_chains, *self.lattice.shape)} or {self.lattice.shape}, "
                f"got {array.shape}"
            )
        whole = np.broadcast_to(array, (self.n_chains, *self.lattice.shape)).astype(np.int8)
        with self._lock:
            self._chains.pack(np.ascontiguousarray(self._out_of_frame(whole)).reshape(self.n_chains, -1))

    def _out_of_frame(self, spins: Spins) -> Spins:
        """From the kernels' spins to those of the model, and back."""
        return spins * pattern_spins(self.lattice.shape, self._pattern) if self._in_frame else spins

    def align(self) -> None:
        """Start all chains from a ground state.

        It is that of couplings and field together: all spins along the field (up without one), or a staggered pattern.
        Where the couplings are frustrated it is the best of such patterns.
        """
        with self._lock:
            if self._in_frame or not any(self._ground.pattern):
                self._chains.align(self.h >= 0)
            else:
                self.set_spins(pattern_spins(self.lattice.shape, self._ground.pattern))

    def bond_sums(self) -> Counts:
        """Σ s s′ over the bonds of each axis, int64 of shape (n_chains, n_axes)."""
        with self._lock:
            return np.asarray(self._signs * self._chains.bond_sums())

    def magnetizations(self) -> Counts:
        """Σ s of each chain, int64 of shape (n_chains,)."""
        with self._lock:
            return self._chains.magnetizations(alternating=self._in_frame)

    def staggered_magnetizations(self) -> Counts:
        """Σ ε s of each chain, int64 of shape (n_chains,), with signs ε that alternate from site to site.

        Raises
        ------
        ValueError
            If the lattice is not made of two sublattices.
        """
        if self.staggered_pattern is None:
            raise ValueError(f"{self.lattice!r} is not made of two sublattices: it has no staggered magnetization")
        with self._lock:
            return self._chains.magnetizations(alternating=not self._in_frame)

    # Sweeps

    def _sweeps_per_slice(self) -> int:
        return max(1, self._UPDATES_PER_SLICE // (self.lattice.n_sites * self.n_chains))

    def sweep(self, n: int = 1, *, progress: Progress = None) -> None:
        """Make n sweeps of about as many updates as there are sites.

        Raises
        ------
        TypeError, ValueError
            If n is no integer, or negative.
        """
        n, length = checks.integer("n", n, 0), self._sweeps_per_slice()
        with reports(progress, "sweeping", "sweeps") as report:
            for done in range(0, n, length):
                with self._lock:
                    self._chains.sweep(min(length, n - done))
                report(min(done + length, n), n)

    def measure(
        self, n: int, *, spacing: int = 1, structure: bool = True, flips: bool = False, progress: Progress = None
    ) -> SpinRecord:
        """Measure n times, each time after ``spacing`` sweeps.

        Parameters
        ----------
        n : int
            Number of measurements.
        spacing : int, default=1
            Sweeps before each; improved estimators are those of the last of these.
        structure : bool, default=True
            Whether structure factors and improved estimators are wanted, which may cost as much as a sweep.
        flips : bool, default=False
            Whether to make :meth:`flip_globally` before each measurement as well.
        progress : bool or callable, optional
            A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks,
            for what takes longer than two seconds.

        Raises
        ------
        TypeError, ValueError
            If n is no integer or negative, or the spacing not at least 1.
        MemoryError
            If the measurements need more memory than there is.
        """
        n, spacing = checks.integer("n", n, 0), checks.integer("spacing", spacing, 1)
        columns = 5 + self.lattice.n_axes + 2 * len(self.lattice.shape)
        checks.require_memory(8 * columns * n * self.n_chains, f"{n} measurements of {self.n_chains} chains")
        parts: list[dict[str, npt.NDArray[Any]]] = []
        length = max(1, self._sweeps_per_slice() // spacing)
        with reports(progress, "measuring", "measurements") as report:
            for done in range(0, max(n, 1), length):
                parts.append(self._measure_slice(min(length, n - done), spacing, structure, flips))
                report(min(done + length, n), n)
        arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return self._record(arrays)

    def _measure_slice(self, n: int, spacing: int, structure: bool, flips: bool) -> dict[str, npt.NDArray[Any]]:
        """Arrays of a slice that is not interrupted; long waits between measurements are slices of their own."""
        before = spacing - 1 if spacing > self._sweeps_per_slice() else 0
        self.sweep(before)
        with self._lock:
            return self._measured(n, spacing - before, structure, flips)

    def _measured(self, n: int, spacing: int, structure: bool, flips: bool) -> dict[str, npt.NDArray[Any]]:
        return dict(self._chains.measure(n, spacing, structure, flips))

    def flip_globally(self) -> None:
        """Flip all spins of a chain with the probability 1/(1 + e^(2hM)) that its mirror image has of the two.

        A heat-bath update of the sign of all spins: in a weak field, or on a small lattice, chains of the ordered phase
        cross from one direction to the other by it, which sweeps alone hardly ever do.
        """
        with self._lock:
            self._chains.flip_globally()

    def _record(self, arrays: dict[str, npt.NDArray[Any]]) -> SpinRecord:
        kept, alternating = arrays["magnetization"], arrays["alternating"]
        shape = kept.shape
        nothing = np.broadcast_to(np.nan, shape)
        return SpinRecord(
            bond_sums=arrays["bond_sums"] * self._signs,
            magnetization=alternating if self._in_frame else kept,
            staggered=None if self.staggered_pattern is None else kept if self._in_frame else alternating,
            structure=arrays.get("structure"),
            improved_square=arrays.get("improved_square", nothing),
            improved_fourth=arrays.get("improved_fourth", nothing),
            improved_structure=arrays.get(
                "improved_structure", np.broadcast_to(np.nan, (*shape, len(self.lattice.shape)))
            ),
            cluster_size=arrays.get("cluster_size", nothing),
        )

    # States

    def state(self) -> dict[str, Any]:
        """All that the future of the chains depends on, as a dictionary of arrays and plain values.

        :meth:`restore` takes it, in a sampler of the same lattice, method and number of chains; both go on to the same
        bits. A sampler can be pickled as well.
        """
        with self._lock:
            return {
                "identity": self._identity(),
                "couplings": self.couplings.copy(),
                "chains": list(self._chains.state()),
            }

    def restore(self, state: dict[str, Any]) -> Self:
        """Go on from a :meth:`state`.

        Returns
        -------
        Sampler
            This one.

        Raises
        ------
        ValueError
            If the state is that of another sampler, or none.
        """
        parts = ("identity", "couplings", "chains")
        if not isinstance(state, dict) or any(name not in state for name in parts):
            raise ValueError(f"expected the state of a sampler, got {checks.shown(state)}")
        identity, couplings, chains = (state[name] for name in parts)
        if identity != self._identity():
            raise ValueError(f"this state is that of {identity}, not of {self._identity()}")
        with self._lock:
            self.set_couplings(couplings)
            self._chains.restore(chains)
        return self

    def _identity(self) -> dict[str, Any]:
        return {
            "lattice": (self.lattice.shape, self.lattice.kind), "method": self.method, "n_chains": self.n_chains,
            "h": self.h, "signs": self._signs.tolist(),
        }  # fmt: skip

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: value for name, value in self.__dict__.items() if name not in ("_lock", "_chains")}
        return kept | {"_saved": list(self._chains.state())}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        saved = kept.pop("_saved")
        self.__dict__.update(kept)
        self._lock = threading.RLock()
        self._chains = self._make_chains(self._frame_couplings())
        self._chains.restore(saved)
