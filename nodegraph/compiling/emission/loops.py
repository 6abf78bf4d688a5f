"""Loops and branches in LLVM text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nodegraph.compiling.emission.builder import Builder
from nodegraph.compiling.emission.text import Text

__all__ = ["branch", "loop", "nest", "turns"]


class _Labels(NamedTuple):
    head: str
    body: str
    last: str
    end: str


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
    kinds = [[b.label(word) for _ in sizes] for word in _Labels._fields]
    labels = [_Labels(*four) for four in zip(*kinds, strict=True)]
    for k, (name, n, at) in enumerate(zip(names, sizes, labels, strict=True)):
        _open(b, name, n, at)
        b.lines += levels[k + 1]
    for k in range(len(sizes))[::-1]:
        _close(b, names[k], labels[k], mark if k == len(sizes) - 1 else "")


def _independent(b: Text) -> tuple[str, str]:
    """Return what tells LLVM that turns do not touch: behind accesses, and behind the jump."""
    access, ident, what = (len(b.meta) + k for k in range(3))
    b.meta += [
        f"!{access} = distinct !{{}}",
        f"!{ident} = distinct !{{!{ident}, !{what}}}",
        f'!{what} = !{{!"llvm.loop.parallel_accesses", !{access}}}',
    ]
    return f", !llvm.access.group !{access}", f", !llvm.loop !{ident}"


def _open(b: Text, name: str, n: str, at: _Labels) -> None:
    b.lines.append(
        f"  br label %{at.head}\n"
        f"{at.head}:\n  {name} = phi i64 [0, %{b.block}], [{name}n, %{at.last}]\n"
        f"  {name}c = icmp slt i64 {name}, {n}\n"
        f"  br i1 {name}c, label %{at.body}, label %{at.end}\n{at.body}:"
    )
    b.block = at.body


def _close(b: Text, name: str, at: _Labels, mark: str = "") -> None:
    b.lines.append(
        f"  br label %{at.last}\n{at.last}:\n  {name}n = add nuw nsw i64 {name}, 1\n"
        f"  br label %{at.head}{mark}\n{at.end}:"
    )
    b.block = at.end


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
    name, at = b.new(), _Labels(*(b.label(word) for word in ("turn", "body", "last", "end")))
    _open(b, name, n, at)
    body()
    _close(b, name, at)


def branch(b: Text, flag: str, then: Callable[[], None], other: Callable[[], None]) -> None:
    """Write what happens if `flag` holds, and if not."""
    yes, no, end = (b.label(word) for word in ("then", "else", "fi"))
    b.lines.append(f"  br i1 {flag}, label %{yes}, label %{no}\n{yes}:")
    b.block = yes
    then()
    b.lines.append(f"  br label %{end}\n{no}:")
    b.block = no
    other()
    b.lines.append(f"  br label %{end}\n{end}:")
    b.block = end
