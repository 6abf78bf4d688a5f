"""The public door of `nodegraph.data.datasets`."""

from typing import NoReturn

from nodegraph.data import datasets as _room
from nodegraph.data.datasets import *  # noqa: F403
from nodegraph.graph.strangers import refuse_name

__all__ = _room.__all__


def __getattr__(name: str) -> NoReturn:
    refuse_name("nodegraph.datasets", name, __all__)
