"""Products with matrices in panels have the sums of all others, to the bit."""

import numpy as np
import pytest

from nodegraph.compiling.layout import laid
from nodegraph.compiling.prelude.panels import panels

DTYPES = {"f8": np.float64, "f4": np.float32}
SHAPES = [(1, 1), (3, 5), (7, 4), (8, 0), (8, 9), (10, 10), (17, 3), (31, 6), (33, 7), (64, 2),
          (75, 30), (100, 21), (129, 13), (200, 5)]  # fmt: skip


@pytest.mark.parametrize("size", [8, 4])
def test_each_row_is_in_a_panel_and_only_the_last_one_reaches_back(size):
    assert [*panels(100, 8)] == [(0, 32), (32, 32), (64, 32), (92, 8)]
    assert [*panels(100, 4)] == [(0, 64), (64, 32), (92, 8)]
    assert [*panels(60, 8, (3, 14))] == [*((k, 1) for k in (0, 1, 2)), (3, 8), (6, 8), (14, 32),
                                         (46, 8), (52, 8)]  # fmt: skip
    for rows in range(1, 200):
        found = [range(first, first + width) for first, width in panels(rows, size)]
        assert found[-1].stop == rows
        assert [row for part in found[:-1] for row in part] == [*range(sum(map(len, found[:-1])))]
        assert found[-1].start <= sum(map(len, found[:-1]))


@pytest.mark.parametrize("code", DTYPES)
def test_panels_lie_column_by_column(code):
    W = np.arange(300, dtype=DTYPES[code]).reshape(100, 3)
    numbers = laid(W, (0, 1, 0), code).ravel()
    for first, width in panels(100, W.itemsize):
        np.testing.assert_array_equal(numbers[: 3 * width], W[first : first + width].T.ravel())
        numbers = numbers[3 * width :]
    assert not len(numbers)


@pytest.mark.parametrize("apart", [1, 3])
@pytest.mark.parametrize("code", DTYPES)
def test_terms_are_summed_four_at_a_time_in_both_directions(
    call, drawn, four_at_a_time, code, apart
):
    for rows, columns in SHAPES:
        W, B = drawn(DTYPES[code], rows, columns), drawn(DTYPES[code], columns, apart, seed=1)
        expected, ways = four_at_a_time((W * B[:, 0]).T), []
        turn = np.array([10**18 + 7])
        for _ in range(4):
            found = np.full(rows + 1, 7, W.dtype)
            arguments = laid(W, (0, 1, 0), code), turn, B, apart, columns, found, rows
            call(f"panels_{code}", *arguments)
            np.testing.assert_array_equal(found[:-1], expected, f"{rows}, {columns}")
            assert found[-1] == 7
            ways.append(turn[0] % 2)
        assert ways == [0, 1, 0, 1]
