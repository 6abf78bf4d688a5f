"""What does tasks to whole series, wherever it is, and holds what it gathers from some."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nodegraph.arrays import copy_tree
from nodegraph.engines.engine import LOCAL
from nodegraph.engines.ray.file_rows import FileRows, opened
from nodegraph.engines.shelf import Shelf
from nodegraph.host.numerics import Numerics, using
from nodegraph.host.progress import Silent

__all__ = ["Replica"]


class Replica:
    """Does one task to many things; what it gathers stays here, by the first leaf it is of."""

    def __init__(self) -> None:
        self._task: Any = None
        self._mode: Numerics = "exact"
        self._sums: dict[int, dict[str, Any]] = {}
        self._shelf = Shelf()

    def prepare(self, task: Any, mode: Numerics) -> None:
        """Take over a task that is to be done to many things, each by itself."""
        self._task, self._mode, self._sums = task, mode, {}
        self._shelf.open(getattr(task, "keeping", None))

    def do(self, item: Any) -> Any:
        """Return what the task gives for one thing."""
        with using(self._mode):
            return self._task(opened(item), LOCAL, Silent())

    def gather(self, leaf: int, group: Any) -> None:
        """Gather from another group of series of a leaf."""
        with using(self._mode):
            before, series = self._sums.get(leaf), opened(group)
            self._sums[leaf] = self._task.more(before, series, LOCAL, Silent(), self._shelf)

    def join(self, one: int, other: int) -> None:
        """Merge two sums that are here."""
        with using(self._mode):
            self._sums[one] = self._task.merge(self._sums[one], self._sums.pop(other))

    def take_in(self, one: int, name: str, part: Any) -> None:
        """Merge what a sum elsewhere holds under a name into one that is here."""
        with using(self._mode):
            sums = self._sums[one]
            sums[name] = self._task.who.merge(name, sums[name], copy_tree(part))

    def give(self, first: int, name: str) -> Any:
        """Return what a sum holds under a name."""
        return self._sums[first][name]

    def hold(self, first: int, kept: Any) -> None:
        """Take over a sum that was kept."""
        sums = self._task.here(kept)
        is_own = isinstance(kept, Path)
        self._sums[first] = {n: each if is_own else copy_tree(each) for n, each in sums.items()}

    def drop(self, first: int) -> None:
        """Let go of a sum."""
        self._sums.pop(first, None)

    def write(self, first: int, path: Path) -> None:
        """Write a sum to a file."""
        self._task.who.write(path, self._sums[first])

    def has(self, file: FileRows) -> bool:
        """Tell whether a file of data is here."""
        return file.is_here()

    def sees(self, path: Path, word: str) -> bool:
        """Tell whether a file is here, with what was written to it elsewhere."""
        return path.exists() and path.read_text(encoding="ascii") == word

    def unload(self) -> None:
        """Let go of the task, of what was gathered, and of what nobody will read any more."""
        self._shelf.close(getattr(self._task, "keeping", None))
        self._task, self._sums = None, {}
