"""What was learned from is there, or it is said: nothing begins from an empty memory in silence."""

from typing import NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import GraphError, NotFittedError
from nodes import LMS, RLS, ForwardUnit, Input, Reservoir, Ridge, Scaler
from nodes.rules import (
    Hebb,
    IntrinsicPlasticity,
    LeastSquares,
    Oja,
    RecursiveLeastSquares,
    SynapticNormalization,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 2))
Y = X @ np.array([[1.0], [2.0]]) + 0.1 * RNG.normal(size=(300, 1))
OLD, NEW = slice(0, 250), slice(250, 300)


def reloaded(model, path, memory=False):
    model.save(path / "m.safetensors", memory=memory)
    return ng.load(path / "m.safetensors")


def weights(model):
    return model.params["o"].W_out


@pytest.mark.parametrize("solver", ["direct", "iterative"])
def test_update_refuses_what_was_saved_without_memory(tmp_path, solver):
    model = ng.Model(Input() >> Ridge(name="o", solver=solver)).fit(X[OLD], Y[OLD])
    loaded = reloaded(model, tmp_path)
    before = weights(loaded).copy()
    with pytest.raises(NotFittedError, match=r"o cannot learn more: .* was not saved; call fit on"):
        loaded.update(X[NEW], Y[NEW])
    np.testing.assert_array_equal(weights(loaded), before)
    again = reloaded(loaded, tmp_path, memory=True)  # what is lost stays lost
    with pytest.raises(NotFittedError, match="save with memory=True"):
        again.update(X[NEW], Y[NEW])
    again.fit(X[OLD], Y[OLD])
    if solver == "direct":
        whole = ng.Model(Input() >> Ridge(name="o")).fit(X, Y)
        np.testing.assert_allclose(
            weights(again.update(X[NEW], Y[NEW])), weights(whole), rtol=1e-10
        )


@pytest.mark.parametrize(
    "graph",
    [
        lambda: Input() >> RLS(name="o"),
        lambda: Input() >> Reservoir(units=5, name="o", rule=IntrinsicPlasticity()),
        lambda: Input() >> Reservoir(units=5, name="o", rule=SynapticNormalization()),
        lambda: Input() >> ForwardUnit(units=5, name="o"),
    ],
)
def test_online_rules_refuse_it_too_until_the_weights_are_called_a_start(graph, tmp_path):
    model = ng.Model(graph())
    target = Y if model.plan.rules["o"].supervised else None
    model.partial_fit(X, target)
    loaded = reloaded(model, tmp_path)
    with pytest.raises(NotFittedError, match=r"or write model.params\['o'\] = model.params\['o'\]"):
        loaded.partial_fit(X, target)
    loaded.params["o"] = loaded.params["o"]
    loaded.partial_fit(X, target)
    whole = reloaded(model, tmp_path, memory=True)
    np.testing.assert_array_equal(whole.partial_fit(X, target), model.partial_fit(X, target))


def test_a_rule_without_memory_lost_nothing(tmp_path):
    model = ng.Model(Input() >> LMS(name="o"))
    model.partial_fit(X[OLD], Y[OLD])
    loaded = reloaded(model, tmp_path)
    np.testing.assert_array_equal(
        loaded.partial_fit(X[NEW], Y[NEW]), model.partial_fit(X[NEW], Y[NEW])
    )


def test_given_weights_are_no_memory():
    fitted = ng.Model(Input() >> Ridge(name="o")).fit(X, Y)
    given = ng.Model(Input(units=2) >> Ridge(name="o", units=1))
    given.params["o"] = fitted.params["o"]
    with pytest.raises(NotFittedError, match="its weights were given; call fit on all data"):
        given.update(X, Y)
    fitted.params["o"] = fitted.params["o"]._replace(bias=np.ones(1))
    with pytest.raises(NotFittedError, match="its weights were given"):
        fitted.update(X, Y)
    with pytest.raises(GraphError, match="the weights of o are given"):
        ng.Model(Input() >> Ridge(name="o", W_out=[[1.0, 2.0]])).update(X)


def test_what_was_seen_through_other_weights_is_no_memory_either():
    model = ng.Model(Input() >> Reservoir(units=9, name="r") >> Ridge(name="o")).fit(X, Y)
    model.params["r"] = model.params["r"]._replace(bias=np.ones(9))
    with pytest.raises(NotFittedError, match="was seen through other weights of r"):
        model.update(X, Y)
    model.fit(X, Y).update(X, Y)


@pytest.mark.parametrize("how", ["field", "params"])
def test_rls_starts_from_weights_that_are_given(how):
    W, alpha = np.array([[3.0, -1.0]]), 5.0
    model = ng.Model(
        Input(units=2) >> RLS(name="o", alpha=alpha, fit_bias=False, units=1)
        if how == "params"
        else Input(units=2) >> RLS(name="o", alpha=alpha, fit_bias=False, W_out=W)
    )
    if how == "params":
        model.params["o"] = model.params["o"]._replace(W_out=W)
    model.partial_fit(X[:20], Y[:20])
    x, y = X[:20], Y[:20] - X[:20] @ W.T  # what is left is learned by ridge regression
    expected = W + np.linalg.solve(x.T @ x + alpha * np.eye(2), x.T @ y).T
    np.testing.assert_allclose(weights(model), expected, rtol=1e-10)


def test_fit_draws_anew_what_rules_change_and_nothing_else():
    graph = Input(units=2) >> Reservoir(units=6, name="r", rule=Oja(weights="W"))
    plain = ng.Model(graph, seed=1).fit(X)
    model = ng.Model(graph, seed=1).fit(X)
    np.testing.assert_array_equal(
        model.fit(X).params["r"].W.toarray(), plain.params["r"].W.toarray()
    )
    W_in, bias = RNG.normal(size=(6, 2)), RNG.normal(size=6)
    for _ in range(2):
        model.params["r"] = model.params["r"]._replace(W_in=W_in, bias=bias)
        model.fit(X)
        np.testing.assert_array_equal(model.params["r"].W_in, W_in)
        np.testing.assert_array_equal(model.params["r"].bias, bias)
    given = Reservoir(units=6, name="r", rule=Oja(weights="W"), W_in=W_in, bias=bias)
    same = ng.Model(Input(units=2) >> given, seed=1)
    W = same.params["r"].W
    np.testing.assert_array_equal(W.toarray(), ng.Model(graph, seed=1).params["r"].W.toarray())
    same.fit(X)
    np.testing.assert_array_equal(same.params["r"].W.toarray(), model.params["r"].W.toarray())


def test_what_a_rule_could_change_but_does_not_stays_as_well():
    for rule in (Hebb(weights="W_in"), SynapticNormalization(rule=Hebb(weights="W_in"))):
        model = ng.Model(
            Input(units=2) >> Reservoir(units=6, name="r", connectivity=1.0, rule=rule)
        )
        kept = 0.5 * model.params["r"].W
        model.params["r"] = model.params["r"]._replace(W=kept)
        model.fit(X)
        assert abs(model.params["r"].W - kept).max() == 0


def test_scaler_statistics_are_a_memory(tmp_path):
    model = ng.Model(Input() >> Scaler(name="s")).fit(X[OLD])
    whole = ng.Model(Input() >> Scaler(name="s")).fit(X)
    np.testing.assert_allclose(
        reloaded(model, tmp_path, memory=True).update(X[NEW]).params["s"].scale,
        whole.params["s"].scale,
    )
    with pytest.raises(NotFittedError, match="s cannot learn more"):
        reloaded(model, tmp_path).update(X[NEW])


def test_a_memory_of_a_rule_that_remembers_other_things_today_is_lost_and_said(
    tmp_path, monkeypatch
):
    class Memory(NamedTuple):
        """As a version before may have had it."""

        P: np.ndarray

    model = ng.Model(Input() >> RLS(name="o"))
    model.partial_fit(X[OLD], Y[OLD])
    before = RecursiveLeastSquares.begin
    with monkeypatch.context() as old:
        old.setattr(RecursiveLeastSquares, "begin", lambda self, params: Memory(np.eye(3)))
        loaded = reloaded(model, tmp_path, memory=True)
    assert RecursiveLeastSquares.begin is before
    np.testing.assert_array_equal(loaded.run(X[NEW]), model.run(X[NEW]))
    with pytest.raises(NotFittedError, match=r"o cannot learn more: .* saved by another version"):
        loaded.partial_fit(X[NEW], Y[NEW])
    np.testing.assert_array_equal(
        weights(loaded.fit(X, Y)), weights(ng.Model(Input() >> RLS(name="o")).fit(X, Y))
    )


def test_so_is_a_memory_of_which_a_part_has_other_fields(tmp_path, monkeypatch):
    class Sums(NamedTuple):
        """As a version before may have had them."""

        n: float

    model = ng.Model(Input() >> Ridge(name="o", solver="direct")).fit(X[OLD], Y[OLD])
    begin = LeastSquares.begin

    def before(self, params):
        return begin(self, params)._replace(folds=(Sums(0.0),))

    with monkeypatch.context() as old:
        old.setattr(LeastSquares, "begin", before)
        loaded = reloaded(model, tmp_path, memory=True)
    with pytest.raises(NotFittedError, match=r"o cannot learn more: .* saved by another version"):
        loaded.update(X[NEW], Y[NEW])
