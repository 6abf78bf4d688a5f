"""Every error nodegraph raises on purpose; catch `NodegraphError` for all of them.

::

    NodegraphError
    ├── GraphError        (ValueError)       a graph that cannot be: names, ends, rings, sizes
    ├── UnknownNameError  (AttributeError)   a name that a model or node does not have, or keeps
    ├── UnknownImportError (ImportError)     such a name in ``from nodes import ...``
    ├── ArgumentError     (TypeError)        an argument that a method does not have
    ├── ContractError     (TypeError)        a node or rule of one's own returns what it must not
    ├── FieldError        (ValueError)       a hyper-parameter that cannot be
    ├── SpecError         (ValueError)       a YAML graph or kind that cannot be read
    ├── DataError         (ValueError)       data of the wrong shape, kind or length
    ├── NotFittedError    (RuntimeError)     a readout was used before it learned
    ├── DivergenceError   (ArithmeticError)  a state that left all bounds
    ├── BusyError         (RuntimeError)     a model that another thread is moving
    ├── EngineError       (RuntimeError)     workers that cannot be had, reached or mended
    ├── BudgetError       (MemoryError)      arrays that would not fit in memory
    └── ModelFileError    (ValueError)       a model file that cannot be trusted or written
        └── OtherCourseError                 a checkpoint of another graph, data or options
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = [
    "ArgumentError",
    "BudgetError",
    "BusyError",
    "ContractError",
    "DataError",
    "DataWarning",
    "DivergenceError",
    "EngineError",
    "FieldError",
    "GraphError",
    "IllConditionedWarning",
    "ModelFileError",
    "NodegraphError",
    "NodegraphWarning",
    "NotFittedError",
    "OtherCourseError",
    "PlainStepWarning",
    "SpecError",
    "UnknownImportError",
    "UnknownKeyError",
    "UnknownNameError",
    "named",
    "placed",
    "warn",
]


class NodegraphError(Exception):
    """Base of all errors raised by nodegraph."""


class GraphError(NodegraphError, ValueError):
    """A graph that cannot be run: a ring without delay, a name used twice, sizes that differ."""


class UnknownNameError(NodegraphError, AttributeError):
    """A name that a model or node does not have, or that is not to be assigned; with what is."""


class UnknownImportError(NodegraphError, ImportError):
    """A name that is imported from where it is not; the message has where it is, or the nearest."""


class UnknownKeyError(NodegraphError, KeyError):
    """A key that is not there; the message has those that are."""

    __str__ = NodegraphError.__str__


class ArgumentError(NodegraphError, TypeError):
    """An argument that a method does not have; the message has the nearest one."""


class ContractError(NodegraphError, TypeError):
    """A node or rule of one's own that does not return what it should; with what it should."""


class FieldError(NodegraphError, ValueError):
    """A hyper-parameter of a wrong type or out of range; the message names node and field.

    Parameters
    ----------
    message : str
    complaints : tuple
        Each thing that is wrong, with its place, for those who know the line it stands in.
    """

    def __init__(self, message: str, complaints: tuple[Any, ...] = ()):
        super().__init__(message)
        self.complaints = complaints


class SpecError(NodegraphError, ValueError):
    """A YAML graph that cannot be read; the message starts with file, line, column and key."""


class DataError(NodegraphError, ValueError):
    """Data that do not fit the graph: shape, length, type, or NaN where none may be."""


class NotFittedError(NodegraphError, RuntimeError):
    """A node that must learn first was asked for its output."""


class DivergenceError(NodegraphError, ArithmeticError):
    """An output that is not finite or beyond 1e30; the message names node, step and norm."""


class BusyError(NodegraphError, RuntimeError):
    """A model that another thread is moving: this call did nothing to it."""


class EngineError(NodegraphError, RuntimeError):
    """Workers that cannot be had, cannot be reached, or died too often to go on."""


class BudgetError(NodegraphError, MemoryError):
    """Arrays that would not fit in memory; the message shows the sum."""


class ModelFileError(NodegraphError, ValueError):
    """A model file that is torn, altered, of another version, or cannot be written."""


class OtherCourseError(ModelFileError):
    """A checkpoint of another course of learning than the one that is to go on from it."""


class NodegraphWarning(UserWarning):
    """Base of all warnings raised by nodegraph."""


class IllConditionedWarning(NodegraphWarning):
    """A least-squares problem without a unique answer was solved by a fall-back."""


class DataWarning(NodegraphWarning):
    """Data that can be learned from, but perhaps not as they were meant."""


class PlainStepWarning(NodegraphWarning):
    """A step or update that cannot be compiled, and so runs through Python."""


@contextmanager
def placed(where: str) -> Iterator[None]:
    """Let every error in here say where it was: as a note below it, its kind and words stay.

    Examples
    --------
    >>> try:
    ...     with placed("in node 'doubler'"):
    ...         raise ValueError("too large")
    ... except ValueError as error:
    ...     print(error, error.__notes__)
    too large ["in node 'doubler'"]
    """
    try:
        yield
    except Exception as error:
        error.add_note(where)
        raise


@contextmanager
def named(node: str) -> Iterator[None]:
    """Let what is said of data in here begin with the node that it is about.

    Examples
    --------
    >>> try:
    ...     with named("readout"):
    ...         raise DataError("no rows to learn from")
    ... except DataError as error:
    ...     print(error)
    readout: no rows to learn from
    """
    try:
        yield
    except DataError as error:
        error.args = (f"{node}: {error}",)
        raise


def warn(message: str | Warning, category: type[Warning] = DataWarning) -> None:
    """Warn at the line of whoever called us from outside, not at one of ours."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] in _OURS:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


_OURS = ("nodegraph", "nodes")
