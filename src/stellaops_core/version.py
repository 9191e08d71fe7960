"""The version of Stella Ops, alone in a file so that `stella --version` imports nothing else."""

__version__ = "0.1.0"
