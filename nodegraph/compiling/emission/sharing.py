"""Loops that differ in nothing but addresses and numbers become calls of one function."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

__all__ = ["share"]

_DIGITS = re.compile(r"\d+")
_NAMES = re.compile(r"%v\d+[nc]?")
_LOCAL = re.compile(r"%v\d+[nc]?|\bb\d+|!\d+")
_MADE = re.compile(r"^  (%v\d+[nc]?) = (.+)$", re.MULTILINE)
_BEFORE = re.compile(r"(?<=\[0, %)\w+")  # the block from which a loop is come to
_TYPES = {"getelementptr": "ptr", "inttoptr": "ptr", "icmp": "i1", "fcmp": "i1"}
_CASTS = ("zext", "sext", "trunc", "fpext", "fptrunc", "sitofp", "uitofp", "bitcast")


def share(entry: list[str], lines: list[str], loops: Iterable[int]) -> str:
    """Replace loops that are there more than once; return the functions that are called now.

    Parameters
    ----------
    entry, lines : list of str
        The function that loops are in.
    loops : iterable of int
        Their places in `lines`: of those that are in no other.
    """
    functions: list[str] = []
    several = [*_alike(lines, loops)]
    made = dict(_MADE.findall("\n".join([*entry, *lines])))

    def typed(name: str) -> str:
        return f"{_type(made[name])} {name}"

    for places in several:
        name = f"@loop{len(functions)}"
        for at in places:
            given = ", ".join(map(typed, _free(lines[at])))
            if at == places[0]:
                functions.append(_function(f"{name}({given})", lines[at]))
            end = lines[at].rpartition("\n")[2]
            lines[at] = f"  call void {name}({given})\n  br label %{end[:-1]}\n{end}"
    return "".join(functions)


def _alike(lines: list[str], loops: Iterable[int]) -> Iterator[list[int]]:
    """Yield the places of loops that are the same but for names, where there are several."""
    similar, same = defaultdict(list), defaultdict(list)
    for at in loops:
        similar[_DIGITS.sub("", _BEFORE.sub("", lines[at], count=1))].append(at)
    for places in similar.values():
        if len(places) > 1:
            for at in places:
                same[_anonymous(lines[at])].append(at)
    yield from (places for places in same.values() if len(places) > 1)


def _anonymous(text: str) -> str:
    """Return a loop with names, labels and what is told to LLVM numbered anew."""
    known: dict[str, str] = {}

    def one(found: re.Match[str]) -> str:
        return known.setdefault(found[0], f"{found[0][0]}{len(known)}")

    return _LOCAL.sub(one, _BEFORE.sub("", text, count=1))


def _free(text: str) -> list[str]:
    """Return the names that a loop reads and does not make, in order."""
    made = {name for name, _ in _MADE.findall(text)}
    return [name for name in dict.fromkeys(_NAMES.findall(text)) if name not in made]


def _function(head: str, text: str) -> str:
    body = _BEFORE.sub("entry", text, count=1)
    return f"define internal void {head} noinline nounwind {{\nentry:\n{body}\n  ret void\n}}\n"


def _type(made: str) -> str:
    """Return the type of what an instruction makes."""
    word, *rest = made.split()
    if word in _TYPES:
        return _TYPES[word]
    if word in _CASTS:
        return rest[-1]
    return rest[2] if word == "select" else rest[0].rstrip(",")
