"""What goes to a worker elsewhere: what it holds already is not sent again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import copy_tree, is_sparse, n_bytes
from nodegraph.engines.ray.parcels import packed, unpacked
from nodegraph.engines.ray.worker import LIGHT, Loading, Worker
from nodegraph.engines.slot import Slot
from nodegraph.errors import EngineError

__all__ = ["Outbox", "Recipient", "digest"]


class _Sent(NamedTuple):
    """A node that a worker was sent: which one, with what weights, and how both call it."""

    node: Any
    weights: bytes | None
    version: int


class _Kept(NamedTuple):
    """A node that a worker keeps, with what of its slot does not move."""

    version: int
    node: Any
    slot: Slot


class Outbox:
    """Puts calls to one worker into words; it knows which nodes that worker keeps.

    Nodes are known again by themselves, their weights by content: whatever became of them
    meanwhile, what was changed is sent. A light part goes with the first call that needs it. Such
    a call is not done at all if what it waits for is lost with another worker, so that only a
    later answer tells that the part arrived.
    """

    def __init__(self) -> None:
        self._there: dict[str, _Sent] = {}  # for sure
        self._coming: dict[str, _Sent] = {}
        self._loading: Loading | None = None  # not known to have arrived
        self._due = False  # whether it is to go with the next call
        self._versions = count()

    def form(self, method: str, args: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]] | None:
        """Return a method of `Recipient` and its arguments; None: nothing is to be sent yet."""
        if method == "load":
            (loading,) = args
            self._due = _size_of(loading.slots) <= LIGHT
            if self._due:
                self._loading = loading
                return None
            self._loading, self._coming = None, self._there
            return method, args
        if method == "run":
            method, args = "run_packed", (*packed(*args[:3]), *args[3:])
        if self._loading is None or not (self._due or method == "rewind"):
            return method, args
        self._due = False
        return "begin", (self._letter(self._loading), method, *args)

    def arrived(self) -> None:
        """Take note of an answer to a call that came behind all others."""
        self._there, self._loading = self._coming, None

    def _letter(self, loading: Loading) -> tuple[dict[str, int], dict[str, Any], Loading]:
        """Return the versions of all nodes of a part, those that are new, and where they stand."""
        part, learn, slots = loading.part, loading.request.learn, dict(loading.slots)
        sent, new = dict[str, _Sent](), dict[str, Any]()
        for name, node in part.plan.nodes.items():
            lasting = _lasting(slots[name], name in learn)
            slots[name] = _moving(slots[name], name in learn)
            sent[name] = self._known(name, node, lasting)
            if sent[name] is not self._there.get(name):
                new[name] = node, lasting
        bare = replace(part, plan=replace(part.plan, nodes={}))
        self._there, self._coming = {}, sent
        versions = {name: one.version for name, one in sent.items()}
        return versions, new, replace(loading, part=bare, slots=slots)

    def _known(self, name: str, node: Any, slot: Slot) -> _Sent:
        """Return what the worker has of a node if it is this one, else what it will have."""
        weights = digest((slot.params, slot.given, slot.ports, slot.fitted, slot.lost))
        before = self._there.get(name)
        if before and before.node is node and before.weights == weights is not None:
            return before
        return _Sent(node, weights, next(self._versions))


class Recipient(Worker):
    """A worker that is sent what an `Outbox` puts into words."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[str, _Kept] = {}

    def begin(self, letter: Any, method: str, *args: Any) -> Any:
        """Take over a part, and do what the first call asks for."""
        versions, new, loading = letter
        self._kept = {name: self._known(name, number, new) for name, number in versions.items()}
        nodes, slots, learn = {}, dict(loading.slots), loading.request.learn
        for name, (_, node, slot) in self._kept.items():
            nodes[name], slots[name] = node, _joined(slot, slots[name], name in learn)
        part = replace(loading.part, plan=replace(loading.part.plan, nodes=nodes))
        self.load(replace(loading, part=part, slots=slots))
        return getattr(self, method)(*args)

    def _known(self, name: str, version: int, new: Mapping[str, tuple[Any, Slot]]) -> _Kept:
        """Return a node; one that is new is copied, so that Ray's memory of it can go."""
        if name in new:
            node, slot = new[name]
            slot.params = copy_tree(slot.params)
            slot.given = {field: copy_tree(value) for field, value in slot.given.items()}
            return _Kept(version, node, slot)
        if name not in self._kept or self._kept[name].version != version:
            raise EngineError(f"{name}: its worker does not hold what it should; run it again")
        return self._kept[name]

    def run_packed(self, words: bytes, *arrays: Any) -> Any:
        """Run what was `packed`; the outputs of other workers come behind it."""
        return self.run(*unpacked(words, arrays))


def digest(tree: Any) -> bytes | None:
    """Return what differs where any number of a tree does; None of what is known by no numbers.

    Examples
    --------
    >>> W = np.arange(4.0)
    >>> digest((W, {"k": 1})) == digest((W.copy(), {"k": 1})), digest(W) == digest(W[::-1])
    (True, False)
    >>> digest((W, object())) is None
    True
    """
    found = blake2b(digest_size=16)
    return found.digest() if _add(found, tree) else None


def _add(found: Any, tree: Any) -> bool:
    """Add a tree to a digest; tell whether all of it could be."""
    if isinstance(tree, Mapping):
        return _add(found, tuple(tree.items()))
    if isinstance(tree, tuple | list):
        found.update(f"{type(tree).__name__} {len(tree)}".encode())
        return all([_add(found, part) for part in tree])
    if is_sparse(tree) and hasattr(tree, "indptr"):
        words = (tree.format, tree.shape, tree.has_sorted_indices)
        return _add(found, (repr(words), tree.data, tree.indices, tree.indptr))
    if isinstance(tree, np.ndarray) and tree.dtype.kind in "fiubc":
        found.update(repr((tree.dtype.str, tree.shape, tree.strides)).encode())
        found.update(np.ascontiguousarray(tree))
        return True
    found.update(f"{type(tree).__name__} {tree!r}".encode())
    return tree is None or isinstance(tree, bool | int | float | str | np.number | np.bool_)


def _size_of(slots: Mapping[str, Slot]) -> int:
    return sum(n_bytes((s.params, s.state, s.past, s.memory)) for s in slots.values())


def _lasting(slot: Slot, learns: bool) -> Slot:
    """Return what of a slot does not move in a call."""
    twin = slot.copy()
    twin.state, twin.past, twin.memory, twin.taught = (), np.zeros((0, 0)), None, None
    twin.noise = twin.answer = None
    twin.params = () if learns else slot.params
    return twin


def _moving(slot: Slot, learns: bool) -> Slot:
    """Return the rest of it."""
    twin = slot.copy()
    twin.given, twin.ports = {}, {}
    twin.params = slot.params if learns else ()
    return twin


def _joined(lasting: Slot, moving: Slot, learns: bool) -> Slot:
    """Return the slot that was parted; what is known of its node is not found out again."""
    twin = lasting.copy()
    for name in ("state", "past", "memory", "taught", "noise", "answer"):
        setattr(twin, name, getattr(moving, name))
    if learns:
        twin.params = moving.params
    return twin
