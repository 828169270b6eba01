"""Chains of the compiled kernels from the arguments of an Ising model, by the name of their packing."""

import numpy as np

from rgrbm._core import kernels

PACKINGS = ["chains", "lattice", "sites"]
"""Of single-spin methods, as rgrbm.spins.SingleSpinSampler names them."""


def _common(shape, h, key, kind, update, alternating):
    """Signs of the alternating sum change along each dimension, unless other dimensions are given."""
    chosen = (True,) * len(shape) if alternating is None else tuple(alternating)
    return {
        "sides": list(shape), "triangular": kind == "triangular", "update": update, "field": h, "key": key,
        "alternating": (False, False, False, *chosen)[-3:],
    }  # fmt: skip


def _couplings(J, n_chains):
    """Of each chain: J has a number for each axis, or a row of these for each chain."""
    return np.array(np.broadcast_to(np.asarray(J, float), (n_chains, np.shape(J)[-1])))


def word_chains(shape, J, h, n_chains, key, kind="hypercubic", update="metropolis", alternating=None):
    common = _common(shape, h, key, kind, getattr(kernels.Update, update), alternating)
    return kernels.WordChains(couplings=list(J), n_chains=n_chains, **common)


def lattice_chains(shape, J, h, n_chains, key, kind="hypercubic", update="metropolis", alternating=None):
    common = _common(shape, h, key, kind, getattr(kernels.Update, update), alternating)
    return kernels.LatticeChains(couplings=_couplings(J, n_chains), **common)


def site_chains(shape, J, h, n_chains, key, kind="hypercubic", update="metropolis", alternating=None):
    common = _common(shape, h, key, kind, getattr(kernels.Update, update), alternating)
    return kernels.SiteChains(couplings=_couplings(J, n_chains), **common)


def cluster_chains(
    shape, J, h, n_chains, key, kind="hypercubic", update="swendsen_wang", alternating=None, n_clusters=1
):
    common = _common(shape, h, key, kind, getattr(kernels.ClusterUpdate, update), alternating)
    chains = kernels.ClusterChains(couplings=_couplings(J, n_chains), **common)
    chains.set_clusters_per_sweep(n_clusters)
    return chains


def packed_chains(packing, *arguments, **options):
    """Chains of single-spin updates in a packing."""
    return {"chains": word_chains, "lattice": lattice_chains, "sites": site_chains}[packing](*arguments, **options)


def is_sequential(shape, J, h, kind="hypercubic", update="metropolis"):
    """Whether colours are visited in sequential order, so that the packing "lattice" can be used."""
    return kernels.may_be_sequential(list(shape), kind == "triangular", getattr(kernels.Update, update), list(J), h)


def possible_packings(shape, J, h, kind="hypercubic", update="metropolis"):
    return [name for name in PACKINGS if name != "lattice" or is_sequential(shape, J, h, kind, update)]


def chains_of_model(packing, model, n_chains, key, update):
    return packed_chains(
        packing, model.shape, model.couplings, model.h, n_chains, key, kind=model.lattice.kind, update=update
    )


def packings_of_models(models, updates):
    """All that can be sampled: (model, update, packing)."""
    return [
        (model, update, packing)
        for model in models
        for update in updates
        for packing in possible_packings(model.shape, model.couplings, model.h, model.lattice.kind, update)
    ]


def unpacked(chains, shape):
    """The spins of all chains, int8 of shape (n_chains, *shape)."""
    spins = np.empty((chains.n_chains, int(np.prod(shape))), np.int8)
    chains.unpack(spins)
    assert set(np.unique(spins)) <= {-1, 1}
    return spins.reshape(chains.n_chains, *shape)
