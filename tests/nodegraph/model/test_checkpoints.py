import os
import signal
from functools import cache
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.engines import checkpointer, local
from nodegraph.engines.checkpointer import Checkpointer, heed
from nodegraph.errors import DataError, EngineError, ModelFileError
from nodegraph.model import checkpoints
from nodegraph.model.joint_readouts import JointReadouts
from nodegraph.testing.comparing import same_trees
from nodes import LMS, RLS, Input, Reservoir, Ridge, Scaler
from nodes.rules import IntrinsicPlasticity

RNG = np.random.default_rng(0)
X = RNG.standard_normal((300, 2))
Y = np.cumsum(X, axis=0)
LISTS = [X[:200], X[100:], X[:50]], [Y[:200], Y[100:], Y[:50]]


def plastic():
    rule = IntrinsicPlasticity(epochs=2)
    return Input() >> Scaler() >> Reservoir(units=9, rule=rule, noise=0.01) >> Ridge()


def twins():
    return Input() >> Reservoir(units=9) >> [Ridge(ridge=1e-3), Ridge(ridge=1e-3)]


def feedback():
    res, out = Reservoir(units=9, feedback_scaling=0.05), Ridge()
    return (Input() >> res >> out) & (res << out)


class Dying:
    """The local engine, in small chunks; it is killed in mid-air when it has done so many."""

    def __init__(self, chunks):
        self.left = chunks

    def rows(self, plan, sizes):
        return 13

    def execute(self, plan, slots, chunks, request):
        for outputs in local.execute(plan, slots, chunks, request):
            if not self.left:
                raise OSError("killed")
            self.left -= 1
            yield outputs


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    return tmp_path / "checkpoint.safetensors"


def learn(graph, data, engine="local", **options):
    model = ng.Model(graph(), seed=1, engine=engine)
    rules = model.plan.rules
    if all(rule.online for rule in rules.values()):
        model.partial_fit(*data, warmup=5, **options)
        return model
    y = {name: data[1] for name, rule in rules.items() if rule.supervised}
    return model.fit(data[0], y, **{"warmup": 5, **options})


GRAPHS = [plastic, twins, feedback, lambda: Input() >> Reservoir(units=9) >> RLS(),
          lambda: Input() >> Reservoir(units=9) >> LMS()]  # fmt: skip


@cache
def straight_through(graph, lists):
    return learn(graph, LISTS if lists else (X, Y))


@settings(max_examples=20)
@given(
    graph=st.sampled_from(GRAPHS),
    lists=st.booleans(),
    kills=st.lists(st.integers(1, 60), min_size=1, max_size=3),
)
def test_who_is_killed_and_goes_on_ends_with_the_same_bits(tmp_path_factory, graph, lists, kills):
    file = tmp_path_factory.mktemp("kept") / "checkpoint.safetensors"
    data = LISTS if lists else (X, Y)
    before, checkpoints.EVERY = checkpoints.EVERY, 0.0
    try:
        for chunks in kills:
            try:
                learn(graph, data, Dying(chunks), checkpoint=file, resume=True)
            except OSError:
                continue
        resumed = learn(graph, data, checkpoint=file, resume=True)
    finally:
        checkpoints.EVERY = before
    same_learning(straight_through(graph, lists), resumed)


def test_what_was_done_is_not_done_again(path):
    with pytest.raises(OSError, match="killed"):
        learn(feedback, (X, Y), Dying(10), checkpoint=path)
    rest = Dying(99)
    learn(feedback, (X, Y), rest, checkpoint=path, resume=True)
    assert 99 - rest.left < len(range(0, 300, 13))


@pytest.mark.parametrize("lists", [False, True])
@pytest.mark.parametrize("graph", [plastic, GRAPHS[3]])
@pytest.mark.parametrize("chunks", [1, 9, 20])
def test_learning_curves_go_on_where_they_stood(path, graph, lists, chunks):
    data = LISTS if lists else (X, Y)
    whole = learn(graph, data, Dying(-1), watch=True).curves
    with pytest.raises(OSError, match="killed"):
        learn(graph, data, Dying(chunks), watch=True, checkpoint=path)
    again = learn(graph, data, Dying(-1), watch=True, checkpoint=path, resume=True).curves
    assert whole.keys() == again.keys() and len(whole) == 1
    for name, curve in whole.items():
        assert [curve.keys(), curve["step"].dtype] == [
            again[name].keys(),
            again[name]["step"].dtype,
        ]
        for what, values in curve.items():
            np.testing.assert_array_equal(again[name][what], values, err_msg=what)


def same_learning(one, other):
    assert one.report == other.report and one.time == other.time
    for name in one.plan.nodes:
        mine, theirs = one._settle().slots[name], other._settle().slots[name]
        for part in ("params", "state", "past", "taught"):
            same_trees(getattr(mine, part), getattr(theirs, part), f"{name}.{part}")


@pytest.mark.parametrize("data", [(X, Y), LISTS], ids=["one", "list"])
@pytest.mark.parametrize("graph", [plastic, twins, feedback])
def test_a_signal_while_a_rule_concludes_is_heeded_and_all_is_kept(path, monkeypatch, graph, data):
    straight, conclude = learn(graph, data), JointReadouts.conclude

    def slow(self):
        if self.stage.learners[-1].startswith("ridge"):
            os.kill(os.getpid(), signal.SIGTERM)
        return conclude(self)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "EVERY", 60.0)
        patch.setattr(JointReadouts, "conclude", slow)
        with pytest.raises(SystemExit):
            learn(graph, data, checkpoint=path)
    rest = Dying(0)
    same_learning(straight, learn(graph, data, rest, checkpoint=path, resume=True))


class Waiting(Dying):
    """One that waits for others who never answer; signals come at these moments, in seconds."""

    def __init__(self, chunks, *moments):
        super().__init__(chunks)
        self.moments = moments

    def execute(self, plan, slots, chunks, request):
        yield from islice(super().execute(plan, slots, chunks, request), self.left)
        for pause in self.moments:
            self.clock += pause
            os.kill(os.getpid(), signal.SIGTERM)
            heed()
        raise OSError("nothing came")


@pytest.mark.parametrize("chunks", [0, 5])
def test_a_second_signal_waits_for_nobody_and_an_echo_is_no_second(tmp_path, monkeypatch, chunks):
    path = tmp_path / "c.safetensors"
    waiting = Waiting(chunks, 0.0, 0.1, 0.1, 1.0)
    waiting.clock = 100.0
    monkeypatch.setattr(checkpointer, "monotonic", lambda: waiting.clock)
    with pytest.raises(SystemExit):
        learn(feedback, (X, Y), waiting, checkpoint=path)
    assert waiting.clock == pytest.approx(101.2)
    assert path.exists() == bool(chunks)  # of nothing there is no checkpoint


def test_an_engine_that_fails_before_anything_is_learned_keeps_nothing(path):
    class Unreachable(Dying):
        def execute(self, plan, slots, chunks, request):
            raise EngineError("no Ray answers")
            yield

    with pytest.raises(EngineError, match=r"^no Ray answers$"):
        learn(feedback, (X, Y), Unreachable(0), checkpoint=path)
    assert not path.exists()
    with pytest.raises(OSError, match="killed"):
        learn(feedback, (X, Y), Dying(3), checkpoint=path)
    with pytest.raises(EngineError, match=r"no Ray answers; where learning stood is kept in"):
        learn(feedback, (X, Y), Unreachable(0), checkpoint=path, resume=True)


class Signalling(Dying):
    """One that is sent a signal at a chunk."""

    def __init__(self, number):
        super().__init__(99)
        self.number = number

    def execute(self, plan, slots, chunks, request):
        for i, outputs in enumerate(super().execute(plan, slots, chunks, request)):
            yield outputs
            if i == 3:
                os.kill(os.getpid(), self.number)


@pytest.mark.parametrize(
    ("number", "ends"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_a_signal_waits_for_the_checkpoint(tmp_path, number, ends):
    path = tmp_path / "c.safetensors"
    handler = signal.getsignal(number)
    with pytest.raises(ends):
        learn(feedback, (X, Y), Signalling(number), checkpoint=path)
    assert signal.getsignal(number) is handler
    rest = Dying(99)
    learn(feedback, (X, Y), rest, checkpoint=path, resume=True)
    assert 99 - rest.left < len(range(0, 300, 13)) - 2


def test_a_checkpoint_of_something_else_is_refused(path):
    learn(feedback, (X, Y), checkpoint=path)
    with pytest.raises(ModelFileError, match="another course of learning: data differ; give the"):
        learn(feedback, (X[:200], Y[:200]), checkpoint=path, resume=True)
    with pytest.raises(ModelFileError, match="graph"):
        learn(twins, (X, Y), checkpoint=path, resume=True)
    ng.Model(feedback()).save(path)
    with pytest.raises(ModelFileError, match="no checkpoint of learning, as checkpoint= writes it"):
        learn(feedback, (X, Y), checkpoint=path, resume=True)
    with pytest.raises(DataError, match="from which file with checkpoint="):
        learn(feedback, (X, Y), resume=True)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"warmup": 50}, "warmup was 5 and is 50; give the same again"),
        ({"forcing": "all", "warmup": 0}, "forcing was True and is 'all', warmup was 5 and is 0;"),
        ({"ahead": 1}, r"data differ, ahead was \{\} and is \{'ridge': 1\}"),
    ],
)
def test_options_that_differ_from_those_of_a_checkpoint_are_told_with_their_values(path, now, said):
    with pytest.raises(OSError, match="killed"):
        learn(feedback, (X, Y), Dying(3), checkpoint=path)
    with pytest.raises(ModelFileError, match=said):
        learn(feedback, (X, Y), checkpoint=path, resume=True, **now)


def test_one_number_in_the_middle_tells_data_from_others(path):
    x = np.random.default_rng(1).standard_normal((20_000, 1))
    learn(feedback, (x, x), checkpoint=path)
    other = x.copy()
    other[9_000] += 1e-9
    with pytest.raises(ModelFileError, match="data differ"):
        learn(feedback, (other, x), checkpoint=path, resume=True)


@pytest.mark.parametrize("form", ["list", "array", "one"])
def test_learning_that_was_at_its_end_can_be_resumed(path, form, monkeypatch):
    monkeypatch.setattr(Checkpointer, "due", True)
    x, y = {"list": LISTS, "array": ([X, X], [Y, Y]), "one": (X, Y)}[form]
    x, y = (np.array(x), np.array(y)) if form == "array" else (x, y)
    graph = Input() >> Reservoir(units=9) >> RLS()
    done, again = ng.Model(graph, seed=1), ng.Model(graph, seed=1)
    done.partial_fit(x, y, checkpoint=path)
    outputs = again.partial_fit(x, y, checkpoint=path, resume=True)
    assert len(outputs) == 0
    same_trees(again.params["rls"], done.params["rls"], "rls")
    assert again.time == done.time


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("nowhere/c.safetensors", "folder does not exist"),
        ("c.npz", "safetensors"),
        (".", "safetensors"),
    ],
)
def test_a_place_where_no_checkpoint_can_be_is_refused_at_once(tmp_path, place, message):
    with pytest.raises(ModelFileError, match=message):
        learn(feedback, (X, Y), Dying(0), checkpoint=tmp_path / place)


def test_who_listens_to_signals_does_not_write_its_arrays_out(tmp_path):
    one = Checkpointer(str(tmp_path), lambda *_: None, slots={"ridge": np.zeros(3)})
    assert "array" not in repr(one._hear)
