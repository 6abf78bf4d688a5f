import numpy as np
import pytest

from nodegraph.compiling.cache_lines import address

whole = np.arange(24.0).reshape(4, 6)


@pytest.mark.parametrize(
    "array",
    [whole, whole[1:, ::2], whole.T, whole[::-1], np.array(3.0), np.zeros(0), np.zeros(3, bool),
     whole.astype(">f4"), np.broadcast_to(1.0, (3, 2)), np.frombuffer(b"12345678"),
     whole.view(np.recarray)],
)  # fmt: skip
def test_it_is_where_numpy_says(array):
    assert address(array) == array.ctypes.data


def test_what_is_no_array_is_not_read_as_one():
    assert address(np.float64(3.0)) != np.float64(3.0).view(np.int64)
    with pytest.raises(AttributeError, match="__array_interface__"):
        address(3.0)


def test_arrays_of_a_file_are_read_where_they_are(tmp_path):
    np.save(tmp_path / "rows.npy", whole)
    rows = np.load(tmp_path / "rows.npy", mmap_mode="r")[2:]
    assert address(rows) == rows.ctypes.data
