import sys
from types import ModuleType, SimpleNamespace

from small_graph import call, fails

from nodegraph.engines.ray.engine import RayEngine
from nodegraph.engines.ray.head import Head

ROWS = [{"machine": name, "CPUs": cpus} for name, cpus in (("a", "4"), ("b", "4"), ("c", "lost"))]


def surveyed(monkeypatch, *unfit):
    monkeypatch.setattr(RayEngine, "survey", lambda self: ("Ray 9.9 at a:6379", ROWS, [*unfit]))


def test_a_cluster_is_shown_on_one_screen(monkeypatch):
    surveyed(monkeypatch)
    done = call("cluster", "--address", "a:6379")
    assert done.exit_code == 0
    assert "Ray 9.9 at a:6379" in done.stdout and "lost" in done.stdout
    assert "all 2 machines have the same nodegraph" in done.stdout


def test_a_machine_that_cannot_run_nodes_is_told_by_the_exit_too(monkeypatch):
    surveyed(monkeypatch, "b: numpy 1.26, here 2.0")
    done = call("cluster", "--address", "a:6379")
    assert done.exit_code == 1 and "b: numpy 1.26, here 2.0" in done.stdout


def test_what_a_run_would_take_is_shown_by_stage(monkeypatch, small):
    surveyed(monkeypatch)
    rows = [{"actor": "1", "nodes": "reservoir, readout"}]
    monkeypatch.setattr(RayEngine, "preview", lambda *_: (rows, "there is room for it"))
    done = call("cluster", small, "--address", "a:6379")
    assert "a run, stage 1: readout" in done.stdout and "there is room for it" in done.stdout


def connected(monkeypatch, here):
    ray = ModuleType("ray")
    ray.is_initialized = lambda: here is not None
    ray.get_runtime_context = lambda: SimpleNamespace(gcs_address=here)
    ray.util = SimpleNamespace(client=SimpleNamespace(ray=SimpleNamespace(is_connected=bool)))
    monkeypatch.setitem(sys.modules, "ray", ray)


def test_a_process_stays_with_the_cluster_that_it_is_connected_to(monkeypatch):
    connected(monkeypatch, "127.0.0.1:6379")
    said = fails("cluster", "--address", "127.0.0.1:1")
    assert "is connected to the Ray at 127.0.0.1:6379 already, so it cannot join the one" in said
    monkeypatch.setattr(Head, "wait", lambda head: None)
    engine = RayEngine("10.0.0.7:6379")  # the same by another name
    assert engine._cluster.join() is sys.modules["ray"]


def test_nobody_is_there(monkeypatch):
    connected(monkeypatch, None)
    assert "no Ray answers at address '127.0.0.1:1'" in fails("cluster", "--address", "127.0.0.1:1")
