import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.errors import DataError
from nodegraph.testing import check_node
from nodes import Hold, Input, Reservoir, Ridge, Select

NAN = np.nan
X = np.array([[NAN, 1.0], [2.0, NAN], [NAN, NAN], [3.0, 4.0]])


def test_contract():
    check_node(Hold())


def test_the_last_value_of_each_signal_stands_in_for_what_is_missing():
    assert ng.Model(Input() >> Hold()).run(X).tolist() == [[0, 1], [2, 1], [2, 1], [3, 4]]
    found = ng.Model(Input() >> Hold(before=-7.0)).run(X)
    assert found[0].tolist() == [-7.0, 1.0]


@given(st.lists(st.one_of(st.just(NAN), st.floats(-5, 5)), min_size=2, max_size=30), st.data())
def test_run_is_a_loop_over_steps_however_it_is_cut(values, data):
    last, expected = 0.0, []
    for value in values:
        last = last if np.isnan(value) else value
        expected.append(last)
    cut = data.draw(st.integers(1, len(values) - 1))
    model = ng.Model(Input() >> Hold())
    rows = np.array(values)
    found = np.concatenate([model.run(rows[:cut]), model.run(rows[cut:])])
    assert found[:, 0].tolist() == expected


def test_gaps_in_lists_of_series_start_anew_in_each():
    found = ng.Model(Input() >> Hold()).run([X, X[::-1]])
    assert found[1].tolist() == [[3, 4], [3, 4], [2, 4], [2, 1]]


def test_learning_behind_it_is_learning_from_the_filled_rows():
    x = np.random.default_rng(0).standard_normal((80, 1))
    gappy = x.copy()
    gappy[10:20] = gappy[33] = NAN
    filled = gappy.copy()
    filled[10:20], filled[33] = x[9], x[32]
    graph = Input() >> Hold() >> Reservoir(units=10) >> Ridge()
    one, other = (ng.Model(graph, seed=1).fit(rows, x) for rows in (gappy, filled))
    assert np.array_equal(one.run(gappy), other.run(filled))


def test_a_step_without_a_row_is_a_step_of_missing_values():
    model = ng.Model(Input(units=2) >> Hold())
    assert [model.step(row).tolist() for row in ([1, 2], None, [NAN, 5], None)] == [
        [1, 2], [1, 2], [1, 5], [1, 5]
    ]  # fmt: skip
    with pytest.raises(DataError, match="input has no data"):
        ng.Model(Input(units=2) >> Select(columns=0)).step()


@pytest.mark.parametrize(
    "graph",
    [
        lambda u: u >> Reservoir(units=3),
        lambda u: (u >> Hold()) & (u >> Reservoir(units=3)),
        lambda u: u >> Select(columns=[0]),
        lambda u: u,
    ],
)
def test_gaps_that_somebody_would_hear_are_refused_and_the_cure_is_named(graph):
    with pytest.raises(DataError, match=r"NaN in row 0, column 0; .*Input\(\) >> Hold\(\)"):
        ng.Model(graph(Input(name="u"))).run(X)


def test_gaps_pass_through_what_only_chooses_columns():
    found = ng.Model(Input() >> Select(columns=[1]) >> Hold()).run(X)
    assert found[:, 0].tolist() == [1, 1, 1, 4]
    assert ng.Model(Hold()).run(X)[:, 1].tolist() == [1, 1, 1, 4]


def test_infinity_is_no_gap():
    with pytest.raises(DataError, match="inf in row 0"):
        ng.Model(Input() >> Hold()).run([[np.inf]])
