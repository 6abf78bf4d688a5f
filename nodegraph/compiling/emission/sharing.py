"""Loops that are long, or there more than once, become functions: the same for all steps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b

__all__ = ["outlined"]

_LONG = 40  # lines, from which on a call takes far less time than what is called
_NAMES = re.compile(r"%v\d+[nc]?")
_LOCAL = re.compile(r"%v\d+[nc]?|\bb\d+")
_MADE = re.compile(r"^  (%v\d+[nc]?) = (.+)$", re.MULTILINE)
_BEFORE = re.compile(r"(?<=\[0, %)\w+")  # the block from which a loop is come to
_TYPES = {"getelementptr": "ptr", "inttoptr": "ptr", "icmp": "i1", "fcmp": "i1"}
_CASTS = ("zext", "sext", "trunc", "fpext", "fptrunc", "sitofp", "uitofp", "bitcast")


def outlined(entry: list[str], lines: list[str], loops: Iterable[int]) -> dict[str, str]:
    """Replace loops by calls; return the functions that are called, by name.

    Parameters
    ----------
    entry, lines : list of str
        The function that loops are in.
    loops : iterable of int
        Their places in `lines`: of those that are in no other.
    """
    made = dict(_MADE.findall("\n".join([*entry, *lines])))
    calls: dict[str, list[tuple[int, str]]] = {}
    for at in loops:
        text = _told(lines[at], made) + _BEFORE.sub("entry", lines[at], count=1)
        given = ", ".join(f"{_type(made[name])} {name}" for name in _free(text))
        function = _anonymous(f"({given}) nounwind {{\nentry:\n{text}\n  ret void\n}}\n")
        calls.setdefault(function, []).append((at, given))
    functions: dict[str, str] = {}
    for function, places in calls.items():
        if len(places) == 1 and function.count("\n") < _LONG:
            continue
        name = f"loop_{blake2b(function.encode(), digest_size=8).hexdigest()}"
        functions[name] = f"define void @NAME{function}"
        for at, given in places:
            end = lines[at].rpartition("\n")[2]
            lines[at] = f"  call void @{name}({given})\n  br label %{end[:-1]}\n{end}"
    return functions


def _told(text: str, made: dict[str, str]) -> str:
    """Return again what tells LLVM that no series are left over behind whole vectors."""
    sizes = (name for name in _free(text) if made[name].endswith(", -16"))
    return "".join(f"  {name} = {made[name]}\n" for name in sizes)


def _anonymous(text: str) -> str:
    """Return a function with names and labels numbered anew."""
    known: dict[str, str] = {}

    def one(found: re.Match[str]) -> str:
        return known.setdefault(found[0], f"{found[0].rstrip('nc0123456789')}{len(known)}")

    return _LOCAL.sub(one, text)


def _free(text: str) -> list[str]:
    """Return the names that a loop reads and does not make, in order."""
    made = {name for name, _ in _MADE.findall(text)}
    return [name for name in dict.fromkeys(_NAMES.findall(text)) if name not in made]


def _type(made: str) -> str:
    """Return the type of what an instruction makes."""
    word, *rest = made.split()
    if word in _TYPES:
        return _TYPES[word]
    if word in _CASTS:
        return rest[-1]
    return rest[2] if word == "select" else rest[0].rstrip(",")
