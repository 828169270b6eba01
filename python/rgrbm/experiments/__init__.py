"""The experiments of the command line, one file each."""
