"""What is written comes back bit for bit; what cannot is refused by name."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors import safe_open
from tensor_files import GRAPH, assert_same, refusal, sealed, some_arrays

from nodegraph.errors import BudgetError, ModelFileError
from nodegraph.files import tensor_file
from nodegraph.files.tensor_header import MAX_HEADER
from nodegraph.host import memory_budget as budget

DTYPES = ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?"]


def test_arrays_and_text_come_back_bit_equal(saved):
    arrays, metadata = tensor_file.read(saved)
    assert_same(arrays, some_arrays())
    assert metadata == GRAPH


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_array_comes_back_bit_equal(tmp_path_factory, data):
    dtype = np.dtype(data.draw(st.sampled_from("<>")) + data.draw(st.sampled_from(DTYPES)))
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    size = int(np.prod(shape)) * dtype.itemsize
    raw = data.draw(st.binary(min_size=size, max_size=size))
    if dtype.kind == "b":
        raw = bytes(byte & 1 for byte in raw)
    array = np.frombuffer(raw, dtype).reshape(shape)
    path = tmp_path_factory.mktemp("any") / "a.safetensors"
    tensor_file.write(path, {"a": array}, {})
    assert_same(tensor_file.read(path)[0], {"a": array})


def test_order_strides_and_byte_order_of_what_is_saved_do_not_matter(path):
    base = np.arange(24.0).reshape(4, 6)
    odd = {
        "transposed": base.T,
        "strided": base[::2, ::-3],
        "fortran": np.asfortranarray(base),
        "big": base.astype(">f8"),
        "broadcast": np.broadcast_to(np.float32(3), (2, 2)),
    }
    tensor_file.write(path, odd, {})
    assert_same(tensor_file.read(path)[0], odd)


def test_nan_payloads_signed_zeros_and_infinities_are_kept(path):
    bits = np.array([0x7FF0000000000001, 0xFFF8000000000123, 1 << 63, 0x7FF << 52], np.uint64)
    tensor_file.write(path, {"a": bits.view(np.float64)}, {})
    np.testing.assert_array_equal(tensor_file.read(path)[0]["a"].view(np.uint64), bits)


def test_what_is_read_may_be_written_to(saved):
    arrays, _ = tensor_file.read(saved)
    arrays["reservoir.W"][0, 0] = 1.0
    assert tensor_file.read(saved)[0]["reservoir.W"][0, 0] == some_arrays()["reservoir.W"][0, 0]


def test_an_empty_model_is_a_file_too(path):
    tensor_file.write(path, {}, {})
    assert tensor_file.read(path) == ({}, {})


def test_the_safetensors_library_reads_the_file_alike(saved):
    with safe_open(saved, framework="np") as file:
        assert_same({name: file.get_tensor(name) for name in file.keys()}, some_arrays())
        assert file.metadata()["graph"] == GRAPH["graph"]


def test_the_same_model_gives_the_same_bytes_whatever_the_order(saved):
    first = saved.read_bytes()
    shuffled = dict(reversed(some_arrays().items()))
    tensor_file.write(saved, shuffled, dict(reversed(GRAPH.items())))
    assert saved.read_bytes() == first


def test_every_array_is_aligned_to_its_item_size(saved):
    infos, _ = tensor_file.read_header(saved)
    head = saved.stat().st_size - max(info.stop for info in infos.values())
    assert all((head + info.start) % info.dtype.itemsize == 0 for info in infos.values())


def test_a_file_assembled_by_hand_is_read(path):
    arrays = {"w": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}
    path.write_bytes(sealed(arrays, {"seed": "3"}, np.array([1.5, -2.0]).tobytes()))
    found, metadata = tensor_file.read(path)
    assert found["w"].tolist() == [1.5, -2.0]
    assert metadata == {"seed": "3"}


def test_the_header_alone_tells_kinds_shapes_and_text(saved):
    infos, metadata = tensor_file.read_header(saved)
    assert {name: info.shape for name, info in infos.items()}["reservoir.W"] == (5, 5)
    assert infos["reservoir.bias"].dtype == np.float32
    assert infos["reservoir.W"].nbytes == 200
    assert metadata == GRAPH


def test_expectations_are_asked_before_any_array_is_read(saved, monkeypatch):
    def expect(infos, metadata):
        assert infos.keys() == some_arrays().keys()
        raise ModelFileError(f"made for {metadata['graph']}")

    monkeypatch.setattr(tensor_file, "_read_body", lambda *_: pytest.fail("arrays were read"))
    with pytest.raises(ModelFileError, match=r"model\.safetensors: made for u >> reservoir"):
        tensor_file.read(saved, expect)


def test_arrays_beyond_the_memory_are_not_made(saved, monkeypatch):
    monkeypatch.setattr(budget, "available_bytes", lambda: 200)
    with pytest.raises(BudgetError, match=r"reservoir\.W 5 x 5 float64 = 200 bytes"):
        tensor_file.read(saved)


@pytest.mark.parametrize("suffix", ["pkl", "joblib", "pt", "PICKLE"])
def test_pickles_are_refused_with_the_reason(tmp_path, suffix):
    path = tmp_path / f"model.{suffix}"
    assert "runs whatever code" in refusal(path, b"cos\nsystem\n(S'true'\ntR.")


def test_hdf5_is_refused_with_the_reason(tmp_path):
    assert "can crash the process" in refusal(tmp_path / "model.h5", b"\x89HDF")


def test_models_are_not_saved_under_another_suffix(tmp_path):
    with pytest.raises(ModelFileError, match=r"write model\.safetensors"):
        tensor_file.write(tmp_path / "model.pkl", {}, {})


@pytest.mark.parametrize("dtype", [object, complex, "U3", "M8[s]", "V4", np.longdouble])
def test_an_array_of_another_kind_is_refused_by_name(path, dtype):
    with pytest.raises(ModelFileError, match=r"'reservoir\.W' has dtype"):
        tensor_file.write(path, {"reservoir.W": np.zeros(2, dtype)}, {})
    assert not path.exists()


@pytest.mark.parametrize(
    ("arrays", "metadata", "message"),
    [
        ({"": np.zeros(1)}, {}, "cannot be named ''"),
        ({"__metadata__": np.zeros(1)}, {}, "cannot be named '__metadata__'"),
        ({"\ud800": np.zeros(1)}, {}, "half a character"),
        ({}, {"seed": 42}, "metadata 'seed' should be text"),
        ({}, {"a": "\udfff"}, "half a character"),
        ({}, {"nodegraph.format": "1"}, "is taken"),
        ({}, {"a": "x" * MAX_HEADER}, "store large things as arrays"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(path, arrays, metadata, message):
    with pytest.raises(ModelFileError, match=message):
        tensor_file.write(path, arrays, metadata)
    assert not path.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes by name")
def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.safetensors")
    cases = {
        "none.safetensors": "no such file",
        "": "a folder",
        "pipe.safetensors": "not a regular",
    }
    for name, message in cases.items():
        with pytest.raises(ModelFileError, match=message):
            tensor_file.read(tmp_path / name)
    with pytest.raises(ModelFileError, match="not a file name"):
        tensor_file.read("a\0b.safetensors")
