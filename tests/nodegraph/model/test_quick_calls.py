"""Calls of few rows go through one compiled program, with the bits of the call of all rows."""

import copy
import pickle
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import ArgumentError, DataError, DivergenceError
from nodegraph.testing.comparing import same_trees
from nodes import LMS, RLS, ForwardUnit, Identity, Input, Output, Reservoir, Ridge
from nodes.rules import Hebb

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 2))
Y = X[:, :1] * X[:, 1:] + X[:, :1]


def pool(**options):
    return Reservoir(name="pool", units=12, leak_rate=0.6, **options)


def a_loop():
    r, out = pool(), RLS(name="out", alpha=0.1, forgetting=0.99)
    return (Input(name="u") >> r >> out) & (r << out)


def two_that_learn():
    late, out = LMS(name="late", rate=0.05), RLS(name="out", every=3, phase=1)
    return Input(name="u") >> pool() >> [delay(70) >> late, out]


GRAPHS = {
    "noise": lambda: Input(name="u") >> pool(noise=0.1, every=2) >> RLS(name="out"),
    "a chain": lambda: Input(name="u") >> pool() >> RLS(name="out", learn_every=2),
    "a loop": a_loop,
    "two that learn, one late, one on a clock": two_that_learn,
    "units without a teacher": lambda: Input(name="u") >> ForwardUnit(units=6) >> RLS(name="out"),
}


def plainly(model, x, y):
    """Return what partial_fit does, in the way of long calls: outputs= is never quick."""
    found = model.partial_fit(x, y, outputs=list(model.plan.outputs))
    return found if len(found) > 1 else next(iter(found.values()))


def check_same(one, other):
    assert one.time == other.time
    for name, slot in other._settle().slots.items():
        for field in ("params", "state", "memory", "past", "taught"):
            mine, theirs = getattr(one._settle().slots[name], field), getattr(slot, field)
            same_trees((mine,), (theirs,), f"{name}.{field}")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("rows", [1, 8, 32])
@pytest.mark.parametrize("kind", GRAPHS)
def test_few_rows_at_a_time_leave_the_bits_of_all_rows_in_one_call(kind, rows, dtype):
    whole, parts = (ng.Model(GRAPHS[kind](), seed=3, dtype=dtype) for _ in range(2))
    targets = Y.copy()
    targets[40:45] = np.nan
    expected = whole.partial_fit(X[:256], targets[:256])
    found = [parts.partial_fit(X[i : i + rows], targets[i : i + rows]) for i in range(0, 256, rows)]
    assert parts._stepper is not None and parts._stepper.learns
    for name, y in expected.items() if isinstance(expected, dict) else [("out", expected)]:
        pieces = [part[name] if isinstance(part, dict) else part for part in found]
        np.testing.assert_array_equal(np.concatenate(pieces), y)
    check_same(parts, whole)


ACTS = ["learn", "learn", "learn", "learn few", "no target", "run", "run few", "step", "look"]
ACTS += ["nan", "inf target", "copy", "half a target"]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(ACTS), min_size=5, max_size=40))
def test_whatever_happens_in_between_learning_goes_on(acts):
    model, plain = (ng.Model(two_that_learn(), seed=1) for _ in range(2))
    for one in (model, plain):
        one.partial_fit(X[:3], Y[:3])
    t = 3
    for act in acts:
        n = 5 if act.endswith("few") else 1
        x, y = X[t : t + n], Y[t : t + n].copy()
        t = (t + n) % 250
        if act.startswith("learn"):
            pair = model.partial_fit(x, y), plainly(plain, x, y)
        elif act == "no target":
            y[:] = np.nan
            pair = model.partial_fit(x, y), plainly(plain, x, y)
        elif act.startswith("run"):
            names = list(plain.plan.outputs)
            pair = model.run(x), plain.run(x, outputs=names)
        elif act == "step":
            rows = plain.run(x, outputs=list(plain.plan.outputs))
            pair = model.step(x[0]), {name: part[0] for name, part in rows.items()}
        elif act in ("nan", "inf target"):
            bad = (x * np.nan, y) if act == "nan" else (x, y * np.inf)
            with pytest.raises(DataError):
                model.partial_fit(*bad)
            continue
        elif act == "half a target":
            teach = {"late": y, "out": y * np.nan}
            pair = model.partial_fit(x, teach), plainly(plain, x, teach)
        elif act == "look":
            assert np.isfinite(model.params["out"].W_out).all()
            continue
        else:
            model = pickle.loads(pickle.dumps(copy.deepcopy(model)))
            continue
        same_trees((tuple(pair[0].values()),), (tuple(pair[1].values()),), act)
    check_same(model, plain)


def test_a_target_with_some_gaps_is_no_target_and_remembered_as_it_was():
    graph = Input(name="u") >> RLS(name="out")
    model, plain = (ng.Model(graph, seed=1) for _ in range(2))
    targets = np.hstack([Y, 2 * Y])
    targets[50:60, 0] = np.nan
    for t in range(100):
        model.partial_fit(X[t : t + 1], targets[t : t + 1])
    plain.partial_fit(X[:100], targets[:100])
    check_same(model, plain)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (X[:1].tolist(), Y[:1].tolist()),
        (X[:1].astype("float32"), Y[:1].astype("float32")),
        (np.asfortranarray(X[:3]), Y[:3]),
        (X[:6:2], Y[:6:2]),
        (X[:4], Y[:4, 0]),
        ({"u": X[:2]}, {"out": Y[:2]}),
        ({"u": X[:2]}, Y[:2]),
        ([X[:5], X[:3]], [Y[:5], Y[:3]]),
        (X[:100], Y[:100]),
        (np.arange(4).reshape(2, 2), np.arange(2)[:, None]),
        (iter([X[:3], X[3:4]]), iter([Y[:3], Y[3:4]])),
    ],
)
def test_other_forms_of_data_mean_what_they_meant(x, y):
    model, plain = (ng.Model(GRAPHS["a chain"](), seed=1) for _ in range(2))
    for one in (model, plain):
        for t in range(20):
            one.partial_fit(X[t : t + 1], Y[t : t + 1])
    x, again = (copy.deepcopy(x), x) if not hasattr(x, "__next__") else (list(x), None)
    y = list(y) if again is None else y
    one, two = (iter(x), iter(y)) if again is None else (x, y)
    found = model.partial_fit(one, two)
    one, two = (iter(x), iter(y)) if again is None else (x, y)
    expected = plain.partial_fit(one, two, outputs=["out"])["out"]
    same_trees(
        (found,) if not isinstance(found, list) else tuple(found),
        (expected,) if not isinstance(expected, list) else tuple(expected),
        "outputs",
    )
    check_same(model, plain)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (X[:1, :1], Y[:1], "2 columns"),
        (X[:2], Y[:1], "target has 1 rows"),
        (X[:1], None, "nothing here learns|no target"),
        (X[:0], Y[:0], "nothing in it"),
        ([X[0]], Y[:1], "a list holds independent series"),
        (None, Y[:1], "no data"),
        (X[:1] + 1j, Y[:1], "complex"),
    ],
)
def test_what_is_refused_is_refused_as_before_and_nothing_moves(x, y, message):
    model, plain = (ng.Model(GRAPHS["a chain"](), seed=1) for _ in range(2))
    for one in (model, plain):
        for t in range(20):
            one.partial_fit(X[t : t + 1], Y[t : t + 1])
    with pytest.raises(ng.NodegraphError, match=message):
        model.partial_fit(x, y)
    check_same(model, plain)


def test_learning_that_diverges_is_told_at_its_step_and_undone():
    graph = Input(name="u") >> LMS(name="out", rate=1.0)
    model, plain = (ng.Model(graph, seed=1) for _ in range(2))
    x = np.full((1, 1), 1.5)
    with np.errstate(over="ignore", invalid="ignore"):
        with pytest.raises(DivergenceError, match="no longer finite at step") as error:
            for _ in range(1000):
                model.partial_fit(x, x)
        assert model.time > 50 and f"step {model.time}, " in str(error.value)
        plain.partial_fit(np.repeat(x, model.time, 0), np.repeat(x, model.time, 0))
    check_same(model, plain)


def test_a_frozen_learner_stays_and_new_params_count_at_once():
    model = ng.Model(GRAPHS["a chain"](), seed=1)
    for t in range(30):
        model.partial_fit(X[t : t + 1], Y[t : t + 1])
    params = model.params["out"]
    model.params["out"] = params._replace(bias=np.array([100.0]))
    assert model.partial_fit(X[30:31], Y[30:31])[0, 0] > 50
    model.freeze("out")
    with pytest.raises(ng.NodegraphError, match="frozen"):
        model.partial_fit(X[30:31], Y[30:31])


def test_graphs_without_a_program_that_learns_go_as_before():
    graph = Input() >> pool(rule=Hebb()) >> RLS(name="out")
    whole, parts = (ng.Model(graph, seed=3) for _ in range(2))
    expected = whole.partial_fit(X[:40], Y[:40])
    found = [parts.partial_fit(X[t : t + 1], Y[t : t + 1]) for t in range(40)]
    np.testing.assert_array_equal(np.concatenate(found), expected)
    assert parts._stepper is None


def test_few_rows_of_a_run_are_quick_as_well_and_watching_is_not():
    graph = Input() >> [pool() >> delay(80) >> Identity(name="late"), Ridge(W_out=[[1.0, 2.0]])]
    model = ng.Model(graph >> Output())
    whole = ng.Model(graph >> Output()).run(X)
    found = [model.run(X[i : i + 5]) for i in range(0, 150, 5)]
    np.testing.assert_array_equal(np.concatenate(found), whole[:150])
    stepper = model._stepper
    assert stepper is not None and "step 150" in repr(model) and model.seed == 0
    assert model._stepper is stepper  # nobody looked at arrays
    np.testing.assert_array_equal(model.run(X[150:151], outputs=["late"])["late"].shape, (1, 12))
    assert model._stepper is None


def test_words_and_copies_of_a_model_leave_it_fast_and_where_it_stands():
    model, plain = (ng.Model(a_loop(), seed=3) for _ in range(2))
    for i in range(100):
        model.partial_fit(X[i : i + 1], Y[i : i + 1])
    plain.partial_fit(X[:100], Y[:100])
    stepper = model._stepper
    assert "step 100" in repr(model) and len(str(model.summary())) > 100
    twins = copy.deepcopy(model), pickle.loads(pickle.dumps(model))
    assert model._stepper is stepper is not None
    for twin in twins:
        check_same(twin, plain)
    expected = plain.partial_fit(X[100:101], Y[100:101])
    for one in (model, *twins):
        np.testing.assert_array_equal(one.partial_fit(X[100:101], Y[100:101]), expected)


def test_a_graph_without_inputs_learns_row_by_row():
    r, out = pool(feedback_scaling=1.0, bias_scaling=0.5), RLS(name="out")
    graph = (r >> out) & (r << out)
    whole, parts = (ng.Model(graph, seed=3) for _ in range(2))
    expected = whole.partial_fit(None, Y[:100])
    found = [parts.partial_fit(None, Y[t : t + 1]) for t in range(100)]
    np.testing.assert_array_equal(np.concatenate(found), expected)
    assert parts._stepper is not None


def test_one_row_costs_a_small_part_of_what_the_first_call_costs():
    model = ng.Model(GRAPHS["a chain"](), seed=1)
    plain = ng.Model(GRAPHS["a chain"](), seed=1)

    def price(call):
        times = []
        for t in range(60):
            start = perf_counter()
            call(X[t : t + 1], Y[t : t + 1])
            times.append(perf_counter() - start)
        return min(times)

    assert price(model.partial_fit) < price(lambda x, y: plainly(plain, x, y)) / 4


def test_a_step_that_is_given_a_target_says_what_learns():
    model = ng.Model(a_loop(), seed=1)
    model.partial_fit(X, Y)
    for said in ((X[0], Y[0]), (X[0], 0.0)):
        with pytest.raises(ArgumentError, match=r"model\.partial_fit\(x\[None\], y\[None\]\)"):
            model.step(*said)
    assert model.time == len(X) and model.step(X[0], None).shape == (1,)


def test_a_single_number_says_how_one_step_is_written():
    model = ng.Model(Input() >> RLS(), seed=1)
    with pytest.raises(DataError, match=r"model\.partial_fit\(\[\[x\]\], \[\[y\]\]\)"):
        model.partial_fit(X[0, 0], Y[0, 0])
    assert model.partial_fit([[X[0, 0]]], [[Y[0, 0]]]).shape == (1, 1)
