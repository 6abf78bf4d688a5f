"""Two machines, one of which is switched off; a driver that is killed; a cluster that is not."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import nodegraph as ng
from nodes import RLS, Input, Reservoir

pytestmark = pytest.mark.ray

TWO = """
import sys, threading, time
import numpy as np
import ray
from ray.cluster_utils import Cluster
import nodegraph as ng
from nodes import RLS, Input, Reservoir

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
second = cluster.add_node(num_cpus=1)
cluster.wait_for_nodes()
x = np.random.default_rng(0).standard_normal((30_000, 2))
graph = Input() >> Reservoir(units=50) >> RLS()
here = ng.Model(graph, seed=1)
wanted = here.partial_fit(x, x)
engine = ng.RayEngine(cluster.address, placement="node", chunk=64, snapshot=0.3, timeout=60)
there = ng.Model(graph, seed=1, engine=engine)
there.partial_fit(x[:200], x[:200])
there = ng.Model(graph, seed=1, engine=engine)
lost = engine.watch.lost

def switch_off():
    time.sleep(0.5)
    cluster.remove_node(second, allow_graceful=False)

thread = threading.Thread(target=switch_off)
thread.start()
found = []
while thread.is_alive() or engine.watch.lost == lost:
    there = ng.Model(graph, seed=1, engine=engine)
    found.append(np.array_equal(there.partial_fit(x, x), wanted))
    same = all(np.array_equal(a, b) for a, b in zip(here.params["rls"], there.params["rls"]))
    found.append(same)
thread.join()
engine.close()
ray.shutdown()
cluster.shutdown()
print("lost", engine.watch.lost - lost, "same", all(found))
"""


def test_a_machine_that_goes_down_in_mid_stream_leaves_no_trace():
    done = subprocess.run([sys.executable, "-c", TWO], capture_output=True, text=True, timeout=220)
    assert done.returncode == 0, done.stderr[-2000:]
    words = done.stdout.split()
    assert int(words[words.index("lost") + 1]) >= 1
    assert words[-1] == "True"


DRIVER = """
import sys
import numpy as np
import nodegraph as ng
from nodegraph.model import checkpoints
from nodes import RLS, Input, Reservoir

checkpoints.EVERY = 0.2
x = np.random.default_rng(0).standard_normal((200_000, 2))
model = ng.Model(Input() >> Reservoir(units=50) >> RLS(), seed=1)
with ng.RayEngine(workers=1, chunk=256, snapshot=0.2) as engine:
    print("ready", engine.cpus(), flush=True)
    model.partial_fit(x, x, engine=engine, checkpoint=sys.argv[1])
"""


@pytest.fixture(scope="module")
def straight():
    x = np.random.default_rng(0).standard_normal((200_000, 2))
    model = ng.Model(Input() >> Reservoir(units=50) >> RLS(), seed=1)
    return x, model, model.partial_fit(x, x)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_driver_that_is_killed_is_followed_by_one_that_goes_on_locally(
    tmp_path, number, straight
):
    path = tmp_path / "c.safetensors"
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, str(path)], stdout=subprocess.PIPE)
    assert driver.stdout is not None
    assert b"ready" in driver.stdout.readline()
    while not path.exists():
        assert driver.poll() is None
        time.sleep(0.05)
    children = _children(driver.pid)
    driver.send_signal(number)
    driver.wait(30)
    driver.stdout.close()
    assert driver.returncode in (-number, 128 + number)
    x, model, wanted = straight
    resumed = ng.Model(model.graph, seed=1)
    rest = resumed.partial_fit(x, x, checkpoint=path, resume=True)
    assert len(rest) < len(wanted)
    assert np.array_equal(rest, wanted[-len(rest) :])
    for mine, theirs in zip(model.params["rls"], resumed.params["rls"], strict=True):
        assert np.array_equal(mine, theirs)
    deadline = time.monotonic() + 15
    while left := [pid for pid in children if _alive(pid) and not _is_agent(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.2)


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _is_agent(pid):
    """Tell whether it is one of Ray's agents, which take up to a minute to see that all is over."""
    try:
        with open(f"/proc/{pid}/cmdline") as line:
            return "Agent" in line.read()
    except OSError:
        return False


def _children(pid):
    found = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in found.stdout.splitlines()]
    family = {pid}
    while more := {child for child, parent in pairs if parent in family} - family:
        family |= more
    return family - {pid}


def test_an_engine_that_was_dropped_leaves_its_ray_as_a_closed_one_does():
    script = "import nodegraph as ng; print(ng.RayEngine(workers=1).cpus())"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0 and float(done.stdout) >= 1
    assert done.stderr == ""


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1"])
def test_an_address_where_no_ray_is_ends_in_one_sentence(tmp_path, address):
    script = (
        "import sys, numpy as np, nodegraph as ng\n"
        "from nodes import Input, Reservoir\n"
        "engine = ng.RayEngine(sys.argv[1])\n"
        "ng.Model(Input() >> Reservoir(units=3), engine=engine).run(np.zeros((9, 1)))\n"
    )
    env = {**os.environ, "RAY_TMPDIR": str(tmp_path)}  # where no other cluster is noted
    done = subprocess.run([sys.executable, "-c", script, address], capture_output=True, text=True,
                          timeout=60, env=env)  # fmt: skip
    assert f"EngineError: no Ray answers at address {address!r}" in done.stderr
