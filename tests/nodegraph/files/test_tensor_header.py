"""Headers that lie, and what is said of them."""

import pytest
from tensor_files import join, refusal, sealed

from nodegraph.files.tensor_header import MAX_HEADER

DAMAGED = "damaged or cut, or no model file: "  # and what safetensors says


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"[]", DAMAGED),
        (b"[" * 200_000, DAMAGED),
        (b"{" + b'"a":{' * 100_000, DAMAGED),
        (b"\xff{}", DAMAGED),
        (b"\xef\xbb\xbf{}", DAMAGED),
        (b'{"a": ' + b"9" * 10_000 + b"}", DAMAGED),
        (b'{"a": NaN}', DAMAGED),
        (b'{"__metadata__": {"a": "1", "a": "2"}}', "not a model saved by nodegraph"),
        (b'{"__metadata__": []}', DAMAGED),
        (b'{"__metadata__": {"a": 1}}', DAMAGED),
        (b"{}", "not a model saved by nodegraph"),
        (b'{"__metadata__": {"nodegraph.format": "2"}}', "by a newer nodegraph"),
        (b'{"__metadata__": {"nodegraph.format": "-1"}}', "not a positive number"),
        (b'{"__metadata__": {"nodegraph.format": "\xc2\xb2"}}', "not a positive number"),
        (b'{"__metadata__": {"nodegraph.format": "1"}}', "checksum of the header"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_header_that_is_no_header_is_refused(path, header, message):
    assert message in refusal(path, join(header, b""))


@pytest.mark.parametrize("data", [b"", b"\0" * 7, b"\xff" * 8, (2**63).to_bytes(8, "little") * 2])
def test_a_file_too_short_for_its_header_is_refused(path, data):
    assert DAMAGED in refusal(path, data)


def test_an_oversized_header_is_refused_before_it_is_parsed(path):
    assert "at most" in refusal(path, join(b" " * (MAX_HEADER + 1), b""))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"dtype": "F64", "shape": [2**40], "data_offsets": [0, 16]}, DAMAGED),
        ({"dtype": "F64", "shape": [2**63], "data_offsets": [0, 16]}, DAMAGED),
        ({"dtype": "F64", "shape": [-2], "data_offsets": [0, 16]}, DAMAGED),
        ({"dtype": "F64", "shape": [2.0], "data_offsets": [0, 16]}, DAMAGED),
        ({"dtype": "F64", "shape": [True, 2], "data_offsets": [0, 16]}, DAMAGED),
        ({"dtype": "F64", "shape": [1] * 64 + [2], "data_offsets": [0, 16]}, "'w' has shape"),
        ({"dtype": "F64", "shape": 2, "data_offsets": [0, 16]}, DAMAGED),
        ({"dtype": "F64", "shape": [2], "data_offsets": [16, 0]}, DAMAGED),
        (
            {"dtype": "F64", "shape": [2], "data_offsets": [0, 16, 32]},
            DAMAGED,
        ),
        ({"dtype": "F64", "shape": [2]}, DAMAGED),
        ({"dtype": "F64", "shape": [2], "data_offsets": [0, 16], "x": 1}, "checksum of the header"),
        ([], DAMAGED),
        ({"dtype": "C64", "shape": [2], "data_offsets": [0, 16]}, "has dtype C64"),
        ({"dtype": [], "shape": [2], "data_offsets": [0, 16]}, DAMAGED),
        ({"dtype": "F64", "shape": [2], "data_offsets": [8, 24]}, DAMAGED),
        ({"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}, DAMAGED),
        ({"dtype": "F64", "shape": [3], "data_offsets": [0, 24]}, DAMAGED),
    ],
)
def test_an_entry_that_lies_is_refused(path, entry, message):
    said = {"nodegraph.format": "1"}
    assert message in refusal(path, join({"__metadata__": said, "w": entry}, b"\0" * 16))


def test_overlapping_arrays_are_refused_even_with_right_checksums(path):
    entry = {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}
    assert DAMAGED in refusal(path, sealed({"a": entry, "b": entry}, {}, b"\0" * 16))


def test_a_boolean_of_two_is_refused_even_with_right_checksums(path):
    entry = {"dtype": "BOOL", "shape": [2], "data_offsets": [0, 2]}
    assert "neither 0 nor 1" in refusal(path, sealed({"a": entry}, {}, b"\1\2"))


@pytest.mark.parametrize("shape", [[2**62, 0], [0] * 65])
def test_a_shape_that_numpy_does_not_know_is_refused_even_with_right_checksums(path, shape):
    entry = {"dtype": "F64", "shape": shape, "data_offsets": [0, 0]}
    assert "'a' has shape" in refusal(path, sealed({"a": entry}, {}, b""))


def test_a_name_that_would_steer_the_terminal_is_told_in_plain_letters(path):
    entry = {"dtype": "F64", "shape": [1], "data_offsets": [8, 16]}
    said = refusal(path, sealed({"\x1b[31m\n": entry}, {}, b"\0" * 16))
    assert said.isprintable() and "x1b[31m" in said
