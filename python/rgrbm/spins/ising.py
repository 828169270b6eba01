"""The Ising model: a lattice with a coupling, its samples and exact results."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks, streams
from rgrbm._support.progress import Progress
from rgrbm.spins import draw, exact, measured_run
from rgrbm.spins.bonds import Bonds, Values
from rgrbm.spins.ensemble import Ensemble
from rgrbm.spins.lattice import Kind, Lattice
from rgrbm.spins.measurement import Measurement
from rgrbm.spins.methods import MeasuredMethod, Method
from rgrbm.spins.time_series import Start, TimeSeries
from rgrbm.spins.values import Spins


class IsingModel:
    """Ising model H = −Σ_a J_a Σ s s′ − h Σ s over nearest neighbours, periodic, at β = 1.

    Parameters
    ----------
    shape : int or tuple of int
        ``(N,)`` is a ring of N spins, ``(rows, columns)`` a square lattice on a torus (or a triangular one),
        ``(layers, rows, columns)`` a cubic lattice. A side of 2 has double bonds.
    J : float or sequence of float
        Coupling, in units of temperature (it stands for βJ); negative for an antiferromagnet. Or one for each axis of
        bonds: in the order of the shape, on the triangular lattice down the rows, along them and along their diagonal.
    h : float, default=0
        Uniform field, in the same units.
    lattice : {"hypercubic", "triangular"}
        Kind of the lattice; :class:`rgrbm.spins.Lattice` describes both.

    Attributes
    ----------
    lattice : Lattice
        Sites, bonds and colours.
    J : float or tuple of float
        The coupling if all axes have the same, else that of each.
    couplings : tuple of float
        The coupling of each axis.
    h : float
        The field.

    Raises
    ------
    ValueError
        If a side is below 2, there are more than three axes or 2³¹ sites, the lattice is unknown, J has not a value
        for each axis, or J or h is not finite.
    TypeError
        If the shape is not made of integers, or J or h is not a number.

    Examples
    --------
    >>> from rgrbm import IsingModel
    >>> model = IsingModel(shape=(64,), J=1.0)
    >>> spins = model.sample(1200, method="metropolis", seed=0)
    >>> spins.shape, spins.dtype
    ((1200, 64), dtype('int8'))
    >>> IsingModel((8, 8, 8), J=(0.2, 0.2, 0.25), h=0.1).sample(100, seed=0).shape
    (100, 8, 8, 8)
    """

    def __init__(
        self, shape: int | tuple[int, ...], J: float | Sequence[float], h: float = 0.0, *, lattice: Kind = "hypercubic"
    ) -> None:
        self.lattice = Lattice(shape if isinstance(shape, tuple | list) else (shape,), lattice)
        self.couplings = _axis_couplings(J, self.lattice)
        self.J = self.couplings if len(set(self.couplings)) > 1 else self.couplings[0]
        self.h = checks.real("the field h", h)

    def __repr__(self) -> str:
        field = f", h={self.h}" if self.h else ""
        kind = f", lattice={self.lattice.kind!r}" if self.lattice.kind != "hypercubic" else ""
        return f"IsingModel(shape={self.shape}, J={self.J}{field}{kind})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Sites along each axis."""
        return self.lattice.shape

    @property
    def n_sites(self) -> int:
        """Number of spins."""
        return self.lattice.n_sites

    def sample(
        self,
        n_samples: int,
        *,
        method: Method = "auto",
        seed: streams.Seed = None,
        n_chains: int | None = None,
        burn_in: int | None = None,
        spacing: int | None = None,
        progress: Progress = None,
    ) -> Spins:
        """Draw configurations; see :meth:`ensemble` for the parameters and errors, and for how they were made.

        Returns
        -------
        ndarray of int8, shape (n_samples, *shape)
            Spins ±1.

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> IsingModel((8, 8), J=0.4).sample(10, seed=0).shape
        (10, 8, 8)
        """
        return self.ensemble(
            n_samples, method=method, seed=seed, n_chains=n_chains, burn_in=burn_in, spacing=spacing,
            progress=progress,
        ).spins  # fmt: skip

    def ensemble(
        self,
        n_samples: int,
        *,
        method: Method = "auto",
        seed: streams.Seed = None,
        n_chains: int | None = None,
        burn_in: int | None = None,
        spacing: int | None = None,
        progress: Progress = None,
    ) -> Ensemble:
        """Draw configurations from the Boltzmann distribution and keep how that was done.

        Parameters
        ----------
        n_samples : int
            Number of configurations.
        method : {"auto", "exact", "swendsen_wang", "wolff", "heat_bath", "metropolis"}
            "exact" draws independent samples of the ring without a field from the transfer matrix. "swendsen_wang" and
            "wolff" flip whole clusters (:class:`rgrbm.spins.ClusterSampler`): near a critical point their chains
            decorrelate in a few sweeps, where single-spin methods take thousands. "heat_bath" and "metropolis" (Eq. 16
            of the report, ΔH = 0 is accepted) flip single spins (:class:`rgrbm.spins.SingleSpinSampler`). "auto", the
            default, is "exact" where that is known, "swendsen_wang" without a field where no bonds are frustrated,
            and "heat_bath" otherwise.
        seed : int, SeedSequence, Generator, RandomState or None
            Fixes the result to the bit, for any number of threads.
        n_chains : int, optional
            Independent chains; by default as many as there are samples, at most 512, or 64 of clusters.
        burn_in, spacing : int, optional
            Sweeps before the first and between further samples of each chain; a spacing is at least 1, as without a
            sweep a chain would give the same sample again. By default burn-in goes on until the integrated
            autocorrelation times of the energy and of the modulus of the order (in a field also of the magnetization)
            are resolved and at least 20 of them long; the spacing is 5 of the larger one. Chains start from a ground
            state where no bonds are frustrated, else at random, as they do where ``burn_in`` is given.
        progress : bool or callable, optional
            True shows a bar; a function is called with (done, in all) between slices of work.

        Returns
        -------
        Ensemble

        Raises
        ------
        TypeError
            If a number is not an integer.
        ValueError
            If an argument is out of range, the method unknown or not possible for the model.
        MemoryError
            If samples and chains need more memory than there is.

        Warns
        -----
        RuntimeWarning
            If the chains may not be in equilibrium, with the reason; or if burn-in takes more than a minute.

        Notes
        -----
        Exact samples are independent: ``n_chains``, ``burn_in`` and ``spacing`` have no meaning for them.

        Without a field each configuration is given a random sign when it is read, since the model does not change
        under a global flip; an antiferromagnet in a field is shifted by one site instead, with probability ½. So odd
        observables are right in the ordered phase as well, where a chain keeps its sign for a very long time.
        """
        return draw.draw(
            self, n_samples, method=method, seed=seed, n_chains=n_chains, burn_in=burn_in, spacing=spacing,
            progress=progress,
        )  # fmt: skip

    def measure(
        self,
        n_sweeps: int,
        *,
        method: MeasuredMethod = "auto",
        seed: streams.Seed = None,
        n_chains: int | None = None,
        burn_in: int | None = None,
        correlation_every: int | None = None,
        keep_series: bool = False,
        progress: Progress = None,
    ) -> Measurement:
        """Run and measure observables with error bars; no configurations are kept.

        Half of the chains start in a ground state (cold). The others start far from it (hot): three quarters of their
        spins are those of the ground state, or all are random where bonds are frustrated. Burn-in goes on until the
        integrated autocorrelation times are resolved and at least 20 of them long, and both starts agree in the
        energy, the modulus of the order and, in a field, the magnetization.

        Parameters
        ----------
        n_sweeps : int
            Sweeps that are measured, of each chain; at least 2. Where they are much shorter than the autocorrelation
            times, only every so many are (``run["every"]``).
        method : {"auto", "metropolis", "heat_bath", "wolff", "swendsen_wang"}
            Single-spin updates or clusters; "auto" is "swendsen_wang" without a field where no bonds are frustrated,
            and "heat_bath" otherwise. A sweep of Wolff's is a number of clusters that together have about as many
            sites as the lattice; it is fixed before.
        seed : int, SeedSequence, Generator, RandomState or None
            Fixes the result to the bit, for any number of threads.
        n_chains : int, optional
            An even number; by default 1024 of single-spin methods (which are packed 512 to a word), and 64 of
            clusters, but fewer on lattices of more than 65,536 sites.
        burn_in : int, optional
            Sweeps before measuring, instead of those that the starts need to agree.
        correlation_every : int, optional
            Sweeps between measurements of ⟨s₀ sₓ⟩; by default it is not measured. It costs more than a sweep.
        keep_series : bool, default=False
            Whether to keep Σ s s′ and Σ s of all measurements, for :class:`rgrbm.spins.Reweighting`; for models with
            one coupling.
        progress : bool or callable, optional
            True shows a bar; a function is called with (done, in all) between slices of work.

        Returns
        -------
        Measurement

        Raises
        ------
        TypeError
            If a number is not an integer.
        ValueError
            If an argument is out of range, or the method unknown or not possible for the model.
        MemoryError
            If the chains need more memory than there is.

        Warns
        -----
        RuntimeWarning
            If the chains are too short to tell, or the two starts disagree; ``equilibrated`` is then false. Or if
            burn-in takes more than a minute.

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> model = IsingModel((8, 8), J=0.4)
        >>> found = model.measure(500, seed=0)
        >>> bool(abs(found.energy.mean - model.mean_energy() / 64) < 4 * found.energy.stderr), found.equilibrated
        (True, True)
        """
        if keep_series and isinstance(self.J, tuple):
            raise ValueError(f"series are kept of models with one coupling for all axes, got J = {self.J}")
        return measured_run.measure(
            self, n_sweeps, method=method, seed=seed, n_chains=n_chains, burn_in=burn_in,
            correlation_every=correlation_every, keep_series=keep_series, progress=progress,
        )  # fmt: skip

    def time_series(
        self,
        n_sweeps: int,
        *,
        start: Start | npt.ArrayLike = "hot",
        method: Method = "auto",
        n_chains: int = 1,
        every: int = 1,
        seed: streams.Seed = None,
        progress: Progress = None,
    ) -> TimeSeries:
        """Watch chains from a given start: energy and magnetization after each sweep.

        Nothing is left out and no signs are changed: this is the dynamics of the method itself.

        Parameters
        ----------
        n_sweeps : int
            Sweeps to make; :meth:`TimeSeries.extend` makes more.
        start : {"hot", "cold"} or array_like of ±1, shape ``shape`` or ``(n_chains, *shape)``
            Random spins, a ground state, or given configurations.
        method : {"auto", "metropolis", "heat_bath", "wolff", "swendsen_wang"}
            As for :meth:`measure`.
        n_chains : int, default=1
            Independent chains.
        every : int, default=1
            Sweeps between records.
        seed : int, SeedSequence, Generator, RandomState or None
            Fixes the result to the bit, for any number of threads.
        progress : bool or callable, optional
            True shows a bar; a function is called with (done, in all) between slices of work.

        Returns
        -------
        TimeSeries

        Raises
        ------
        TypeError
            If a number is not an integer.
        ValueError
            If an argument is out of range, the method unknown or not possible for the model, or a configuration does
            not fit.
        MemoryError
            If chains or records need more memory than there is.

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> run = IsingModel((64, 64), J=0.6).time_series(100, start="cold", method="metropolis", seed=0)
        >>> run.energy.shape, run.spins().shape
        ((101, 1), (1, 64, 64))
        >>> run.extend(50).sweeps[-1]
        np.int64(150)
        """
        run = TimeSeries.started(self, start, method=method, n_chains=n_chains, every=every, seed=seed)
        return run.extend(n_sweeps, progress=progress)

    def energy(self, spins: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Energy H = −Σ_a J_a Σ s s′ − h Σ s of configurations.

        Parameters
        ----------
        spins : array_like of ±1, shape (..., *shape)

        Returns
        -------
        ndarray of shape (...)

        Raises
        ------
        ValueError
            If the last axes are not the lattice's shape, or a value is not ±1.

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> float(IsingModel((4,), J=1.0).energy([1, 1, 1, -1]))
        -0.0
        """
        array = self._check_spins(spins)
        bonds = self.lattice.bond_sums(array)
        if isinstance(self.J, tuple):
            energy = -(bonds @ np.array(self.couplings))
        else:
            energy = -self.J * np.asarray(bonds.sum(axis=-1), dtype=np.float64)
        if self.h:
            energy = energy - self.h * array.sum(axis=tuple(range(-len(self.shape), 0)), dtype=np.int64)
        return np.asarray(energy)

    def magnetization(self, spins: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Mean spin of each configuration; parameters and errors as for :meth:`energy`.

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> float(IsingModel((4,), J=1.0).magnetization([1, 1, 1, -1]))
        0.5
        """
        array = self._check_spins(spins)
        return np.asarray(array.mean(axis=tuple(range(-len(self.shape), 0)), dtype=np.float64))

    def _check_spins(self, spins: npt.ArrayLike) -> Spins:
        array = np.asarray(spins)
        if array.shape[-len(self.shape) :] != self.shape:
            raise ValueError(f"expected configurations of shape (..., {self.shape}), got {array.shape}")
        if not np.all((array == 1) | (array == -1)):
            raise ValueError("expected spins ±1; rgrbm.to_spins converts binary units 0/1")
        return array.astype(np.int8, copy=False)

    def terms(self) -> tuple[int, Bonds, Values, float]:
        """Sites, bonds (n_bonds, 2), the coupling of each bond, and the field.

        What :func:`rgrbm.spins.spin_log_z` and :func:`rgrbm.spins.spin_energies` take, to sum over all states of a
        small lattice.

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> from rgrbm.spins import spin_log_z
        >>> round(spin_log_z(*IsingModel((2, 2, 3), J=0.2, h=0.1).terms()), 6)
        10.015195
        """
        couplings = np.repeat(np.array(self.couplings), self.n_sites)
        return self.n_sites, self.lattice.bonds().reshape(-1, 2), couplings, self.h

    def log_z(self) -> float:
        """Exact log of the partition function (transfer matrix; Kaufman on the torus).

        Raises
        ------
        ValueError
            If no closed form is known here: it is for ring and square lattice with one coupling and without a field.

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> round(IsingModel((64,), J=1.0).log_z(), 6)
        72.123393
        """
        J = self._closed_form("log Z")
        return exact.ring_log_z(J, self.n_sites) if len(self.shape) == 1 else exact.torus_log_z(J, *self.shape)

    def free_energy(self) -> float:
        """Exact free energy F = −ln Z (Eq. 2 of the report); errors as for :meth:`log_z`."""
        return -self.log_z()

    def mean_energy(self) -> float:
        """Exact mean energy ⟨H⟩; errors as for :meth:`log_z`."""
        J = self._closed_form("the mean energy")
        return (
            exact.ring_mean_energy(J, self.n_sites) if len(self.shape) == 1 else exact.torus_mean_energy(J, *self.shape)
        )

    def specific_heat(self) -> float:
        """Exact specific heat per site, C = (⟨H²⟩ − ⟨H⟩²)/N = J² ∂² ln Z/∂J² / N; errors as for :meth:`log_z`.

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> round(IsingModel((16, 16), J=0.44).specific_heat(), 6)
        1.505989
        """
        J = self._closed_form("the specific heat")
        if len(self.shape) == 1:
            return exact.ring_specific_heat(J, self.n_sites)
        return exact.torus_specific_heat(J, *self.shape)

    def _closed_form(self, what: str, *, ring: bool = False) -> float:
        """The coupling, if the model is one that has closed forms."""
        n_axes = len(self.shape)
        if isinstance(self.J, tuple) or self.h or self.lattice.kind != "hypercubic" or n_axes > (1 if ring else 2):
            hint = "" if ring else "; rgrbm.spins.spin_log_z(*model.terms()) sums over the states of up to 28 spins"
            where = "the ring only, without a field" if ring else "ring and square lattice with one J and no field"
            raise ValueError(f"{what} is known here for {where}, not for {self!r}{hint}")
        return self.J

    def correlation(self, max_distance: int) -> npt.NDArray[np.float64]:
        """Exact two-point correlation ⟨s₀ sₓ⟩ of the ring.

        Parameters
        ----------
        max_distance : int
            Largest distance x, in sites; at most half the ring.

        Returns
        -------
        ndarray of shape (max_distance + 1,)
            ⟨s₀ sₓ⟩ for x = 0 … max_distance, dimensionless, in [−1, 1].

        Raises
        ------
        ValueError
            If the model is not a ring without a field, or ``max_distance`` is negative or exceeds half the ring.
        TypeError
            If ``max_distance`` is not an integer.

        Notes
        -----
        From the transfer matrix, whose eigenvalues are 2 cosh J and 2 sinh J:
        ⟨s₀ sₓ⟩ = (tˣ + tᴺ⁻ˣ) / (1 + tᴺ) with t = tanh J. The limit N → ∞ is tˣ.

        References
        ----------
        Pathria & Beale, *Statistical Mechanics*, section on the Ising chain.

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> IsingModel((64,), J=1.0).correlation(2).round(4)
        array([1.    , 0.7616, 0.58  ])
        """
        J = self._closed_form("the exact correlation", ring=True)
        max_distance = checks.integer("max_distance", max_distance)
        if not 0 <= max_distance <= self.n_sites // 2:
            raise ValueError(
                f"max_distance must be between 0 and half the ring, {self.n_sites // 2}, got {max_distance}"
            )
        return exact.ring_correlation(J, self.n_sites, max_distance)

    def correlation_length(self) -> float:
        """Exact correlation length ξ of the infinite chain, in sites.

        Raises
        ------
        ValueError
            If the model is not a ring without a field.
        """
        return exact.ring_correlation_length(self._closed_form("the correlation length", ring=True))


def _axis_couplings(J: float | Sequence[float], lattice: Lattice) -> tuple[float, ...]:
    """J as one coupling for each axis of bonds."""
    if not (isinstance(J, tuple | list) or (isinstance(J, np.ndarray) and J.ndim)):
        return (checks.real("the coupling J", J),) * lattice.n_axes
    if np.ndim(J) != 1 or len(J) != lattice.n_axes:
        raise ValueError(f"J must be one coupling, or one for each of {lattice.n_axes} axes of bonds, got {J!r}")
    return tuple(checks.real("each coupling J", coupling) for coupling in J)
