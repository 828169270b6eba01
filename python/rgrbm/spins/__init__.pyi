from rgrbm.spins import exact
from rgrbm.spins.bonds import bond_arrays, lattice_bonds, two_sublattices
from rgrbm.spins.cluster_sampler import ClusterSampler
from rgrbm.spins.coupling import CouplingEstimate, NoFiniteCouplingError, estimate_coupling
from rgrbm.spins.ensemble import Ensemble
from rgrbm.spins.enumeration import spin_energies, spin_log_z
from rgrbm.spins.ising import IsingModel
from rgrbm.spins.lattice import Lattice
from rgrbm.spins.measurement import Measurement
from rgrbm.spins.recorded_runs import RecordedRun
from rgrbm.spins.reweighting import Reweighting, binder_crossing
from rgrbm.spins.sampler import Sampler, SpinRecord
from rgrbm.spins.single_spin_sampler import SingleSpinSampler
from rgrbm.spins.tempering import ParallelTempering, TemperingRecord, tempering_ladder
from rgrbm.spins.time_series import TimeSeries
from rgrbm.spins.values import Binary, Spins, to_binary, to_spins

__all__ = [
    "Binary",
    "ClusterSampler",
    "CouplingEstimate",
    "Ensemble",
    "IsingModel",
    "Lattice",
    "Measurement",
    "NoFiniteCouplingError",
    "ParallelTempering",
    "RecordedRun",
    "Reweighting",
    "Sampler",
    "SingleSpinSampler",
    "SpinRecord",
    "Spins",
    "TemperingRecord",
    "TimeSeries",
    "binder_crossing",
    "bond_arrays",
    "estimate_coupling",
    "exact",
    "lattice_bonds",
    "spin_energies",
    "spin_log_z",
    "tempering_ladder",
    "to_binary",
    "to_spins",
    "two_sublattices",
]
