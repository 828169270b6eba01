from rgrbm.statistics.autocorrelation import (
    AutocorrelationTime,
    autocorrelation_function,
    integrated_autocorrelation_time,
)
from rgrbm.statistics.convergence import split_r_hat
from rgrbm.statistics.curve_crossing import crossing
from rgrbm.statistics.jackknife import (
    Estimate,
    block_bounds,
    block_sums,
    jackknife_stderr,
    leave_one_out,
    mean_and_stderr,
    student_factor,
)
from rgrbm.statistics.moments import SpinMoments, spin_moments
from rgrbm.statistics.notation import or_dash, with_error
from rgrbm.statistics.ring_correlation import correlation
from rgrbm.statistics.streamed import BlockedMoments, StreamedMoments

__all__ = [
    "AutocorrelationTime",
    "BlockedMoments",
    "Estimate",
    "SpinMoments",
    "StreamedMoments",
    "autocorrelation_function",
    "block_bounds",
    "block_sums",
    "correlation",
    "crossing",
    "integrated_autocorrelation_time",
    "jackknife_stderr",
    "leave_one_out",
    "mean_and_stderr",
    "or_dash",
    "spin_moments",
    "split_r_hat",
    "student_factor",
    "with_error",
]
