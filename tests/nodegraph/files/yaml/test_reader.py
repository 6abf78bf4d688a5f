import math
import os
import random
import string
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.errors import SpecError
from nodegraph.files.yaml.document import error_at
from nodegraph.files.yaml.header import read_header
from nodegraph.files.yaml.overrides import override
from nodegraph.files.yaml.reader import read_document, read_file

GRAPH = """\
nodegraph: 1                      # format version
name: mackey_glass
seed: 42
nodes:
  u:         {kind: Input}
  reservoir: {kind: Reservoir, units: 500, leak_rate: 0.3, rule: null}
  readout:
    kind: Ridge
    ridge: 1.0e-6
edges:
  - u >> reservoir >> readout
  - "reservoir << readout"
task:
  data: {dataset: mackey_glass, steps: 6000, tau: 17}
  target: {forecast: 10}
  split: {train: 4000, warmup: 200}
  metrics: [nrmse, r2]
engine: {kind: local, workers: 1}
"""

ALIAS_BOMB = "a: &a [lol]\n" + "\n".join(
    f"{new}: &{new} [{', '.join(['*' + old] * 9)}]"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def refused(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        read_document(text, "x.yaml")
    return str(caught.value)


def test_a_graph_is_read_as_plain_data() -> None:
    data = read_document(GRAPH).data
    assert data["nodes"]["readout"] == {"kind": "Ridge", "ridge": 1e-6}
    assert data["edges"] == ["u >> reservoir >> readout", "reservoir << readout"]
    assert type(data["task"]["data"]["tau"]) is int
    assert data["nodes"]["reservoir"]["rule"] is None


def test_a_text_as_windows_writes_it_is_read_with_the_same_places(tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_bytes(b"\xef\xbb\xbf" + GRAPH.replace("\n", "\r\n").encode())
    document = read_file(tmp_path / "g.yaml")
    assert document.data == read_document(GRAPH).data
    assert document.where(("nodegraph",)) == read_document(GRAPH).where(("nodegraph",))


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("nodes", "reservoir", "leak_rate"), (6, 55)),
        (("nodes", "readout", "ridge"), (9, 12)),
        (("edges", 1), (12, 5)),
        (("task", "metrics", 1), (17, 20)),
        (("nodes", "readout", "alpha"), (7, 3)),  # not there: the key of what should hold it
        (("tsak",), (1, 1)),
        ((), (1, 1)),
    ],
)
def test_every_value_knows_its_line_and_column(
    path: tuple[str | int, ...], place: tuple[int, int]
) -> None:
    assert read_document(GRAPH).where(path) == place


def test_an_error_has_the_form_that_editors_jump_to() -> None:
    document = read_document(GRAPH, "graphs/x.yaml")
    path = ("nodes", "reservoir", "leak_rate")
    assert str(error_at(document, path, "should be at most 1 (got 2)")) == (
        "graphs/x.yaml:6:55: nodes.reservoir.leak_rate: should be at most 1 (got 2)"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-8", 1e-8),
        ("1.0e-6", 1e-6),
        ("+3", 3),
        ("010", 10),
        ("0x10", 16),
        ("0o17", 15),
        ("12:30:45", "12:30:45"),
        ("2020-01-01", "2020-01-01"),
        ("1_000", "1_000"),
        ("no", "no"),
        ("true", True),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ('"true"', "true"),
        (".5", 0.5),
        ("-.inf", -math.inf),
        ("|\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    found = read_document(f"a: {text}").data["a"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_read_for_the_fields_to_refuse() -> None:
    assert math.isnan(read_document("a: .nan").data["a"])


@given(st.integers(-(10**90), 10**90) | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_written_by_python_come_back_the_same(value: float) -> None:
    assert read_document(f"a: {value!r}").data["a"] == value


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("a: !!python/object/apply:os.system [ls]", "x.yaml:1:4: tags are not read"),
        ("a: !x y", "x.yaml:1:4: tags are not read (got '!x')"),
        ("!!map\na: 1", "x.yaml:1:1: tags are not read"),
        ("a: &b 1", "x.yaml:1:4: anchors (&) and aliases (*) are not read"),
        ("a: *b", "x.yaml:1:4: anchors (&) and aliases (*) are not read"),
        ("&b a: 1", "x.yaml:1:1: anchors"),
        ("a: 1\nb: 2\na: 3", "x.yaml:3:1: key 'a' again; it is in line 1 too"),
        (
            "a: {kind: Reduce, kind: mean}",
            "x.yaml:1:19: key 'kind' again; it is in line 1 too; a field kind is written "
            "kind: Reduce.mean",
        ),
        ("b: {a: 1, a: 2}", "x.yaml:1:11: key 'a' again"),
        ("1: a", "x.yaml:1:1: a key should be a name"),
        ("[a]: 1", "x.yaml:1:1: a key should be a name"),
        ("a: 1\n---\nb: 2", "x.yaml:2:1: a second document"),
        ("", "x.yaml:1:1: is empty"),
        ("# nothing\n", "x.yaml:1:1: is empty"),
        ("- a", "x.yaml:1:1: should be a mapping that begins with 'nodegraph: 1' (got ['a'])"),
        ("hello", "x.yaml:1:1: should be a mapping"),
        ("\ufeff\ufeffa: 1", "x.yaml:1:1: a character that may not stand in YAML"),
        ("a: 1\nb: \0", "x.yaml:2:4: a character that may not stand in YAML: '\\x00'"),
        ("a: \x1b[31m", "x.yaml:1:4: a character that may not stand in YAML: '\\x1b'"),
        ("a: b\rc: d", "x.yaml:1:5: a character that may not stand"),
        ('a: "\\0"', "x.yaml:1:4: a text with the control character '\\x00'"),
        ('a: "\\ud800"', "x.yaml:1:4: a text with the control character"),
        ("a:\n\tb: 1", "x.yaml:2:1: a tab; indent with spaces"),
        ("a:\n  \tb: 1", "x.yaml:2:3: a tab; indent with spaces"),
        ("a: " + "9" * 101, "x.yaml:1:4: a number of 101 characters"),
        ("a: " + "9" * 10**5, "x.yaml:1:4: a number of 100000 characters"),
        ("a: " + "x" * 10_001, "x.yaml:1:4: a text of 10001 characters"),
        ("a: 1e400", "x.yaml:1:4: 1e400 is beyond the largest number"),
        ("%YAML 1.1\n---\na: no", "x.yaml:2:1: directives (%) are not read"),
        ("a: [1, 2\nb: 3", "x.yaml:2:2: is not YAML"),
        ("a: b: c", "x.yaml:1:5: is not YAML: mapping values are not allowed here"),
        ("a: 'b", "x.yaml:1:6: is not YAML: while scanning a quoted scalar"),
        ('a: "\\UFFFFFFFF"', "x.yaml: is not YAML"),
        ("a: [" + "1, " * 20_000 + "1]", "x.yaml:1:"),
        ("a: " + "x" * 2**20, "x.yaml: is larger than 1 MiB"),
    ],
    ids=lambda value: value[:20].encode("unicode_escape").decode(),
)
def test_what_may_not_be_is_refused_at_its_place(text: str, start: str) -> None:
    assert refused(text).startswith(start)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "{" * 50_000,
        "{a: " * 50_000,
        "a: " + "[" * 100,
        "- " * 50_000,
        "? " * 50_000,
        "\n".join(" " * i + "a:" for i in range(300)),
        ALIAS_BOMB,
        "&a " * 50_000,
        "!" * 100_000,
    ],
    ids=["brackets", "braces", "maps", "near", "dashes", "keys", "steps", "bomb", "amps", "bangs"],
)
def test_bombs_are_refused_before_they_go_off(text: str) -> None:
    read_document("warm: up")
    start = time.process_time()
    refused(text)
    assert time.process_time() - start < 0.5  # other readers take 10 s, or die


def test_thirty_two_levels_are_read_and_thirty_three_are_not() -> None:
    read_document("a: " + "[" * 31 + "1" + "]" * 31)
    assert "nested deeper than 32 levels" in refused("a: " + "[" * 33 + "]" * 33)


def test_lines_ended_by_windows_are_counted_the_same() -> None:
    assert read_document(GRAPH.replace("\n", "\r\n")).where(("edges", 1)) == (12, 5)


def test_a_file_is_read_with_its_name_in_messages(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(GRAPH, encoding="utf-8")
    assert read_file(path).source == str(path)
    path.write_bytes(b"a: 1\nb: \xff")
    with pytest.raises(SpecError, match=r"x\.yaml:2:1: is not UTF-8 text"):
        read_file(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes by name")
def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.yaml")
    for name, message in (
        ("fifo.yaml", "is not a regular file"),
        (".", "is not a regular file"),
        ("nothing.yaml", "cannot be read: No such file or directory"),
        ("a\0b", "is no name of a file"),
    ):
        with pytest.raises(SpecError, match=message):
            read_file(tmp_path / name)
    (tmp_path / "big.yaml").write_text("#" * (2**20 + 1))
    with pytest.raises(SpecError, match="larger than 1 MiB"):
        read_file(tmp_path / "big.yaml")


def mutant(rng: random.Random) -> str:
    """Return the graph with a few characters, words or lines cut, doubled, moved or made up."""
    text = GRAPH
    odd = ["\t", "\0", "[", "]", "{", "}", "&a ", "*a", "!!x ", ": ", "- ", "|\n", ">", "'", '"']
    odd += ["\ufeff", "\u2028", "\x1b", "---\n", "%A\n", "? ", "<<: ", "1e999", ".nan", "9" * 50]
    odd += ["nodes:", "kind: x", "\\", "#", "\r", "\n", "é", "\U0001f600", "~", "-1", "@", "`"]
    for _ in range(rng.randint(1, 6)):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.randint(0, 40))
        new = rng.choice([rng.choice(odd), rng.choice(string.printable), text[start:end] * 2, ""])
        text = text[:start] + new + text[end if rng.random() < 0.5 else start :]
    return text


@pytest.mark.parametrize("seed", range(8))
def test_mutated_documents_raise_nothing_but_spec_errors(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(500):
        text = mutant(rng)
        try:
            document = read_document(text)
            read_header(document)
            override(document, "nodes.reservoir.units=" + text[:20])
        except SpecError as error:
            assert str(error).startswith(("<string>", "--set"))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(read_document(text).data, dict)
    except SpecError:
        return
