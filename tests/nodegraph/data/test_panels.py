"""What the index of a table says of inputs and targets together."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, DataWarning
from nodes import Input, Reduce, Ridge

pandas = pytest.importorskip("pandas")

A = np.random.default_rng(0).normal(size=(12, 2))
X = pandas.DataFrame(A, columns=["a", "b"], index=pandas.date_range("2020-01-01", periods=12))
Y = X["a"] + 2 * X["b"]
PANEL = X.set_axis(pandas.MultiIndex.from_product([["s", "p", "q"], range(4)]))
LABELS = pandas.Series(["u", "v", "u"], index=["s", "p", "q"])


def fit(x, y):
    return ng.Model(Input() >> Ridge(name="out", ridge=0.0)).fit(x, y)


def classify(x, y):
    return ng.Model(Input() >> Reduce(kind="mean") >> Ridge(classes=("u", "v"))).fit(x, y)


@pytest.mark.parametrize(
    ("x", "y", "where"),
    [
        (X, Y[::-1], "target"),
        (X, Y[::-1].to_frame(), "target"),
        (X[::-1], {"out": Y}, "target of out"),
        ({"input": X}, Y[::-1], "target"),
        ([X, X], [Y.to_frame(), Y[::-1].to_frame()], r"target \(series 1\)"),
        (PANEL, (PANEL.iloc[[*range(4, 12), *range(4)]])[["a"]], "target"),
    ],
)
def test_targets_in_another_order_than_the_inputs_are_refused(x, y, where):
    with pytest.raises(
        DataError, match=rf"^{where}: its rows .* another order .* y\.loc\[x\.index"
    ):
        fit(x, y)


def test_labels_called_by_instance_stand_as_the_instances_do():
    classify(PANEL, LABELS)
    classify(PANEL, LABELS.to_numpy())
    classify(PANEL, LABELS.reset_index(drop=True))
    with pytest.raises(DataError, match=r"get_level_values\(0\)"):
        classify(PANEL, LABELS.sort_index())


HOURS = pandas.date_range("2024-10-26 22:00", periods=6, freq="h")  # clocks go back in between
BERLIN = HOURS.tz_localize("UTC").tz_convert("Europe/Berlin")
CALLED = {
    "dates": HOURS,
    "a zone": BERLIN,
    "utc": HOURS.tz_localize("UTC"),
    "text": HOURS.strftime("%Y-%m-%d %H:%M"),
    "text with offsets": BERLIN.strftime("%Y-%m-%dT%H:%M%z"),
    "periods": HOURS.to_period("h"),
    "times since": HOURS - HOURS[0],
}


@pytest.mark.parametrize("ids", [[3, 5], ["pump", "fan"]])
@pytest.mark.parametrize("times", CALLED.values(), ids=CALLED)
def test_rows_of_an_instance_are_found_however_their_times_are_written(times, ids):
    panel = X.set_axis(pandas.MultiIndex.from_product([ids, times]))
    split, whole = (ng.Model(Input() >> Reduce(kind="sum"), seed=1).run(x) for x in (panel, X))
    assert [len(rows) for rows in split] == [6, 6]
    assert np.allclose([rows[-1] for rows in split], [A[:6].sum(axis=0), A[6:].sum(axis=0)])
    assert np.allclose(whole[-1], A.sum(axis=0))
    with pytest.raises(DataError, match=r"\(time, instance\).* write x.swaplevel\(\).sort_index"):
        fit(panel.swaplevel().sort_index(), panel[["a"]])


def test_panels_are_told_what_brings_them_into_order():
    late = X.set_axis(pandas.MultiIndex.from_product([["p", "q"], CALLED["text with offsets"]]))
    mixed = late.iloc[np.random.default_rng(2).permutation(12)]
    with pytest.raises(DataError, match=r"not in order: write x\.index = .* then x\.sort_index"):
        fit(mixed, mixed[["a"]])
    x, pd = mixed.copy(), pandas
    x.index = x.index.set_levels(pd.to_datetime(x.index.levels[1], utc=True), level=1)
    assert np.array_equal(x.sort_index().to_numpy(), late.to_numpy())
    fit(x.sort_index(), x.sort_index()[["a"]])
    with pytest.raises(DataError, match=r"neither level tells times: 'u' is no date"):
        fit(X.set_axis(pandas.MultiIndex.from_product([["p", "q"], [*"uvwxyz"]])), Y)


def test_an_hour_that_comes_twice_is_warned_of_in_a_panel_as_in_a_table():
    local = pandas.date_range("2024-10-26", periods=48, freq="h", tz="Europe/Berlin")
    index = pandas.MultiIndex.from_product([[1, 2], local.tz_localize(None)])  # 02:00 twice
    panel = pandas.DataFrame({"a": np.sin(np.arange(96.0)), "b": 1.0 * (np.arange(96) % 5)}, index)
    with pytest.warns(DataWarning, match=r"as where clocks are put back.* in 1 more series"):
        fit(panel, panel[["a"]])


def test_rows_that_are_called_alike_or_by_other_names_are_taken_as_they_stand():
    right = fit(A, Y.to_numpy()).params["out"].W_out
    assert np.allclose(right, [[1, 2]])
    shifted = Y.set_axis(Y.index + pandas.Timedelta("1D"))
    twice = [0] * 12
    mixed = np.random.default_rng(0).permutation(12)
    for x, y in (
        (X, Y),
        (X, shifted),
        (X, Y.reset_index(drop=True)),
        (X, Y[::-1].to_numpy()[::-1]),
        (X.set_axis(twice), Y.set_axis(twice)),
    ):
        assert np.allclose(fit(x, y).params["out"].W_out, right)
    with pytest.warns(DataWarning, match="rows go back in time"):
        assert np.allclose(fit(X.iloc[mixed], Y.iloc[mixed]).params["out"].W_out, right)


def test_a_table_whose_cells_hold_series_is_told_to_be_a_list():
    nested = pandas.DataFrame({"x": [X["a"], X["b"]], "y": [X["b"], X["a"]]})
    with pytest.raises(DataError, match=r"column 'x': each cell holds a series; .*column_stack"):
        fit(nested, [1.0, 2.0])
    rows = [np.column_stack(row) for row in nested.to_numpy()]
    assert np.array_equal(rows[0], A)
    fit(rows, rows)


def test_targets_of_all_steps_of_a_panel_in_one_array_are_told_how_to_be_given():
    with pytest.raises(DataError, match=r"12 rows for 3 series; .* an index \(instance, time\)"):
        fit(PANEL, A[:, :1])
    with pytest.raises(DataError, match=r"5 rows for 3 series; give one for each series"):
        fit(PANEL, A[:5, :1])


def test_messages_name_the_instance():
    """They told its number, which nobody knows of a table of a hundred shops."""
    odd = PANEL.astype(float)
    odd.iloc[9, 1] = np.nan
    for x, y, where in (
        (odd, PANEL, r"^input \(series q\): NaN in row 1"),
        (PANEL, odd.replace(np.nan, np.inf), r"^target of out \(series q\): inf in row 1"),
        (PANEL, PANEL.drop(PANEL.index[5]), r"^out \(series p\): the target has 3 rows"),
    ):
        with pytest.raises(DataError, match=where):
            fit(x, y)
    with pytest.raises(DataError, match=r"score: y \(series p\) has shape \(3, 2\)"):
        fit(PANEL, PANEL).score(PANEL, PANEL.drop(PANEL.index[5]))
    days = pandas.date_range("2020-01-01", periods=50)
    wave = pandas.DataFrame({"a": np.sin(np.arange(50))}, index=days)
    dated = pandas.concat({7: wave, 5: wave.drop(days[10:20]), 6: wave})
    with pytest.warns(DataWarning, match=r"^input \(series 5\): rows are 1 d apart, but more once"):
        fit(dated, dated)
