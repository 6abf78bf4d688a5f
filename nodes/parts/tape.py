"""Derivatives of a step as it is written: arrays that remember what they were made of.

A step of a cell is called with `Taped` arrays; going back over what they remember gives products
with its Jacobian. It works on plain and on symbolic arrays alike, so that a rule which does so is
compiled with the step. Known are the operators ``+ - * /``, slices, and the words of
`nodegraph.maths` in `_PULLS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, ClassVar, Literal

import numpy as np

from nodegraph import maths
from nodegraph.errors import ContractError
from nodegraph.maths import outer, put, total, vecmat, where
from nodes.parts.slopes import SLOPES

__all__ = ["Heard", "Taped", "against", "gradients", "joined", "plain"]

Heard = Literal["all", "own", "none"]
Pull = Callable[[Any], Any]

_numbers = count()


class Taped:
    """An array, and how a change of it comes from changes of others.

    Parameters
    ----------
    value : array
    heard : {"all", "own", "none"}
        What goes back through a product with W: to all units; to the unit itself, by the diagonal
        of each square block of W; or nothing.
    sources : tuple of (Taped, callable)
        What it was made of; each callable takes the derivative by this array to that by the source.
    units : slice, optional
        Where the units are in it, if other numbers are there too.
    """

    __array_ufunc__: ClassVar[None] = None  # operators of other arrays leave it to this class

    def __init__(
        self,
        value: Any,
        heard: Heard = "all",
        sources: tuple[tuple[Taped, Pull], ...] = (),
        units: slice = slice(None),
    ):
        self.value, self.heard, self.sources, self.units = value, heard, sources, units
        self.number = next(_numbers)

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return tuple(self.value.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the numbers."""
        kind: np.dtype[Any] = self.value.dtype
        return kind

    def __len__(self) -> int:
        return len(self.value)

    def __add__(self, other: Any) -> Taped:
        return _made(plain(self) + plain(other), (self, _same), (other, _same))

    def __sub__(self, other: Any) -> Taped:
        return _made(plain(self) - plain(other), (self, _same), (other, _negative))

    def __rsub__(self, other: Any) -> Taped:
        return _made(plain(other) - plain(self), (other, _same), (self, _negative))

    def __mul__(self, other: Any) -> Taped:
        a, b = plain(self), plain(other)
        return _made(a * b, (self, lambda d: d * b), (other, lambda d: d * a))

    def __truediv__(self, other: Any) -> Taped:
        a, b = plain(self), plain(other)
        y = a / b
        return _made(y, (self, lambda d: d / b), (other, lambda d: -d * y / b))

    def __rtruediv__(self, other: Any) -> Taped:
        a, b = plain(other), plain(self)
        y = a / b
        return _made(y, (other, lambda d: d / b), (self, lambda d: -d * y / b))

    def __neg__(self) -> Taped:
        return _made(-self.value, (self, _negative))

    def __abs__(self) -> Taped:
        x = self.value
        return _made(abs(x), (self, lambda d: where(x < 0, -d, d)))

    __radd__, __rmul__ = __add__, __mul__

    def __getitem__(self, key: Any) -> Taped:
        rest = np.zeros_like(self.value)
        return _made(self.value[key], (self, lambda d: put(rest, key, d)))

    def __gt__(self, other: Any) -> Any:
        return self.value > plain(other)

    def __lt__(self, other: Any) -> Any:
        return self.value < plain(other)

    def copy(self) -> Taped:
        """Return it."""
        return self

    def __word__(self, name: str, values: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        """Return what a word of `nodegraph.maths` makes of arrays, one of which is taped."""
        if name not in _PULLS or not {*options} <= _OPTIONS.get(name, frozenset()):
            raise ContractError(
                f"a cell that learns by its own equation uses {name}, which has no derivative "
                f"here; known are + - * /, slices, {', '.join(_PULLS)}"
            )
        return _PULLS[name](*values, **options)


def plain(value: Any) -> Any:
    """Return the array without what it remembers."""
    return value.value if isinstance(value, Taped) else value


def joined(parts: Sequence[Any]) -> Any:
    """Return arrays of one axis one behind the other, taped if one of them is."""
    whole = np.concatenate([plain(part) for part in parts])
    if not any(isinstance(part, Taped) for part in parts):
        return whole
    ends = np.cumsum([part.shape[0] for part in parts]).tolist()
    pairs = [*zip([0, *ends], ends, strict=False)]
    made = _made(whole, *((part, _part(*pair)) for part, pair in zip(parts, pairs, strict=True)))
    taped = [slice(*pair) for part, pair in zip(parts, pairs, strict=True) if _is_taped(part)]
    made.units = taped[0] if len(taped) == 1 else slice(None)
    return made


def against(sources: Any, thresholds: Any) -> Any:
    """Return ``sources[:, None] - thresholds``: at each synapse, sources in rows.

    What goes back to the sources is what would go back to them through a product with W.
    """
    value = plain(sources)[:, None] - plain(thresholds)
    if not (_is_taped(sources) or _is_taped(thresholds)):
        return value
    made = _made(value, (sources, lambda d: total(d, axis=1)), (thresholds, _negative))
    back: Mapping[Heard, Pull] = {"own": np.diag, "none": lambda d: None}
    if made.heard in back and _is_taped(sources):
        made.sources = ((sources, back[made.heard]), *made.sources[1:])
    return made


def _is_taped(part: Any) -> bool:
    return isinstance(part, Taped)


def _part(start: int, stop: int) -> Pull:
    return lambda change: change[start:stop]


def gradients(outputs: list[tuple[Any, Any]], leaves: list[Taped]) -> list[Any]:
    """Return the derivative by each leaf of the sum of outputs times their weights.

    Parameters
    ----------
    outputs : list of (array, array)
        What was made of the leaves, and with which weight each of its numbers counts.
    leaves : list of Taped

    Returns
    -------
    list of array or None
        None where nothing depends on the leaf.
    """
    found: dict[int, Any] = {}
    waiting: dict[int, Taped] = {}

    def tell(source: Any, change: Any) -> None:
        if isinstance(source, Taped):
            before = found.get(source.number)
            found[source.number] = change if before is None else before + change
            waiting[source.number] = source

    for output, weight in outputs:
        tell(output, weight)
    while waiting:
        last = waiting.pop(max(waiting))  # all that is made of it has spoken
        for source, pull in last.sources:
            change = pull(found[last.number])
            if change is not None:
                tell(source, _summed(change, source.shape))
    return [found.get(leaf.number) for leaf in leaves]


def _made(value: Any, *sources: tuple[Any, Pull]) -> Taped:
    taped = tuple(pair for pair in sources if isinstance(pair[0], Taped))
    return Taped(value, taped[0][0].heard, taped)


def _same(change: Any) -> Any:
    return change


def _negative(change: Any) -> Any:
    return -change


def _summed(change: Any, shape: tuple[int, ...]) -> Any:
    """Return `change` added up along axes that its source was repeated along."""
    while len(change.shape) > len(shape):
        change = total(change, axis=0)
    for axis, length in enumerate(shape):
        if length == 1 != change.shape[axis]:
            change = total(change, axis=axis, keepdims=True)
    return change


def _tanh(x: Taped) -> Taped:
    y = maths.tanh(x.value)
    return _made(y, (x, lambda d: d * (1 - y * y)))


def _sigmoid(x: Taped) -> Taped:
    y = maths.sigmoid(x.value)
    return _made(y, (x, lambda d: d * y * (1 - y)))


def _activate(name: str, x: Taped) -> Taped:
    y = maths.activate(name, x.value)
    return _made(y, (x, lambda d: d * SLOPES[name](y)))


def _exp(x: Taped) -> Taped:
    y = maths.exp(x.value)
    return _made(y, (x, lambda d: d * y))


def _total(x: Taped, axis: int | None = None) -> Taped:
    rest = np.zeros_like(x.value)
    return _made(
        maths.total(x.value, axis=axis),
        (x, lambda d: rest + (d if axis in (None, 0) else d[:, None])),
    )


def _matvec(W: Any, x: Any) -> Taped:
    matrix, vector = plain(W), plain(x)
    back = {"all": _to_all, "own": _to_itself, "none": _to_none}
    known = x if isinstance(x, Taped) else W
    return _made(
        maths.matvec(matrix, vector),
        (W, lambda d: outer(d, vector)),
        (x, lambda d: back[known.heard](d, matrix, known.units)),
    )


def _to_all(change: Any, W: Any, units: slice) -> Any:
    return vecmat(change, W)


def _to_itself(change: Any, W: Any, units: slice) -> Any:
    """Return what comes back by the diagonals of square blocks, one below the other."""
    own = W if units == slice(None) else W[:, units]
    rows, n = own.shape
    if rows % n:
        return None
    parts = [np.diag(own[k : k + n]) * change[k : k + n] for k in range(0, rows, n)]
    back = sum(parts[1:], start=parts[0])
    return back if own is W else put(0 * W[0], units, back)


def _to_none(change: Any, W: Any, units: slice) -> None:
    return None


def _where(condition: Any, yes: Any, no: Any) -> Taped:
    chosen, a, b = plain(condition), plain(yes), plain(no)
    return _made(
        where(chosen, a, b),
        (yes, lambda d: where(chosen, d, np.zeros_like(d))),
        (no, lambda d: where(chosen, np.zeros_like(d), d)),
    )


_PULLS: Mapping[str, Callable[..., Taped]] = {
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "exp": _exp,
    "matvec": _matvec,
    "where": _where,
    "activate": _activate,
    "total": _total,
}
_OPTIONS: Mapping[str, frozenset[str]] = {"total": frozenset(("axis",))}
