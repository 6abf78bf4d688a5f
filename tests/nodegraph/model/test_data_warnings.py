"""Data that are learned from with a warning, and those that look odd but are not warned of."""

import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, DataWarning, IllConditionedWarning
from nodes import LMS, RLS, Dense, ForwardUnit, Input, Reduce, Reservoir, Ridge, ScikitLearn

X = np.random.default_rng(0).normal(size=(40, 3))


def fit(x, y, node=None, **options):
    return ng.Model(Input() >> (Ridge() if node is None else node)).fit(x, y, **options)


def doubts(*given, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(*given, **options)
    assert {w.category for w in caught} <= {DataWarning}
    assert {w.filename for w in caught} <= {__file__}  # the line of whoever called
    return [str(w.message) for w in caught]


def test_series_without_a_row_behind_the_warmup_are_told_once_by_number():
    xs = [X[:n] for n in (10, 40, 5, 11)]
    (said,) = doubts(xs, xs, warmup=10)
    assert "warmup=10 leaves nothing of 2 of 4 series (number 0, 2), no longer than" in said
    (said,) = doubts([X] + [X[:1]] * 9, [X] + [X[:1]] * 9, warmup=1)
    assert "9 of 10 series (number 1, 2, 3, 4, 5, ...)" in said
    assert doubts(xs, xs) == []
    with pytest.raises(DataError, match="warmup=40 leaves nothing: the longest series has 40"):
        fit(xs, xs, warmup=40)


def test_series_that_are_passed_over_change_nothing():
    with pytest.warns(DataWarning):
        some = fit([X[:5], X, X[:4]], [X[:5], X, X[:4]], warmup=5)
    assert np.array_equal(some.params["ridge"].W_out, fit([X], [X], warmup=5).params["ridge"].W_out)


def test_a_unit_that_looks_further_than_some_series_says_so():
    unit = ForwardUnit(units=5)
    needed = unit.learner.shortest(unit)
    assert needed > 1
    model = ng.Model(Input() >> unit)
    with pytest.warns(DataWarning, match=r"learns nothing from 1 of 2 series \(number 1\): it ne"):
        model.fit([np.tile(X, (5, 1)), X[: needed - 1]])


def test_a_clock_makes_the_series_longer_that_a_unit_needs():
    unit = ForwardUnit(units=5, reach=3, horizon=4, every=3, phase=1)  # 8 ticks, the last at 22
    model, x = ng.Model(Input() >> unit, seed=1), np.random.default_rng(0).normal(size=(23, 2))
    needs = r"needs 23 steps, for .* ahead, and for its clock \(every=3, phase=1\)"
    with pytest.raises(DataError, match=needs):
        model.fit(x[:22])
    with pytest.warns(DataWarning, match=rf"nothing from 1 of 2 series \(number 0\): it {needs}"):
        model.fit([x[:22], x])
    once = model.fit(x).params["forward_unit"]
    drawn = ng.Model(Input() >> unit, seed=1)
    drawn.run(x)
    assert not np.array_equal(once.head, drawn.params["forward_unit"].head)


def test_a_clock_that_never_ticks_is_told_of():
    with pytest.raises(DataError, match=r"ridge .* needs 8 steps, for its clock \(every=9"):
        fit(X[:7], X[:7], Ridge(every=9, phase=7))


def test_who_has_no_rows_to_learn_from_is_named():
    model = ng.Model(Input() >> [Ridge(name="one"), Ridge(every=8, name="other")])
    with pytest.raises(DataError, match=r"^other: no rows to learn from"):
        model.fit(X[:8], {"one": X[:8], "other": X[:8]}, warmup=2)


def test_online_learning_of_short_series_is_told_too():
    model = ng.Model(Input() >> LMS(rate=0.01))
    with pytest.warns(DataWarning, match="1 of 2 series"):
        model.partial_fit([X, X[:5]], [X, X[:5]], warmup=5)


@pytest.mark.parametrize(
    "labels", [[0, 1, 2] * 3, np.array([1, 2, 3, 1, 2, 3]), np.array([[2], [0], [1]] * 2)]
)
def test_classes_that_would_be_learned_as_quantities_are_told(labels):
    (said,) = doubts([X] * len(labels), labels)
    assert said.startswith("target of ridge: the whole numbers ") and "classes=np.unique(y)" in said


@pytest.mark.parametrize(
    "labels",
    [
        [0, 1] * 3,  # two classes: a sign says it all
        np.array([0.0, 1.0, 2.0] * 2),  # floats: the way to say that they are quantities
        [3, 4, 5] * 2,
        [0, 1, 5] * 2,  # counts
        [0, 1, 2, 3],  # as many values as series
    ],
)
def test_quantities_are_not_taken_for_classes(labels):
    assert doubts([X] * len(labels), labels) == []


def test_a_series_of_whole_numbers_is_not_taken_for_classes():
    assert doubts(X, np.arange(40) % 3) == []
    assert doubts([X] * 6, ng.datasets.one_hot([0, 1, 2] * 2)) == []


def test_one_series_of_few_rows_and_many_columns_is_told():
    wide = np.random.default_rng(0).normal(size=(3, 60))
    (said,) = doubts(wide, np.ones((3, 1)))
    assert said.startswith("input: 3 rows of 60 columns, and rows are steps in time; ")
    assert doubts(wide[:, :59], np.ones((3, 1))) == []
    assert doubts([wide, wide], [np.ones((3, 1))] * 2) == []
    assert doubts(np.ones((21, 500)), np.arange(21.0)) == []


def test_data_and_targets_that_are_turned_round_are_told():
    with pytest.raises(DataError, match=r"3 rows, the input 40; .* turned round, as by \.T"):
        fit(X, X.T)
    with pytest.raises(DataError, match=r"needs one row of both$"):
        fit(X, X[:30])


def test_warnings_can_be_turned_off_by_their_class():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ng.errors.DataWarning)
        fit([X] * 6, [0, 1, 2] * 2)


def test_whole_numbers_are_right_for_a_classifier_of_scikit_learn():
    pytest.importorskip("sklearn")
    labels = [0, 1, 2] * 2
    node = ScikitLearn(estimator="KNeighborsClassifier", options={"n_neighbors": 1})
    assert doubts([X] * 6, labels, node) == []
    (said,) = doubts([X] * 6, labels, ScikitLearn(estimator="Ridge"))
    assert "learned as quantities" in said


def test_series_of_classes_with_time_along_their_columns_are_told():
    turned = np.random.default_rng(0).normal(size=(6, 5, 60))
    labels = ["a", "b"] * 3
    node = Ridge(classes=("a", "b"))
    (said,) = doubts(turned, labels, node)
    assert "6 series of 5 rows and 60 columns" in said and "np.swapaxes(x, 1, 2)" in said
    assert doubts(np.swapaxes(turned, 1, 2), labels, node) == []
    assert doubts(turned, turned[:, :, :1]) == []  # a target a row says what rows are


def test_truth_values_of_series_are_classes():
    (said,) = doubts([X] * 4, np.array([True, False] * 2))
    assert said.startswith("target of ridge: truth values, one for each series, are learned as qu")
    assert doubts([X] * 4, np.array([True, False] * 2), Ridge(classes=(0, 1))) == []
    assert doubts(X, X[:, 0] > 0) == []  # of steps: a quantity that is 0 or 1


MOTIONS = np.sin(np.arange(30) / 5 + np.arange(60)[:, None])  # 60 series of 30 steps, in rows
LABELS = np.array(["a", "b"] * 30)


def recurrent(node):
    return Reduce(kind="mean") >> node


@pytest.mark.parametrize(
    ("x", "labels", "readout"),
    [
        (MOTIONS, LABELS, Ridge(classes=("a", "b"))),
        (MOTIONS, LABELS[:, None].tolist(), Ridge(classes=("a", "b"))),
        (MOTIONS, np.arange(60) % 2, Ridge()),
        (X[:, :1] * np.ones(40), np.arange(40) % 2, Ridge(classes=(0, 1))),  # as wide as long
    ],
)
def test_series_in_the_rows_of_one_table_with_a_label_for_each_are_told(x, labels, readout):
    (said,) = doubts(x, labels, recurrent(readout))
    assert said.startswith(f"input: {len(x)} rows of {x.shape[1]} columns with a label for each")
    assert "x[:, :, None]" in said
    if readout.classes:
        assert doubts(x[:, :, None], labels, recurrent(readout)) == []


def test_steps_with_labels_are_not_taken_for_series():
    known = Ridge(classes=("a", "b"))
    assert doubts(MOTIONS, LABELS, Dense(units=3) >> known) == []  # nothing remembers
    assert doubts(MOTIONS[:, :19], LABELS, recurrent(known)) == []  # few columns
    steps = np.repeat(MOTIONS[:30].T, 2, axis=0)  # 60 steps of 30 signals
    assert doubts(steps, LABELS, recurrent(known)) == []
    assert doubts(MOTIONS, MOTIONS[:, 0], recurrent(Ridge())) == []  # quantities


def test_options_of_fit_that_have_nothing_to_do_are_told_once():
    (said,) = doubts(X, X, watch=True)
    assert said.startswith("watch: nothing here learns at every step")
    (said,) = doubts(X, X, workers=2)
    assert said.startswith("workers: are for a list of independent series")
    (said,) = doubts([X, X], [X, X], LMS(rate=0.01), workers=2)
    assert said.startswith("workers: are for rules that learn from series apart")
    assert doubts([X, X], [X, X], workers=2) == doubts(X, X, workers=1) == []
    assert doubts(X, X, LMS(rate=0.01), watch=10) == []


def test_what_a_readout_warns_of_is_told_at_the_line_of_the_caller():
    x = np.random.default_rng(0).standard_normal((300, 2))
    model = ng.Model(Input() >> Ridge(ridge=0.0), seed=1)
    with pytest.warns(IllConditionedWarning) as caught:
        model.fit(np.hstack([x, x]), x)
    assert {warning.filename for warning in caught} == {__file__}


def test_classes_that_no_label_is_of_are_said():
    x = [np.random.default_rng(i).standard_normal((9, 2)) for i in range(4)]
    model = ng.Model(Input() >> Reservoir(units=5) >> Ridge(classes=["a", "b", "c"], name="out"))
    with pytest.warns(DataWarning, match="target of out: no label is of 'b' or 'c', so it will"):
        model.fit(x, ["a", "a", "a", "a"])
    model.fit(x, ["a", "b", "c", "a"])


def test_series_too_short_for_warmup_and_ahead_together_are_said():
    x = [np.random.default_rng(i).standard_normal((n, 2)) for i, n in enumerate((30, 12, 30))]
    model = ng.Model(Input() >> Reservoir(units=5) >> Ridge(name="out"))
    with pytest.warns(DataWarning, match=r"ahead=5 and warmup=10 leave nothing of 1 of 3 .*out"):
        model.fit(x, x, warmup=10, ahead=5)
    with pytest.warns(DataWarning, match="ahead=12 leaves nothing of 1 of 3 series"):
        model.fit(x, x, ahead=12)
    model.fit(x, x, warmup=6, ahead=5)


STILL = np.full(40, 0.1)
MOVING = np.arange(40.0)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            [STILL],
            r"target of ridge: column 0 at rest \(0.1 in all 40 rows that are learned from\)",
        ),
        ([STILL * (1 + 1e-16 * MOVING)], "column 0 at rest"),
        ([MOVING, STILL, 0 * STILL - 7], r"columns 1, 2 at rest \(0.1, -7 in all 40 rows"),
        ([np.where(MOVING > 20, np.nan, STILL)], "in all 21 rows"),
    ],
)
def test_a_target_that_does_not_move_is_told_with_its_column(columns, said):
    x, y = np.sin(MOVING)[:, None], np.stack(columns, axis=1)
    model = ng.Model(Input() >> Ridge())
    with pytest.warns(DataWarning, match=said) as caught:
        model.fit(x, y)
    assert len(caught) == 1
    with pytest.warns(DataWarning, match="at rest"):
        model.fit([x[:20], x[20:]], [y[:20], y[20:]])
    np.testing.assert_allclose(model.run(x)[:, -1], y[0, -1], rtol=1e-14)  # as it is told


def test_a_target_that_moves_in_some_rows_or_is_short_is_no_doubt():
    x = np.sin(MOVING)[:, None]
    late = np.where(MOVING == 39, 1.0, 0.0)[:, None]
    for y in (late, 1e6 + 1e-5 * x, STILL[:, None] + 1e-12 * x):
        ng.Model(Input() >> Ridge()).fit(x, y)
    ng.Model(Input() >> Ridge()).fit(x[:9], STILL[:9])
    with pytest.warns(DataWarning, match="at rest"):
        ng.Model(Input() >> Ridge()).fit(x, late[::-1], warmup=1)


def test_classes_that_do_not_occur_in_a_code_of_zeros_and_ones_are_no_doubt():
    x, code = np.sin(MOVING)[:, None], np.eye(3)[MOVING.astype(int) % 2]
    ng.Model(Input() >> Ridge()).fit(x, code)
    for doubtful in (code + 1, code * 2, code * 0):
        with pytest.warns(DataWarning, match="at rest"):
            ng.Model(Input() >> Ridge()).fit(x, doubtful)


def test_a_target_that_is_never_known_is_refused_by_its_name():
    x = np.sin(MOVING)[:, None]
    y = np.rec.fromarrays([MOVING, MOVING * np.nan], names=["wind", "rain"])
    for kind in (Ridge, RLS):
        with pytest.raises(
            DataError, match="no rows to learn from: column 'rain' NaN in every row"
        ):
            ng.Model(Input() >> kind()).fit(x, y)
    with pytest.raises(DataError, match="column 0 NaN in every row"):
        ng.Model(Input() >> Ridge()).fit([x, x], [x * np.nan] * 2)


def test_scores_of_a_target_at_rest_have_no_share_of_variance():
    x = np.sin(MOVING)[:, None]
    with pytest.warns(DataWarning, match="at rest"):
        model = ng.Model(Input() >> Ridge()).fit(x, STILL)
    found = model.scores(x, STILL)["ridge"]
    assert np.isnan(found["score"]) and np.isnan(found["mean"]) and found["mse"] < 1e-30


def test_forcing_of_all_where_no_target_can_stand_in_is_told():
    chain = Input() >> Ridge()
    with pytest.warns(DataWarning, match='forcing="all": no target can stand in'):
        ng.Model(chain).fit(X, X, forcing="all")
    ng.Model(Input() >> Ridge(name="a") >> Dense(units=3) >> Ridge(name="b")).fit(
        X, {"a": X, "b": X}, forcing="all"
    )


def test_numbers_of_one_step_are_not_taken_for_rows_turned_round():
    with pytest.raises(DataError, match=r"1 rows, the input 2; .* 2 numbers of one step are x\[N"):
        ng.Model(Input() >> RLS()).partial_fit(np.array([1.0, 2.0]), np.array([3.0]))


def test_workers_that_are_to_share_one_series_are_told_by_run_as_well():
    model = ng.Model(Input(units=1) >> Reservoir(units=3))
    with pytest.warns(DataWarning, match="workers: are for a list of independent series"):
        model.run(np.zeros((9, 1)), workers=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.run([np.zeros((9, 1))] * 2, workers=2)


@pytest.mark.parametrize(
    ("kind", "cure"),
    [
        ("forecast", "write less than reach=20 or horizon=28"),
        ("forward_forward", "less than span=50"),
        ("dendritic", "give longer series$"),
    ],
)
def test_series_too_short_for_all_are_refused_with_the_fields_that_ask_for_more(kind, cure):
    node = ForwardUnit(units=3, kind=kind)
    with pytest.raises(DataError, match=f"cannot learn from series that short.* {cure}"):
        ng.Model(Input() >> node).fit([X[: 1 if kind == "dendritic" else 20]] * 2)


def test_series_with_a_target_between_the_ticks_of_a_clock_are_told():
    xs, ys = [X[:10], X[:11], X[:14], X[:9]], [[[1.0]], [[2.0]], [[3.0]], [[5.0]]]
    (said,) = doubts(xs, ys, Ridge(every=3, phase=1))  # the last steps are 9, 10, 13 and 8
    assert "ridge learns nothing from 2 of 4 series (number 0, 3): its clock (every=3, ph" in said
    assert doubts(xs, ys, Ridge(every=1)) == []
    (said,) = doubts([*xs, X[:1]], [*ys, [[7.0]]], Ridge(every=3, phase=1))
    assert "from 3 of 5 series (number 0, 3, 4)" in said
    every_step = [x[:, :1] for x in xs]
    assert doubts(xs, every_step, Ridge(every=3, phase=1)) == []
    late = [np.where(np.arange(len(x))[:, None] == 7, 1.0, np.nan) for x in xs]
    with pytest.warns(DataWarning, match="from 4 of 4"), pytest.raises(DataError, match="no rows"):
        fit(xs, late, Ridge(every=3, phase=1), ahead=1)  # learned at step 6
