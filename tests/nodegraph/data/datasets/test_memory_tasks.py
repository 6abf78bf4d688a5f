import numpy as np
import pytest

from nodegraph.datasets import context_switching, parity, sorting
from nodegraph.errors import DataError


def test_the_parity_of_bits_is_that_of_their_ones():
    u, y = parity(series=200, bits=5, seed=1)
    for row, target in zip(u[:, 0], y[:, 0], strict=True):
        bits = np.trim_zeros(row, "f")
        assert 1 <= len(bits) <= 5 and set(bits) <= {-1.0, 1.0}
        assert target[int(sum(bits > 0)) % 2] == 1 and target.sum() == 1
    counts = (u[:, 0] != 0).sum(axis=1)
    assert {*counts.tolist()} == {1, 2, 3, 4, 5}


def test_pointers_lead_to_numbers_in_order():
    u, y = sorting(series=30, length=6, levels=9, seed=2)
    numbers = u[:, :6, :9].sum(axis=2)
    assert u[:, :, 9].tolist() == [[0] * 7 + [1] * 5] * 30
    assert not u[:, 6:, :9].any() and not y[:, :6].any()
    for shown, pointed in zip(numbers, y[:, 6:], strict=True):
        stood = np.arange(6, 12) - pointed.argmax(axis=1)
        assert shown[stood].tolist() == sorted({*shown.tolist()})
        assert ((shown >= 1) & (shown <= 9)).all()


def test_numbers_are_told_by_how_many_levels_they_reach():
    u, _ = sorting(series=5, length=2, levels=4)
    assert (np.diff(u[:, :2, :4], axis=2) <= 0).all()


def test_a_wave_is_shifted_by_what_its_context_says():
    u, y = context_switching(series=20, steps=90, seed=3)
    p = np.arctan2(u[:, 0, 2], u[:, 0, 1])[:, None]
    f = u[:, :1, 3] / 10 + 0.3
    assert ((f > 0.2) & (f < 0.4)).all()
    np.testing.assert_allclose(u[:, :, 0], np.sin(f * np.arange(90)), atol=1e-12)
    np.testing.assert_allclose(y[:, :, 0], np.sin(f * np.arange(90) + p), atol=1e-12)
    np.testing.assert_array_equal(u[:, :, 4], y[:, :, 0])
    assert (u[:, :, 5].sum(axis=1) == 1).all() and u[:, -1, 5].all()
    assert (u[:, :, 1:4] == u[:, :1, 1:4]).all()


def test_gaps_are_where_nothing_is_asked():
    _, y = context_switching(series=2, steps=30, gaps=10)
    assert np.isnan(y[:, :10]).all() and np.isfinite(y[:, 10:]).all()
    _, y = sorting(series=2, length=3, gaps=True)
    assert np.isnan(y[:, :3]).all() and np.isfinite(y[:, 3:]).all()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: parity(bits=0), "parity.bits: .* at least 1"),
        (lambda: sorting(length=5, levels=4), "sorting.levels: should be at least length, 5"),
        (lambda: sorting(gaps=1), "sorting.gaps: should be true or false"),
        (lambda: context_switching(steps=1), "context_switching.steps: .* at least 2"),
        (lambda: context_switching(steps=9, gaps=9), "context_switching.gaps: .* below steps, 9"),
        (lambda: context_switching(gaps=True), "context_switching.gaps: .* whole number"),
    ],
)
def test_options_out_of_range_are_refused(call, said):
    with pytest.raises(DataError, match=said):
        call()
