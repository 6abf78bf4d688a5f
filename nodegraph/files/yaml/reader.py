"""YAML read safely: no tags, no anchors, no bombs; every error at its line and column."""

from __future__ import annotations

import math
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nodegraph.errors import SpecError
from nodegraph.files.flags import READ
from nodegraph.files.yaml.document import Document, Mark
from nodegraph.graph.messages.complaints import Loc
from nodegraph.graph.messages.phrases import shown
from nodegraph.host.paths import own_path

__all__ = [
    "Document",
    "plain_value",
    "read_document",
    "read_file",
    "read_value",
]

LONGEST_SCALAR = 10_000
LONGEST_NUMBER = 100

Scalar = str | int | float | bool | None

_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]|\r(?!\n)"
)
_INDENTED_BY_TAB = re.compile(r"^ *\t", re.MULTILINE)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **{sign + word: math.inf for sign in ("", "+") for word in (".inf", ".Inf", ".INF")},
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}


def _check_text(text: str, source: str) -> None:
    """Refuse what a YAML text may not hold: control characters, tabs.

    Raises
    ------
    SpecError
        At the first such character.
    """
    if found := _FORBIDDEN.search(text):
        where = _mark_of(text, found.start(), source)
        raise where.error(f"a character that may not stand in YAML: {shown(found.group())}")
    if found := _INDENTED_BY_TAB.search(text):
        raise _mark_of(text, found.end() - 1, source).error("a tab; indent with spaces")


def _mark_of(text: str, index: int, source: str) -> Mark:
    line_start = text.rfind("\n", 0, index) + 1
    return Mark(source, text.count("\n", 0, index) + 1, index - line_start + 1)


def plain_value(text: str, mark: Mark) -> Scalar:
    """Return what an unquoted scalar means in YAML 1.2.

    Examples
    --------
    >>> [plain_value(text, Mark("a.yaml")) for text in ("1e-8", "010", "no", "0x10", "~")]
    [1e-08, 10, 'no', 16, None]
    """
    if text in _WORDS:
        return _WORDS[text]
    for pattern, read in _NUMBERS:
        if pattern.fullmatch(text):
            return _number(text, read, mark)
    return _quoted_value(text, mark)


def _read_based(text: str) -> int:
    return int(text, base=0)


_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], int | float]], ...] = (
    (_INTEGER, int),
    (_BASED, _read_based),
    (_REAL, float),
)


def _number(text: str, read: Callable[[str], int | float], mark: Mark) -> int | float:
    if len(text) > LONGEST_NUMBER:
        raise mark.error(f"a number of {len(text)} characters; at most {LONGEST_NUMBER} are read")
    value = read(text)
    if isinstance(value, float) and math.isinf(value):
        raise mark.error(f"{text} is beyond the largest number, 1.8e308")
    return value


def _quoted_value(text: str, mark: Mark) -> str:
    """Return the text of a scalar that stands in quotes or in a block."""
    if len(text) > LONGEST_SCALAR:
        raise mark.error(f"a text of {len(text)} characters; at most {LONGEST_SCALAR} are read")
    if found := _FORBIDDEN.search(text):
        raise mark.error(f"a text with the control character {shown(found.group())}")
    return text


LARGEST_FILE = 2**20
DEEPEST = 32
OTHERS = (".csv", ".tsv", ".txt", ".dat", ".gz", ".npy", ".npz", ".parquet", ".safetensors", ".py")
MOST_VALUES = 20_000

_BRACKETS = re.compile(r"[\[\]{}]")


def read_file(path: str | os.PathLike[str]) -> Document:
    """Read a YAML file.

    Raises
    ------
    SpecError
        If it cannot be read, is no regular file, is larger than 1 MiB, or as `read_document`.
    """
    source = str(own_path(path, 'read_yaml("graph.yaml")'))
    if source.lower().endswith(OTHERS):
        raise SpecError(
            f"{source}: is no graph, which is a .yaml file; a graph names its data by "
            "task: {data: {file: ...}}, and ng.load reads a .safetensors model"
        )
    try:
        raw = _read_regular(Path(source))
        return read_document(raw.decode("utf-8"), source)
    except OSError as error:
        raise SpecError(f"{source}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Mark(source, line, 1).error("is not UTF-8 text") from None


def _read_regular(path: Path) -> bytes:
    if "\0" in str(path):
        raise SpecError(f"{shown(str(path))}: is no name of a file")
    descriptor = os.open(path, READ)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SpecError(f"{path}: is not a regular file")
    with open(descriptor, "rb") as file:
        raw = file.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        raise SpecError(f"{path}: is larger than 1 MiB; keep arrays in .npz files beside it")
    return raw


def read_document(text: str, source: str = "<string>") -> Document:
    r"""Read a YAML text whose top level is a mapping.

    Parameters
    ----------
    text : str
        One YAML 1.2 document without tags, anchors and aliases, at most 32 levels deep.
    source : str
        Name of the file, for messages.

    Raises
    ------
    SpecError
        With source, line and column, if the text is anything else.

    Examples
    --------
    >>> document = read_document("nodes:\n  u: {kind: Input}")
    >>> document.data, document.where(("nodes", "u", "kind"))
    ({'nodes': {'u': {'kind': 'Input'}}}, (2, 13))
    """
    if len(text) > LARGEST_FILE:
        raise SpecError(f"{source}: is larger than 1 MiB; keep arrays in .npz files beside it")
    data, builder = _read(text.removeprefix("\ufeff"), source)  # as Windows writes it
    if not isinstance(data, dict):
        raise Mark(source, 1, 1).error(
            f"should be a mapping that begins with 'nodegraph: 1' (got {shown(data)})"
        )
    return Document(data, source, builder.values, builder.keys)


def read_value(text: str, source: str) -> Any:
    """Read a YAML text that is any value, such as what stands behind ``--set a.b=``."""
    return _read(text, source)[0]


def _read(text: str, source: str) -> tuple[Any, _Builder]:
    _check_text(text, source)
    _check_brackets(text, source)
    builder = _Builder(source)
    return builder.document(_events(text, source)), builder


def _check_brackets(text: str, source: str) -> None:
    """Refuse a heap of brackets before the parser looks ahead into it."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth += 1 if found.group() in "[{" else -1
        if depth > 4 * DEEPEST:  # brackets in texts and comments are counted too
            line = text.count("\n", 0, found.start()) + 1
            raise Mark(source, line, 1).error(f"nested deeper than {DEEPEST} levels")


def _events(text: str, source: str) -> Iterator[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    yaml = YAML(typ="safe", pure=True)
    try:
        yield from yaml.parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Mark(source, mark.line + 1, mark.column + 1) if mark else Mark(source)
        raise where.error(_problem(error)) from None
    except (YAMLError, ValueError, ArithmeticError, LookupError, TypeError) as error:
        raise Mark(source).error(f"is not YAML: {shown(str(error))}") from None
    except (AssertionError, AttributeError, RecursionError):
        raise Mark(source).error("is not YAML") from None


def _problem(error: Any) -> str:
    parts = [str(part).strip() for part in (error.context, error.problem) if part]
    return "is not YAML: " + "; ".join(parts)


class _Builder:
    """Makes plain data of parser events, noting where each value and key begins."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.values: dict[Loc, Mark] = {}
        self.keys: dict[Loc, Mark] = {}

    def document(self, events: Iterator[Any]) -> Any:
        """Return the data of the only document in `events`."""
        data: Any = None
        n_documents = 0
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                n_documents += 1
                if n_documents > 1:
                    raise self._mark(event).error("a second document; write one in each file")
                if event.version or event.tags:
                    raise self._mark(event).error("directives (%) are not read; leave them out")
                data = self._value(events, next(events), ())
        if not n_documents:
            raise Mark(self.source, 1, 1).error("is empty; begin with 'nodegraph: 1'")
        return data

    def _mark(self, event: Any) -> Mark:
        start = event.start_mark
        return Mark(self.source, start.line + 1, start.column + 1)

    def _value(self, events: Iterator[Any], event: Any, path: Loc) -> Any:
        mark = self._mark(event)
        self._refuse(event, mark, path)
        self.values[path] = mark
        match type(event).__name__:
            case "ScalarEvent":
                return self._scalar(event, mark)
            case "SequenceStartEvent":
                return self._sequence(events, path)
            case _:
                return self._mapping(events, path)

    def _refuse(self, event: Any, mark: Mark, path: Loc) -> None:
        if type(event).__name__ == "AliasEvent" or event.anchor is not None:
            raise mark.error("anchors (&) and aliases (*) are not read; write the value out")
        if event.tag is not None:
            tag = shown(str(event.tag))
            raise mark.error(f"tags are not read (got {tag}); write plain values")
        if len(path) > DEEPEST:
            raise mark.error(f"nested deeper than {DEEPEST} levels")
        if len(self.values) >= MOST_VALUES:
            raise mark.error(f"more than {MOST_VALUES} values; keep arrays in .npz files")

    def _scalar(self, event: Any, mark: Mark) -> Any:
        return (_quoted_value if event.style else plain_value)(event.value, mark)

    def _sequence(self, events: Iterator[Any], path: Loc) -> list[Any]:
        items: list[Any] = []
        while type(event := next(events)).__name__ != "SequenceEndEvent":
            items.append(self._value(events, event, (*path, len(items))))
        return items

    def _mapping(self, events: Iterator[Any], path: Loc) -> dict[str, Any]:
        items: dict[str, Any] = {}
        while type(event := next(events)).__name__ != "MappingEndEvent":
            key = self._key(event, path)
            if key in items:
                line = self.keys[*path, key].line
                inside = "; a field kind is written kind: Reduce.mean" if key == "kind" else ""
                said = f"key {shown(key)} again; it is in line {line} too{inside}"
                raise self._mark(event).error(said)
            self.keys[*path, key] = self._mark(event)
            items[key] = None
            items[key] = self._value(events, next(events), (*path, key))
        return items

    def _key(self, event: Any, path: Loc) -> str:
        mark = self._mark(event)
        self._refuse(event, mark, path)
        key = self._scalar(event, mark) if type(event).__name__ == "ScalarEvent" else event
        if not isinstance(key, str):
            raise mark.error("a key should be a name; put quotes around a number or a word")
        return key
