"""The command line: `run`, `check`, `draw`, `kinds`, `schema`, `datasets`, `slurm`, `search`."""

from nodegraph.cli.app import app, main

__all__ = ["app", "main"]
