"""From addresses to arrays and functions, inside compiled loops."""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba.extending import intrinsic

from nodegraph.compiled.compiling import inner, types

__all__ = ["call", "vector"]

_intrinsic: Any = intrinsic  # numba fills in the first argument
_carray: Any = numba.carray  # type: ignore[attr-defined]
_pointer_to: Any = types.CPointer


def _typed_pointer(_: Any, address: Any, like: Any) -> Any:
    """Return `address` as a pointer to numbers such as `like`."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

    return _pointer_to(like)(types.int64, like), build


_pointer = _intrinsic(_typed_pointer)


@inner
def vector(address: Any, n: Any, like: Any) -> Any:
    """Return the `n` numbers of the precision of `like` that stand at `address`."""
    return _carray(_pointer(address, like), (n,))


def _typed_call(_: Any, function: Any, args: Any, io: Any, like: Any) -> Any:
    """Call the step at the address `function`, with the addresses of its `args` and `io`."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        numbers, number = ir.IntType(64).as_pointer(), context.get_value_type(like)
        kind = ir.FunctionType(ir.VoidType(), [numbers, numbers, number])
        step = builder.inttoptr(given[0], kind.as_pointer())
        places = [builder.inttoptr(address, numbers) for address in given[1:3]]
        builder.call(step, [*places, given[3]])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, like), build


call = _intrinsic(_typed_call)
