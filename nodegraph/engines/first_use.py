"""What nodes and rules of one's own return is looked at once, before it is relied upon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array, copy_tree, is_sparse, leaves, read_only
from nodegraph.errors import ContractError, placed
from nodegraph.graph.lesson import Lesson
from nodegraph.graph.node import Node
from nodegraph.graph.protocols import Absorbs
from nodegraph.graph.rule import Rule, Seen, conclude

__all__ = [
    "FirstUse",
    "change",
    "check_made",
    "check_params",
    "check_still",
    "concluded",
    "merged",
    "pair",
    "told",
]


class FirstUse(NamedTuple):
    """A node that is about to live for the first time.

    Parameters
    ----------
    name : str
    node : Node
    params, state
        As they stand before it.
    n_out : int
    dtype : dtype
    """

    name: str
    node: Node
    params: Any
    state: Any
    n_out: int
    dtype: np.dtype[Any]

    def step(self, inputs: Mapping[str, Array], t: int = 0) -> tuple[Any, Array]:
        """Return what the node's `step` returns for row `t`; nothing moves on.

        Raises
        ------
        ContractError
            If that is not a state like the one before and an output of the right shape and dtype.
        """
        where = f"{self.name}: {type(self.node).__name__}.step"
        state, rows = copy_tree(self.state), {p: part[t].copy() for p, part in inputs.items()}
        given = copy_tree((state, tuple(rows.values())))
        with placed(f"in {where}, given " + ", ".join(f"{p} {r.shape}" for p, r in rows.items())):
            others = {port: row for port, row in rows.items() if port != "x"}
            with _words_for(where, "W = params.W * 2"):
                found = self.node.step(read_only(self.params), state, rows["x"], **others)
        if not _same(given, (state, tuple(rows.values()))):
            raise ContractError(_writes(where, "x = state.x + change"))
        return self.moved(found, (self.n_out,), "step")

    def moved(
        self, found: Any, shape: tuple[int, ...], method: str = "run_block"
    ) -> tuple[Any, Array]:
        """Return ``(state, y)`` as `step` or `run_block` returned it, if it is that.

        Raises
        ------
        ContractError
        """
        where = f"{self.name}: {type(self.node).__name__}.{method}"
        state, y = pair(found, where, f"(state, y) with y of shape {shape}")
        if not isinstance(y, np.ndarray):
            raise ContractError(
                f"{where} returned y as {told(y)}; expected an array of shape {shape}, as "
                "np.array(y) makes it"
            )
        if y.shape != shape:
            raise ContractError(f"{where} returned y of shape {y.shape}; expected {shape}")
        if y.dtype != self.dtype:
            raise ContractError(
                f"{where} returned y of {y.dtype} in a model of {self.dtype}; write "
                f"y.astype(x.dtype), and keep arrays of other types out of the sum{_NUMBERS}"
            )
        if odd := change(self.state, state):
            raise ContractError(f"{where} returned another kind of state than before: {odd}")
        return state, y

    def update(self, rule: Rule, memory: Any, lesson: Lesson) -> None:
        """Let a rule that says no more than `update` see one row, if it is offline a block of two.

        Nothing is learned.

        Raises
        ------
        ContractError
            If that does not return params like those before, and a memory.
        """
        t = int(np.argmax(lesson.rows))
        heard = {p: rows for p, rows in lesson.inputs.items() if p not in rule.ports}
        state, y = self.step(heard, t)
        block = t if rule.online else [t, t]
        inputs = {port: rows[block] for port, rows in lesson.inputs.items()}
        target = None if lesson.target is None else lesson.target[block]
        seen = Seen(
            inputs.pop("x"), y if rule.online else np.stack([y, y]), state if rule.online else None,
            target, inputs, lesson.number, self.state if rule.online else None,
        )  # fmt: skip
        where = f"{self.name}: {type(rule).__name__}.update"
        shapes = f"x {seen.x.shape}, y {seen.y.shape}"
        rows = "one step" if rule.online else "a block of steps, as an offline rule does"
        params = copy_tree(self.params) if rule.online else read_only(self.params)
        with placed(f"in {where}, which sees {rows}: {shapes}"):
            with _words_for(where, "" if rule.online else "W = params.W * 2 in finish"):
                found = rule.update(params, deepcopy(memory), seen)
        params, after = pair(found, where, "(params, memory)")
        if not rule.online and (odd := _stretched(memory, after)):
            raise ContractError(
                f"{where} returned another kind of memory than before: {odd}; an offline rule sees "
                f"a block of steps ({shapes}): sum over its first axis"
            )
        check_still(where, rule, self.params, check_params(where, self.params, params))


def _stretched(before: Any, after: Any) -> str | None:
    """Return which array of a memory has got another number of axes, as no sum does."""
    kept = dict(leaves(after))
    for path, leaf in leaves(before):
        now: Any = kept.get(path)
        arrays = isinstance(leaf, np.ndarray) and isinstance(now, np.ndarray)
        if arrays and now.ndim != leaf.ndim:
            return f"{path or 'it'} is {told(now)}, before {told(leaf)}"
    return None


@contextmanager
def _words_for(where: str, example: str) -> Iterator[None]:
    """Say what to write for what Python and numpy refuse: arrays and tuples that stay."""
    try:
        yield
    except ValueError as error:
        if not example or "read-only" not in str(error):
            raise
        raise ContractError(_writes(where, example)) from error
    except AttributeError as error:
        if str(error) != "can't set attribute":
            raise
        raise ContractError(
            f"{where} assigns to a field of a NamedTuple, which stays as it is; return a new one, "
            "as in params._replace(W=W)"
        ) from error


def _writes(where: str, example: str) -> str:
    return f"{where} writes into an array that it was given; make a new one, as in {example}"


def check_made(name: str, node: Node, made: Any, method: str, kind: str) -> Any:
    """Return what `init` or `start` made, if it is a tuple of arrays.

    Parameters
    ----------
    method : {"init", "start"}
    kind : {"Params", "State"}
        The class that the node may have for it.

    Raises
    ------
    ContractError
    """
    where, expected = f"{name}: {type(node).__name__}.{method}", getattr(type(node), kind, None)
    if isinstance(expected, type) and not _is_one(made, expected):
        raise ContractError(
            f"{where} returned {told(made)}; expected {kind}, as in "
            f"return self.{kind}({', '.join(getattr(expected, '_fields', ()))})"
        )
    if made is None or isinstance(made, list | dict | set):
        raise ContractError(
            f"{where} returned {told(made)}; expected a NamedTuple of arrays, or () for none"
        )
    for path, leaf in leaves(made):
        if isinstance(leaf, list | dict | set):
            raise ContractError(
                f"{where} returned {path} as {told(leaf)}; expected an array, as np.array makes it"
            )
    return made


def _is_one(made: Any, expected: type) -> bool:
    """Tell whether it is of a class, or a tuple that has the fields of that one first."""
    fields = getattr(expected, "_fields", ())
    begins = getattr(made, "_fields", ())[: len(fields)]
    return isinstance(made, expected) or (bool(fields) and begins == fields)


def check_params(where: str, before: Any, after: Any) -> Any:
    """Return `after`, params that a rule returned, if they are like those before.

    Raises
    ------
    ContractError
    """
    if odd := change(before, after):
        raise ContractError(f"{where} returned other params than the node has: {odd}")
    return after


def check_still(where: str, rule: Rule, before: Any, after: Any) -> Any:
    """Return `after`, params that a rule returned, if it changed only what it says it does.

    Raises
    ------
    ContractError
    """
    pairs = zip(leaves(before), leaves(after), strict=True)
    named = [(path.split(".")[0], a, b) for (path, a), (_, b) in pairs if a is not b]
    silent = {name for name, a, b in named if name not in rule.moving and not _same(a, b)}
    if silent:
        raise ContractError(
            f"{where} changes {', '.join(sorted(silent))}, which is not among what it "
            f"modifies ({', '.join(rule.moving)})"
        )
    return after


def merged(name: str, rule: Rule, one: Any, other: Any) -> Any:
    """Return the memory of two courses of learning, the first of which may have none yet.

    Both may be changed in place.

    Raises
    ------
    ContractError
    """
    merge = rule.absorb if isinstance(rule, Absorbs) else rule.merge
    memory = other if one is None else merge(one, other)
    if memory is None:
        raise ContractError(
            f"{name}: {type(rule).__name__}.merge returned None; expected the memory of both, "
            "first one, then other"
        )
    return memory


def concluded(name: str, rule: Rule, params: Any, memory: Any) -> tuple[Any, dict[str, Any]]:
    """Return the params and facts after the course, if the params are like those before.

    Raises
    ------
    ContractError
    """
    where = f"{name}: {type(rule).__name__}.finish"
    ((learned, facts),) = conclude(rule, [params], memory)
    return check_still(where, rule, params, check_params(where, params, learned)), facts


def pair(found: Any, where: str, expected: str) -> tuple[Any, Any]:
    """Return what a method of one's own returned, if it is two things."""
    if isinstance(found, tuple) and len(found) == 2 and not hasattr(found, "_fields"):
        return found
    raise ContractError(f"{where} returned {told(found)}; expected {expected}")


def change(before: Any, after: Any, path: str = "") -> str | None:
    """Return what of a tree is no longer what it was: its branches, shapes or dtypes."""
    of = f"{path} is " if path else "it is "
    if isinstance(before, tuple):
        if type(after) is not type(before) or len(after) != len(before):
            return f"{of}{told(after)}, before {told(before)}"
        names = getattr(before, "_fields", None) or [f"[{i}]" for i in range(len(before))]
        parts = zip(names, before, after, strict=True)
        odd = (change(b, a, f"{path}.{name}".lstrip(".")) for name, b, a in parts)
        return next((found for found in odd if found), None)
    if _face(before) is None or _face(before) == _face(after):
        return None
    return f"{of}{told(after)}, before {told(before)}{_widened(before, after)}"


_NUMBERS = (
    ", numbers of numpy too: float(np.sqrt(4)), and counter.astype(x.dtype) "
    "for one of whole numbers"
)


def _widened(before: Any, after: Any) -> str:
    """Return what to write where nothing but the type of numbers is another one."""
    kinds = np.ndarray | np.generic
    if not (isinstance(before, kinds) and isinstance(after, kinds) and before.dtype.kind == "f"):
        return ""
    other = before.shape == after.shape and before.dtype != after.dtype
    return f"; keep other types out of the sum{_NUMBERS}" if other else ""


def _face(leaf: Any) -> Any:
    """Return what stays the same of an array; None if it is none."""
    if is_sparse(leaf) or isinstance(leaf, np.ndarray | np.generic):
        return is_sparse(leaf), leaf.shape, leaf.dtype
    return None


def told(value: Any) -> str:
    """Return what `value` is, in a few words."""
    if value is None:
        return "None"
    if is_sparse(value) or isinstance(value, np.ndarray):
        sparse = "sparse " * is_sparse(value)
        return f"a {sparse}{value.dtype} array of shape {value.shape}"
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        kind = "a tuple" if fields is None else f"{type(value).__name__}({', '.join(fields)})"
        return f"{kind} of {len(value)}" if fields is None else kind
    return f"{'an' if type(value).__name__[0] in 'aeiou' else 'a'} {type(value).__name__}"


def _same(one: Any, other: Any) -> bool:
    pairs = [(a, b) for (_, a), (_, b) in zip(leaves(one), leaves(other), strict=True)]
    pairs = [(a.data, b.data) if is_sparse(a) else (a, b) for a, b in pairs]
    return all(
        not isinstance(a, np.ndarray) or np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        for a, b in pairs
    )
