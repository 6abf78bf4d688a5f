"""One sentence for each thing that pydantic can find wrong with a value."""

from __future__ import annotations

import difflib
import re
import reprlib
import types
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

__all__ = [
    "KEY_ERRORS",
    "NEAR_MISSES",
    "SILENT",
    "WORDS",
    "demand",
    "nearest",
    "shown",
    "suggestion",
]


def nearest(word: str, known: Collection[str]) -> str | None:
    """Return the one of `known` that looks most like `word`, or None if none does.

    Of one that begins with the same word, small or capital alike, less is asked.

    Examples
    --------
    >>> nearest("unit", ["units", "leak_rate"])
    'units'
    >>> nearest("lyapunov_spectrum", ["Lyapunov", "lyapunov_exponents", "power_spectrum"])
    'lyapunov_exponents'
    """
    lower, asked = {name.lower(): name for name in sorted(known)}, word[:100].lower()
    begin = word.split("_")[0]
    alike = [name.lower() for name in lower.values() if name.split("_")[0] == begin]
    found = difflib.get_close_matches(asked, alike, n=1, cutoff=0.5)
    found = found or difflib.get_close_matches(asked, lower, n=1, cutoff=0.6)
    return lower[found[0]] if found else None


def columns_in_words(numbers: Any, most: int = 8, titles: Sequence[str] = ()) -> str:
    """Return which columns they are, the first few of many, by name if they have `titles`.

    Examples
    --------
    >>> columns_in_words([127, 223])
    'columns 127, 223'
    >>> columns_in_words([1], titles=("rain", "wind"))
    "column 'wind'"
    """
    words = ", ".join(repr(titles[n]) if titles else str(n) for n in numbers[:most])
    more = f" and {len(numbers) - most} more" if len(numbers) > most else ""
    return f"column{'s' * (len(numbers) > 1)} {words}{more}"


def shown(value: object) -> str:
    """Return `value` in a few words, safe to print.

    Examples
    --------
    >>> shown(10**400)
    'an integer of about 401 digits'
    """
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 200:
        return f"an integer of about {int(value.bit_length() * 0.30103) + 1} digits"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"an array of shape {value.shape}"
    if isinstance(value, (list, tuple, dict, set)):
        return _short_container(value)
    if isinstance(value, (str, bytes, int, float, complex, types.NoneType)):
        return _SHORT.repr(value)
    return f"an object of type {type(value).__name__}"


def _short_container(value: list[Any] | tuple[Any, ...] | dict[Any, Any] | set[Any]) -> str:
    parts = list(value.values()) if isinstance(value, dict) else list(value)
    if len(parts) > 6 or any(isinstance(part, (list, tuple, dict, set)) for part in parts):
        return f"a {type(value).__name__} of {len(parts)} item{'s' * (len(parts) != 1)}"
    words = [shown(part) for part in parts]
    if isinstance(value, dict):
        words = [f"{shown(key)}: {word}" for key, word in zip(value, words, strict=True)]
    brackets = {list: "[]", tuple: "()"}.get(type(value), "{}")
    return f"{brackets[0]}{', '.join(words)}{brackets[1]}"


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60


def _stated(ctx: Mapping[str, Any]) -> str:
    """Return the message of an error that one of our own validators raised."""
    return str(ctx["error"])


KEY_ERRORS = {"extra_forbidden", "unexpected_keyword_argument"}
SILENT = {"missing", "value_error", "assertion_error", "union_tag_not_found", "missing_argument"}

# The value was of the right type, but out of range: what the other branches of a union want to
# see in its place is beside the point.
NEAR_MISSES = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"} | {
    "multiple_of",
    "finite_number",
    "int_from_float",
    "too_short",
    "too_long",
    "string_too_short",
    "string_too_long",
    "string_pattern_mismatch",
}

# Only where the sentence of pydantic is not the best: it knows Python's words alone, or is long.
WORDS: dict[str, str | Callable[[Mapping[str, Any]], str]] = {
    **dict.fromkeys(("missing", "missing_argument"), "is required"),
    **dict.fromkeys(("value_error", "assertion_error"), _stated),
    "none_required": "should be nothing (null, None)",
    "bool_type": "should be true or false",
    **dict.fromkeys(("int_type", "int_from_float"), "should be a whole number"),
    "float_type": "should be a number",
    "string_type": "should be text",
    "string_pattern_mismatch": lambda ctx: f"should match {ctx['pattern']}",
    **dict.fromkeys(("list_type", "tuple_type", "iterable_type"), "should be a list"),
    **dict.fromkeys(
        ("dict_type", "mapping_type", "model_type", "model_attributes_type"),
        "should be a mapping of names to values",
    ),
    "union_tag_invalid": lambda ctx: (
        f"{str(ctx['discriminator']).strip(chr(39))} should be one of {ctx['expected_tags']}"
    ),
    "union_tag_not_found": lambda ctx: f"{str(ctx['discriminator']).strip(chr(39))} is required",
}
_DEMAND = re.compile(r"\w+ (should .*?)( after validation.*)?")


def demand(item: Mapping[str, Any]) -> str:
    """Return what an item of `ValidationError.errors` asks for, such as ``should be at most 1``."""
    if item["type"] == "model_type" and isinstance(item.get("input"), BaseModel):
        return f"should be of the class {item['ctx']['class_name']}"
    word = WORDS.get(item["type"])
    if word is not None:
        return word(item.get("ctx", {})) if callable(word) else word
    found = _DEMAND.fullmatch(item["msg"])
    said = found[1] if found else str(item["msg"])
    said = said.replace("greater than or equal to", "at least")
    return said.replace("less than or equal to", "at most")


def suggestion(item: Mapping[str, Any]) -> str:
    """Return a hint at the choice that looks like what came, or nothing."""
    ctx = item.get("ctx", {})
    expected = ctx.get("expected") or ctx.get("expected_tags")
    came = ctx.get("tag", item.get("input"))
    if not isinstance(expected, str) or not isinstance(came, str):
        return ""
    guess = nearest(came, re.findall(r"'([^']*)'", expected))
    return f"; did you mean {guess!r}?" if guess else ""
