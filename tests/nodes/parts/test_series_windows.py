import numpy as np
import pytest

from nodes.parts.series_windows import SeriesWindows, earlier

ROWS = np.arange(20.0).reshape(10, 2)


@pytest.mark.parametrize("chunk", [1, 3, 10])
def test_windows_do_not_depend_on_chunks_and_have_the_rows_before_them(chunk):
    windows, found = SeriesWindows.empty(ROWS), []
    for start in range(0, 10, chunk):
        windows = windows.add(ROWS[start : start + chunk], ROWS[start : start + chunk, :1])
        while windows.waiting >= 4:
            windows, x, t = windows.cut(4, back=3)
            found.append((x[:, 0].tolist(), t[:, 0].tolist()))
    windows, x, t = windows.cut(4, back=3)
    found.append((x[:, 0].tolist(), t[:, 0].tolist()))
    assert found == [
        ([0, 2, 4, 6], [0, 2, 4, 6]),
        ([2, 4, 6, 8, 10, 12, 14], [8, 10, 12, 14]),
        ([10, 12, 14, 16, 18], [16, 18]),
    ]
    assert (windows.waiting, windows.steps) == (0, 10)


def test_what_came_earlier_is_zero_before_the_series():
    np.testing.assert_array_equal(earlier(ROWS, 3, 0), ROWS[7:])
    np.testing.assert_array_equal(earlier(ROWS, 3, 2), ROWS[5:8])
    np.testing.assert_array_equal(earlier(ROWS[:3], 3, 2), [[0, 0], [0, 0], ROWS[0]])
