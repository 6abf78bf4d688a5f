"""The command line: `nodegraph run`, `check`, `draw`, `kinds`, `schema`, `datasets`, `search`."""

from nodegraph.cli.app import app, main

__all__ = ["app", "main"]
