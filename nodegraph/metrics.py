"""The public door of `nodegraph.data.metrics`."""

from nodegraph.data import metrics as _room
from nodegraph.data.metrics import *  # noqa: F403

__all__ = _room.__all__
