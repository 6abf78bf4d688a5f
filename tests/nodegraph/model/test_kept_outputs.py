import errno

import numpy as np
import pytest
from counted import RUNS, Counted

import nodegraph as ng
from nodegraph import delay
from nodegraph.data import kept_rows
from nodegraph.engines import Engine, local
from nodegraph.engines.side_by_side import execute_many
from nodegraph.host.progress import Silent
from nodegraph.model import checkpoints, kept_outputs
from nodegraph.testing.comparing import same_trees
from nodes import RLS, Input, Reservoir, Ridge, Scaler
from nodes.rules import IntrinsicPlasticity

RNG = np.random.default_rng(3)
X = RNG.standard_normal((300, 2))
Y = np.cumsum(X, axis=0) / 9
LISTS = [X[:120], X[100:], X[:50]], [Y[:120], Y[100:], Y[:50]]
PLAIN = Engine(local.execute, execute_many)  # the same, but nobody keeps outputs for it


def cascade(depth=3, **ridge):
    """Readouts that each read what the one before says, through a reservoir; their teacher is y."""
    seen = Input(name="u") >> Scaler(name="s")
    teacher = Input(name="t") >> Scaler(name="st")
    graph = seen & teacher
    for k in range(depth):
        pool = Reservoir(units=7, noise=0.01 * (k == 1), name=f"r{k}") >> Counted(name=f"n{k}")
        out = Ridge(name=f"y{k}", ridge=1e-3, **ridge)
        graph = (
            graph & (seen >> pool >> out) & (seen >> delay(2) >> out) & (teacher >> out["target"])
        )
        seen = out
    return graph


def looped():
    """A plastic reservoir with feedback, whose forced readout teaches another one behind it."""
    r, out = Reservoir(units=7, rule=IntrinsicPlasticity(epochs=2), name="r"), Ridge(name="out")
    loop = (Input(name="u") >> Scaler() >> r >> out) & (r << out)
    return loop & (out >> Reservoir(units=5, name="far") >> [Ridge(name="last"), RLS(name="rls")])


def learned(graph, data, engine="local", **options):
    model = ng.Model(graph(), seed=1, engine=engine)
    if "t" in model.plan.nodes:
        return model.fit({"u": data[0], "t": data[1]}, warmup=3, **options)
    y = {name: data[1] for name, rule in model.plan.rules.items() if rule.supervised}
    return model.fit(data[0], y, warmup=3, **options)


def same_learning(one, other, memory=True):
    assert one.report == other.report and one.time == other.time
    for name in one.plan.nodes:
        mine, theirs = one._settle().slots[name], other._settle().slots[name]
        for part in ("params", "state", "past", "taught", *["memory"] * memory):
            same_trees(getattr(mine, part), getattr(theirs, part), f"{name}.{part}")


ROOMS = {"memory": (1.0, 0.5), "disk": (0.0, 0.5), "nowhere": (0.0, 0.0)}


@pytest.fixture(params=ROOMS)
def room(request, monkeypatch):
    in_memory, on_disk = ROOMS[request.param]
    monkeypatch.setattr(kept_outputs, "OF_MEMORY", in_memory)
    monkeypatch.setattr(kept_outputs, "OF_DISK", on_disk)
    return request.param


@pytest.mark.parametrize("graph", [cascade, looped])
@pytest.mark.parametrize("data", [(X, Y), LISTS], ids=["one", "list"])
def test_what_is_kept_changes_no_bit(graph, data, room):
    workers = {"workers": 2} if data is LISTS else {}
    same_learning(learned(graph, data, **workers), learned(graph, data, PLAIN))


@pytest.mark.parametrize("data", [(X, Y), LISTS], ids=["one", "list"])
def test_a_cascade_of_twelve_runs_twelve_reservoirs(data):
    RUNS.clear()
    learned(lambda: cascade(12), data)
    rows = len(X) if data[0] is X else sum(map(len, LISTS[0]))
    assert dict(RUNS) == {f"n{k}": rows for k in range(12)}


def test_iterations_run_what_is_upstream_once():
    RUNS.clear()
    model = learned(lambda: cascade(1, solver="iterative"), (X, Y))
    assert RUNS["n0"] == len(X)
    same_learning(model, learned(lambda: cascade(1, solver="iterative"), (X, Y), PLAIN))


def test_where_wide_outputs_do_not_fit_narrow_ones_are_kept(monkeypatch):
    """Room for the two columns of a readout and of what it reads, not for seven units."""
    monkeypatch.setattr(kept_outputs, "OF_MEMORY", 0.0)
    monkeypatch.setattr(kept_outputs, "room_on_disk", lambda: 6 * 8 * len(X))
    RUNS.clear()
    model = learned(lambda: cascade(4), (X, Y))
    assert max(RUNS.values()) == 2 * len(X)
    same_learning(model, learned(lambda: cascade(4), (X, Y), PLAIN))


class FullDisk:
    """A file that takes few bytes."""

    def __init__(self, **_):
        self.left = 1000

    def write(self, rows):
        self.left -= len(rows)
        if self.left < 0:
            raise OSError(errno.ENOSPC, "no space left on device")
        return len(rows)

    def close(self):
        """Hold nothing."""


def test_a_full_disk_is_no_mishap(monkeypatch):
    monkeypatch.setattr(kept_outputs, "OF_MEMORY", 0.0)
    monkeypatch.setattr(kept_rows, "TemporaryFile", FullDisk)
    same_learning(learned(cascade, (X, Y)), learned(cascade, (X, Y), PLAIN))


class Killed(Silent):
    """A progress under which the work is killed after so many chunks."""

    def __init__(self, chunks):
        self.left = chunks

    def advance(self, n_steps):
        self.left -= bool(n_steps)
        if self.left < 0:
            raise OSError("killed")


@pytest.mark.parametrize("ends", ["well", "badly"])
def test_nothing_stays_behind(monkeypatch, tmp_path, ends):
    opened = []

    def noted(**options):
        opened.append(real(dir=tmp_path, **options))
        return opened[-1]

    real = kept_rows.TemporaryFile
    monkeypatch.setattr(kept_outputs, "OF_MEMORY", 0.0)
    monkeypatch.setattr(kept_rows, "TemporaryFile", noted)
    if ends == "well":
        learned(cascade, (X, Y))
    else:
        with pytest.raises(OSError, match="killed"):
            learned(cascade, (X, Y), progress=Killed(3))
    assert opened and all(file.closed for file in opened) and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("graph", "data", "kills"),
    [(cascade, (X, Y), (7, 3)), (cascade, LISTS, (2,)), (looped, (X, Y), (5, 2))],
)
def test_who_is_killed_and_goes_on_ends_with_the_same_bits(
    tmp_path, monkeypatch, graph, data, kills
):
    """In the middle of a stage that reads what is no longer known."""
    file = tmp_path / "checkpoint.safetensors"
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    monkeypatch.setattr("nodegraph.graph.plan.MAX_CHUNK", 100)
    for chunks in kills:
        with pytest.raises(OSError, match="killed"):
            learned(graph, data, progress=Killed(chunks), checkpoint=file, resume=True)
    resumed = learned(graph, data, checkpoint=file, resume=True)
    same_learning(learned(graph, data, PLAIN), resumed, memory=False)
