"""Loops that are no steps, written in LLVM's language; compiled on first use, kept on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from nodegraph.compiling import machine_code
from nodegraph.compiling.cache_lines import address
from nodegraph.compiling.ir import code_of
from nodegraph.compiling.prelude.builder import Builder, Value
from nodegraph.compiling.prelude.sums import by_four
from nodegraph.errors import EngineError

__all__ = ["Builder", "Value", "by_four", "kernel", "spans"]

Writer = Callable[..., None]
Loop = Callable[..., None]


def kernel(arguments: str) -> Callable[[Writer], Callable[[Any], Loop]]:
    """Return a decorator that turns what writes a loop into ``compiled[dtype]``.

    Parameters
    ----------
    arguments : str
        What the loop is given, as `Builder.function` reads it: arrays, then whole numbers.

    Returns
    -------
    callable
        Given ``write(b, *arguments)``: what returns for a dtype the compiled loop, to be called
        with arrays, C-contiguous and of that dtype, and whole numbers. It runs without the GIL, and
        raises an EngineError for other arrays, whose memory it would misread.
    """
    arrays = sum(name[0] in "*&" for name in arguments.split())
    numbers = len(arguments.split()) - arrays

    def decorate(write: Writer) -> Callable[[Any], Loop]:
        @cache
        def compiled(dtype: Any) -> Loop:
            b = Builder(code_of(dtype))
            write(b, *b.function(arguments))
            name = write.__name__.strip("_")
            function = machine_code.function(b.text(), name, arrays, numbers)

            def loop(*given: np.ndarray | int) -> None:
                _check(name, given, dtype)
                function(*[address(g) if isinstance(g, np.ndarray) else g for g in given])

            return loop

        return compiled

    return decorate


def _check(name: str, given: tuple[Any, ...], dtype: Any) -> None:
    for g in given:
        if isinstance(g, np.ndarray) and not (g.dtype == dtype and g.flags.c_contiguous):
            raise EngineError(
                f"{name}: expected a C-contiguous array of {dtype}, got one of {g.dtype}, shape "
                f"{g.shape}; write np.ascontiguousarray(a, {dtype})"
            )


def spans(
    b: Builder, first: Value | int, stop: Value, widths: tuple[int, ...] = (32, 8, 1)
) -> Iterator[tuple[Value, int]]:
    """Write loops over ``first:stop`` in spans of each width in turn; yield their place and width.

    What is written in a turn of ``for j, width in spans(..)`` is what is done to a span.
    """
    for width in widths:
        with b.each(first, stop - (width - 1), width) as first:
            yield first, width
