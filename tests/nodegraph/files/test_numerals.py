import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.files.numerals import NoNumber, grammar, looks_like_decimal_comma

PLAIN = grammar()
DIGITS = r"(\d+(\.\d*)?|\.\d+)"
WRITTEN = re.compile(rf"\s*[+-]?{DIGITS}([eE][+-]?\d+)?\s*", re.ASCII)


@given(st.text(alphabet="0123456789+-.eE_ ,xfnaij\u0660\uff11\u00b2\t", max_size=8))
def test_a_number_is_what_the_grammar_says_whatever_python_accepts(cell: str) -> None:
    said = WRITTEN.fullmatch(cell) is not None
    try:
        (value,) = PLAIN.numbers([cell])
    except NoNumber:
        assert not said or np.isinf(float(cell))
        return
    if np.isnan(value):
        assert cell.strip() in PLAIN.missing
    else:
        assert said
        assert value == float(cell)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=False), min_size=1))
def test_what_repr_writes_is_read_to_the_same_bits(values: list[float]) -> None:
    np.testing.assert_array_equal(PLAIN.numbers([repr(v) for v in values]), values)
    comma = [repr(v).replace(".", ",") for v in values]
    np.testing.assert_array_equal(grammar(",").numbers(comma), values)


@pytest.mark.parametrize(
    "cell", ["2020_01", "1_0", "\uff11", "\u0661", "0x10", "1,5", "inf", "-Infinity", "1e999",
             "1 2", "1e", "e5", ".", "+", "--1", "1.5.2", "True", "5%", "1d3", "Na", "?", "-",
             "1\u00b2"],
)  # fmt: skip
def test_what_is_no_number_is_found_at_its_place(cell: str) -> None:
    with pytest.raises(NoNumber) as caught:
        PLAIN.numbers(["1", "NA", cell, cell])
    assert caught.value.index == 2


def test_the_usual_words_for_a_missing_number_are_nan() -> None:
    words = [
        "",
        " ",
        "NA",
        "N/A",
        "n/a",
        "#N/A",
        "<NA>",
        "NaN",
        "nan",
        "-nan",
        "null",
        "NULL",
        "None",
    ]
    assert np.isnan(PLAIN.numbers(words)).all()


def test_further_words_and_numbers_may_stand_for_a_missing_one() -> None:
    with_more = grammar(missing=["?", "-", -999, "-200"])
    found = with_more.numbers(["?", "-", "-999.0", "-9.99e2", "-200,0".replace(",", "."), "999"])
    np.testing.assert_array_equal(found, [np.nan] * 5 + [999])


@pytest.mark.parametrize(
    ("cells", "decimal", "hint"),
    [
        ("1,5", ".", 'write decimal: ","'),
        ("1.5", ",", 'write decimal: "."'),
        ("1,234", ".", "marks between thousands are not read"),
        ("1.234.567", ".", "marks between thousands are not read"),
        ("?", ".", 'write missing: ["?"]'),
        ("2020-01-01", ".", "is a date or time"),
        ("12:30:05.5", ".", "is a date or time"),
    ],
)
def test_what_is_no_number_is_answered_with_what_to_write(
    cells: str, decimal: str, hint: str
) -> None:
    assert hint in grammar(decimal).complaint(cells, "choose", in_text=False)  # type: ignore[arg-type]


def test_a_decimal_comma_is_seen_unless_it_may_part_thousands() -> None:
    assert looks_like_decimal_comma(["x", "1,5", "1,234", "7"])
    assert looks_like_decimal_comma(["0,123"])
    assert not looks_like_decimal_comma(["1,234", "22,345"])
    assert not looks_like_decimal_comma(["1,5", "1.5"])
