"""Symbolic arrays: what stands for the arrays of a step while it is traced.

numpy's operators and functions work on a `Var` through the protocols that numpy has for such arrays
(NEP 13 and 18). What each function means is in `nodegraph.compiling.functions`, which fill the two
tables here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from nodegraph.compiling.indexing import Masked, holds_places, is_mask, permuted, put, view, written
from nodegraph.compiling.ir import Op, Trace, TraceError, code_of, current, dtype_of
from nodegraph.compiling.operands import ELEMENTWISE, Symbol, cast, elementwise, lift, loop_of
from nodegraph.compiling.products import matmul, reduce
from nodegraph.compiling.reasons import instead, why_numbers

__all__ = ["NoSuchMethod", "Var", "implements", "means", "symbol"]

_FUNCTIONS: dict[Any, Callable[..., Any]] = {}  # what functions of numpy mean
_UFUNCS: dict[str, Callable[..., Any]] = {}  # ufuncs that are made of other operations
_REDUCTIONS = {"add": "add", "maximum": "max", "minimum": "min", "multiply": "multiply",
               "logical_and": "all", "logical_or": "any"}  # fmt: skip
_ACCUMULATIONS: dict[str, Any] = {"add": np.cumsum, "multiply": np.cumprod}
_IN_PLACE = ("resize", "sort")  # methods that are no functions of the same name
_UNKNOWN = {  # what Python asks for, which only numbers have; what to write instead
    "__bool__": (
        "Python's if, while, and, or, not, max or min",
        "write where(condition, a, b), np.maximum, & and |, cond(condition, function, *arrays) for "
        "what is dear, or repeat(n, body, carry) with where in the body for a loop that ends early",
    ),
    "__int__": ("int()", "write .astype(int); for range(), repeat(n, body, carry) the most often"),
    "__float__": ("float(), or math.exp", "leave it out: x[0] is a number; np.exp for math.exp"),
    "__complex__": ("complex()", "keep two arrays"),
    "__index__": (
        "range(), a shape, or an index of a list or of a plain array",
        "take it from a field or a shape; np.stack the list to look into it, or keep the array in "
        "Params; repeat the most often",
    ),
}


def implements(*functions: Any) -> Callable[[Any], Any]:
    """Return a decorator: what follows is what `functions` of numpy mean."""

    def keep(made: Any) -> Any:
        _FUNCTIONS.update(dict.fromkeys(functions, made))
        return made

    return keep


def means(*names: str) -> Callable[[Any], Any]:
    """Return a decorator: what follows is what ufuncs of these names mean, types put right."""

    def keep(made: Any) -> Any:
        _UFUNCS.update(dict.fromkeys(names, made))
        return made

    return keep


_signature = cache(inspect.signature)


def symbol(trace: Trace, path: Any, shape: tuple[int, ...], dtype: Any) -> Var:
    """Return an array that comes from outside; it may not be written to."""
    return Var(trace.input(path, shape, dtype), given=True)


class NoSuchMethod(TraceError, AttributeError):
    """An array has no such method."""


class _View(NamedTuple):
    """How an array is a part of another one."""

    base: Any
    look: Callable[[Op], Op]
    then: Op  # what the other one was when it was looked at
    key: Any


class Var(Symbol, NDArrayOperatorsMixin):
    """An array of known shape and dtype whose numbers are not known yet.

    Parameters
    ----------
    op : Op
    given : bool
        Whether it may not be written to.
    """

    __array_priority__ = 1000

    def __init__(self, op: Op, given: bool = False):
        self._op, self._given = op, given
        self._view: _View | None = None

    @property
    def op(self) -> Op:
        """The operation that it is now: a view follows what it is a view of."""
        if self._view is not None and self._view.base.op is not self._view.then:
            base, look, _, key = self._view
            self._view = _View(base, look, base.op, key)
            self._op = look(base.op)
        return self._op

    def seen(self, look: Callable[[Op], Op], key: Any = None) -> Var:
        """Return a view of it; one by a `key` may be written to."""
        found = Var(look(self.op), self._given or key is None)
        if found._op.ndim or key is None:
            found._view = _View(self, look, self.op, key)
        return found

    def become(self, op: Op) -> None:
        """Change it in place, and what it is a part of."""
        self._op = op
        if self._view is not None:
            base, look, _, key = self._view
            base[key] = Var(op)
            self._view = _View(base, look, base.op, key)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        name = ufunc.__name__
        if any(isinstance(v, Masked) for v in inputs):
            return NotImplemented
        if method == "__call__" and options.keys() == {"out"}:
            return _into(options["out"], _called(ufunc, *inputs), inputs)
        known = {"reduce": {"axis", "keepdims"}, "accumulate": {"axis"}}.get(method, set())
        if odd := [o for o in options if o not in known and options[o] is not None]:
            raise TraceError(
                f"np.{name} with {odd[0]}= is not known to compiled steps; write it out"
            )
        if method == "__call__":
            return _called(ufunc, *inputs)
        if method == "reduce" and name in _REDUCTIONS:
            axis, keepdims = options.get("axis", 0), options.get("keepdims", False)
            return Var(reduce(_REDUCTIONS[name], inputs[0], axis, keepdims))
        if method == "outer":
            a, b = (Var(lift(v)) for v in inputs)
            return _called(ufunc, a[(..., *[None] * b.ndim)], b)
        if method == "accumulate" and name in _ACCUMULATIONS:
            return _ACCUMULATIONS[name](*inputs, axis=options.get("axis", 0))
        cure = instead(f"{name}.{method}", "write it with functions of whole arrays")
        raise TraceError(f"np.{name}.{method} is not known to compiled steps{cure}")

    def __array_function__(self, function: Any, kinds: Any, args: Any, options: Any) -> Any:
        name = function.__name__
        if any(issubclass(kind, Masked) for kind in kinds):
            return NotImplemented
        if function not in _FUNCTIONS:
            room = function.__module__.replace("numpy", "np", 1)
            raise TraceError(f"{room}.{name} is not known to compiled steps{instead(name)}")
        made: Any = _FUNCTIONS[function]
        try:
            _signature(made).bind(*args, **options)
        except TypeError as error:
            raise TraceError(
                f"np.{name} so is not known to compiled steps ({error}); write it out"
            ) from None
        return made(*args, **options)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TraceError(why_numbers())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not hasattr(np.ndarray, name):
            raise AttributeError(f"arrays have no .{name}")
        if name in _IN_PLACE or getattr(np, name, None) not in _FUNCTIONS:
            raise NoSuchMethod(f"arrays of a compiled step have no .{name}{instead(name)}")
        return partial(self._method, getattr(np, name))

    def _method(self, function: Any, *args: Any, **options: Any) -> Any:
        if function in (np.reshape, np.transpose) and len(args) > 1:
            args = (args,)
        return self.__array_function__(function, (), (self, *args), options)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.op.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return dtype_of(self.op.dtype)

    @property
    def ndim(self) -> int:
        return self.op.ndim

    @property
    def size(self) -> int:
        return int(np.prod(self.op.shape))

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def T(self) -> Var:
        return self.seen(lambda op: permuted(op, range(op.ndim)[::-1]))

    def __len__(self) -> int:
        if not self.op.ndim:
            raise TypeError("len() of a number")
        return self.op.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __round__(self, digits: int = 0) -> Any:
        return np.round(self, digits)

    def __getitem__(self, key: Any) -> Any:
        if is_mask(key, self.shape):
            return Masked(self, key)
        if holds_places(key):
            return Var(view(self.op, key))
        return self.seen(lambda op: view(op, key), key)

    def __setitem__(self, key: Any, value: Any) -> None:
        if self._given:
            raise TraceError(
                "this writes into an array that was given, or into a part of one; write into a "
                "copy: past = state.past.copy(); past[i] = x"
            )
        own = value._view if isinstance(value, Var) else None
        if own is not None and own.base is self and own.key is key and value.op is not None:
            return  # a[i] += b has written already
        if is_mask(key, self.shape):
            self.become(written(key, value, self).op)
        else:
            self.become(put(self.op, key, value))

    def flatten(self, order: str = "C") -> Any:
        return self.ravel(order).copy()

    def copy(self, *_: Any, **__: Any) -> Var:
        return Var(self.op)  # the graph has no memory: there is nothing to do

    def astype(self, dtype: Any, **_: Any) -> Var:
        return Var(cast(self.op, code_of(dtype)))


def _asked(what: str, cure: str) -> Callable[..., Any]:
    def method(self: Var) -> Any:
        raise TraceError(why_numbers(what, cure))

    return method


for _name, _why in _UNKNOWN.items():
    setattr(Var, _name, _asked(*_why))


def _called(ufunc: Any, *operands: Any) -> Any:
    """Return what a ufunc makes of its operands."""
    name = ufunc.__name__
    if name == "matmul":
        return Var(matmul(*operands))
    if name in _UFUNCS:
        codes = loop_of(ufunc, operands)
        typed = [Var(lift(v, code)) for v, code in zip(operands, codes, strict=False)]
        made = _UFUNCS[name](*typed)
        return made if isinstance(made, tuple) else made.astype(codes[-1])
    if name in ELEMENTWISE:
        return Var(elementwise(name, *operands))
    raise TraceError(f"{name} is not known to compiled steps{instead(name)}")


def _into(out: Any, made: Any, inputs: Any) -> Any:
    """Return what ``+=`` or ``out=`` leave behind."""
    (goal,) = out
    if not np.can_cast(made.dtype, goal.dtype, "same_kind"):
        raise TraceError(
            f"{made.dtype} does not fit into an array of {goal.dtype}; write y = a + b"
        )
    if isinstance(goal, Var):
        if goal.ndim == 0:
            return made  # numbers are not changed in place
        if goal._given:
            raise TraceError(
                "out= and += write into what was given; write into a copy, or y = a + b"
            )
        if made.shape != goal.shape:
            raise ValueError(f"shape {made.shape} does not fit into {goal.shape}")
        goal.become(cast(made.op, goal.op.dtype))
        return goal
    if goal is inputs[0] and made.shape == goal.shape:  # y += x, of y = np.zeros(n)
        current().stale.append(goal)
        return made.astype(goal.dtype)
    raise TraceError("out= is an array of numbers; write y = a + b")
