"""Critical exponents of the square lattice by the Monte Carlo renormalization group: the tables of docs/mcrg.md.

python tools/mcrg_tables.py 102400 5
"""

import sys
import time

import numpy as np

from rgrbm.experiments.block_spins import J_C, words
from rgrbm.mcrg import (
    BlockKernel,
    ConvolutionKernel,
    DecimationKernel,
    MajorityKernel,
    MCRGAccumulator,
    MCRGResult,
    match_critical_coupling,
)
from rgrbm.statistics import with_error


def exponents(side, kernels: list[BlockKernel], n_samples, seed) -> list[MCRGResult]:
    """Results of several kernels on the same samples."""
    accumulators = [MCRGAccumulator(kernel, (side, side), seed=seed) for kernel in kernels]
    for word in words(side, J_C, n_samples, seed):
        for accumulator in accumulators:
            accumulator.add(word)
    return [accumulator.result() for accumulator in accumulators]


def main(n_samples: int, n_seeds: int) -> None:
    """Print all tables."""
    for seed in range(1, n_seeds + 1):
        started = time.perf_counter()
        (result,) = exponents(64, [MajorityKernel()], n_samples, seed)
        seconds = time.perf_counter() - started
        if seed == 1:
            print(result, "\n")
        text = "; ".join(
            f"level {level}: y_T {with_error(*result.y_t(level))}, y_h {with_error(*result.y_h(level))}"
            for level in range(1, 5)
        )
        print(f"seed {seed}, {seconds:.1f} s: {text}")
    outer = np.array([0.3, 1.0, 1.0, 0.3])
    kernels = [
        DecimationKernel(),
        ConvolutionKernel(np.full((2, 2), 0.5), 2),
        ConvolutionKernel(np.full((2, 2), 1.0), 2),
        ConvolutionKernel(0.5 * np.outer(outer, outer), 2),
    ]
    for result in (*exponents(64, kernels, n_samples, 1), *exponents(81, [MajorityKernel(3)], n_samples, 1)):
        print("\n" + result.kernel)
        for level in sorted({exponent.level for exponent in result.exponents}):
            print(f"  level {level}: y_T {with_error(*result.y_t(level))}, y_h {with_error(*result.y_h(level))}")
    for J in (0.44, 0.438):
        large, small = (np.concatenate(list(words(side, J, n_samples // 2, side))) for side in (64, 32))
        print("\n" + str(match_critical_coupling(large, small, MajorityKernel(), J=J, seed=1)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
