"""Loops and branches in LLVM text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nodegraph.compiling.emission.builder import Builder
from nodegraph.compiling.emission.text import Text

__all__ = ["branch", "loop", "nest", "turns"]


def loop(
    b: Text, sizes: Sequence[str], parallel: bool, body: Callable[[list[str], str], None]
) -> None:
    """Write loops over `sizes`, outermost first.

    Parameters
    ----------
    b : Text
    sizes : sequence of str
    parallel : bool
        Whether no turn looks at what another one wrote.
    body : callable
        ``body(indices, tag)`` writes what is inside; loads and stores end in `tag`.
    """
    if not sizes:
        body([], "")
        return
    tag, mark = _independent(b) if parallel else ("", "")
    names = [b.new() for _ in sizes]
    b.levels = [[] for _ in range(len(sizes) + 1)]
    b.depth.update({name: depth for depth, name in enumerate(names, 1)})
    body(names, tag)
    levels, b.levels = b.levels, []
    b.depth.clear()
    first = len(b.lines)
    for name, n, level in zip(names, sizes, levels[1:], strict=True):
        _open(b, name, n)
        b.lines += level
    for name in names[::-1]:
        _close(b, name, mark if name == names[-1] else "")
    b.lines[first:] = ["\n".join(b.lines[first:])]
    b.loops.append(first)


def _independent(b: Text) -> tuple[str, str]:
    """Return what tells LLVM that turns do not touch: behind accesses, and behind the jump."""
    access, ident, what = (len(b.meta) + k for k in range(3))
    b.meta += [
        f"!{access} = distinct !{{}}",
        f"!{ident} = distinct !{{!{ident}, !{what}}}",
        f'!{what} = !{{!"llvm.loop.parallel_accesses", !{access}}}',
    ]
    return f", !llvm.access.group !{access}", f", !llvm.loop !{ident}"


def _open(b: Text, name: str, n: str) -> None:
    head, inside, last, end = _labels(name)
    b.lines.append(
        f"  br label %{head}\n"
        f"{head}:\n  {name} = phi i64 [0, %{b.block}], [{name}n, %{last}]\n"
        f"  {name}c = icmp slt i64 {name}, {n}\n"
        f"  br i1 {name}c, label %{inside}, label %{end}\n{inside}:"
    )
    b.block = inside


def _close(b: Text, name: str, mark: str = "") -> None:
    head, _, last, end = _labels(name)
    b.lines.append(
        f"  br label %{last}\n{last}:\n  {name}n = add nuw nsw i64 {name}, 1\n"
        f"  br label %{head}{mark}\n{end}:"
    )
    b.block = end


def _labels(name: str) -> list[str]:
    return [f"{word}{name[2:]}" for word in ("head", "body", "last", "end")]


def nest(
    b: Builder, dims: Sequence[Any], order: Sequence[int], parallel: bool,
    body: Callable[[list[Any], str], None],
) -> None:  # fmt: skip
    """Write loops over axes, `order` naming them from the fastest to the slowest."""
    axes = list(order)[::-1]

    def inside(names: list[str], tag: str) -> None:
        where: list[Any] = [None] * len(dims)
        for a, name in zip(axes, names, strict=True):
            where[a] = name
        body(where, tag)

    loop(b, [b.size(dims[a]) for a in axes], parallel, inside)


def turns(b: Text, n: str, body: Callable[[], None]) -> None:
    """Write a loop of `n` turns, each of which may have loops in it."""
    name = b.new()
    _open(b, name, n)
    body()
    _close(b, name)


def branch(b: Text, flag: str, then: Callable[[], None], other: Callable[[], None]) -> None:
    """Write what happens if `flag` holds, and if not."""
    number = b.new()[2:]
    b.lines.append(f"  br i1 {flag}, label %then{number}, label %else{number}\nthen{number}:")
    b.block = f"then{number}"
    then()
    b.lines.append(f"  br label %fi{number}\nelse{number}:")
    b.block = f"else{number}"
    other()
    b.lines.append(f"  br label %fi{number}\nfi{number}:")
    b.block = f"fi{number}"
