"""The public door of `nodegraph.data.datasets`."""

from nodegraph.data import datasets as _room
from nodegraph.data.datasets import *  # noqa: F403

__all__ = _room.__all__
