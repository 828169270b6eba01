"""
Asks the processor which x86-64 instruction-set levels it supports.
"""
from __future__ import annotations
__all__: list[str] = ['supported_levels']
def supported_levels() -> list[str]:
    """
    The x86-64 levels that this processor can run, lowest first.
    """
