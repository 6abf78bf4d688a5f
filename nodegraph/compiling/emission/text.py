"""LLVM text in the making: names, and the loop that each instruction belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from nodegraph.compiling.prelude.blocks import Blocks
from nodegraph.compiling.prelude.catalogue import types_of

__all__ = ["Text"]

_NAMES = re.compile(r"%v\d+")


class Text(Blocks):
    """Instructions of one function, each written as far out as what it needs is known.

    Attributes
    ----------
    entry : list of str
        What comes at the very beginning.
    loops : list of int
        Where in `lines` nests of loops are, each a line of its own.
    levels : list of list of str
        While a nest of loops is written: its instructions by depth.
    depth : dict of str to int
        The loop in which a name is known; 0, outside of all, if it is not there.
    needs : set of str
        Functions of the prelude that are called.
    """

    def __init__(self) -> None:
        super().__init__("begin")
        self.entry: list[str] = []
        self.loops: list[int] = []
        self.meta: list[str] = []
        self.levels: list[list[str]] = []
        self.depth: dict[str, int] = {}
        self.needs: set[str] = set()
        self.known: dict[str, str] = {}

    def put(self, text: str) -> str:
        """Write an instruction where all that it needs is known; return its name."""
        name = self.new()
        depth = max((self.depth.get(needed, 0) for needed in _NAMES.findall(text)), default=0)
        self._write(name, text, depth)
        return name

    def here(self, text: str) -> str:
        """Write an instruction in the innermost loop; return its name."""
        name = self.new()
        self._write(name, text, len(self.levels) - 1)
        return name

    def _write(self, name: str, text: str, depth: int) -> None:
        if depth > 0:
            self.depth[name] = depth
        self._at(depth).append(f"  {name} = {text}")

    def do(self, text: str) -> None:
        """Write an instruction that has no result in the innermost loop."""
        self._at(len(self.levels) - 1).append(f"  {text}")

    def _at(self, depth: int) -> list[str]:
        return self.levels[depth] if depth > 0 else self.lines

    def first(self, text: str) -> str:
        """Write an instruction at the very beginning, once; return its name."""
        if text not in self.known:
            self.known[text] = self.new()
            self.entry.append(f"  {self.known[text]} = {text}")
        return self.known[text]

    def call(self, name: str, *arguments: Any) -> str:
        """Return the call of a function of the prelude."""
        self.needs.add(name)
        returns, types = types_of(name)
        given = (f"{type} {value}" for type, value in zip(types, arguments, strict=True))
        return f"call {returns} @{name}({', '.join(given)})"

    # loops

    def loop(
        self, sizes: Sequence[str], parallel: bool, body: Callable[[list[str], str], None]
    ) -> None:
        """Write loops over `sizes`, outermost first.

        Parameters
        ----------
        sizes : sequence of str
        parallel : bool
            Whether no turn looks at what another one wrote.
        body : callable
            ``body(indices, tag)`` writes what is inside; loads and stores end in `tag`.
        """
        if not sizes:
            body([], "")
            return
        tag, mark = self._independent() if parallel else ("", "")
        names = [self.new() for _ in sizes]
        self.levels = [[] for _ in range(len(sizes) + 1)]
        self.depth.update({name: depth for depth, name in enumerate(names, 1)})
        body(names, tag)
        levels, self.levels = self.levels, []
        self.depth.clear()
        first = len(self.lines)
        self._nest([*zip(names, sizes, levels[1:], strict=True)], mark)
        self.lines[first:] = ["\n".join(self.lines[first:])]
        self.loops.append(first)

    def _nest(self, loops: Sequence[tuple[str, str, list[str]]], mark: str) -> None:
        """Write loops within one another, of a name, a size and instructions each."""
        (name, n, level), *inner = loops

        def inside() -> None:
            self.lines += level
            if inner:
                self._nest(inner, mark)

        self.repeat(n, inside, name, "" if inner else mark)

    def _independent(self) -> tuple[str, str]:
        """Return what tells LLVM that turns do not touch: behind accesses, and behind the jump."""
        access, ident, what = (len(self.meta) + k for k in range(3))
        self.meta += [
            f"!{access} = distinct !{{}}",
            f"!{ident} = distinct !{{!{ident}, !{what}}}",
            f'!{what} = !{{!"llvm.loop.parallel_accesses", !{access}}}',
        ]
        return f", !llvm.access.group !{access}", f", !llvm.loop !{ident}"

    def repeat(self, n: str, body: Callable[[], None], name: str = "", mark: str = "") -> None:
        """Write a loop of `n` turns, each of which may have loops in it."""
        i = name or self.new()

        def test() -> str:
            self.lines.append(f"  {i}c = icmp slt i64 {i}, {n}")
            return f"{i}c"

        def turn() -> list[str]:
            body()
            self.lines.append(f"  {i}n = add nuw nsw i64 {i}, 1")
            return [f"{i}n"]

        self.turns([(i, "i64", "0")], test, turn, mark)
