"""The command line: `run`, `check`, `draw`, `graphs`, `kinds`, `schema`, `datasets` ..."""

from nodegraph.experiments.cli.app import app, main

__all__ = ["app", "main"]
