"""Single values of YAML 1.2, and the characters a YAML text may hold."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from nodegraph.files.yaml.document import Mark
from nodegraph.graph.messages.phrases import shown

__all__ = ["check_text", "plain_value", "quoted_value"]

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


def check_text(text: str, source: str) -> None:
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
    return quoted_value(text, mark)


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


def quoted_value(text: str, mark: Mark) -> str:
    """Return the text of a scalar that stands in quotes or in a block."""
    if len(text) > LONGEST_SCALAR:
        raise mark.error(f"a text of {len(text)} characters; at most {LONGEST_SCALAR} are read")
    if found := _FORBIDDEN.search(text):
        raise mark.error(f"a text with the control character {shown(found.group())}")
    return text
