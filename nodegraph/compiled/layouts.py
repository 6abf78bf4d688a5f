"""Loops over chunks as compiled steps: what they take is written down as a layout.

A layout such as ``"i2 d3! i1! f2< f2>"`` has a word for each array that a loop takes: of int64
(``i``), float64 (``d``), bool (``b``) or the precision of the model (``f``), and its number of
dimensions; ``!`` if it is written, ``<`` if it is the input of the chunk, ``>`` if its output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from nodegraph.arrays import Array
from nodegraph.compiled.compiling import read, types, write

__all__ = ["placed", "signature", "taken"]

_intrinsic: Any = intrinsic  # numba fills in the first argument
_at: Any = cgutils.gep_inbounds
_tuple_of: Any = types.Tuple
_arrays: Any = arrayobj
_KINDS = {"i": types.int64, "d": types.float64, "b": types.boolean}


def _parts(layout: str, like: Any) -> list[Any]:
    """Return the types of the arrays of a layout."""
    return [
        (write if word[2:] in ("!", ">") else read)(_KINDS.get(word[0], like), int(word[1]))
        for word in layout.split()
    ]


def signature(layout: str) -> Callable[[Any], Any]:
    """Return the signature of a loop over a chunk, for `nodegraph.compiled.kernel`."""
    return lambda f: types.void(*_parts(layout, f))


def placed(arrays: tuple[Array, ...]) -> tuple[Any, ...]:
    """Return arrays as `taken` finds them again: each with its shape behind it."""
    return tuple(part for array in arrays for part in (array, *array.shape))


def _take(_: Any, args: Any, io: Any, layout: Any, like: Any) -> Any:
    """Return the arrays of a step: what `placed` laid down in `args`, with the rows of `io`."""
    words, kinds = layout.literal_value.split(), _parts(layout.literal_value, like)

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        def number(table: int, i: int) -> Any:
            return builder.load(_at(builder, given[table], i))

        arrays, at = [], 0
        for word, kind in zip(words, kinds, strict=True):
            rows = {"<": 1, ">": 0}.get(word[2:])
            address = number(0, at) if rows is None else number(1, rows)
            shape = [number(0, at + 1 + i) for i in range(kind.ndim)]
            arrays.append(_array(context, builder, kind, address, shape))
            at += 1 + kind.ndim
        return context.make_tuple(builder, signature.return_type, arrays)

    return _tuple_of(kinds)(args, io, layout, like), build


def _array(context: Any, builder: Any, kind: Any, address: Any, shape: list[Any]) -> Any:
    """Return the C-contiguous array that stands at `address`."""
    array = _arrays.make_array(kind)(context, builder)
    size = context.get_constant(
        types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype))
    )
    strides: list[Any] = []
    stride = size
    for length in reversed(shape):
        strides.insert(0, stride)
        stride = builder.mul(stride, length)
    data = builder.inttoptr(address, array.data.type)
    _arrays.populate_array(array, data, shape, strides, size, meminfo=None)
    return array._getvalue()


taken = _intrinsic(prefer_literal=True)(_take)
