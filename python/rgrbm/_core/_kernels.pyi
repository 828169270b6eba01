"""
Compiled kernels of rgrbm: arrays in, arrays out.
"""
from __future__ import annotations
import typing
__all__: list[str] = ['compiler', 'eigen_version', 'has_openmp', 'isa', 'num_threads', 'set_num_threads', 'version']
def has_openmp() -> bool:
    """
    Whether the kernels were compiled with OpenMP.
    """
def num_threads() -> int:
    """
    Number of threads that the kernels use.
    """
def set_num_threads(n: typing.SupportsInt | typing.SupportsIndex) -> None:
    """
    Use n threads from now on; 0 goes back to OpenMP's default.
    """
compiler: str
eigen_version: str
isa: str
version: str
