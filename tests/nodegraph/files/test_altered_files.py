"""Files of which a part was changed: refused, or the same."""

import json

import numpy as np
import pytest
from tensor_files import GRAPH, assert_same, join, refusal, some_arrays, split

from nodegraph.errors import ModelFileError
from nodegraph.files import tensor_file


def test_every_single_flipped_bit_of_the_arrays_is_noticed(saved):
    data = bytearray(saved.read_bytes())
    _, body = split(bytes(data))
    for bit in range(0, 8 * len(body), 7):
        data[len(data) - len(body) + bit // 8] ^= 1 << bit % 8
        assert "checksum of the arrays" in refusal(saved, data)
        data[len(data) - len(body) + bit // 8] ^= 1 << bit % 8


def test_swapped_names_kinds_and_text_are_noticed(saved):
    header, body = split(saved.read_bytes())
    renamed = dict(header)
    renamed["other.W"] = renamed.pop("reservoir.W")
    reread = json.loads(json.dumps(header).replace('"F64"', '"I64"'))
    retold = json.loads(json.dumps(header).replace('"42"', '"43"'))
    for mutant in (renamed, reread, retold):
        assert "checksum of the header" in refusal(saved, join(mutant, body))


def mutate_bytes(rng, data):
    data = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(data) + 1))
        count = int(rng.integers(1, 9))
        piece = rng.bytes(count)
        match rng.integers(5):
            case 0:
                data[at : at + count] = piece
            case 1:
                data[at:at] = piece
            case 2:
                del data[at : at + count]
            case 3:
                del data[at:]
            case _:
                data[at % max(len(data), 1) : at + 1] = bytes([int(rng.integers(256))])
    return bytes(data)


def mutate_header_bytes(rng, data):
    length = int.from_bytes(data[:8], "little")
    text = mutate_bytes(rng, data[8 : 8 + length])
    return join(text, data[8 + length :])


def mutate_structure(rng, data):
    header, body = split(data)
    names = [name for name in header if name != "__metadata__"]
    entry = header[names[rng.integers(len(names))]]
    odd = [-1, 0, 1, 8, 2**31, 2**40, 2**63, 1e308, None, "F64", [], {}, True, "9" * 50]
    value = odd[rng.integers(len(odd))]
    match rng.integers(6):
        case 0:
            entry[["dtype", "shape", "data_offsets"][rng.integers(3)]] = value
        case 1:
            entry["data_offsets"][rng.integers(2)] = value
        case 2:
            entry["shape"] = [*entry["shape"], value]
        case 3:
            header["__metadata__"][list(header["__metadata__"])[rng.integers(4)]] = value
        case 4:
            del header[names[rng.integers(len(names))]]
        case _:
            header["extra"] = {**entry, "data_offsets": [len(body), len(body)]}
    return join(header, body)


@pytest.mark.parametrize("mutate", [mutate_bytes, mutate_header_bytes, mutate_structure])
@pytest.mark.parametrize("seed", range(2))
def test_a_mutated_file_is_refused_or_still_the_same(saved, mutate, seed):
    rng, whole = np.random.default_rng(seed), saved.read_bytes()
    refused = 0
    for _ in range(1000):
        saved.write_bytes(mutate(rng, whole))
        try:
            arrays, metadata = tensor_file.read(saved)
        except ModelFileError:
            refused += 1
        else:
            assert_same(arrays, some_arrays())
            assert metadata == GRAPH
    assert refused > 900
