"""Why a step runs through Python: found out once, told once for each class."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any, NamedTuple

from nodegraph.compiling.reasons import written_at
from nodegraph.errors import PlainStepWarning, warn

__all__ = ["Untraced", "place_in", "place_of"]

_told: set[tuple[type, str]] = set()


class Untraced(NamedTuple):
    """A step or update for which there is no program.

    Parameters
    ----------
    kind : type
        The class of the node or rule.
    method : {"step", "update"}
    reason : str
        With file and line; empty if nobody need know.
    """

    kind: type
    method: str
    reason: str

    @classmethod
    def because(cls, kind: type, method: str, error: Exception) -> Untraced:
        """Return what `error`, raised while `method` was traced, has to say."""
        return cls(kind, method, f"{place_in(kind, method, error)}: {error}")

    def __str__(self) -> str:
        return (
            f"{self.kind.__name__}.{self.method} runs through Python, some 50 times slower, "
            f"because of {self.reason}; or say so: traced: ClassVar[bool] = False"
        )

    def tell(self) -> None:
        """Warn, once for each class."""
        if self.reason and (self.kind, self.method) not in _told:
            _told.add((self.kind, self.method))
            warn(str(self), PlainStepWarning)


def place_in(kind: type, method: str, error: Exception) -> str:
    """Return file, line and text of what an error is from, of what the author of a step wrote."""
    place = getattr(error, "place", "") or written_at(traceback.extract_tb(error.__traceback__))
    return place or place_of(getattr(kind, method))


def place_of(method: Any) -> str:
    """Return the file and line of a method."""
    code = method.__code__
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}"
