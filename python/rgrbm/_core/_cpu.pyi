"""Asks the processor which x86-64 instruction-set levels it supports."""

def supported_levels() -> list[str]:
    """The x86-64 levels that this processor can run, lowest first."""
