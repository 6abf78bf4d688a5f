"""A model as an estimator of scikit-learn."""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, DataWarning, FieldError
from nodes import ESN, Input, Reservoir, Ridge, ScikitLearn

U = np.sin(np.arange(300) / 5)[:, None]
X, Y = U[:-1], U[1:]


def make(**options):
    return ng.Model(Input() >> Reservoir(units=20) >> Ridge(), **options)


def test_a_clone_has_learned_nothing_and_draws_the_same_weights_or_others():
    model = make(seed=1, dtype="float32", numerics="fast").fit(X, Y)
    same, other = model.clone(), model.clone(seed=2)
    for one in (same, other):
        assert one.graph is model.graph and one.time == 0 and "nothing yet" in repr(one)
        assert one.dtype == np.float32 and one.numerics == "fast"
        one.fit(X, Y)
    assert np.array_equal(same.run(X), model.run(X))
    assert not np.array_equal(other.params["reservoir"].W_in, model.params["reservoir"].W_in)
    assert model.seed == same.seed == 1 and other.seed == 2


def test_predictions_have_one_dimension_where_the_target_had_one(tmp_path):
    flat, wide = make().fit(X[:200], Y[:200, 0]), make().fit(X[:200], Y[:200])
    flat.save(tmp_path / "m.safetensors")
    for one in (flat, ng.load(tmp_path / "m.safetensors"), copy.deepcopy(flat)):
        assert np.array_equal(one.predict(X[200:]), wide.predict(X[200:])[:, 0])
        assert one.score(X[200:], Y[200:, 0]) == wide.score(X[200:], Y[200:])
        assert one.predict([X[200:]])[0].shape == one.run(X[200:]).shape == (99, 1)
    said = flat.fit(X[:200], list(Y[:200, 0])).predict(X[200:])
    assert np.array_equal(Y[200:, 0] - said, (Y[200:] - wide.predict(X[200:]))[:, 0])
    assert flat.fit(X[:200], Y[:200]).predict(X[200:]).shape == (99, 1)
    words = np.where(Y[:200, 0] > 0, "up", "down")
    judge = ng.Model(Input() >> Reservoir(units=20) >> Ridge(classes=["down", "up"]))
    assert judge.fit(X[:200], words).predict(X[200:]).shape == (99, 2)


def test_scikit_learn_takes_the_mean_of_models():
    ensemble = pytest.importorskip("sklearn.ensemble")
    voting = ensemble.VotingRegressor([("a", make(seed=1)), ("b", make(seed=2))])
    alone = [make(seed=seed).fit(X, Y) for seed in (1, 2)]
    found = voting.fit(X, Y[:, 0]).predict(X[:50])
    np.testing.assert_allclose(found, np.mean([m.run(X[:50])[:, 0] for m in alone], axis=0))


def test_predict_is_run_from_where_the_model_stands_and_moves_nothing():
    model = make().fit(X[:200], Y[:200])
    twin = copy.deepcopy(model)
    assert np.array_equal(model.predict(X[200:]), model.predict(X[200:]))
    assert np.array_equal(model.predict(X[200:]), twin.run(X[200:]))
    assert model.time == 200
    with pytest.raises(DataError):
        model.predict(X[:, :0])


class Interrupted(ng.Model):
    """A model that somebody else asks something while it runs."""

    def run(self, x=None, **options):
        found = super().run(x, **options)
        if type(self).asked is not None:
            asked, type(self).asked = type(self).asked, None
            with ThreadPoolExecutor(1) as pool:
                type(self).heard = pool.submit(asked).result()
        return found


@pytest.mark.parametrize("rows", [3, 50])  # few go through the compiled program, in turn
def test_predictions_and_scores_do_not_move_what_another_thread_hears(rows):
    u = np.sin(np.arange(300) / 6)[:, None]
    model = Interrupted(Input() >> Reservoir(units=20) >> Ridge(name="out"), seed=1)
    Interrupted.asked = None
    model.fit(u[:200], u[1:201])
    for row in u[200:240]:
        model.step(row)
    alone = model.predict(u[240 : 240 + rows])
    for ask in (model.predict, lambda x: model.scores(x, x)):
        Interrupted.asked = lambda: model.predict(u[240 : 240 + rows])
        ask(u[100:130])
        np.testing.assert_array_equal(Interrupted.heard, alone)
    assert model.time == 240
    np.testing.assert_array_equal(model.run(u[240 : 240 + rows]), alone)


class Series:
    """Two series; while they are read for the last time, somebody else moves the model."""

    def __init__(self, rows, reads, move):
        self.rows, self.reads, self.move = rows, reads, move

    def __len__(self):
        return 2

    def __getitem__(self, i):
        if i > 1:
            raise IndexError
        self.reads -= 1
        if not self.reads:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(self.move).result()
        return self.rows


def test_a_list_does_not_undo_what_another_thread_does_to_the_stream():
    model, alone = (make(seed=1).fit(X[:200], Y[:200]) for _ in range(2))
    series = Series(X[:30], 3, lambda: model.step(X[200]))
    found = model.run(ng.Series(series))
    assert series.reads < 0 and model.time == 201
    alone.step(X[200])
    np.testing.assert_array_equal(model.run(X[201:]), alone.run(X[201:]))
    np.testing.assert_array_equal(found[1], alone.run([X[:30]])[0])


def test_the_score_is_the_share_of_variance_explained():
    model = make().fit(X[:200], Y[:200])
    y_hat = model.predict(X[200:])
    y = Y[200:]
    expected = 1 - np.sum((y - y_hat) ** 2) / np.sum((y - y.mean()) ** 2)
    assert model.score(X[200:], y) == pytest.approx(expected)
    assert model.score(X[200:], y[:, 0]) == pytest.approx(expected)
    assert model.score([X[:50]], [Y[:50]]) < 1


def test_params_are_options_and_fields_of_nodes():
    model = make(seed=3)
    assert model.get_params(deep=False).keys() == {"graph", "seed", "dtype", "engine", "numerics"}
    assert model.get_params()["reservoir__units"] == 20
    assert model.set_params(reservoir__leak_rate=0.5, ridge__ridge=0.1, seed=4) is model
    assert model.get_params()["reservoir__leak_rate"] == 0.5 and model.seed == 4
    assert repr(model.graph) == repr(make().graph)
    expected = ng.Model(
        Input() >> Reservoir(units=20, leak_rate=0.5, name="reservoir") >> Ridge(ridge=0.1), seed=4
    ).fit(X, Y)
    found = ng.Model(
        Input() >> Reservoir(units=20, name="reservoir") >> Ridge(), seed=4
    ).set_params(reservoir__leak_rate=0.5, ridge__ridge=0.1)
    assert np.array_equal(found.fit(X, Y).run(X), expected.run(X))


def test_nodes_inside_a_word_and_in_loops_can_be_changed():
    model = ng.Model(Input() >> ESN(units=9, name="esn"))
    model.set_params(**{"esn.reservoir__leak_rate": 0.5})
    assert model.get_params()["esn.reservoir__leak_rate"] == 0.5
    r, out = Reservoir(units=5, name="r"), Ridge(name="out")
    loop = ng.Model((Input() >> r >> out) & (r << out)).set_params(out__ridge=0.3)
    assert loop.graph.edges[-1].port == "feedback" and loop.graph.edges[-1].delay == 1


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"leak_rate": 0.5}, "there is no 'leak_rate'"),
        ({"pool__units": 5}, "there is no 'pool__units'"),
        ({"reservoir__leak": 0.5}, "leak"),
        ({"reservoir__leak_rate": 2.0}, "at most 1"),
        ({"dtype": "int8"}, "dtype"),
    ],
)
def test_params_that_cannot_be_are_refused_and_nothing_changes(params, message):
    model = make().fit(X, Y)
    with pytest.raises((FieldError, ng.NodegraphError), match=message):
        model.set_params(**params)
    assert "learned: ridge" in repr(model)


sklearn = pytest.importorskip("sklearn")


def test_scikit_learn_clones_scores_and_searches():
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score

    model = make(seed=1)
    assert clone(model) is not model
    splits = TimeSeriesSplit(3)
    scores = cross_val_score(model, X, Y, cv=splits)
    train, test = list(splits.split(X))[-1]
    assert scores[-1] == pytest.approx(make(seed=1).fit(X[train], Y[train]).score(X[test], Y[test]))
    search = GridSearchCV(model, {"reservoir__leak_rate": [0.05, 1.0], "seed": [1, 2]}, cv=splits)
    search.fit(X, Y)
    assert set(search.best_params_) == {"reservoir__leak_rate", "seed"}
    assert len(search.cv_results_["params"]) == 4 and np.isfinite(search.best_score_)


def test_a_pipeline_may_end_in_a_model():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pipe = make_pipeline(StandardScaler(), make()).fit(X[:200], Y[:200])
    assert pipe.score(X[200:], Y[200:]) > 0.9


RNG = np.random.default_rng(0)
KINDS = np.array(["flat", "steep"] * 15)
SERIES = [np.cumsum(RNG.normal(0.0 if k == "flat" else 1.0, 0.6, (20, 1)), axis=0) for k in KINDS]
READOUTS = {
    "ridge": lambda: Ridge(classes=("flat", "steep")),
    "classifier": lambda: ScikitLearn(
        estimator="LogisticRegression", options={"max_iter": 500}, classes=("flat", "steep")
    ),
}


@pytest.mark.parametrize("kind", READOUTS)
def test_the_score_of_a_classifier_is_the_share_of_right_labels(kind):
    model = ng.Model(Input() >> Reservoir(units=20, input_scaling=0.1) >> READOUTS[kind]())
    model.fit(SERIES[:20], KINDS[:20])
    right = np.mean(model.classify(SERIES) == KINDS)
    assert 0.6 < right <= 1 and model.score(SERIES, KINDS) == right
    assert model.score(SERIES, np.where(KINDS == "flat", "steep", "flat")) == pytest.approx(
        1 - right
    )
    assert model.score(np.array(SERIES), KINDS.tolist()) == right
    one_hot = (KINDS[:, None] == np.array(["flat", "steep"])).astype(float)
    assert model.score(SERIES, one_hot) == right
    with pytest.raises(DataError, match="3 labels for 30 outputs"):
        model.score(SERIES, KINDS[:3])


@pytest.mark.parametrize("lengths", [(20, 30, 25), (20,), (2, 2), (7, 7)])
def test_series_with_a_label_for_each_row_are_scored_by_rows(lengths):
    rng = np.random.default_rng(1)
    xs = [rng.normal(size=(n, 1)) for n in lengths]
    ys = [np.where(x[:, 0] > 0, "up", "down") for x in xs]
    model = ng.Model(Input() >> Ridge(classes=["down", "up"])).fit([x for x in xs * 9], ys * 9)
    said = np.concatenate([np.array(["down", "up"])[rows.argmax(axis=1)] for rows in model.run(xs)])
    assert model.score(xs, ys) == np.mean(said == np.concatenate(ys))
    with pytest.raises(DataError, match="labels for"):
        model.score(xs, [labels[:-1] for labels in ys[:-1]] + [ys[-1]] + [ys[0]])


def test_labels_that_are_of_no_class_are_told():
    """Capital letters, or numbers for words, scored 0 without a word."""
    model = ng.Model(Input() >> Reservoir(units=20, input_scaling=0.1) >> READOUTS["ridge"]())
    model.fit(SERIES[:20], KINDS[:20])
    for wrong in ([word.upper() for word in KINDS], np.where(KINDS == "flat", 0, 1)):
        with pytest.raises(DataError, match=r"score: label .* \(number 0\) is none of the classes"):
            model.score(SERIES, wrong)
    right = np.mean(model.classify(SERIES)[1:] == KINDS[1:])
    with pytest.warns(DataWarning, match=r"'bent' \(number 0\) .*'steep', of 30 in all"):
        found = model.score(SERIES, ["bent", *KINDS[1:]])
    assert found == pytest.approx(right * 29 / 30)


def test_so_it_is_of_steps_and_of_a_classifier_without_names():
    x, labels = RNG.normal(size=(80, 2)), np.arange(80) % 2
    x[:, 0] += 2 * labels
    model = ng.Model(ScikitLearn(estimator="LogisticRegression"))
    model.fit(x, ng.datasets.one_hot(labels))
    right = np.mean(model.predict(x).argmax(axis=1) == labels)
    assert 0.7 < right and model.score(x, labels) == model.score(x, np.eye(2)[labels]) == right
    with pytest.raises(FieldError, match="3 units, 2 classes"):
        ScikitLearn(estimator="LogisticRegression", units=3, classes=(0, 1))
