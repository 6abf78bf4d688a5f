import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.node import DURATION, Limits

NUMBERS = st.floats(-1e6, 1e6)


@pytest.mark.parametrize("limits", [Limits(0, 1), Limits(1), DURATION])
@given(x=NUMBERS)
def test_any_number_can_be_brought_in(limits, x):
    assert limits.hold(limits.brought_in(np.array([x]))).all()


@pytest.mark.parametrize(
    ("limits", "words", "inside", "outside"),
    [
        (Limits(0, 1), "from 0 to 1", [0, 1], [-0.1, 1.1, np.nan]),
        (Limits(1), "1 or more", [1, 9], [0.9, np.nan]),
        (DURATION, "above 0", [1e-9], [0, -1]),
    ],
)
def test_what_may_be_and_how_it_is_said(limits, words, inside, outside):
    assert str(limits) == words
    assert limits.hold(np.array(inside, float)).all()
    assert not limits.hold(np.array(outside, float)).any()
