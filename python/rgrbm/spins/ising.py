"""The Ising model: a lattice with a coupling, its samples and exact results."""

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks, streams
from rgrbm.spins import exact, sampling
from rgrbm.spins.ensemble import Ensemble
from rgrbm.spins.lattice import Lattice
from rgrbm.spins.sampling import Method, Progress
from rgrbm.spins.values import Spins


class IsingModel:
    """Ising model H = −J Σ s s′ over nearest neighbours, periodic, at β = 1.

    Parameters
    ----------
    shape : int or tuple of int
        ``(N,)`` is a ring of N spins, ``(rows, columns)`` a square lattice on a torus. A side of 2 has double
        bonds.
    J : float
        Coupling, in units of temperature (it stands for βJ); negative for an antiferromagnet.

    Raises
    ------
    ValueError
        If a side is below 2, there are more than 2³¹ sites, or J is not finite.
    TypeError
        If the shape is not made of integers, or J is not a number.

    Examples
    --------
    >>> from rgrbm import IsingModel
    >>> model = IsingModel(shape=(64,), J=1.0)
    >>> spins = model.sample(1200, method="metropolis", seed=0)
    >>> spins.shape, spins.dtype
    ((1200, 64), dtype('int8'))
    """

    def __init__(self, shape: int | tuple[int, ...], J: float) -> None:
        self.lattice = Lattice(shape if isinstance(shape, tuple | list) else (shape,))
        if len(self.lattice.shape) > 2:
            raise ValueError(f"shape must be (N,) for a ring or (rows, columns) for a torus, got {shape!r}")
        self.J = checks.real("the coupling J", J)

    def __repr__(self) -> str:
        return f"IsingModel(shape={self.shape}, J={self.J})"

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
        method: Method = "metropolis",
        seed: streams.Seed = None,
        n_chains: int | None = None,
        burn_in: int | None = None,
        spacing: int | None = None,
        progress: Progress | None = None,
    ) -> Spins:
        """Draw configurations; see :meth:`ensemble`, which also tells how they were made.

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
        method: Method = "metropolis",
        seed: streams.Seed = None,
        n_chains: int | None = None,
        burn_in: int | None = None,
        spacing: int | None = None,
        progress: Progress | None = None,
    ) -> Ensemble:
        """Draw configurations from the Boltzmann law and keep how that was done.

        Parameters
        ----------
        n_samples : int
            Number of configurations.
        method : {"metropolis", "heat_bath", "exact"}
            Single-spin sampler: Metropolis (Eq. 16 of the report, ΔH = 0 is accepted) or heat bath; or, for the
            ring, independent exact samples from the transfer matrix. Sites are visited at random on the ring (a
            fixed order is not ergodic there), in checkerboard order on a torus with even sides, and at random on
            other tori and where a checkerboard would not be ergodic (Metropolis at J = 0 or with a side below 8).
        seed : int, SeedSequence, Generator, RandomState or None
            Fixes the result to the bit, for any number of threads.
        n_chains : int, optional
            Independent chains, each started at random; by default as many as there are samples, at most 512.
        burn_in, spacing : int, optional
            Sweeps before the first and between further samples of each chain; a spacing is at least 1, as without a
            sweep a chain would give the same sample again. By default 20 and 5 times the
            larger of the integrated autocorrelation times of magnetization and energy, which a pilot run of the
            same chains measures.
        progress : callable, optional
            Called with (sweeps done, sweeps in all) between slices of work.

        Returns
        -------
        Ensemble

        Raises
        ------
        TypeError
            If a number is not an integer.
        ValueError
            If an argument is out of range, the method unknown, or ``"exact"`` asked for a torus.
        MemoryError
            If samples and chains need more memory than there is; or if the lattice is large and ``n_chains`` not a
            multiple of 512, so that most lanes of the words would be wasted.
        """
        return sampling.draw(
            self, n_samples, method=method, seed=seed, n_chains=n_chains, burn_in=burn_in, spacing=spacing,
            progress=progress,
        )  # fmt: skip

    def energy(self, spins: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Energy H = −J Σ s s′ of configurations.

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
        bonds = self.lattice.bond_sums(self._check_spins(spins)).sum(axis=-1)
        return np.asarray(-self.J * np.asarray(bonds, dtype=np.float64))

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

    def log_z(self) -> float:
        """Exact log of the partition function (transfer matrix; Kaufman on the torus).

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> round(IsingModel((64,), J=1.0).log_z(), 6)
        72.123393
        """
        if len(self.shape) == 1:
            return exact.ring_log_z(self.J, self.n_sites)
        return exact.torus_log_z(self.J, *self.shape)

    def free_energy(self) -> float:
        """Exact free energy F = −ln Z (Eq. 2 of the report)."""
        return -self.log_z()

    def mean_energy(self) -> float:
        """Exact mean energy ⟨H⟩."""
        if len(self.shape) == 1:
            return exact.ring_mean_energy(self.J, self.n_sites)
        return exact.torus_mean_energy(self.J, *self.shape)

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
            If the model is not a ring, or ``max_distance`` is negative or exceeds half the ring.
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
        if len(self.shape) != 1:
            raise ValueError("the exact correlation is known for the ring only")
        max_distance = checks.integer("max_distance", max_distance)
        if not 0 <= max_distance <= self.n_sites // 2:
            raise ValueError(
                f"max_distance must be between 0 and half the ring, {self.n_sites // 2}, got {max_distance}"
            )
        return exact.ring_correlation(self.J, self.n_sites, max_distance)

    def correlation_length(self) -> float:
        """Exact correlation length ξ of the infinite chain, in sites.

        Raises
        ------
        ValueError
            If the model is not a ring.
        """
        if len(self.shape) != 1:
            raise ValueError("the correlation length is known here for the ring only")
        return exact.ring_correlation_length(self.J)
