from rgrbm.spins.exact.energy_levels import DensityOfStates, density_of_states
from rgrbm.spins.exact.modes import CRITICAL_COUPLING
from rgrbm.spins.exact.ring import (
    ring_correlation,
    ring_correlation_length,
    ring_log_z,
    ring_mean_energy_per_site,
    ring_specific_heat,
)
from rgrbm.spins.exact.square import (
    square_correlation_length,
    square_free_energy_per_site,
    square_magnetization,
    square_mean_energy_per_site,
    square_specific_heat,
)
from rgrbm.spins.exact.torus import torus_log_z, torus_mean_energy_per_site, torus_specific_heat

__all__ = [
    "CRITICAL_COUPLING",
    "DensityOfStates",
    "density_of_states",
    "ring_correlation",
    "ring_correlation_length",
    "ring_log_z",
    "ring_mean_energy_per_site",
    "ring_specific_heat",
    "square_correlation_length",
    "square_free_energy_per_site",
    "square_magnetization",
    "square_mean_energy_per_site",
    "square_specific_heat",
    "torus_log_z",
    "torus_mean_energy_per_site",
    "torus_specific_heat",
]
