import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.errors import DataError
from nodegraph.rule import Seen
from nodegraph.testing import check_rule
from nodegraph.testing.comparing import same_trees
from nodes import Scaler
from nodes.rules import Scaling

X = np.random.default_rng(0).normal(2, 3, (90, 2))
PARAMS = Scaler.Params(np.ones(2), np.zeros(2))


def gathered(rule, *parts):
    memory = rule.begin(PARAMS)
    for part in parts:
        _, memory = rule.update(PARAMS, memory, Seen(part, None))
    return memory


@pytest.mark.parametrize("kind", ["range", "z-score"])
def test_it_keeps_the_contract(kind):
    check_rule(Scaling(kind=kind), Scaler())


def test_scale_and_offset_are_those_of_the_closed_form():
    low, high = X.min(axis=0), X.max(axis=0)
    params = Scaling(low=-2.0, high=4.0).finish(PARAMS, gathered(Scaling(), X))
    np.testing.assert_allclose(params.scale, 6 / (high - low), rtol=1e-14)
    np.testing.assert_allclose(params.offset, -2 - 6 / (high - low) * low, rtol=1e-12)
    rule = Scaling(kind="z-score")
    params = rule.finish(PARAMS, gathered(rule, X))
    np.testing.assert_allclose(params.scale, 1 / X.std(axis=0), rtol=1e-13)
    np.testing.assert_allclose(params.offset, -X.mean(axis=0) / X.std(axis=0), rtol=1e-13)


def test_a_range_sums_nothing():
    memory = gathered(Scaling(), X[:30], X[30:])
    assert not (memory.first.any() or memory.sums.any() or memory.squares.any())
    assert memory.n == len(X)


@settings(max_examples=20, deadline=None)
@given(cut=st.integers(1, 89))
def test_chunks_show_in_no_bit(cut):
    rule = Scaling(kind="z-score")
    same_trees(gathered(rule, X[:cut], X[cut:]), gathered(rule, X), "chunks show")


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("kind", ["range", "z-score"])
def test_parts_merged_are_the_whole(kind, offset):
    rule, x = Scaling(kind=kind), X + offset
    nothing = rule.begin(PARAMS)
    merged = rule.merge(
        rule.merge(nothing, gathered(rule, x[:20])), rule.merge(gathered(rule, x[20:]), nothing)
    )
    one, other = rule.finish(PARAMS, merged), rule.finish(PARAMS, gathered(rule, x))
    np.testing.assert_allclose(one.scale, other.scale, rtol=1e-9)
    np.testing.assert_allclose(one.offset, other.offset, rtol=1e-9)


def test_no_rows_are_refused():
    with pytest.raises(DataError, match="no rows to learn from"):
        Scaling().finish(PARAMS, Scaling().begin(PARAMS))
