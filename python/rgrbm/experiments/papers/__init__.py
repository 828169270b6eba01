"""Papers reproduced: one script each, over the public names of the package.

Each has ``SIZES``, the sizes of a quick, a default and a full run, and ``reproduce(run)``, which gives what goes into
``results.json`` and the tables that show it. :mod:`rgrbm.experiments.reproduce` runs them.
"""
