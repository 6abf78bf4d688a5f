"""The public door of `nodegraph.experiments.cli`."""

from nodegraph.experiments.cli import app, main

__all__ = ["app", "main"]
