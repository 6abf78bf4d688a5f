"""LLVM text in the making: names, and the loop that each instruction belongs to."""

from __future__ import annotations

import re
from typing import Any

from nodegraph.compiling.prelude.catalogue import types_of

__all__ = ["Text"]

_NAMES = re.compile(r"%v\d+")


class Text:
    """Instructions of one function, each written as far out as what it needs is known.

    Attributes
    ----------
    entry : list of str
        What comes at the very beginning.
    lines : list of str
        All that follows.
    loops : list of int
        Where in `lines` nests of loops are, each a line of its own.
    levels : list of list of str
        While a nest of loops is written: its instructions by depth.
    depth : dict of str to int
        The loop in which a name is known; 0, outside of all, if it is not there.
    block : str
        The label of the block that is written now.
    needs : set of str
        Functions of the prelude that are called.
    """

    def __init__(self) -> None:
        self.entry: list[str] = []
        self.lines: list[str] = []
        self.loops: list[int] = []
        self.meta: list[str] = []
        self.levels: list[list[str]] = []
        self.depth: dict[str, int] = {}
        self.block = "begin"
        self.needs: set[str] = set()
        self.names = 0
        self.known: dict[str, str] = {}

    def new(self) -> str:
        """Return a name."""
        self.names += 1
        return f"%v{self.names}"

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
