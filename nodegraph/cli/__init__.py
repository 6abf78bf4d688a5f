"""The command line: `run`, `check`, `draw`, `graphs`, `kinds`, `schema`, `datasets` ..."""

from nodegraph.cli.app import app, main

__all__ = ["app", "main"]
