"""The arrays of a graph and what changes them: Model, passes, learning, saving."""

from nodegraph.model.model import Model

__all__ = ["Model", "load"]

load = Model.load
