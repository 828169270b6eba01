"""
Compiled kernels of rgrbm: arrays in, arrays out.
"""
from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import typing
__all__: list[str] = ['Annealing', 'BiasedChains', 'BistableChains', 'ClusterChains', 'ClusterUpdate', 'ContrastiveDivergence32', 'ContrastiveDivergence64', 'GaussianTrainer32', 'GaussianTrainer64', 'LatticeChains', 'LayerEnumeration', 'ModeAscent', 'PackedSpins', 'PseudoLikelihood', 'SiteChains', 'SpinChains', 'SpinEnumeration', 'StructuredTrainer32', 'StructuredTrainer64', 'Trainer32', 'Trainer64', 'Update', 'WordChains', 'binary_units', 'close_interpreter', 'compiler', 'eigen_version', 'free_energy', 'gaussian_gibbs', 'gaussian_sample_visible', 'gibbs', 'has_openmp', 'hidden_probabilities', 'in_interrupt_check', 'is_forked', 'isa', 'may_be_sequential', 'num_threads', 'sample_hidden', 'sample_visible', 'set_forked', 'set_main_thread', 'set_num_threads', 'version', 'visible_probabilities']
class BiasedChains:
    """
    Chains of spins and block spins with a bias V = sum of J S of the block spins:
    p ~ exp(sum of K s s' over bonds) T(block spins | spins) exp(-V).
    """
    def __init__(self, neighbours: typing.Annotated[numpy.typing.ArrayLike, numpy.uint32], couplings: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], windows: typing.Annotated[numpy.typing.ArrayLike, numpy.uint32], up: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], surroundings: typing.Annotated[numpy.typing.ArrayLike, numpy.uint32], operators: collections.abc.Sequence[tuple[typing.Annotated[numpy.typing.ArrayLike, numpy.uint16], typing.Annotated[numpy.typing.ArrayLike, numpy.uint16]]], n_chains: typing.SupportsInt | typing.SupportsIndex, key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"]) -> None:
        """
        neighbours (n_sites, n_axes, 2) and windows (n_windows, n_window) are numbers of sites, up[m] is
        p(block spin = +1) of a window with m spins +1. surroundings (n_windows, n_around) are numbers of block
        spins, itself first. An operator is two arrays of places in them, (n_products, order): of its products
        at a block spin, and of all its products that hold this block spin, left out.
        """
    def block_spins(self) -> numpy.typing.NDArray[numpy.int8]:
        """
        Block spins of all chains, (n_chains, n_windows).
        """
    def sample(self, n: typing.SupportsInt | typing.SupportsIndex, spacing: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.int32]:
        """
        n times `spacing` sweeps and a measurement: values of the operators, (n, n_chains, n_operators).
        """
    def set_bias(self, couplings: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> None:
        """
        Set J of all operators.
        """
    def spins(self) -> numpy.typing.NDArray[numpy.int8]:
        """
        Spins of all chains, (n_chains, n_sites).
        """
    @property
    def n_chains(self) -> int:
        """
        Number of chains.
        """
    @property
    def n_operators(self) -> int:
        """
        Number of operators.
        """
    @property
    def n_sites(self) -> int:
        """
        Number of spins.
        """
    @property
    def n_windows(self) -> int:
        """
        Number of block spins.
        """
class PackedSpins:
    """
    Configurations of spins on a periodic grid, one bit per spin.
    """
    def __init__(self, spins: typing.Annotated[numpy.typing.ArrayLike, numpy.int8], shift: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        From int8 of -1 and +1, shape (n, layers, rows, columns). Who leaves the last row comes back to the first `shift` columns ahead.
        """
    def __len__(self) -> int:
        ...
    def decimate(self, coarse: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(4)"], steps: typing.Annotated[collections.abc.Sequence[typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(3)"]], "FixedSize(3)"], window: collections.abc.Sequence[typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(3)"]]) -> PackedSpins:
        """
        The first spin of each window. The lattice of block spins is (layers, rows, columns, shift); block spin (i, j, k) has its window at i steps[0] + j steps[1] + k steps[2].
        """
    def filter(self, coarse: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(4)"], steps: typing.Annotated[collections.abc.Sequence[typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(3)"]], "FixedSize(3)"], window: collections.abc.Sequence[typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(3)"]], weights: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], field: typing.SupportsFloat | typing.SupportsIndex, key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], first_block: typing.SupportsInt | typing.SupportsIndex, step: typing.SupportsInt | typing.SupportsIndex) -> PackedSpins:
        """
        Spins that are +1 with probability 1 / (1 + exp(-2 (field + sum of weights * spins))) of their windows.
        """
    def majority(self, coarse: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(4)"], steps: typing.Annotated[collections.abc.Sequence[typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(3)"]], "FixedSize(3)"], window: collections.abc.Sequence[typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(3)"]], key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], first_block: typing.SupportsInt | typing.SupportsIndex, step: typing.SupportsInt | typing.SupportsIndex) -> PackedSpins:
        """
        The sign of the sum of each window, and +1 or -1 with probability 1/2 where it is zero.
        """
    def operator_sums(self, operators: collections.abc.Sequence[collections.abc.Sequence[collections.abc.Sequence[typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(3)"]]]]) -> numpy.typing.NDArray[numpy.int64]:
        """
        Sums over the lattice of products of spins, shape (n, n_operators). An operator is a list of products with equally many sites, a product a list of offsets (layers, rows, columns).
        """
    def unpack(self) -> numpy.typing.NDArray[numpy.int8]:
        """
        The spins as int8, shape (n, layers, rows, columns).
        """
class BistableChains:
    """
    Metropolis chains of the periodic bistable (phi^4) ring: H = sum of
    lambda (u_i^2 - 1)^2 + 1/2 kappa (u_i - u_(i+1))^2, at temperature 1.
    """
    def __init__(self, n_sites: typing.SupportsInt | typing.SupportsIndex, lambda_: typing.SupportsFloat | typing.SupportsIndex, kappa: typing.SupportsFloat | typing.SupportsIndex, n_chains: typing.SupportsInt | typing.SupportsIndex, key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], start: numpy.typing.NDArray[numpy.float64]) -> None:
        ...
    def set_step(self, width: typing.SupportsFloat | typing.SupportsIndex) -> None:
        """
        Propose steps uniform in (-width, width) from now on.
        """
    def states(self) -> numpy.typing.NDArray[numpy.float64]:
        """
        Positions u of all chains, (n_chains, n_sites).
        """
    def sweeps(self, n: typing.SupportsInt | typing.SupportsIndex) -> tuple:
        """
        Make n sweeps of all chains; every fourth proposes flips u -> -u. Returns the accepted shares of these
        sweeps' steps and flips, nan where none was proposed.
        """
    @property
    def kappa(self) -> float:
        """
        Stiffness of the bonds.
        """
    @property
    def lambda_(self) -> float:
        """
        Height of the barrier between the wells.
        """
    @property
    def n_chains(self) -> int:
        """
        Number of chains.
        """
    @property
    def n_sites(self) -> int:
        """
        Number of sites of the ring.
        """
    @property
    def n_sweeps(self) -> int:
        """
        Sweeps made so far.
        """
    @property
    def step(self) -> float:
        """
        Half-width of the steps that are proposed.
        """
class Update:
    """
    Single-spin updates.
    
    Members:
    
      metropolis
    
      heat_bath
    """
    __members__: typing.ClassVar[dict[str, Update]]
    heat_bath: typing.ClassVar[Update]
    metropolis: typing.ClassVar[Update]
    @typing.overload
    def __eq__(self, other: Update) -> bool:
        ...
    @typing.overload
    def __eq__(self, other: typing.Any) -> bool:
        ...
    def __getstate__(self) -> int:
        ...
    def __hash__(self) -> int:
        ...
    def __index__(self) -> int:
        ...
    def __init__(self, value: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __int__(self) -> int:
        ...
    @typing.overload
    def __ne__(self, other: Update) -> bool:
        ...
    @typing.overload
    def __ne__(self, other: typing.Any) -> bool:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, state: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __str__(self) -> str:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def value(self) -> int:
        ...
class ClusterUpdate:
    """
    Cluster updates.
    
    Members:
    
      wolff
    
      swendsen_wang
    """
    __members__: typing.ClassVar[dict[str, ClusterUpdate]]
    swendsen_wang: typing.ClassVar[ClusterUpdate]
    wolff: typing.ClassVar[ClusterUpdate]
    @typing.overload
    def __eq__(self, other: ClusterUpdate) -> bool:
        ...
    @typing.overload
    def __eq__(self, other: typing.Any) -> bool:
        ...
    def __getstate__(self) -> int:
        ...
    def __hash__(self) -> int:
        ...
    def __index__(self) -> int:
        ...
    def __init__(self, value: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __int__(self) -> int:
        ...
    @typing.overload
    def __ne__(self, other: ClusterUpdate) -> bool:
        ...
    @typing.overload
    def __ne__(self, other: typing.Any) -> bool:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, state: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __str__(self) -> str:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def value(self) -> int:
        ...
class SpinChains:
    """
    Chains of an Ising model on a periodic lattice, however they are moved.
    """
    def align(self, up: bool) -> None:
        """
        Set every spin to +1, or to -1.
        """
    def bond_sums(self) -> numpy.typing.NDArray[numpy.int64]:
        """
        Sum of s s' over the bonds of each axis, (n_chains, n_axes).
        """
    def flip_globally(self) -> None:
        """
        Flip all spins of a chain with the probability that its mirror image has of the two.
        """
    def magnetizations(self, alternating: bool = False) -> numpy.typing.NDArray[numpy.int64]:
        """
        Sum of all spins of each chain, or with the signs that alternate.
        """
    def measure(self, n: typing.SupportsInt | typing.SupportsIndex, spacing: typing.SupportsInt | typing.SupportsIndex = 1, with_structure: bool = True, with_flips: bool = False) -> dict:
        """
        Measure n times, each time after `spacing` sweeps and, with flips, a global flip. Returns arrays (n, n_chains, ...).
        """
    def pack(self, spins: numpy.typing.NDArray[numpy.int8]) -> None:
        """
        Take the spins from an int8 array (n_chains, n_sites).
        """
    def restore(self, state: collections.abc.Sequence[typing.Annotated[numpy.typing.ArrayLike, numpy.uint64]]) -> None:
        """
        Continue from such a state.
        """
    def set_couplings(self, couplings: typing.Annotated[numpy.typing.ArrayLike, numpy.float64]) -> None:
        """
        Give the chains other couplings, (n_chains, n_axes).
        """
    def state(self) -> list:
        """
        Spins and random streams, as arrays of uint64.
        """
    def structure(self) -> numpy.typing.NDArray[numpy.float64]:
        """
        |Sum of s exp(ikx)|^2 for k = 2 pi/L along each dimension.
        """
    def sweep(self, n: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        Make n sweeps.
        """
    def unpack(self, out: numpy.typing.NDArray[numpy.int8]) -> None:
        """
        Write the spins of the first n chains into an int8 array of shape (n, n_sites).
        """
    @property
    def n_chains(self) -> int:
        ...
class WordChains(SpinChains):
    """
    512 chains to a word, all with the same couplings (n_axes,).
    """
    def __init__(self, sides: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], triangular: bool, update: Update, couplings: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], field: typing.SupportsFloat | typing.SupportsIndex, n_chains: typing.SupportsInt | typing.SupportsIndex, key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], alternating: typing.Annotated[collections.abc.Sequence[bool], "FixedSize(3)"]) -> None:
        ...
    def sample_exactly(self) -> None:
        """
        Replace each chain of a ring by an independent exact sample.
        """
class LatticeChains(SpinChains):
    """
    Single lattices, 512 sites of a colour to a word; couplings (n_chains, n_axes).
    """
    def __init__(self, sides: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], triangular: bool, update: Update, couplings: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], field: typing.SupportsFloat | typing.SupportsIndex, key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], alternating: typing.Annotated[collections.abc.Sequence[bool], "FixedSize(3)"]) -> None:
        ...
class SiteChains(SpinChains):
    """
    Single chains, a site at a time in random order; couplings (n_chains, n_axes).
    """
    def __init__(self, sides: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], triangular: bool, update: Update, couplings: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], field: typing.SupportsFloat | typing.SupportsIndex, key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], alternating: typing.Annotated[collections.abc.Sequence[bool], "FixedSize(3)"]) -> None:
        ...
class ClusterChains(SpinChains):
    """
    Chains moved by cluster updates; couplings (n_chains, n_axes).
    """
    def __init__(self, sides: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], triangular: bool, update: ClusterUpdate, couplings: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], field: typing.SupportsFloat | typing.SupportsIndex, key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], alternating: typing.Annotated[collections.abc.Sequence[bool], "FixedSize(3)"]) -> None:
        ...
    def measure_clusters(self, n: typing.SupportsInt | typing.SupportsIndex, spacing: typing.SupportsInt | typing.SupportsIndex = 1, with_structure: bool = True, with_flips: bool = False) -> dict:
        """
        As measure, with improved estimators from the last sweep before each measurement.
        """
    def set_clusters_per_sweep(self, n: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        Wolff's clusters in a sweep.
        """
    def sweep_clusters(self, n: typing.SupportsInt | typing.SupportsIndex) -> tuple:
        """
        Make n sweeps. Returns the mean number of sites of Wolff's clusters of each chain, and of those that flipped; NaN otherwise.
        """
class LayerEnumeration:
    """
    Exact sums over all states of one layer of an RBM, the other summed in closed form.
    """
    def __init__(self, matrix: numpy.typing.NDArray[numpy.float64], enumerated_bias: numpy.typing.NDArray[numpy.float64], summed_bias: numpy.typing.NDArray[numpy.float64]) -> None:
        ...
    def log_sums(self, first: typing.SupportsInt | typing.SupportsIndex, count: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.float64]:
        """
        Log of the sum over the states of each part.
        """
    def log_weights(self, first: typing.SupportsInt | typing.SupportsIndex, count: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.float64]:
        """
        Log of the unnormalised probability of each state of the parts; bit j of its number is unit j.
        """
    def moments(self, first: typing.SupportsInt | typing.SupportsIndex, count: typing.SupportsInt | typing.SupportsIndex, log_z: typing.SupportsFloat | typing.SupportsIndex) -> tuple:
        """
        Sums over the parts of p, p x, p <y> and p x <y>, with p = exp(log weight - log_z).
        """
    @property
    def low_bits(self) -> int:
        """
        States that share a block, as a power of 2.
        """
    @property
    def n_parts(self) -> int:
        """
        Number of parts the states are split into.
        """
    @property
    def part_size(self) -> int:
        """
        Number of states in a part.
        """
class SpinEnumeration:
    """
    Exact sums over all states of spins with pair couplings and fields.
    """
    def __init__(self, n_sites: typing.SupportsInt | typing.SupportsIndex, bonds: numpy.typing.NDArray[numpy.int64], couplings: numpy.typing.NDArray[numpy.float64], fields: numpy.typing.NDArray[numpy.float64]) -> None:
        ...
    def log_sums(self, first: typing.SupportsInt | typing.SupportsIndex, count: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.float64]:
        """
        Log of the sum over the states of each part.
        """
    def log_weights(self, first: typing.SupportsInt | typing.SupportsIndex, count: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.float64]:
        """
        Minus the energy of each state of the parts; bit i of its number is set where spin i is +1.
        """
    def up_moments(self, first: typing.SupportsInt | typing.SupportsIndex, count: typing.SupportsInt | typing.SupportsIndex, log_z: typing.SupportsFloat | typing.SupportsIndex) -> tuple:
        """
        Sums over the parts of p = exp(-energy - log_z), and of p where spins i and j are both +1.
        """
    @property
    def n_parts(self) -> int:
        """
        Number of parts the states are split into.
        """
    @property
    def part_size(self) -> int:
        """
        Number of states in a part.
        """
class Annealing:
    """
    Annealed importance sampling to an RBM, from a mixture of independent units.
    """
    def __init__(self, weights: numpy.typing.NDArray[numpy.float64], visible_bias: numpy.typing.NDArray[numpy.float64], hidden_bias: numpy.typing.NDArray[numpy.float64], base_bias: numpy.typing.NDArray[numpy.float64], base_log_shares: numpy.typing.NDArray[numpy.float64], gaussian: bool) -> None:
        ...
    @typing.overload
    def run(self, betas: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], first_step: typing.SupportsInt | typing.SupportsIndex, key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], v: numpy.typing.NDArray[numpy.uint8], log_weights: typing.Annotated[numpy.typing.ArrayLike, numpy.float64]) -> tuple:
        """
        Take chains along a schedule; returns their states and log weights.
        """
    @typing.overload
    def run(self, betas: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], first_step: typing.SupportsInt | typing.SupportsIndex, key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], v: numpy.typing.NDArray[numpy.float64], log_weights: typing.Annotated[numpy.typing.ArrayLike, numpy.float64]) -> tuple:
        """
        The same with Gaussian visible units of variance 1.
        """
class ModeAscent:
    """
    Hidden states that no change of one unit makes more probable.
    """
    def __init__(self, weights: numpy.typing.NDArray[numpy.float64], visible_bias: numpy.typing.NDArray[numpy.float64], hidden_bias: numpy.typing.NDArray[numpy.float64], gaussian: bool) -> None:
        ...
    def climb(self, hidden: numpy.typing.NDArray[numpy.uint8]) -> numpy.typing.NDArray[numpy.uint8]:
        """
        Take hidden states (n, n_hidden) uphill.
        """
class PseudoLikelihood:
    """
    Pseudo-likelihoods of binary units.
    """
    def __init__(self, weights: numpy.typing.NDArray[numpy.float64], visible_bias: numpy.typing.NDArray[numpy.float64], hidden_bias: numpy.typing.NDArray[numpy.float64], n_samples: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def logs(self, x: numpy.typing.NDArray[numpy.uint8]) -> numpy.typing.NDArray[numpy.float64]:
        """
        Sum over units of ln p(unit | all others), for each row.
        """
class ContrastiveDivergence32:
    """
    What all trainers have: parameters, packed data, all state of the training, and its course.
    """
    @typing.overload
    def gradient(self, x: numpy.typing.NDArray[numpy.uint8], index: typing.SupportsInt | typing.SupportsIndex, k: typing.SupportsInt | typing.SupportsIndex, gradient: str, centered: bool, visible_mean: numpy.typing.NDArray[numpy.float32], hidden_mean: numpy.typing.NDArray[numpy.float32]) -> tuple:
        """
        Take over x; one draw of the gradient from all of it: (weights, visible biases, hidden biases).
        """
    @typing.overload
    def gradient(self, x: numpy.typing.NDArray[numpy.float32], index: typing.SupportsInt | typing.SupportsIndex, k: typing.SupportsInt | typing.SupportsIndex, gradient: str, centered: bool, visible_mean: numpy.typing.NDArray[numpy.float32], hidden_mean: numpy.typing.NDArray[numpy.float32]) -> tuple:
        """
        The same of real data; with Gaussian units also that of ln σ².
        """
    def run(self, *, first_epoch: typing.SupportsInt | typing.SupportsIndex, learning_rate: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], l1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], l2: typing.SupportsFloat | typing.SupportsIndex, momentum: typing.SupportsFloat | typing.SupportsIndex, batch_size: typing.SupportsInt | typing.SupportsIndex, k: typing.SupportsInt | typing.SupportsIndex, gradient: str, centered: bool, shuffle: bool, optimizer: str = 'sgd', n_temperatures: typing.SupportsInt | typing.SupportsIndex = 10) -> dict:
        """
        Train for as many epochs as there are learning rates.
        """
    def set_data(self, x: numpy.typing.NDArray[numpy.uint8], sample_weight: typing.Annotated[numpy.typing.ArrayLike, numpy.float64] | None = None) -> None:
        """
        Take over data of 0 and 1, shape (n_samples, n_visible).
        """
    def set_real_data(self, x: numpy.typing.NDArray[numpy.float32], sample_weight: typing.Annotated[numpy.typing.ArrayLike, numpy.float64] | None = None) -> None:
        """
        Take over probabilities in [0, 1], or values of Gaussian units, shape (n_samples, n_visible).
        """
    def set_state(self, state: dict) -> None:
        """
        Take over what state() returned.
        """
    def state(self) -> dict:
        """
        All else that a resumed training needs, as arrays.
        """
    @property
    def hidden_bias(self) -> typing.Any:
        """
        Copy of the hidden biases, (n_hidden,).
        """
    @property
    def visible_bias(self) -> typing.Any:
        """
        Copy of the visible biases, (n_visible,).
        """
    @property
    def weights(self) -> typing.Any:
        """
        Copy of the weights, (n_visible, n_hidden).
        """
class Trainer32(ContrastiveDivergence32):
    """
    Trains a Bernoulli RBM whose weights are all free.
    """
    def __init__(self, weights: numpy.typing.NDArray[numpy.float32], visible_bias: numpy.typing.NDArray[numpy.float32], hidden_bias: numpy.typing.NDArray[numpy.float32], key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"]) -> None:
        ...
class GaussianTrainer32(ContrastiveDivergence32):
    """
    Trains an RBM with Gaussian visible units.
    """
    def __init__(self, weights: numpy.typing.NDArray[numpy.float32], visible_bias: numpy.typing.NDArray[numpy.float32], hidden_bias: numpy.typing.NDArray[numpy.float32], log_variance: numpy.typing.NDArray[numpy.float32], log_floor: numpy.typing.NDArray[numpy.float32], learn_variance: bool, key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"]) -> None:
        ...
    @property
    def log_variance(self) -> typing.Any:
        """
        Copy of the logs of the variances, (n_visible,).
        """
class StructuredTrainer32(ContrastiveDivergence32):
    """
    Trains a Bernoulli RBM whose weights are masked, shared or symmetric.
    """
    def __init__(self, weights: numpy.typing.NDArray[numpy.float32], visible_bias: numpy.typing.NDArray[numpy.float32], hidden_bias: numpy.typing.NDArray[numpy.float32], weight_class: numpy.typing.NDArray[numpy.int32], visible_class: numpy.typing.NDArray[numpy.int32], hidden_class: numpy.typing.NDArray[numpy.int32], symmetric: bool, key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"]) -> None:
        ...
class ContrastiveDivergence64:
    """
    What all trainers have: parameters, packed data, all state of the training, and its course.
    """
    @typing.overload
    def gradient(self, x: numpy.typing.NDArray[numpy.uint8], index: typing.SupportsInt | typing.SupportsIndex, k: typing.SupportsInt | typing.SupportsIndex, gradient: str, centered: bool, visible_mean: numpy.typing.NDArray[numpy.float64], hidden_mean: numpy.typing.NDArray[numpy.float64]) -> tuple:
        """
        Take over x; one draw of the gradient from all of it: (weights, visible biases, hidden biases).
        """
    @typing.overload
    def gradient(self, x: numpy.typing.NDArray[numpy.float64], index: typing.SupportsInt | typing.SupportsIndex, k: typing.SupportsInt | typing.SupportsIndex, gradient: str, centered: bool, visible_mean: numpy.typing.NDArray[numpy.float64], hidden_mean: numpy.typing.NDArray[numpy.float64]) -> tuple:
        """
        The same of real data; with Gaussian units also that of ln σ².
        """
    def run(self, *, first_epoch: typing.SupportsInt | typing.SupportsIndex, learning_rate: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], l1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], l2: typing.SupportsFloat | typing.SupportsIndex, momentum: typing.SupportsFloat | typing.SupportsIndex, batch_size: typing.SupportsInt | typing.SupportsIndex, k: typing.SupportsInt | typing.SupportsIndex, gradient: str, centered: bool, shuffle: bool, optimizer: str = 'sgd', n_temperatures: typing.SupportsInt | typing.SupportsIndex = 10) -> dict:
        """
        Train for as many epochs as there are learning rates.
        """
    def set_data(self, x: numpy.typing.NDArray[numpy.uint8], sample_weight: typing.Annotated[numpy.typing.ArrayLike, numpy.float64] | None = None) -> None:
        """
        Take over data of 0 and 1, shape (n_samples, n_visible).
        """
    def set_real_data(self, x: numpy.typing.NDArray[numpy.float64], sample_weight: typing.Annotated[numpy.typing.ArrayLike, numpy.float64] | None = None) -> None:
        """
        Take over probabilities in [0, 1], or values of Gaussian units, shape (n_samples, n_visible).
        """
    def set_state(self, state: dict) -> None:
        """
        Take over what state() returned.
        """
    def state(self) -> dict:
        """
        All else that a resumed training needs, as arrays.
        """
    @property
    def hidden_bias(self) -> typing.Any:
        """
        Copy of the hidden biases, (n_hidden,).
        """
    @property
    def visible_bias(self) -> typing.Any:
        """
        Copy of the visible biases, (n_visible,).
        """
    @property
    def weights(self) -> typing.Any:
        """
        Copy of the weights, (n_visible, n_hidden).
        """
class Trainer64(ContrastiveDivergence64):
    """
    Trains a Bernoulli RBM whose weights are all free.
    """
    def __init__(self, weights: numpy.typing.NDArray[numpy.float64], visible_bias: numpy.typing.NDArray[numpy.float64], hidden_bias: numpy.typing.NDArray[numpy.float64], key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"]) -> None:
        ...
class GaussianTrainer64(ContrastiveDivergence64):
    """
    Trains an RBM with Gaussian visible units.
    """
    def __init__(self, weights: numpy.typing.NDArray[numpy.float64], visible_bias: numpy.typing.NDArray[numpy.float64], hidden_bias: numpy.typing.NDArray[numpy.float64], log_variance: numpy.typing.NDArray[numpy.float64], log_floor: numpy.typing.NDArray[numpy.float64], learn_variance: bool, key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"]) -> None:
        ...
    @property
    def log_variance(self) -> typing.Any:
        """
        Copy of the logs of the variances, (n_visible,).
        """
class StructuredTrainer64(ContrastiveDivergence64):
    """
    Trains a Bernoulli RBM whose weights are masked, shared or symmetric.
    """
    def __init__(self, weights: numpy.typing.NDArray[numpy.float64], visible_bias: numpy.typing.NDArray[numpy.float64], hidden_bias: numpy.typing.NDArray[numpy.float64], weight_class: numpy.typing.NDArray[numpy.int32], visible_class: numpy.typing.NDArray[numpy.int32], hidden_class: numpy.typing.NDArray[numpy.int32], symmetric: bool, key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"]) -> None:
        ...
@typing.overload
def binary_units(x: numpy.typing.NDArray[numpy.float32]) -> numpy.typing.NDArray[numpy.uint8] | None:
    """
    A copy as uint8 if every value is 0 or 1, else None.
    """
@typing.overload
def binary_units(x: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.uint8] | None:
    """
    The same for float64.
    """
@typing.overload
def binary_units(x: numpy.typing.NDArray[numpy.uint8]) -> numpy.typing.NDArray[numpy.uint8] | None:
    """
    The same for uint8.
    """
def close_interpreter() -> None:
    """
    Say that the interpreter ends: other threads are not to come back.
    """
def free_energy(x: numpy.typing.NDArray[numpy.uint8], weights: numpy.typing.NDArray[numpy.float64], own_bias: numpy.typing.NDArray[numpy.float64], other_bias: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
    """
    -own_bias x - sum of softplus(other_bias + x weights), for each row.
    """
@typing.overload
def gaussian_gibbs(x: numpy.typing.NDArray[numpy.float32], n_steps: typing.SupportsInt | typing.SupportsIndex, weights: numpy.typing.NDArray[numpy.float32], visible_bias: numpy.typing.NDArray[numpy.float32], hidden_bias: numpy.typing.NDArray[numpy.float32], variance: numpy.typing.NDArray[numpy.float32], key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], index: typing.SupportsInt | typing.SupportsIndex, h: numpy.typing.NDArray[numpy.uint8] | None = None, known: numpy.typing.NDArray[numpy.uint8] | None = None, known_hidden: numpy.typing.NDArray[numpy.uint8] | None = None, sums: numpy.typing.NDArray[numpy.float32] | None = None) -> tuple:
    """
    The same steps with Gaussian x.
    """
@typing.overload
def gaussian_gibbs(x: numpy.typing.NDArray[numpy.float64], n_steps: typing.SupportsInt | typing.SupportsIndex, weights: numpy.typing.NDArray[numpy.float64], visible_bias: numpy.typing.NDArray[numpy.float64], hidden_bias: numpy.typing.NDArray[numpy.float64], variance: numpy.typing.NDArray[numpy.float64], key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], index: typing.SupportsInt | typing.SupportsIndex, h: numpy.typing.NDArray[numpy.uint8] | None = None, known: numpy.typing.NDArray[numpy.uint8] | None = None, known_hidden: numpy.typing.NDArray[numpy.uint8] | None = None, sums: numpy.typing.NDArray[numpy.float64] | None = None) -> tuple:
    """
    The same steps with Gaussian x.
    """
@typing.overload
def gaussian_sample_visible(h: numpy.typing.NDArray[numpy.uint8], weights: numpy.typing.NDArray[numpy.float32], visible_bias: numpy.typing.NDArray[numpy.float32], variance: numpy.typing.NDArray[numpy.float32], key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], index: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.float32]:
    """
    Draw Gaussian x from p(x | h); each index has random numbers of its own.
    """
@typing.overload
def gaussian_sample_visible(h: numpy.typing.NDArray[numpy.uint8], weights: numpy.typing.NDArray[numpy.float64], visible_bias: numpy.typing.NDArray[numpy.float64], variance: numpy.typing.NDArray[numpy.float64], key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], index: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.float64]:
    """
    Draw Gaussian x from p(x | h); each index has random numbers of its own.
    """
@typing.overload
def gibbs(x: numpy.typing.NDArray[numpy.uint8], n_steps: typing.SupportsInt | typing.SupportsIndex, weights: numpy.typing.NDArray[numpy.float32], visible_bias: numpy.typing.NDArray[numpy.float32], hidden_bias: numpy.typing.NDArray[numpy.float32], key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], index: typing.SupportsInt | typing.SupportsIndex, h: numpy.typing.NDArray[numpy.uint8] | None = None, known: numpy.typing.NDArray[numpy.uint8] | None = None, known_hidden: numpy.typing.NDArray[numpy.uint8] | None = None, sums: numpy.typing.NDArray[numpy.float32] | None = None) -> tuple:
    """
    Block Gibbs steps x -> h -> x; returns the last x and the h that it was drawn from. Units where known or known_hidden is not 0 stay as they are in x and h; means of x given h are added to sums.
    """
@typing.overload
def gibbs(x: numpy.typing.NDArray[numpy.uint8], n_steps: typing.SupportsInt | typing.SupportsIndex, weights: numpy.typing.NDArray[numpy.float64], visible_bias: numpy.typing.NDArray[numpy.float64], hidden_bias: numpy.typing.NDArray[numpy.float64], key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], index: typing.SupportsInt | typing.SupportsIndex, h: numpy.typing.NDArray[numpy.uint8] | None = None, known: numpy.typing.NDArray[numpy.uint8] | None = None, known_hidden: numpy.typing.NDArray[numpy.uint8] | None = None, sums: numpy.typing.NDArray[numpy.float64] | None = None) -> tuple:
    """
    Block Gibbs steps x -> h -> x; returns the last x and the h that it was drawn from. Units where known or known_hidden is not 0 stay as they are in x and h; means of x given h are added to sums.
    """
def has_openmp() -> bool:
    """
    Whether the kernels were compiled with OpenMP.
    """
@typing.overload
def hidden_probabilities(x: numpy.typing.NDArray[numpy.uint8], weights: numpy.typing.NDArray[numpy.float32], hidden_bias: numpy.typing.NDArray[numpy.float32]) -> numpy.typing.NDArray[numpy.float32]:
    """
    p(h = 1 | x) (Eq. 10).
    """
@typing.overload
def hidden_probabilities(x: numpy.typing.NDArray[numpy.uint8], weights: numpy.typing.NDArray[numpy.float64], hidden_bias: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
    """
    p(h = 1 | x) (Eq. 10).
    """
def in_interrupt_check() -> bool:
    """
    Whether a signal handler is called from within a kernel, which then can be stopped by an exception.
    """
def is_forked() -> bool:
    """
    Whether this process is the child of a fork.
    """
def may_be_sequential(sides: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], triangular: bool, update: Update, couplings: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], field: typing.SupportsFloat | typing.SupportsIndex) -> bool:
    """
    Whether colours may be visited in sequential order, and not sites at random.
    """
def num_threads() -> int:
    """
    Number of threads that the kernels use.
    """
@typing.overload
def sample_hidden(x: numpy.typing.NDArray[numpy.uint8], weights: numpy.typing.NDArray[numpy.float32], hidden_bias: numpy.typing.NDArray[numpy.float32], key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], index: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.uint8]:
    """
    Draw h from p(h | x); each index has random numbers of its own.
    """
@typing.overload
def sample_hidden(x: numpy.typing.NDArray[numpy.uint8], weights: numpy.typing.NDArray[numpy.float64], hidden_bias: numpy.typing.NDArray[numpy.float64], key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], index: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.uint8]:
    """
    Draw h from p(h | x); each index has random numbers of its own.
    """
@typing.overload
def sample_visible(h: numpy.typing.NDArray[numpy.uint8], weights: numpy.typing.NDArray[numpy.float32], visible_bias: numpy.typing.NDArray[numpy.float32], key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], index: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.uint8]:
    """
    Draw v from p(v | h); each index has random numbers of its own.
    """
@typing.overload
def sample_visible(h: numpy.typing.NDArray[numpy.uint8], weights: numpy.typing.NDArray[numpy.float64], visible_bias: numpy.typing.NDArray[numpy.float64], key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"], index: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.uint8]:
    """
    Draw v from p(v | h); each index has random numbers of its own.
    """
def set_forked() -> None:
    """
    Say that this process is the child of a fork: it runs on one thread.
    """
def set_main_thread(ident: typing.SupportsInt | typing.SupportsIndex) -> None:
    """
    Say in which thread signals are handled.
    """
def set_num_threads(n: typing.SupportsInt | typing.SupportsIndex) -> None:
    """
    Use n threads from now on; 0 goes back to OpenMP's default.
    """
@typing.overload
def visible_probabilities(h: numpy.typing.NDArray[numpy.uint8], weights: numpy.typing.NDArray[numpy.float32], visible_bias: numpy.typing.NDArray[numpy.float32]) -> numpy.typing.NDArray[numpy.float32]:
    """
    p(v = 1 | h) (Eq. 10).
    """
@typing.overload
def visible_probabilities(h: numpy.typing.NDArray[numpy.uint8], weights: numpy.typing.NDArray[numpy.float64], visible_bias: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
    """
    p(v = 1 | h) (Eq. 10).
    """
compiler: str
eigen_version: str
isa: str
version: str
