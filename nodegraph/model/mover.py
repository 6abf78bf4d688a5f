"""Who moves a model: one thread at a time, so that no step of another one is lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from threading import RLock
from typing import Any, NoReturn, ParamSpec, TypeVar

import numpy as np

from nodegraph.arrays import is_plain
from nodegraph.errors import BusyError

__all__ = ["Mover", "is_one", "refuse_to_move", "taking_turns"]

PATIENCE = 1.0  # seconds that a call waits for those of other threads

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Mover:
    """Lets one thread at a time move a model: short calls of others wait, till they lose patience.

    A copy of a model has one of its own.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self.claim, self.free = self.lock.acquire, self.lock.release

    def __enter__(self) -> None:
        if not self.claim(False):
            self.wait()

    def __exit__(self, *_: object) -> None:
        self.free()

    def wait(self) -> None:
        """Wait for the end of what another thread does, or raise a BusyError."""
        if not self.claim(True, PATIENCE):
            refuse_to_move()

    def where(self, needed: bool) -> AbstractContextManager[None]:
        """Return this, or what lets all of them in, if the model is not moved."""
        return self if needed else nullcontext()

    def __reduce__(self) -> Any:
        return Mover, ()


def refuse_to_move(why: str = "another thread is moving this model") -> NoReturn:
    """Raise the error of a call that must not move a model now."""
    raise BusyError(
        f"{why}, and what both did would be lost in part; let one thread at a time call run, step, "
        "fit ... (a threading.Lock), or give each a model of its own: copy.deepcopy(model). "
        "predict, and run of a list of series, may be called by all of them at once"
    )


def taking_turns(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return a method of a model that has its `Mover` while it goes on."""

    @wraps(method)
    def alone(*args: _P.args, **given: _P.kwargs) -> _R:
        with args[0]._mover:  # type: ignore[attr-defined]
            return method(*args, **given)

    return alone


def is_one(x: Any) -> bool:
    """Tell whether inputs are, at first sight, one series or none, which the own stream hears."""
    if type(x) is np.ndarray:
        return x.ndim < 3
    part = next(iter(x.values()), None) if isinstance(x, dict) else x
    return part is None or (is_plain(part) and part.ndim < 3)
