"""What every room needs and none is about: random streams, progress, Ctrl-C, atomic files, safetensors with
metadata, sums over states in slices, checks of arguments, the running configuration.

May import the compiled kernels (``_core``) and nothing else of the package.
"""
