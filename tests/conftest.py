"""Settings of all tests."""

import matplotlib as mpl

mpl.use("Agg")  # tests need no display
