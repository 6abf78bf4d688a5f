"""LLVM code for sums side by side in SIMD registers, where numba's own would be one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba.extending import intrinsic

__all__ = ["INDEX", "Sums", "Term", "built"]

built: Any = intrinsic  # numba fills in the first argument
INDEX, _WORD = ir.IntType(64), ir.IntType(32)
Term = Callable[[Any, Any], Any]


class Sums:
    """The code that sums side by side: reads of arrays, and a loop with its sums in a register."""

    def __init__(self, context: Any, builder: Any, lanes: int, dtype: Any):
        self.context, self.builder, self.dtype = context, builder, dtype
        self.vector = ir.VectorType(context.get_value_type(dtype), lanes)
        self.lanes, self.align = lanes, dtype.bitwidth // 8
        self.zero = ir.Constant(self.vector, [0.0] * lanes)

    def pointer(self, kind: Any, array: Any, vectors: bool = False) -> Any:
        data = self.context.make_array(kind)(self.context, self.builder, array).data
        return self.builder.bitcast(data, self.vector.as_pointer()) if vectors else data

    def number(self, pointer: Any, at: Any) -> Any:
        """Return one number in all lanes."""
        one = self.builder.load(self.builder.gep(pointer, [at]))
        nothing = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(nothing, one, ir.Constant(_WORD, 0))
        same = ir.Constant(ir.VectorType(_WORD, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, nothing, same)

    def load(self, pointer: Any, at: Any) -> Any:
        loaded = self.builder.load(self.builder.gep(pointer, [at]))
        loaded.align = self.align
        return loaded

    def store(self, value: Any, pointer: Any, at: Any) -> None:
        self.builder.store(value, self.builder.gep(pointer, [at])).align = self.align

    def gathered(self, numbers: Sequence[Any]) -> Any:
        """Return numbers, one in each lane."""
        vector = ir.Constant(self.vector, ir.Undefined)
        for lane, number in enumerate(numbers):
            vector = self.builder.insert_element(vector, number, ir.Constant(_WORD, lane))
        return vector

    def plus(self, at: Any, step: int) -> Any:
        return self.builder.add(at, ir.Constant(INDEX, step))

    def added(self, start: Any, stop: Any, step: int, total: Any, term: Term) -> Any:
        """Return ``total + term(start) + term(start + step) + ...``, in that order."""
        builder = self.builder
        before, function = builder.block, builder.function
        head, body, end = (function.append_basic_block(name) for name in ("head", "body", "end"))
        builder.branch(head)
        builder.position_at_end(head)
        k, so_far = builder.phi(INDEX), builder.phi(self.vector)
        k.add_incoming(start, before)
        so_far.add_incoming(total, before)
        builder.cbranch(builder.icmp_unsigned("<", k, stop), body, end)
        builder.position_at_end(body)
        k.add_incoming(self.plus(k, step), builder.block)
        so_far.add_incoming(builder.fadd(so_far, term(builder, k)), builder.block)
        builder.branch(head)
        builder.position_at_end(end)
        return so_far
