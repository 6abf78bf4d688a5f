import subprocess
import sys

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

import nodegraph as ng
from nodegraph.errors import DataError, FieldError, NotFittedError
from nodegraph.testing import check_node
from nodes import Input, Reservoir, ScikitLearn

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
T = np.c_[X @ [1.0, 2.0, 3.0], 2 * np.sin(X[:, 0])] + 0.1 * RNG.normal(size=(200, 2))
LABELS = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
FOREST = {"n_estimators": 5}


def learned(estimator, t=T, seed=0, **fields):
    return ng.Model(ScikitLearn(estimator=estimator, name="out", **fields), seed=seed).fit(X, t)


def test_it_keeps_the_contract():
    check_node(ScikitLearn(estimator="Ridge", options={"alpha": 0.5}), n_out=2)


@pytest.mark.parametrize(
    "estimator",
    [
        SVR(),
        make_pipeline(StandardScaler(), SVR()),
        GridSearchCV(SVR(), {"C": [1.0, 10.0]}),
        LinearRegression(),
    ],
)
def test_several_outputs_are_learned_each_as_if_it_were_alone(estimator):
    both = learned(estimator).run(X)
    alone = [learned(estimator, T[:, [i]]).run(X) for i in range(2)]
    np.testing.assert_allclose(both, np.hstack(alone), atol=1e-12)


def test_an_estimator_that_knows_several_outputs_is_not_wrapped():
    fitted = learned(LinearRegression()).params["out"].estimator
    assert isinstance(fitted, LinearRegression)
    np.testing.assert_allclose(learned(LinearRegression()).run(X), fitted.predict(X))


def test_the_estimator_that_was_given_stays_as_it_was():
    given = LinearRegression()
    learned(given)
    assert not hasattr(given, "coef_")


@pytest.mark.parametrize("estimator", ["SVC", LogisticRegression()])
def test_a_classifier_gives_1_in_the_column_of_its_class(estimator):
    plain = SVC() if estimator == "SVC" else LogisticRegression()
    expected = np.eye(4)[plain.fit(X, LABELS).predict(X)]  # one class never comes
    np.testing.assert_array_equal(learned(estimator, np.eye(4)[LABELS]).run(X), expected)


def test_a_classifier_of_one_column_gives_the_label_itself():
    y = learned(SVC(), LABELS[:, None].astype(float)).run(X)
    np.testing.assert_array_equal(y[:, 0], SVC().fit(X, LABELS).predict(X))


@pytest.mark.parametrize(
    "node",
    [
        {"estimator": "RandomForestRegressor", "options": FOREST},
        {"estimator": make_pipeline(StandardScaler(), RandomForestRegressor(**FOREST))},
    ],
)
def test_what_an_estimator_draws_follows_from_the_seed_of_the_model(node):
    first, again, other = (learned(**node, seed=seed).run(X) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_random_state_that_is_given_is_kept():
    forest = RandomForestRegressor(**FOREST, random_state=3)
    expected = RandomForestRegressor(**FOREST, random_state=3).fit(X, T).predict(X)
    np.testing.assert_array_equal(learned(forest, seed=8).run(X), expected)


def test_warmup_and_missing_targets_are_left_out():
    graph = Input() >> Reservoir(units=20, name="r") >> ScikitLearn(estimator="LinearRegression")
    t = T.copy()
    t[::3, 1] = np.nan
    model = ng.Model(graph, seed=1).fit(X, t, warmup=50)
    states = ng.Model(Input() >> Reservoir(units=20, name="r"), seed=1).run(X)
    kept = (np.arange(200) >= 50) & (np.arange(200) % 3 != 0)
    expected = LinearRegression().fit(states[kept], T[kept]).predict(states)
    np.testing.assert_allclose(model.reset().run(X), expected, atol=1e-9)


def test_update_and_lists_of_series_learn_from_all_rows():
    whole = learned("LinearRegression").run(X)
    model = ng.Model(ScikitLearn(estimator="LinearRegression"))
    np.testing.assert_allclose(model.fit(X[:50], T[:50]).update(X[50:], T[50:]).run(X), whole)
    np.testing.assert_allclose(model.fit([X[:50], X[50:]], [T[:50], T[50:]]).run(X), whole)


def test_single_precision_stays():
    model = ng.Model(ScikitLearn(estimator="Ridge"), dtype="float32").fit(X, T)
    assert model.run(X).dtype == np.float32


def test_it_has_to_learn_before_it_runs():
    with pytest.raises(NotFittedError, match="scikit_learn has not learned"):
        ng.Model(ScikitLearn(estimator="Ridge", units=2)).run(X)


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"estimator": "os.system"}, "'os.system' is no regressor or classifier"),
        ({"estimator": "StandardScaler"}, "'StandardScaler' is no regressor or classifier"),
        ({"estimator": SVR}, r"SVR is a class; write SVR\(\)"),
        ({"estimator": object()}, "object has no fit, predict"),
        ({"estimator": SVR(), "options": {"C": 1.0}}, "options go with an estimator's name"),
        ({"estimator": "Ridge", "options": {"alfa": 1.0}}, "unexpected keyword argument 'alfa'"),
    ],
)
def test_estimators_that_cannot_be_are_refused(fields, message):
    with pytest.raises(FieldError, match=message):
        ScikitLearn(**fields)


def test_what_the_estimator_refuses_is_told_by_its_name():
    with pytest.raises(DataError, match="Ridge: The 'alpha' parameter of Ridge"):
        learned("Ridge", options={"alpha": "x"})
    with pytest.raises(DataError, match="LogisticRegression: Unknown label type"):
        learned("LogisticRegression", X[:, :1])
    with pytest.raises(DataError, match="no rows to learn from"):
        learned("Ridge", np.nan * T)


def test_scikit_learn_is_loaded_only_when_it_is_used():
    code = "import sys, nodes, nodes.rules; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
