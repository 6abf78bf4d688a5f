import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.errors import SpecError
from nodegraph.files.yaml.spec import read_text
from nodegraph.graph import overlay
from nodegraph.model.initializer import generator
from nodes import ESN, Input, Reservoir, Ridge

U = np.sin(np.arange(60) / 5)[:, None]


def _model(graph, **options):
    model = ng.Model(graph, seed=1, **options)
    if not any(rule.supervised for rule in model.plan.rules.values()):
        model.run(U)
    else:
        model.fit(U, {name: U for name in model.plan.rules})
    return model


def _W(model, node):
    return np.asarray(model.params[model.graph.names[node]].W)


def _words(plan):
    return [word for name, word in plan.streams.items() if name != "input"]


def _pool(units=20, **fields):
    return Reservoir(units=units, connectivity=1.0, **fields)


def test_a_graph_of_new_nodes_draws_by_their_names():
    a, b = _pool(), _pool()
    model = _model(Input() >> [a, b])
    assert model.plan.streams == {name: name for name in model.plan.nodes}
    expected = a.init(generator(1, "reservoir_2", 0), 1, 20)
    assert np.array_equal(_W(model, b), expected.W)


def test_a_node_keeps_its_weights_wherever_others_are_added():
    b, u = _pool(), Input()
    before = _W(_model(Input() >> b), b)
    for graph in (
        Input() >> [_pool(30), b],
        Input() >> [b, _pool(30)],
        Input() >> _pool(30) >> b.model_copy() >> b,
        (u >> _pool() >> Ridge()) & (u >> b >> Ridge()),
    ):
        assert np.array_equal(_W(_model(graph), b), before)


def test_the_members_of_an_ensemble_keep_theirs_when_one_leaves_or_they_change_places():
    members = [ESN(units=8, connectivity=1.0) for _ in range(3)]
    whole = _model(Input() >> members)
    wanted = {esn: _W(whole, esn.as_graph().nodes[0]) for esn in members}
    for some in (members[1:], members[::-1], [members[2]], [ESN(units=8), *members[1:]]):
        model = _model(Input() >> some)
        for esn in set(some) & set(members):
            assert np.array_equal(_W(model, esn.as_graph().nodes[0]), wanted[esn])


def test_nodes_that_come_with_the_same_word_still_draw_apart():
    a, b = _pool(), _pool()
    _model(Input() >> a), _model(Input() >> b)
    both = _model(Input() >> [a, b])
    assert _words(both.plan) == ["reservoir", "reservoir_2"]
    assert not np.array_equal(_W(both, a), _W(both, b))
    assert np.array_equal(_W(_model(Input() >> b), b), _W(both, a))  # alone it is as it was


def test_a_given_name_comes_before_a_kept_word():
    a = _pool()
    _model(Input() >> a)
    plan = ng.plan(Input() >> [a, _pool(name="reservoir")])
    assert _words(plan) == ["reservoir_2", "reservoir"]


def test_noise_follows_the_node_as_well():
    b = _pool(noise=0.1)
    alone, beside = ng.Model(Input() >> b), ng.Model(Input() >> [_pool(), b])
    noisy = [m.run(U, outputs=[m.graph.names[b]], noise=True) for m in (alone, beside)]
    assert np.array_equal(*(rows[name] for rows in noisy for name in rows))


@given(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=5, unique=True), max_size=6))
def test_streams_depend_on_the_order_of_models_alone_and_no_two_are_alike(graphs):
    def lived():
        nodes = [Reservoir(units=2) if i < 3 else ESN(units=2) for i in range(5)]
        return [ng.Model(overlay(*(nodes[i] for i in some))).plan.streams for some in graphs]

    once = lived()
    assert once == lived()
    for streams in once:
        assert len(set(streams.values())) == len(streams)


def test_to_look_at_a_plan_decides_nothing():
    a, b = _pool(), _pool()
    ng.plan(Input() >> [a, b])
    assert _model(Input() >> b).plan.streams["reservoir"] == "reservoir"


def _beside():
    b, esn = _pool(noise=0.1), ESN(units=5, connectivity=1.0)
    _model(Input() >> b), _model(Input() >> esn)
    return Input() >> [_pool(), b, ESN(units=6, connectivity=1.0), esn]


@pytest.mark.parametrize("again", [copy.deepcopy, lambda graph: pickle.loads(pickle.dumps(graph)),
                                   lambda graph: read_text(ng.to_yaml(graph)).graph])  # fmt: skip
def test_graphs_that_are_sent_or_written_draw_the_same(again):
    graph = _beside()
    model = _model(graph)
    assert model.plan.streams["reservoir"] == "reservoir_2"
    assert model.plan.streams["esn.reservoir"] == "esn_2.reservoir"
    other = _model(again(graph))
    assert other.plan.streams == model.plan.streams
    assert ng.to_yaml(other) == ng.to_yaml(model)
    for name in ("reservoir", "reservoir_2", "esn.reservoir", "esn_2.reservoir"):
        assert np.array_equal(other.params[name].W, model.params[name].W)


def test_a_loaded_model_draws_its_noise_and_its_weights_as_before(tmp_path):
    model = _model(_beside())
    model.save(tmp_path / "m.safetensors")
    loaded = ng.load(tmp_path / "m.safetensors")
    assert loaded.plan.streams == model.plan.streams
    targets = {"esn.readout": U, "esn_2.readout": U}
    for one in (model, loaded):
        one.fit(U, targets)
    noisy = [m.run(U, outputs=["reservoir_2"], noise=True) for m in (model, loaded)]
    assert np.array_equal(*(rows["reservoir_2"] for rows in noisy))
    again = ng.Model(loaded.graph, seed=1).fit(U, targets)
    assert np.array_equal(again.params["reservoir_2"].W, model.params["reservoir_2"].W)


def test_yaml_names_streams_only_where_they_differ():
    assert "streams" not in ng.to_yaml(_model(Input() >> [_pool(), _pool()]))
    assert "streams: {reservoir: reservoir_2, reservoir_2: reservoir" in ng.to_yaml(_beside())


@pytest.mark.parametrize(
    ("streams", "said"),
    [
        ("{w: a}", r"5:11: streams: no node is named 'w'; there are r, s"),
        ("{r: s}", r"5:10: streams: s would be the stream of two nodes"),
        ("{r: t, s: t}", r"streams: t would be the stream of two nodes"),
        ("{r: a b}", r"streams.r: .*pattern|streams.r: should"),
    ],
)
def test_bad_streams_are_refused_at_their_place(streams, said):
    text = (
        "nodegraph: 1\nnodes:\n  r: {kind: Reservoir, units: 2}\n  s: {kind: Reservoir, units: 2}\n"
    )
    with pytest.raises(SpecError, match=said):
        read_text(f"{text}streams: {streams}\n")


def test_the_plan_shows_words_that_differ():
    b = _pool()
    _model(Input() >> b)
    told = str(ng.plan(Input() >> [_pool(), b]))
    assert "reservoir_2 reads x: input; draws from the stream of reservoir" in told
    assert "draws" not in str(ng.plan(Input() >> _pool()))
