"""Patterns that are stored as they are: online, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar

from nodegraph import Rule, Seen

__all__ = ["Storage"]


class Storage(Rule):
    """Keep what a node reads: row ``stored % slots`` of X becomes x, and `stored` one more."""

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("X", "stored")

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return ``(params, memory)`` after one more pattern."""
        X = params.X.copy()
        X[(params.stored % len(X)).astype(int)] = seen.x
        return params._replace(X=X, stored=params.stored + 1), memory
