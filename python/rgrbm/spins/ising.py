"""The Ising model: a lattice with a coupling, its samples and exact results."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rgrbm._support import streams
from rgrbm._support.progress import Progress
from rgrbm.spins import draw, measured_run
from rgrbm.spins.bonds import Bonds, Values
from rgrbm.spins.closed_forms import ClosedForms
from rgrbm.spins.ensemble import Ensemble
from rgrbm.spins.lattice import Kind, Lattice
from rgrbm.spins.measurement import Measurement
from rgrbm.spins.methods import MeasuredMethod, Method
from rgrbm.spins.model_units import couplings_and_field, require_no_second_side, single_coupling
from rgrbm.spins.time_series import Start, TimeSeries
from rgrbm.spins.values import Spins, spin_values


class IsingModel(ClosedForms):
    """Ising model H = −Σ_a J_a Σ s s′ − h Σ s over nearest neighbours, periodic, at β = 1.

    Parameters
    ----------
    shape : int or tuple of int
        ``(N,)`` is a ring of N spins, ``(rows, columns)`` a square lattice on a torus (or a triangular one),
        ``(layers, rows, columns)`` a cubic lattice. A side of 2 has double bonds.
    J : float or sequence of float, optional
        Coupling, in units of temperature (it stands for βJ); negative for an antiferromagnet. Or one for each axis of
        bonds: in the order of the shape, on the triangular lattice down the rows, along them and along their diagonal.
        Exactly one of J, T and beta must be given.
    h : float, default=0
        Uniform field: with J in units of temperature as well, with T or beta in units of the coupling.
    T : float, optional
        Temperature in units of the coupling of a ferromagnet (k_B = 1), positive: J = 1/T, and h is divided by T.
    beta : float, optional
        The same as an inverse temperature, 1/T; not negative.
    lattice : {"hypercubic", "triangular"}
        Kind of the lattice; :class:`rgrbm.spins.Lattice` describes both.

    Attributes
    ----------
    lattice : Lattice
        Sites, bonds and colours.
    couplings : tuple of float
        The coupling of each axis, in units of temperature.
    h : float
        The field, in units of temperature.

    Raises
    ------
    ValueError
        If a side is below 2, there are more than three axes or 2³¹ sites, the lattice is unknown, J does not have a
        value for each axis, J or h is not finite, T is not positive, or beta is negative.
    TypeError
        If the shape is not made of integers, J, h, T or beta is not a number, or not exactly one of J, T and beta is
        given; also for ``IsingModel(16, 16)``, where a side of the lattice stands in the place of J.

    Examples
    --------
    >>> from rgrbm import IsingModel
    >>> model = IsingModel(shape=(64,), J=1.0)
    >>> spins = model.sample(1200, method="metropolis", seed=0)
    >>> spins.shape, spins.dtype
    ((1200, 64), dtype('int8'))
    >>> IsingModel((64, 64), T=2.5)
    IsingModel(shape=(64, 64), J=0.4)
    >>> IsingModel((8, 8, 8), J=(0.2, 0.2, 0.25), h=0.1).sample(100, seed=0).shape
    (100, 8, 8, 8)
    """

    def __init__(
        self,
        shape: int | tuple[int, ...],
        J: float | Sequence[float] | None = None,
        h: float = 0.0,
        *,
        T: float | None = None,
        beta: float | None = None,
        lattice: Kind = "hypercubic",
    ) -> None:
        require_no_second_side(shape, J)
        self.lattice = Lattice(shape if isinstance(shape, tuple | list) else (shape,), lattice)
        self.couplings, self.h = couplings_and_field(self.lattice, J, h, T, beta)

    def __repr__(self) -> str:
        J = self.couplings if len(set(self.couplings)) > 1 else self.couplings[0]
        field = f", h={self.h}" if self.h else ""
        kind = f", lattice={self.lattice.kind!r}" if self.lattice.kind != "hypercubic" else ""
        return f"IsingModel(shape={self.shape}, J={J}{field}{kind})"

    @property
    def J(self) -> float:
        """The coupling, in units of temperature; an AttributeError where the axes have different ones."""
        return single_coupling(self)

    @property
    def T(self) -> float:
        """The temperature in units of the coupling's modulus; an AttributeError where the axes have different ones."""
        return 1 / abs(self.J) if self.J else math.inf

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
        ndarray of int8, shape ``(n_samples, *shape)``
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
            A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks,
            for what takes longer than two seconds.

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
            A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks,
            for what takes longer than two seconds.

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
            If the chains are too short to compare, or the two starts disagree; ``equilibrated`` is then false. Or if
            burn-in takes more than a minute.

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> model = IsingModel((8, 8), J=0.4)
        >>> result = model.measure(500, seed=0)
        >>> energy = result.energy_per_site
        >>> bool(abs(energy.mean - model.mean_energy_per_site()) < 4 * energy.stderr), result.equilibrated
        (True, True)
        """
        if keep_series and len(set(self.couplings)) > 1:
            raise ValueError(f"series are kept of models with one coupling for all axes, got J = {self.couplings}")
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
            A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks,
            for what takes longer than two seconds.

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
        >>> run.energy_per_site.shape, run.spins().shape
        ((101, 1), (1, 64, 64))
        >>> run.extend(50).sweeps[-1]
        np.int64(150)
        """
        run = TimeSeries.started(self, start, method=method, n_chains=n_chains, every=every, seed=seed)
        return run.extend(n_sweeps, progress=progress)

    def energy(self, spins: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Total energy H = −Σ_a J_a Σ s s′ − h Σ s of configurations, in units of temperature.

        Parameters
        ----------
        spins : array_like of ±1, shape ``(..., *shape)``

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
        if len(set(self.couplings)) > 1:
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
        array = spin_values(spins)
        if array.shape[-len(self.shape) :] != self.shape:
            raise ValueError(f"expected configurations of shape (..., {self.shape}), got {array.shape}")
        return array

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
