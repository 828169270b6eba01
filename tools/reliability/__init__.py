"""What the package survives, measured: ``python -m tools.reliability`` makes docs/reliability.md."""
