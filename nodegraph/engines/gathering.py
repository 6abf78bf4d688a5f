"""What is gathered from independent series: summed leaf by leaf, merged in a fixed tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from nodegraph.data.series import Series, Stream
from nodegraph.engines import Engine
from nodegraph.engines.batches import BatchTask, Group, groups, map_items
from nodegraph.engines.merge_tree import Bough, MergeTree
from nodegraph.engines.shelf import Keeping, Shelf
from nodegraph.errors import placed
from nodegraph.host.progress import Progress

__all__ = ["GatherTask", "Keeper", "Leaf", "Sums", "count_groups", "gathered", "leaves"]

ENOUGH, FEWEST = 8192, 8  # rows that are worth a merge, and leaves where there are fewer rows

Leaf = list[Group]  # groups that are gathered one after the other, into one sum
Sums = dict[str, Any]  # by learner


@dataclass(frozen=True)
class GatherTask(BatchTask):
    """What is gathered from groups of series, wherever that is.

    `who` has methods `gather(sums, group, shelf)`, which returns the sums with a group more,
    `merge(name, one, other)` of what sums hold under each of its `names`, `write(path, sums)` and
    `read(kept)`. Workers elsewhere keep on a shelf what `keeping` names.
    """

    keeping: Keeping | None = None

    def more(
        self,
        sums: Sums | None,
        group: Group,
        engine: Engine,
        progress: Progress,
        shelf: Shelf | None = None,
    ) -> Sums:
        """Return sums with another group of series; their arrays may change in place."""
        with placed(self.about(group)):
            found: Sums = self.who.at(engine, progress).gather(sums, group, shelf)
        return found

    def __call__(self, leaf: Any, engine: Engine, progress: Progress) -> Any:
        """Return the sums of a leaf."""
        sums = None
        for group in leaf:
            sums = self.more(sums, group, engine, progress)
        return sums

    def here(self, value: Any) -> Sums:
        """Return sums that were kept in some form."""
        found: Sums = value if isinstance(value, dict) else self.who.read(value)
        return found

    def merge(self, one: Sums, other: Sums) -> Sums:
        """Return what two sums are together; neither is used again."""
        return {n: self.who.merge(n, one[n], other[n]) for n in self.who.names}


class Keeper:
    """Whoever keeps how far a pass over the data has come; this one keeps nothing.

    Parameters
    ----------
    boughs : sequence of Bough
        What was gathered before, as it was kept.
    """

    def __init__(self, boughs: Sequence[Bough] = ()):
        self.boughs = boughs

    @property
    def place(self) -> Path | None:
        """A folder for files of sums that those who have them write; None: nothing is kept."""
        return None

    @property
    def due(self) -> bool:
        """Whether it wants to hear soon."""
        return False

    def take(self, sums: Sums) -> Sums:
        """Return sums without what came with them from a group, or a leaf: it is taken here."""
        return sums

    def hear(self, boughs: Sequence[Bough], groups: int) -> None:
        """Take note of boughs, of so many groups; a checkpoint may be written, or an end come."""


def leaves(series: Sequence[Series | Stream], rows: int) -> list[Leaf]:
    """Return groups of at most `rows` rows, neighbours together until a merge is worth it.

    It depends on lengths and on the widest node alone, so that neither engine nor number of
    workers shows.
    """
    sizes = [one.n_steps if isinstance(one, Series) else rows for one in series]
    enough = max(rows, min(ENOUGH, -(-sum(sizes) // FEWEST)))
    found: list[Leaf] = []
    held = enough
    for group in groups(series, rows):
        if held >= enough:
            found.append([])
            held = 0
        found[-1].append(group)
        held += sum(sizes[group[0][0] : group[-1][0] + 1])
    return found


def gathered(
    engine: Engine,
    task: GatherTask,
    data: Sequence[Leaf],
    workers: int | None,
    progress: Progress,
    keeper: Keeper,
) -> Sums:
    """Return the sums of all leaves, merged in the order of `MergeTree`.

    They are gathered here, on threads, or wherever the engine has workers.
    """
    if engine.gather is not None:
        found: Sums = engine.gather(task, data, workers, progress, keeper)
        return found
    tree, begun = MergeTree(len(data)), dict[int, Bough]()
    for bough in keeper.boughs:
        here = bough._replace(value=task.here(bough.value))
        if here.groups:
            begun[here.first] = here
        else:
            tree.add(here)
    _merge(tree, task)
    if engine.map is None and (workers or 1) == 1:
        _one_by_one(engine, task, data, progress, keeper, tree, begun)
    else:
        missing = tree.missing()
        parts = map_items(engine, task, [data[leaf] for leaf in missing], workers, progress)
        for leaf, sums in zip(missing, parts, strict=True):
            _grow(tree, task, leaf, keeper.take(sums))
            keeper.hear(list(tree), count_groups(data, tree))
    total = tree.total()
    return {} if total is None else total.value


def _one_by_one(
    engine: Engine,
    task: GatherTask,
    data: Sequence[Leaf],
    progress: Progress,
    keeper: Keeper,
    tree: MergeTree,
    begun: dict[int, Bough],
) -> None:
    """Gather one leaf after the other; where that stands can be kept after each group."""
    for leaf in tree.missing():
        bough = begun.pop(leaf, Bough(leaf, leaf, 0, None))
        for number, group in islice(enumerate(data[leaf], 1), bough.groups, None):
            sums = keeper.take(task.more(bough.value, group, engine, progress))
            bough = Bough(leaf, leaf, 0, sums, number)
            if number < len(data[leaf]):
                keeper.hear([*tree, bough], count_groups(data, tree) + number)
        _grow(tree, task, leaf, bough.value)
        del bough, sums
        keeper.hear(list(tree), count_groups(data, tree))


def _grow(tree: MergeTree, task: GatherTask, leaf: int, sums: Sums) -> None:
    """Take the sums of a leaf, and merge what can be merged."""
    tree.add(Bough(leaf, leaf + 1, 0, sums))
    _merge(tree, task)


def _merge(tree: MergeTree, task: GatherTask) -> None:
    while pair := tree.pair():
        one, other = pair
        tree.add(one.with_next(other, task.merge(one.value, other.value)))


def count_groups(data: Sequence[Leaf], boughs: Iterable[Bough]) -> int:
    """Return how many groups some boughs are of."""
    return sum(len(leaf) for bough in boughs for leaf in data[bough.first : bough.stop])
