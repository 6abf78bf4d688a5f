from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.errors import GraphError
from nodegraph.files.yaml.edges import EdgeError, evaluate


def _written(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ",".join(_written(item) for item in value) + "]"
    return value.text if isinstance(value, Term) else repr(value)


class Term:
    """Something with the operators of a graph, which writes down what was done to it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __rshift__(self, other: Any) -> Term:
        return Term(f"({self.text}>>{_written(other)})")

    def __rrshift__(self, other: Any) -> Term:
        return Term(f"({_written(other)}>>{self.text})")

    def __lshift__(self, other: Any) -> Term:
        return Term(f"({self.text}<<{_written(other)})")

    def __and__(self, other: Any) -> Term:
        if other.text == "bad":
            raise GraphError("bad is bad")
        return Term(f"({self.text}&{other.text})")

    def __getitem__(self, port: str) -> Term:
        return Term(f"{self.text}[{port}]")


def read(expr: str) -> str:
    return _written(evaluate(expr, lambda name, column: Term(name), lambda n: Term(f"z{n}")))


@pytest.mark.parametrize(
    ("expr", "meaning"),
    [
        ("u >> reservoir >> readout", "((u>>reservoir)>>readout)"),
        ("reservoir << readout", "(reservoir<<readout)"),
        ("u >> r << o >> o", "(((u>>r)<<o)>>o)"),
        ("[a, b] >> c", "([a,b]>>c)"),
        ("a >> [b, c] >> d", "((a>>[b,c])>>d)"),
        ("a >> delay(3) >> b", "((a>>z3)>>b)"),
        ("a >> delay(steps=3) >> b", "((a>>z3)>>b)"),
        ("u >> memory[key]", "(u>>memory[key])"),
        ('u >> memory["key"]', "(u>>memory[key])"),
        ("u >> esn.reservoir", "(u>>esn.reservoir)"),
        ("esn.memory[key] >> a.b.c", "(esn.memory[key]>>a.b.c)"),
        ("a >> b & b >> c", "((a>>b)&(b>>c))"),
        ("(a >> b) & (a << b)", "((a>>b)&(a<<b))"),
        ("a >> (b >> c)", "(a>>(b>>c))"),
        ("[a >> b, c] >> d", "([(a>>b),c]>>d)"),
        ("  a\n >> b ", "(a>>b)"),
        ("delay >> a", "(delay>>a)"),
        ("a", "a"),
    ],
)
def test_edges_mean_what_they_mean_in_python(expr: str, meaning: str) -> None:
    assert read(expr) == meaning


@pytest.mark.parametrize(
    ("expr", "column", "message"),
    [
        ("", 0, "is empty"),
        ("a >>", 4, "a node is missing"),
        (">> a", 0, "a node is missing"),
        ("  >> a", 2, "a node is missing"),
        ("a >> >> b", 5, "cannot be read from '>> b' on"),
        ("a b", 2, "cannot be read from 'b' on; write >> between nodes"),
        ("(a >> b", 0, "'(' was never closed"),
        ("a -> b", 2, "'-' may not stand in an edge"),
        ("a | b", 2, "'|' may not stand in an edge"),
        ("a >> é", 5, "'é' may not stand in an edge"),
        ("a > b", 0, "write >> between nodes, not > or ="),
        ("a, b", 0, "a comma outside brackets"),
        ("a and b", 2, "write & to overlay two graphs, not 'and'"),
        ("a >> in", 5, "'in' is a word of Python, not a node"),
        ("lambda >> a", 0, "'lambda' is a word of Python"),
        ("[a, b] >> [c, d]", 10, "a list stands on both sides"),
        ("[a, [b]] >> c", 4, "a list in a list"),
        ("[] >> c", 0, "an empty list"),
        ("[a, b]", 0, "joins nothing"),
        ("delay(3)", 0, "joins nothing"),
        ("a >> delay(0.5)", 5, "a delay is a whole number"),
        ("a >> delay()", 5, "a delay is a whole number"),
        ("a >> delay(2, 3)", 5, "a delay is a whole number"),
        ("a >> delay(b)", 5, "a delay is a whole number"),
        ("a >> f(3)", 5, "only delay(n) is called"),
        ("a >> a.delay(3)", 5, "only delay(n) is called"),
        ("a >> 3", 5, "3 is no node"),
        ("a >> 'b'", 5, "'b' is no node; write its name without quotes"),
        ("a[0] >> b", 2, "a port is a name"),
        ("[a][b] >> c", 0, "has no ports"),
        ("a[b].c >> d", 0, "a dot stands between names"),
        ("a & bad", 4, "bad is bad"),
        ("a >> " * 500 + "a", 0, "2501 characters"),
        ("(" * 300 + "a" + ")" * 300, 200, "too many nested parentheses"),
        ("a >> (" * 50 + "a" + ")" * 50, None, "nested deeper than 32 levels"),
    ],
)
def test_what_is_no_edge_is_refused_at_its_column(
    expr: str, column: int | None, message: str
) -> None:
    with pytest.raises(EdgeError) as caught:
        read(expr)
    assert message in str(caught.value)
    assert column in (None, caught.value.column)


def test_names_are_resolved_at_their_columns() -> None:
    seen = []
    evaluate("  [a, esn.b] >> c", lambda n, c: seen.append((n, c)) or Term(n), Term)  # type: ignore[func-returns-value]
    assert seen == [("a", 3), ("esn.b", 6), ("c", 16)]


def test_a_chain_as_long_as_may_be_needs_no_deep_stack() -> None:
    assert read(">>".join("a" * 666)).count("a") == 666


@pytest.mark.parametrize("seed", range(4))
def test_mutated_edges_raise_nothing_but_edge_errors(seed: int) -> None:
    rng = random.Random(seed)
    words = ["a", ">>", "<<", "&", "[", "]", "(", ")", ",", "delay(1)", ".", "1", "'", '"', "="]
    words += ["if", "not", "\\", "\n", "\t", "#", "*", "0x", "1e9", "...", ":", "{", "}", "é", ";"]
    for _ in range(500):
        expr = " ".join(rng.choices(words, k=rng.randint(1, 12)))
        try:
            read(expr)
        except EdgeError as error:
            assert 0 <= error.column <= len(expr)


@given(st.text(max_size=40))
def test_any_text_is_an_edge_or_refused(expr: str) -> None:
    try:
        read(expr)
    except EdgeError:
        return
