"""What a step can reach besides its arguments: whether that changes as it runs."""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from nodegraph.compiling.reasons import is_author_s

__all__ = ["changed", "reached"]

_MOST = 1 << 20  # bytes of an array, or a thousandth as many items, beyond which nobody looks
_DEEP = 3  # how far into lists of lists
_ATOMS = str | int | float | complex | bytes | bool | None


def reached(methods: Sequence[tuple[Any, str]]) -> dict[str, Any]:
    """Return, by name, how all stands now that methods of these objects can reach.

    What their functions name is looked at, and what the author's own functions that they call
    name: globals, attributes of modules and classes, closures, defaults, and ``self``.
    """
    found: dict[str, Any] = {}
    for owner, method in methods:
        own = vars(owner) | (getattr(owner, "__pydantic_private__", None) or {})
        for name, value in own.items():
            found[f"self.{name}"] = _still(value)
        seen: set[CodeType] = set()
        _follow(getattr(type(owner), method), type(owner), found, seen)
        if any("random" in code.co_names for code in seen):
            drawn = random.getstate(), repr(np.random.get_state(legacy=False))  # noqa: NPY002
            found["random"] = hash(drawn)
    return found


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return the name of something that is no longer what it was, or nothing."""
    names = [*after, *(name for name in before if name not in after)]
    return next((name for name in names if before.get(name) != after.get(name)), "")


def _follow(function: Any, owner: Any, found: dict[str, Any], seen: set[CodeType]) -> None:
    """Look at what an author's function names, and go on into the functions among that."""
    function = inspect.unwrap(function)
    code = getattr(function, "__code__", None)
    if code is None or code in seen or not is_author_s(code.co_filename):
        return
    seen.add(code)
    words = {*_words(code)}
    for name, value in (*_named(function, words), *_members(owner, words)):
        if isinstance(value, FunctionType):
            _follow(value, owner, found, seen)
        elif inspect.ismodule(value) or inspect.isclass(value):
            if is_author_s(_file(value)):
                for word in words & {*vars(value)}:
                    part = vars(value)[word]
                    if isinstance(part, FunctionType):
                        _follow(part, owner, found, seen)
                    else:
                        found[f"{name}.{word}"] = _still(part)
        else:
            found[name] = _still(value)


def _words(code: CodeType) -> Iterator[str]:
    """Yield the names that code has, and those of the functions written inside it."""
    yield from code.co_names
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _words(part)


def _named(function: Any, words: set[str]) -> Iterator[tuple[str, Any]]:
    for name in words & {*function.__globals__}:
        yield name, function.__globals__[name]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # it is yet to be filled
            continue
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.default is not parameter.empty:
            yield name, parameter.default


def _members(owner: Any, words: set[str]) -> Iterator[tuple[str, Any]]:
    """Yield what a class has by these names, functions and properties among it."""
    for name in words:
        value = inspect.getattr_static(owner, name, None)
        value = getattr(value, "fget", None) or getattr(value, "__func__", value)
        if value is not None:
            yield f"self.{name}", value


def _file(value: Any) -> str:
    try:
        return inspect.getfile(value)
    except (OSError, TypeError):
        return ""


def _still(value: Any, deep: int = _DEEP) -> Any:
    """Return something that is equal as long as a value stays what it is."""
    if isinstance(value, _ATOMS | count):
        return repr(value)
    if isinstance(value, np.ndarray):
        plain = value.dtype.kind in "fiubc" and value.nbytes <= _MOST
        return value.shape, value.tobytes() if plain else id(value)
    if isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    if not deep or inspect.isclass(value):
        return id(value)
    if isinstance(value, list | tuple | set | frozenset) and len(value) <= _MOST // 1000:
        return len(value), [_still(part, deep - 1) for part in value]
    if isinstance(value, dict) and len(value) <= _MOST // 1000:
        return [(_still(key, 0), _still(part, deep - 1)) for key, part in value.items()]
    if is_author_s(_file(type(value))) and hasattr(value, "__dict__"):
        return id(value), _still(vars(value), deep - 1)
    return id(value)
