"""What a program has to know of its machine code, worked out once for each graph and kept.

The name of a recipe is a digest of the traced step as text: of all that its plan and its machine
code can depend on.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import blake2b
from math import prod
from typing import Any, NamedTuple

import numpy as np

from nodegraph.compiling import cache, machine_code, sources
from nodegraph.compiling.emission.code import Code
from nodegraph.compiling.ir import Dim, Op, Region, Trace, dtype_of
from nodegraph.compiling.machine_code import BASELINE, OPTIMIZED
from nodegraph.compiling.planning.plan import Plan

__all__ = ["Recipe", "graph_text", "recipe_of"]

_MOST = 1024  # that a process remembers
_recent: dict[str, Recipe] = {}


class Recipe(NamedTuple):
    """The functions of a step, and what its table of arguments has to hold.

    Parameters
    ----------
    text : str
        The modules of the functions that the step calls, and of the step, packed.
    symbols : dict of int to tuple of str
        What they are called, by tier.
    lines : int
        Of the text.
    numbers_a_step : int
        How many a step works out, about.
    orders : dict of path to tuple of int
        The axes of each leaf, from the fastest on.
    slots : tuple of (str, object)
        The arguments, as the `Builder` has them.
    numbers : dict of str to str
        Constants by dtype, as bytes in hexadecimal digits.
    room : int
        Bytes of scratch.
    """

    text: str
    symbols: dict[int, tuple[str, ...]]
    lines: int
    numbers_a_step: int
    orders: dict[Any, tuple[int, ...]]
    slots: tuple[tuple[str, Any], ...]
    numbers: dict[str, str]
    room: int

    @property
    def modules(self) -> dict[str, str]:
        """The texts of its functions by name, those that others call first."""
        found: dict[str, str] = json.loads(zlib.decompress(b64decode(self.text)))
        return found

    def constants(self, dtype: str) -> np.ndarray:
        """Return the constants of a dtype."""
        return np.frombuffer(bytes.fromhex(self.numbers[dtype]), dtype_of(dtype))


def recipe_of(trace: Trace, finals: dict[Any, Op], io: dict[Any, int], dtype: str) -> Recipe:
    """Return the recipe of a traced step.

    It is planned and written only if no process has done so for the same graph.
    """
    key = _key(trace, finals, io, dtype)
    if key is None:
        return _made(trace, finals, io, dtype)
    recipe = _recent.get(key) or _read(key)
    if recipe is None:
        recipe = _made(trace, finals, io, dtype)
        cache.write(key, _text(recipe).encode(), ".json")
    if len(_recent) >= _MOST:
        _recent.clear()
    _recent[key] = recipe
    return recipe


def _key(trace: Trace, finals: dict[Any, Op], io: dict[Any, int], dtype: str) -> str | None:
    """Return what names a recipe on this processor; None if it is not to be kept."""
    ours = sources.fingerprint()
    if ours is None:
        return None
    try:
        graph = graph_text(trace, finals, io, dtype)
    except TypeError:  # no words for what is in it
        return None
    whole = f"{machine_code.target()}\n{ours}\n{graph}"
    return f"recipe_{blake2b(whole.encode(), digest_size=16).hexdigest()}"


def _made(trace: Trace, finals: dict[Any, Op], io: dict[Any, int], dtype: str) -> Recipe:
    """Plan a graph and write its text."""
    plan = Plan(trace, finals)
    code = Code(plan, io, dtype)
    modules = {**code.linked, "step": code.text}
    numbers = {
        kind: np.array([op.value for op in ops], dtype_of(kind)).tobytes().hex()
        for kind, ops in code.numbers.items()
    }
    return Recipe(
        b64encode(zlib.compress(json.dumps(modules).encode(), 1)).decode(),
        {tier: (*machine_code.symbols_of(modules, tier),) for tier in (BASELINE, OPTIMIZED)},
        sum(text.count("\n") for text in modules.values()),
        sum(map(_numbers, plan.live)),
        {path: store.order for path, store in plan.memory.leaf_storage.items()},
        tuple(code.slots),
        numbers,
        code.room,
    )


def _numbers(op: Op) -> int:
    """Return how many numbers an operation reads or writes, whichever is more."""
    times, region = 1, op.region
    while region is not None:
        times, region = times * region.times, region.parent
    return times * max(prod(of.shape) for of in (op, *op.args))


def _text(recipe: Recipe) -> str:
    return json.dumps([[*part.items()] if isinstance(part, dict) else part for part in recipe])


def _read(key: str) -> Recipe | None:
    text = cache.read(key, ".json")
    if text is None:
        return None
    recipe = Recipe(*_tupled(json.loads(text)))
    orders, numbers = dict(recipe.orders), dict(recipe.numbers)
    return recipe._replace(symbols=dict(recipe.symbols), orders=orders, numbers=numbers)


def _tupled(value: Any) -> Any:
    """Return tuples for the lists of JSON: paths are such."""
    return tuple(map(_tupled, value)) if isinstance(value, list) else value


def graph_text(trace: Trace, finals: Mapping[Any, Op], io: Mapping[Any, int], dtype: str) -> str:
    """Return what is the same for two traces only if they are the same graph, numbers included.

    Numbers of captured arrays are not in it: a program is given them as it is given leaves.

    Raises
    ------
    TypeError
        If there is something in it for which there are no words.
    """
    known: list[Dim | Region] = []  # axes and regions, in order of discovery
    numbers: dict[Any, int] = {}

    def number(what: Any) -> int:
        if not isinstance(what, Dim | Region):
            raise TypeError(f"there are no words for {what!r}")
        one = what.root() if isinstance(what, Dim) else what
        if one not in numbers:
            numbers[one] = len(known)
            known.append(one)
        return numbers[one]

    def text(what: Any) -> str:
        return json.dumps(what, default=number, check_circular=False)

    ends, leaves = ([(path, op.number) for path, op in of.items()] for of in (finals, trace.leaves))
    texts = [text([[_words(op) for op in trace.ops], ends, leaves, [*io.items()], dtype])]
    for one in known:  # each may mention another, which then comes behind it
        if isinstance(one, Dim):
            texts.append(text([one.value, one.many, one.eights]))
        else:
            texts.append(text([one.parent, one.count and one.count.number]))
    return "\n".join(texts)


def _words(op: Op) -> Any:
    value = op.value.tobytes().hex() if isinstance(op.value, np.generic) else op.value
    return (
        op.kind,
        [a.number for a in op.args],
        op.attrs,
        op.dims,
        op.shape,
        op.dtype,
        op.region,
        value,
    )
