"""Edges written in YAML, ``u >> reservoir >> readout``: read as Python reads them, never run."""

from __future__ import annotations

import ast
import keyword
import operator
import re
import warnings
from collections.abc import Callable
from typing import Any

from nodegraph.errors import GraphError, SpecError
from nodegraph.graph.messages.phrases import shown

__all__ = ["EdgeError", "evaluate"]

LONGEST = 2000
DEEPEST = 32

_FOREIGN = re.compile(r"[^\w\s.,>&<\[\]()\"'=]", re.ASCII)
_WORD = re.compile(r"(?<![\w.\"'])[A-Za-z_]\w*", re.ASCII)
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.RShift: operator.rshift,
    ast.LShift: operator.lshift,
    ast.BitAnd: operator.and_,
}
_HINTS = {
    "and": "write & to overlay two graphs, not 'and'",
    "or": "write & to overlay two graphs, not 'or'",
}


class EdgeError(SpecError):
    """An edge that cannot be read.

    Parameters
    ----------
    message : str
        What is wrong.
    column : int
        Where in the expression, counted from 0.
    """

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.column = column


def evaluate(expr: str, resolve: Callable[[str, int], Any], delay: Callable[[int], Any]) -> Any:
    """Return what the operators make of the nodes in `expr`.

    Names, ``a.b``, ``a[port]``, ``[a, b]``, ``delay(n)``, parentheses and the operators ``>>``,
    ``<<`` and ``&`` are known, with Python's precedence; nothing else is.

    Parameters
    ----------
    expr : str
        The edge, at most 2000 characters.
    resolve : callable
        Returns the operand for a name, given the name and its column (from 0).
    delay : callable
        Returns the operand for a number of steps.

    Raises
    ------
    EdgeError
        If the expression holds anything else, or the operators refuse it.

    Examples
    --------
    >>> evaluate("a << b >> c", lambda name, column: {"a": 32, "b": 2, "c": 3}[name], int)
    16
    """
    _check_words(expr)
    text = re.sub(r"\s", " ", expr)
    margin = len(text) - len(text.lstrip())
    tree = _parse(text.strip(), margin)
    if isinstance(tree, (ast.List, ast.Call)):
        raise EdgeError(f"{shown(expr)} joins nothing; write an edge such as a >> b", margin)
    return _Walker(resolve, delay, margin).value(tree, 0)


def _check_words(expr: str) -> None:
    if not expr.strip():
        raise EdgeError("is empty; write an edge such as a >> b")
    if len(expr) > LONGEST:
        raise EdgeError(f"an edge of {len(expr)} characters; at most {LONGEST} are read")
    if found := _FOREIGN.search(expr):
        raise EdgeError(
            f"{shown(found.group())} may not stand in an edge; write >>, <<, &, [], () and names",
            found.start(),
        )
    for found in _WORD.finditer(expr):
        if keyword.iskeyword(word := found.group()):
            hint = f"{word!r} is a word of Python, not a node; give the node another name"
            raise EdgeError(_HINTS.get(word, hint), found.start())


def _parse(text: str, margin: int) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        column = error.offset - 1 if error.offset else len(text)
        raise EdgeError(_unreadable(text, column, error.msg), column + margin) from None
    except (ValueError, RecursionError, MemoryError):
        raise EdgeError("nested too deeply", margin) from None


def _unreadable(text: str, column: int, reason: str) -> str:
    if reason != "invalid syntax":
        return f"cannot be read: {reason}"
    rest = text[column:].strip()
    if not rest or (column == 0 and not re.match(r"[\w\[(]", rest)):
        return "cannot be read: a node is missing before or after an operator"
    return f"cannot be read from {shown(rest)} on; write >> between nodes"


class _Walker:
    """Evaluates the few kinds of syntax that an edge may have."""

    def __init__(
        self, resolve: Callable[[str, int], Any], delay: Callable[[int], Any], margin: int
    ) -> None:
        self.resolve = resolve
        self.delay = delay
        self.margin = margin

    def value(self, tree: ast.expr, depth: int) -> Any:
        """Return what `tree` stands for."""
        if depth > DEEPEST:
            raise self._error(tree, f"nested deeper than {DEEPEST} levels")
        match tree:
            case ast.BinOp():
                return self._chain(tree, depth)
            case ast.Name() | ast.Attribute():
                return self.resolve(self._name(tree), self._column(tree))
            case ast.List():
                return self._list(tree, depth)
            case ast.Subscript():
                return self._port(tree, depth)
            case ast.Call():
                return self._delay(tree)
            case _:
                raise self._error(tree, _not_known(tree))

    def _chain(self, tree: ast.BinOp, depth: int) -> Any:
        """Fold ``a >> b >> c`` from the left, in a loop so that a long chain needs no stack."""
        steps, left = [], tree.left
        while isinstance(left, ast.BinOp):
            steps.append(tree)
            tree, left = left, left.left
        value = self.value(left, depth + 1)
        for step in [tree, *reversed(steps)]:
            value = self._join(step, value, self.value(step.right, depth + 1))
        return value

    def _join(self, step: ast.BinOp, left: Any, right: Any) -> Any:
        join = _OPERATORS.get(type(step.op))
        if join is None:
            raise self._error(step, "only >>, << and & join nodes")
        if isinstance(left, list) and isinstance(right, list):
            raise self._error(step.right, "a list stands on both sides; join them one by one")
        try:
            return join(left, right)
        except GraphError as error:
            raise self._error(step.right, str(error)) from error
        except TypeError:
            raise self._error(step.right, "these two cannot be joined") from None

    def _list(self, tree: ast.List, depth: int) -> list[Any]:
        if not tree.elts:
            raise self._error(tree, "an empty list joins nothing")
        if inner := next((part for part in tree.elts if isinstance(part, ast.List)), None):
            raise self._error(inner, "a list in a list; write one list of nodes")
        return [self.value(part, depth + 1) for part in tree.elts]

    def _port(self, tree: ast.Subscript, depth: int) -> Any:
        match tree.slice:
            case ast.Name(id=port) | ast.Constant(value=str(port)):
                node = self.value(tree.value, depth + 1)
            case _:
                raise self._error(tree.slice, "a port is a name, as in memory[key]")
        if not hasattr(node, "__getitem__") or isinstance(node, list):
            raise self._error(tree, f"this has no ports, so no {port}")
        try:
            return node[port]
        except GraphError as error:
            raise self._error(tree.slice, str(error)) from error

    def _delay(self, tree: ast.Call) -> Any:
        given = [*tree.args, *(word.value for word in tree.keywords if word.arg == "steps")]
        match tree.func, given:
            case ast.Name(id="delay"), [ast.Constant(value=int(steps))]:
                return self._checked_delay(tree, steps)
            case ast.Name(id="delay"), _:
                raise self._error(tree, "a delay is a whole number of steps, as in delay(3)")
            case _:
                raise self._error(tree, "only delay(n) is called in an edge")

    def _checked_delay(self, tree: ast.Call, steps: int) -> Any:
        if len(tree.args) + len(tree.keywords) != 1 or isinstance(steps, bool):
            raise self._error(tree, "a delay is a whole number of steps, as in delay(3)")
        try:
            return self.delay(steps)
        except GraphError as error:
            raise self._error(tree, str(error)) from error

    def _name(self, tree: ast.expr) -> str:
        parts: list[str] = []
        while isinstance(tree, ast.Attribute):
            parts.append(tree.attr)
            tree = tree.value
        if not isinstance(tree, ast.Name):
            raise self._error(tree, "a dot stands between names, as in esn.reservoir")
        return ".".join([tree.id, *reversed(parts)])

    def _column(self, tree: ast.expr) -> int:
        return tree.col_offset + self.margin

    def _error(self, tree: ast.expr, message: str) -> EdgeError:
        return EdgeError(message, self._column(tree))


def _not_known(tree: ast.expr) -> str:
    match tree:
        case ast.Compare():
            return "write >> between nodes, not > or ="
        case ast.Tuple():
            return "a comma outside brackets; write [a, b] for several nodes"
        case ast.Constant(value=value):
            return f"{shown(value)} is no node; write its name without quotes"
        case _:
            return "only names, lists, delay(n), >>, << and & stand in an edge"
