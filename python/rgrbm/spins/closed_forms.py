"""Exact results of an Ising model as its methods, where closed forms are known."""

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.spins import exact
from rgrbm.spins.lattice import Lattice


class ClosedForms:
    """Methods of :class:`rgrbm.IsingModel`: log Z and energies of ring and torus, correlations of the ring."""

    lattice: Lattice
    couplings: tuple[float, ...]
    h: float

    @property
    def shape(self) -> tuple[int, ...]:
        """Sites along each axis."""
        return self.lattice.shape

    @property
    def n_sites(self) -> int:
        """Number of spins."""
        return self.lattice.n_sites

    def log_z(self) -> float:
        """Exact log of the partition function of the whole lattice (transfer matrix; Kaufman on the torus).

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
        """Exact free energy F = −ln Z of the whole lattice (Eq. 2 of the report); errors as for :meth:`log_z`."""
        return -self.log_z()

    def mean_energy_per_site(self) -> float:
        """Exact mean energy per site ⟨H⟩/N; errors as for :meth:`log_z`.

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> round(IsingModel((16, 16), J=0.44).mean_energy_per_site(), 6)
        -0.637007
        """
        J = self._closed_form("the mean energy")
        if len(self.shape) == 1:
            return exact.ring_mean_energy_per_site(J, self.n_sites)
        return exact.torus_mean_energy_per_site(J, *self.shape)

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
        anisotropic = len(set(self.couplings)) > 1
        if anisotropic or self.h or self.lattice.kind != "hypercubic" or n_axes > (1 if ring else 2):
            hint = "" if ring else "; rgrbm.spins.spin_log_z(*model.terms()) sums over the states of up to 28 spins"
            where = "the ring only, without a field" if ring else "ring and square lattice with one J and no field"
            raise ValueError(f"{what} is known here for {where}, not for {self!r}{hint}")
        return self.couplings[0]

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
