"""LLVM text: how types and numbers are spelt, and one function block by block."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

__all__ = ["LLVM", "MEMORY", "SIZE", "SUFFIX", "Blocks", "literal"]

LLVM = {"f8": "double", "f4": "float", "i8": "i64", "b1": "i1", "u4": "i64"}
MEMORY = {"f8": "double", "f4": "float", "i8": "i64", "b1": "i8", "u4": "i32"}
SIZE = {"f8": 8, "f4": 4, "i8": 8, "b1": 1, "u4": 4}
SUFFIX = {"f8": "f64", "f4": "f32"}  # of the names of intrinsic functions


def literal(value: float | int | bool, dtype: str) -> str:
    """Return a number as LLVM writes it, exactly."""
    if dtype == "b1":
        return "true" if value else "false"
    if dtype == "i8":
        return str(int(value))
    if dtype == "f4":
        value = struct.unpack("f", struct.pack("f", value))[0]
    return "0x" + struct.pack(">d", value).hex().upper()


class Blocks:
    """Instructions and labels, line by line.

    Attributes
    ----------
    lines : list of str
        Some of them of several lines.
    block : str
        The label of the block that is written now.
    """

    def __init__(self, block: str):
        self.lines: list[str] = []
        self.block = block
        self._count = 0

    def new(self) -> str:
        """Return a name."""
        self._count += 1
        return f"%v{self._count}"

    def label(self) -> str:
        """Return a new name of a block."""
        self._count += 1
        return f"b{self._count}"

    def begin(self, label: str) -> None:
        """Begin a block, into which the one before leads unless it ended in a branch."""
        if not self.lines or not self.lines[-1].rpartition("\n")[2].startswith("  br "):
            self.lines.append(f"  br label %{label}")
        self.lines.append(f"{label}:")
        self.block = label

    @contextmanager
    def turns(
        self, carried: Sequence[tuple[str, str, str]], test: Callable[[], str], mark: str = ""
    ) -> Iterator[list[str]]:
        """Write a loop of what is written meanwhile.

        Parameters
        ----------
        carried : sequence of (str, str, str)
            What goes from turn to turn: its name, its type, and where it starts from.
        test : callable
            Writes whether there is another turn, and names it.
        mark : str
            What is told to LLVM, behind the jump to the next turn.

        Yields
        ------
        list of str
            To be filled: what the next turn starts from.
        """
        head, inside, end = self.label(), self.label(), self.label()
        before, following = self.block, list[str]()
        self.begin(head)
        place = len(self.lines)
        self.lines += [f"  {now} = phi {type} [{first}, %{before}]" for now, type, first in carried]
        self.lines.append(f"  br i1 {test()}, label %{inside}, label %{end}")
        self.begin(inside)
        yield following
        for k, new in enumerate(following):
            self.lines[place + k] += f", [{new}, %{self.block}]"
        self.lines.append(f"  br label %{head}{mark}")
        self.begin(end)

    @contextmanager
    def branch(self, flag: str) -> Iterator[None]:
        """Let what is written meanwhile happen if `flag` holds."""
        inside, end = self.label(), self.label()
        self.lines.append(f"  br i1 {flag}, label %{inside}, label %{end}")
        self.begin(inside)
        yield
        self.begin(end)
