"""A target that is wired from another learner, and stands in for an output that is fed back."""

import numpy as np
import pytest
from ridge_by_hand import numpy_ridge

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import GraphError
from nodegraph.graph import Graph
from nodes import Input, Reservoir, Ridge, Tanh

U = np.random.default_rng(4).standard_normal((90, 2))
Y = np.roll(U, 2, axis=0) + 0.3 * U**2
MORE = np.random.default_rng(5).standard_normal((12, 2))


def late(rows, steps):
    return np.vstack([np.zeros((steps, rows.shape[1])), rows])[: len(rows)]


def looped(wired, lag=0, **clock):
    """Two readouts that a reservoir hears; with a wire, one is the target of the other."""
    pool = Reservoir(name="pool", units=6, connectivity=1.0)
    first, second = (Ridge(name=name, ridge=0.1, **clock) for name in ("first", "second"))
    graph = (Input(name="u") >> pool >> [first, second]) & (first >> delay(2) >> pool["feedback"])
    graph = graph & (second >> delay(1) >> pool["feedback"])
    told = first >> delay(lag) if lag else first
    return graph & (told >> second["target"]) if wired else graph


@pytest.mark.parametrize("lag", [0, 1, 3])
@pytest.mark.parametrize("forcing", [True, "all"])
def test_the_teacher_of_a_teacher_is_fed_back(forcing, lag):
    model = ng.Model(looped(True, lag), seed=1).fit(U, {"first": Y}, forcing=forcing)
    params, (state, fed) = (
        model.params["pool"],
        (np.zeros(6), np.hstack([late(Y, 2), late(Y, lag + 1)])),
    )
    states = []
    for x, teachers in zip(U, fed, strict=True):
        state = np.tanh(params.W @ state + params.W_in @ x + params.W_fb @ teachers)
        states.append(state)
    for name, target in (("first", Y), ("second", late(Y, lag))):
        W, bias = numpy_ridge(np.array(states), target, 0.1)
        np.testing.assert_allclose(model.params[name].W_out, W, atol=1e-9)
        np.testing.assert_allclose(model.params[name].bias, bias, atol=1e-9)


@pytest.mark.parametrize("lag", [0, 1, 3])
def test_behind_fit_it_goes_on_as_with_the_same_targets_given(lag):
    wired = ng.Model(looped(True, lag), seed=1).fit(U, {"first": Y})
    given = ng.Model(looped(False), seed=1).fit(U, {"first": Y, "second": late(Y, lag)})
    names = ["first", "second", "pool"]
    ours, theirs = wired.run(MORE, outputs=names), given.run(MORE, outputs=names)
    for name in names:
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-8)


@pytest.mark.parametrize("lag", [0, 1, 3])
def test_more_data_go_on_from_the_last_teachers(lag):
    parts = ng.Model(looped(True, lag), seed=1).fit(U[:50], {"first": Y[:50]})
    parts.update(U[50:], {"first": Y[50:]})
    whole = ng.Model(looped(True, lag), seed=1).fit(U, {"first": Y})
    for name in ("first", "second"):
        W_out = parts.params[name].W_out
        np.testing.assert_allclose(W_out, whole.params[name].W_out, atol=1e-9)
    ours, theirs = (model.run(MORE, outputs=["second"])["second"] for model in (parts, whole))
    np.testing.assert_allclose(ours, theirs, atol=1e-8)


def test_targets_one_behind_the_other_reach_back_far_enough():
    def chained(wired):
        u, near, far = Input(name="u"), Ridge(name="near", ridge=0.1), Ridge(name="far", ridge=0.1)
        graph = (u >> [near, far]) & (near >> delay(4) >> Tanh(name="back") >> near)
        graph = graph & (near >> delay(3) >> far["target"]) & (far >> delay(2) >> Tanh(name="late"))
        return graph & (u >> delay(5) >> near["target"]) if wired else graph

    wired = ng.Model(chained(True)).fit(U)
    given = ng.Model(chained(False)).fit(U, {"near": late(U, 5)})
    names = ["near", "far", "late"]
    ours, theirs = wired.run(MORE, outputs=names), given.run(MORE, outputs=names)
    for name in names:
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-10)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 0, 1, 3], [2, 3, 1, 0]])
def test_the_last_target_is_what_the_teacher_gave_out_in_any_order_of_nodes(order):
    u, near, far, back = Input(name="u"), Ridge(name="near", ridge=0.1), Ridge(name="far"), Tanh()
    graph = (u >> [near, far]) & (near >> delay(1) >> back >> near)
    graph = graph & (near >> delay(1) >> far["target"])
    nodes = [u, near, far, back]
    graph = Graph(tuple(nodes[i] for i in order), graph.edges, graph.heads, graph.tails)
    model = ng.Model(graph).fit(U, {"near": Y})
    W, bias = model.params["near"]
    last = W @ np.concatenate([U[-2], np.tanh(Y[-3])]) + bias  # told one step later
    W, bias = model.params["far"]
    said = model.generate(1, loop={"u": "far"}, outputs=["far"])["far"]
    np.testing.assert_allclose(said[0], W @ last + bias, atol=1e-10)


def test_two_clocks_one_behind_the_other_are_refused():
    with pytest.raises(GraphError, match="the target of second is that of first, both on clocks"):
        ng.Model(looped(True, every=3)).fit(U, {"first": Y})
