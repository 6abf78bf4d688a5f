"""The public door of `nodegraph.data.metrics`."""

from typing import NoReturn

from nodegraph.data import metrics as _room
from nodegraph.data.metrics import *  # noqa: F403
from nodegraph.graph.strangers import refuse_name

__all__ = _room.__all__


def __getattr__(name: str) -> NoReturn:
    refuse_name("nodegraph.metrics", name, __all__)
