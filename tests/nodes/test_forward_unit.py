import numpy as np
import pytest

import nodegraph as ng
from nodegraph.arrays import cast, copy_tree, leaves
from nodegraph.graph.registry import kinds, resolve, split_kind, word
from nodegraph.rule import Lesson
from nodegraph.testing import check_replay, run_node, teach
from nodegraph.testing.comparing import same_trees
from nodegraph.testing.recording import Recorder
from nodes import ForwardUnit, Input, Reservoir

KINDS = sorted(ForwardUnit.variants)


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_says_what_is_made(kind):
    node = ForwardUnit(units=12, kind=kind)
    assert type(node) is ForwardUnit.variants[kind]
    assert node.kind == kind
    assert word(type(node)) == f"ForwardUnit.{kind}"
    assert resolve(f"ForwardUnit.{kind}") is type(node)
    assert split_kind(f"ForwardUnit.{kind}") == (type(node), {})
    assert ng.Model(Input() >> node).run([[0.5], [0.1]]).shape == (2, 12)


@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_through_yaml(kind, tmp_path):
    graph = Input(name="u") >> ForwardUnit(units=12, kind=kind, frozen=True)
    (tmp_path / "graph.yaml").write_text(graph.to_yaml())
    again = ng.read_yaml(tmp_path / "graph.yaml").graph
    assert f"kind: ForwardUnit.{kind}" in graph.to_yaml()
    assert [type(node) for node in again.nodes] == [type(node) for node in graph.nodes]
    assert again.names[again.nodes[1]] == "forward_unit"
    assert again.nodes[1].frozen


def test_the_bare_name_makes_units_that_forecast():
    assert kinds()["ForwardUnit"](units=3).kind == "forecast"


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(
        ng.errors.FieldError, match=r"ForwardUnit\.kind: should be .*'forecast'.*tpc"
    ):
        ForwardUnit(units=3, kind="tpc")


def test_what_is_given_out_stands_in_one_order():
    node = ForwardUnit(units=4, emits=["error", "state"])
    assert node.emits == ("state", "error")
    assert node.declared_size == 8
    assert ForwardUnit(units=4, emits="error").emits == ("error",)
    with pytest.raises(ng.errors.FieldError, match="emits"):
        ForwardUnit(units=4, emits=())
    with pytest.raises(ng.errors.FieldError, match="emits"):
        ForwardUnit(units=4, emits=("loss",))


SERIES = np.random.default_rng(5).standard_normal((90, 2))
SMALL = {
    "forecast": {"horizon": 4, "reach": 5, "fan_in": 4, "features": 4, "epochs": 1},
    "forward_forward": {"fan_in": 4, "span": 9},
}


def small(kind, **fields):
    return ForwardUnit(units=20, kind=kind, **SMALL.get(kind, {"fan_in": 4}), **fields)


def started(node, n_in=2):
    widths = {"n_in": n_in} if "n_in" in node.takes["start"] else {}
    return node.start(node.declared_size, **widths)


def learned(node, params=None, rows=None, u=SERIES, chunk=None, dtype=float):
    """Return what an active rule leaves, learning from `u` in chunks."""
    rule, dtype, u = node.local_rule, np.dtype(dtype), u.astype(dtype)
    n_out = node.declared_size
    params = (
        cast(node.init(np.random.default_rng(1), u.shape[1], n_out), dtype)
        if params is None
        else params
    )
    params, memory = copy_tree(params), rule.begin(params)
    state, ys = cast(started(node, u.shape[1]), dtype), []
    rows = np.ones(len(u), bool) if rows is None else rows
    chunk = chunk or len(u)
    for start in range(0, len(u), chunk):
        part = slice(start, start + chunk)
        lesson = Lesson({"x": u[part]}, None, rows[part])
        params, state, memory, out = teach(rule, node, params, state, memory, lesson)
        ys.append(out)
    return params, state, memory, np.concatenate(ys)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", KINDS)
def test_chunks_and_single_steps_leave_the_same_bits(kind, dtype):
    node = small(kind, emits=("state", "prediction", "error"))
    whole = learned(node, dtype=dtype)
    assert whole[3].dtype == dtype
    for chunk in (1, 13):
        same_trees(learned(node, chunk=chunk, dtype=dtype), whole, f"chunks of {chunk}")


@pytest.mark.parametrize("kind", KINDS)
def test_learning_from_no_row_is_being_frozen(kind):
    node = small(kind)
    params = node.init(np.random.default_rng(1), 2, 20)
    after, state, _, ys = learned(node, params, rows=np.zeros(90, bool))
    same_trees(after, params, "something was learned from nothing")
    same_trees((state, ys), run_node(node, params, started(node), SERIES), "frozen units differ")


def permuted(params, order, n_in, cell):
    """Return the params of the same units in another order, that read each other as before."""
    place = np.argsort(order)

    def moved(reads):
        unit, part = np.divmod(reads - n_in, cell)
        return np.where(reads < n_in, reads, n_in + place[unit % len(order)] * cell + part)

    arrays = {name: array[order] for name, array in params._asdict().items()}
    return type(params)(**arrays | {"reads": moved(arrays["reads"])})


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_units_does_not_matter(kind):
    node = small(kind)
    params = node.init(np.random.default_rng(1), 2, 20)
    groups = len(params.reads)
    cell, order = 20 // groups, np.random.default_rng(3).permutation(groups)
    columns = (order[:, None] * cell + np.arange(cell)).ravel()
    *_, ys = learned(node, params)
    *_, again = learned(node, permuted(params, order, 2, cell))
    np.testing.assert_array_equal(again, ys[:, columns])


@pytest.mark.parametrize("kind", KINDS)
def test_no_error_crosses_from_unit_to_unit(kind):
    node = small(kind)
    rule = node.local_rule
    params, state, memory, _ = learned(node)
    disturbed = {
        name: np.concatenate([array[:1] * 1.5 + 0.1, array[1:]])
        for name, array in params._asdict().items()
        if name in rule.modifies
    }

    def update(params):
        lesson = Lesson({"x": SERIES[:1]}, None, np.ones(1, bool))
        after = teach(rule, node, copy_tree(params), state, copy_tree(memory), lesson)
        return {n: getattr(after.params, n) - getattr(params, n) for n in rule.modifies}

    plain, shaken = update(params), update(params._replace(**disturbed))
    for name, change in plain.items():
        np.testing.assert_array_equal(shaken[name][1:], change[1:])
    assert any(np.any(change[1:]) for change in plain.values())
    assert any(np.any(shaken[name][0] != change[0]) for name, change in plain.items())


@pytest.mark.parametrize("kind", KINDS)
def test_units_alone_do_what_they_did_in_a_graph_with_a_loop(kind):
    units, around = small(kind, name="units"), Reservoir(units=3, name="around")
    graph = (Input() >> units >> around) & (around >> ng.delay(2) >> units)
    model = ng.Model(graph, seed=4)
    recorder = Recorder()
    model.partial_fit(SERIES, engine=recorder)
    check_replay(model, recorder.tapes)


HARSH = {
    "noise": np.random.default_rng(1).standard_normal((4000, 1)),
    "wave": np.sin(np.arange(4000) / 7)[:, None],
    "zero": np.zeros((4000, 1)),
    "constant": np.full((4000, 1), 3.0),
    "large": 100 * np.random.default_rng(1).standard_normal((4000, 1)),
}


@pytest.mark.parametrize("name", HARSH)
@pytest.mark.parametrize("kind", KINDS)
def test_weights_and_outputs_stay_bounded(kind, name):
    params, _, memory, ys = learned(small(kind), u=HARSH[name])
    assert np.isfinite(ys).all()
    assert np.abs(ys).max() <= 3
    for _, array in leaves((params, memory)):
        assert np.isfinite(array).all()
    for field in small(kind).local_rule.modifies:
        assert np.abs(getattr(params, field)).max() < 1e4


SHORTEST = {
    "attention": ({}, 2),
    "dendritic": ({"horizon": 1}, 2),
    "forecast": ({"reach": 7, "horizon": 9}, 17),
    "forward_forward": ({"span": 12}, 13),
    "predictive_coding": ({}, 1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_series_too_short_to_learn_from_are_refused(kind):
    fields, steps = SHORTEST[kind]
    node = ForwardUnit(units=12, kind=kind, **fields)
    before = ng.Model(node, seed=1)
    before.run(SERIES[:1])
    after = ng.Model(node, seed=1).fit(SERIES[:steps])
    old, new = (model.params["forward_unit"] for model in (before, after))
    assert any(np.any(getattr(new, n) != getattr(old, n)) for n in node.rule.modifies)
    if steps > 1:
        with pytest.raises(
            ng.errors.DataError, match=f"forward_unit cannot learn .* {steps} steps"
        ):
            ng.Model(node, seed=1).fit([SERIES[: steps - 1], SERIES[:1]])


@pytest.mark.parametrize("kind", KINDS)
def test_learning_leaves_the_params_that_it_was_given_as_they_were(kind):
    node = ForwardUnit(kind=kind, units=9)
    rule = node.rule
    assert rule.online and not rule.supervised
    model = ng.Model(Input() >> node, seed=3)
    model.run(SERIES[:1])
    born = model.params[model.graph.names[node]]
    before = {name: np.array(getattr(born, name)) for name in rule.modifies}
    model.partial_fit(SERIES)
    after = model.params[model.graph.names[node]]
    for name, array in before.items():
        np.testing.assert_array_equal(getattr(born, name), array)
    assert any(not np.array_equal(getattr(after, n), before[n]) for n in rule.modifies)
