import copy
import os
import pickle
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import DivergenceError, EngineError
from nodegraph.host.progress import Silent
from nodegraph.testing import check_engine
from nodegraph.testing.comparing import same_trees
from nodes import ESN, RLS, Identity, Input, Reservoir, Ridge
from nodes.rules import Oja

pytestmark = pytest.mark.ray
RNG = np.random.default_rng(0)
X = RNG.standard_normal((600, 2))
Y = np.cumsum(X, axis=0)


def targets(model):
    return {name: Y for name, rule in model.plan.rules.items() if rule.supervised}


def ensemble():
    return Input() >> [ESN(units=20 + i) for i in range(4)]


def same_params(one, other):
    for name in one.plan.nodes:
        same_trees(one.params[name], other.params[name], name)


@pytest.fixture(scope="module")
def by_node(ray_engine):
    ray_engine.cpus()
    return ng.RayEngine(placement="node", chunk=25, timeout=60)


@pytest.mark.parametrize("seed", range(3))
def test_random_graphs_run_and_learn_as_the_naive_interpreter_does(ray_engine, seed):
    check_engine(ray_engine, seed=seed)


def test_so_they_do_with_an_actor_for_each_node(by_node):
    check_engine(by_node, seed=1, n_steps=12)


def test_an_ensemble_learns_on_two_actors_and_keeps_its_bits(ray_engine, same_files):
    here = ng.Model(ensemble(), seed=3)
    there = ng.Model(ensemble(), seed=3, engine=ray_engine)
    ng.Model(ensemble(), engine="local")
    for model in (here, there):
        model.fit(X, targets(model), warmup=10)
    same_params(here, there)
    wanted, found = here.run(X), there.run(X)
    assert all(np.array_equal(wanted[name], found[name]) for name in wanted)
    assert here.report == there.report
    assert same_files(here, there)


def test_a_loop_across_actors_moves_by_its_delay(by_node):
    a, b = Reservoir(units=5, name="a"), Reservoir(units=6, name="b")
    graph = (Input() >> a >> delay(4) >> b >> Ridge()) & (b >> delay(9) >> a)
    here, there = (ng.Model(graph, seed=1, engine=e) for e in ("local", by_node))
    for model in (here, there):
        model.fit(X[:100], Y[:100], warmup=5)
    same_params(here, there)
    wanted, found = (model.run(X[:50], outputs=["ridge", "b"]) for model in (here, there))
    assert all(np.array_equal(wanted[name], found[name]) for name in wanted)


def test_online_learning_generation_and_steps_are_those_of_local(ray_engine):
    found = []
    for engine in ("local", ray_engine):
        model = ng.Model(Input() >> Reservoir(units=15) >> RLS(), seed=2, engine=engine)
        first = model.partial_fit(X, Y)
        free = model.generate(30, prompt=X[:50])
        steps = np.stack([model.step(row) for row in X[:5]])
        found.append((first, free, steps, *model.params["rls"]))
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))


def test_a_list_of_series_is_learned_by_replicas(ray_engine):
    xs = [X[: 50 + i % 90] for i in range(60)]
    ys = [Y[: len(x)] for x in xs]
    here, there = (ng.Model(Input() >> Reservoir(units=60) >> Ridge(), seed=2, engine=e)
                   for e in ("local", ray_engine))  # fmt: skip
    for model in (here, there):
        model.fit(xs, ys, warmup=5)
    same_params(here, there)
    wanted, found = here.run(xs), there.run(xs)
    assert all(np.array_equal(a, b) for a, b in zip(wanted, found, strict=True))


class Killer(Silent):
    """Kills an actor each time that so many steps have been sent."""

    def __init__(self, engine, *steps):
        self.engine, self.left, self.sent, self.killed = engine, list(steps), 0, []

    def advance(self, n_steps):
        self.sent += n_steps
        if self.left and self.sent >= self.left[0]:
            self.left.pop(0)
            pids = self.engine.pids()
            self.killed.append(pids[len(self.killed) % len(pids)])
            os.kill(self.killed[-1], signal.SIGKILL)


def test_actors_that_are_killed_leave_no_trace(ray_engine):
    x = RNG.standard_normal((60_000, 2))
    y = np.cumsum(x, axis=0) % 3
    found = []
    killer, lost = Killer(ray_engine, 7_000, 40_000), ray_engine.watch.lost
    for engine, progress in (("local", None), (ray_engine, killer)):
        model = ng.Model(Input() >> Reservoir(units=60) >> RLS(), seed=2, engine=engine)
        ys = model.partial_fit(x, y, progress=progress)
        found.append((ys, *model.params["rls"], *model.state["reservoir"]))
    assert len(killer.killed) == 2
    assert ray_engine.watch.lost > lost
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))


def test_learning_curves_are_those_of_local_though_an_actor_is_killed(ray_engine):
    x = RNG.standard_normal((30_000, 2))
    y = np.cumsum(x, axis=0) % 3
    found = []
    killer, lost = Killer(ray_engine, 9_000), ray_engine.watch.lost
    graph = Input() >> Reservoir(units=30, rule=Oja(), name="r") >> RLS(name="out")
    for engine, progress in (("local", None), (ray_engine, killer)):
        model = ng.Model(graph, seed=2, engine=engine)
        model.partial_fit(x, y, progress=progress, watch=True)
        found.append(model.curves)
    assert ray_engine.watch.lost == lost + 1
    assert found[0]["out"]["step"][-1] == 30_000
    for name, curve in found[0].items():
        for what, values in curve.items():
            np.testing.assert_array_equal(values, found[1][name][what], f"{name}.{what}")


def test_what_goes_wrong_there_is_raised_here(ray_engine):
    wild = Input() >> Reservoir(units=5, activation="identity", spectral_radius=9)
    with pytest.raises(DivergenceError, match="reservoir: output is no longer finite"):
        ng.Model(wild, engine=ray_engine).run(np.ones((2000, 1)))


def test_a_node_that_raises_or_kills_its_worker_is_named_with_chunk_and_steps(ray_engine, tmp_path):
    class Bomb(ng.Node):
        """Raises at 2 and ends its process at 3."""

        def step(self, params, state, x):
            if x.max() == 2:
                raise ValueError("two")
            if x.max() == 3:
                time.sleep(0.5)  # until what was done before has been handed on
                os.kill(os.getpid(), signal.SIGKILL)
            return state, x

    engine = ng.RayEngine(placement="node", chunk=40, timeout=60, restarts=1)
    graph = Bomb() >> RLS()
    x = np.zeros((200, 1))
    x[130] = 2
    with pytest.raises(ValueError, match="two") as caught:
        ng.Model(graph, engine=engine).partial_fit(x, x)
    assert caught.value.__notes__ == ["in node 'bomb', chunk 3: steps 120 to 159"]
    x[130] = 3
    words = r"lost 2 times .* that of bomb, at chunk 3: steps 120 to 159 .* kept in .*kept.safete"
    with pytest.raises(EngineError, match=words):
        ng.Model(graph, engine=engine).partial_fit(x, x, checkpoint=tmp_path / "kept.safetensors")
    assert (tmp_path / "kept.safetensors").exists()


def test_a_node_that_cannot_be_sent_is_named(ray_engine):
    class Locked(ng.Node):
        """A node with a lock.

        Parameters
        ----------
        lock : object
        """

        lock: object = None

        def step(self, params, state, x):
            return state, x

    graph = Input() >> Locked(lock=threading.Lock())
    with pytest.raises(EngineError, match="locked: cannot be sent to a worker"):
        ng.Model(graph, engine=ray_engine).run(X)


def test_a_module_that_workers_do_not_have_is_named(ray_engine, tmp_path, monkeypatch):
    ray_engine.cpus()  # from now on workers look for modules where they were
    (tmp_path / "far_away_nodes.py").write_text(
        "import nodegraph as ng\n\nclass Far(ng.Node):\n"
        '    """A node."""\n\n'
        "    def step(self, params, state, x):\n        return state, x\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import far_away_nodes

    graph = Input() >> far_away_nodes.Far()
    with pytest.raises(EngineError, match=r"far_away_nodes.*py_modules"):
        ng.Model(graph, engine=ray_engine).run(X)


def test_free_running_actors_give_values_of_the_last_few_chunks(ray_engine):
    ray_engine.cpus()
    x = np.arange(1.0, 201)[:, None]
    engine = ng.RayEngine(placement="node", sync=False, stale=3, chunk=1, timeout=60)
    ys = ng.Model(Input() >> Identity() >> Identity(), engine=engine).run(x)
    age = x - ys
    assert 0 <= age.min() and age.max() <= 2 * 3
    assert set(engine.watch.stale) <= {0, 1, 2, 3}
    assert "chunks old" in engine.news()


def test_too_few_cpus_are_told_at_once_and_nothing_is_left_behind(ray_engine):
    ray_engine.cpus()
    greedy = ng.RayEngine(num_cpus=999)
    begin = time.monotonic()
    with pytest.raises(EngineError, match=r"no room for its worker: it wants 999 CPUs"):
        ng.Model(Input() >> Reservoir(units=5), engine=greedy).run(X)
    assert time.monotonic() - begin < 15
    assert greedy.pids() == []


def test_a_resource_that_no_machine_has_is_named(ray_engine):
    ray_engine.cpus()
    odd = ng.RayEngine(nodes={"reservoir": {"resources": {"warp_drive": 1}}})
    with pytest.raises(EngineError, match="warp_drive"):
        ng.Model(Input() >> Reservoir(units=5), engine=odd).run(X)


def listening(pids):
    """Return the addresses on which processes listen, as /proc has them."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                target = os.readlink(link)
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[9] in inodes:
                found.append(words[1].split(":")[0])
    return found


def family(pid):
    """Return a process and all that it started."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    pids = {pid}
    while more := {p for p, parent in parents.items() if parent in pids} - pids:
        pids |= more
    return pids


def test_all_sockets_are_on_loopback(ray_engine):
    ray_engine.cpus()
    found = listening(family(os.getpid()))
    assert len(found) >= 4
    loopback = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
    assert set(found) <= loopback


def test_a_wrong_token_is_refused(ray_engine):
    import subprocess
    import sys

    ray_engine.cpus()
    import ray

    address = ray.get_runtime_context().gcs_address
    script = f"import ray; ray.init({address!r}, log_to_driver=False)"
    wrong = {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64}
    wrong |= {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}  # or ray would not use 127.0.0.1
    wrong |= {"RAY_NUM_REDIS_GET_RETRIES": "1"}  # it asks 20 times, once a second
    wrong.pop("RAY_AUTH_TOKEN_PATH", None)
    done = subprocess.run([sys.executable, "-c", script], env=wrong, capture_output=True,
                          text=True, timeout=90)  # fmt: skip
    assert done.returncode
    assert "token" in done.stderr.lower()


def test_copies_of_a_model_share_the_engine_and_files_do_not_hold_it(ray_engine):
    model = ng.Model(Input() >> Reservoir(units=5), engine=ray_engine)
    assert copy.deepcopy(model)._own_engine.execute.__self__ is ray_engine
    again = pickle.loads(pickle.dumps(model))._own_engine.execute.__self__
    assert again is not ray_engine
    assert repr(again) == repr(ray_engine)
