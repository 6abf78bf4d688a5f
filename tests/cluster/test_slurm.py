"""Jobs of a real Slurm of three nodes on this machine, as `nodegraph slurm` writes them."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from raylets import family
from safetensors.numpy import load_file

HERE = Path(__file__).parent
PATIENCE = 240  # seconds for a job
THEIRS = re.compile(r"raylet|INFO|WARN|scripts\.py|srun|slurmstepd|STEP|Killed|CANCELLED")
ENDS = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL")


@pytest.fixture(scope="session")
def environment():
    """Return what commands are started with: this Python, this nodegraph."""
    own = {name: text for name, text in os.environ.items() if not name.startswith(("RAY_", "CI"))}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin"
    return {**own, "PATH": path, "PYTHONPATH": str(HERE.parents[1])}


@pytest.fixture(scope="session")
def slurm(environment):
    """Return the environment of a Slurm of three nodes that is there for these tests alone."""
    missing = [name for name in ("slurmctld", "slurmd", "munged", "sbatch")
               if not shutil.which(name, path=environment["PATH"])]  # fmt: skip
    if missing or os.geteuid() != 0:
        pytest.skip(f"a Slurm wants root and {', '.join(missing) or 'root'}")
    folder = tempfile.mkdtemp(prefix="slurm-")
    try:
        subprocess.run(["bash", HERE / "slurm.sh", "start", folder], check=True, env=environment)
        yield {**environment, "SLURM_CONF": f"{folder}/slurm.conf"}
    finally:
        subprocess.run(["bash", HERE / "slurm.sh", "stop", folder], env=environment)
        shutil.rmtree(folder)


GRAPH = """
nodegraph: 1
name: two
nodes:
  u: {{kind: Input}}
  a: {{kind: Reservoir, units: 500}}
  b: {{kind: Reservoir, units: 500}}
  ra: {{kind: Ridge, ridge: 1.0e-6}}
  rb: {{kind: Ridge, ridge: 1.0e-6}}
edges: [u >> a >> ra, u >> b >> rb]
task:
  data: {{dataset: narma, steps: {steps}, order: 10}}
  split: {{train: {train}, warmup: 100, test: 5000}}
engine: {{kind: ray, workers: 2, num_cpus: 1}}
"""


@pytest.fixture(scope="session")
def graph(tmp_path_factory):
    """Return a graph of two reservoirs and their readouts, a few seconds of work."""
    file = tmp_path_factory.mktemp("graph") / "two.yaml"
    file.write_text(GRAPH.format(steps=45_000, train=40_000), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def local(graph, environment):
    """Return the folder of a run of the graph that nothing disturbed, in one process."""
    out = graph.parent / "local"
    words = ["nodegraph", "run", graph, "--engine", "local", "--out", out, "-q"]
    subprocess.run(words, check=True, env=environment, cwd=graph.parent)
    return out


@pytest.fixture(scope="session")
def same(local):
    """Return a function that tells whether a folder holds the arrays and scores of `local`."""

    def scores(folder):
        return json.loads((folder / "metrics.json").read_text("utf-8"))["scores"]

    def compare(folder):
        here, there = (load_file(one / "model.safetensors") for one in (local, folder))
        arrays = here.keys() == there.keys() and all(
            np.array_equal(here[name], there[name]) for name in here
        )
        return arrays and scores(local) == scores(folder)

    return compare


@pytest.fixture
def submit(slurm, graph, tmp_path):
    """Return a function that submits a job, changed where that is asked for."""

    def go(*options, change=("", ""), file=graph):
        words = ["nodegraph", "slurm", file, *map(str, options)]
        text = subprocess.run(words, env=slurm, check=True, capture_output=True, text=True).stdout
        (tmp_path / "job.sh").write_text(text.replace(*change) if change[0] else text)
        return _run(slurm, "sbatch", "--parsable", "job.sh", cwd=tmp_path)

    return go


def _run(env, *words, cwd=None):
    done = subprocess.run(words, env=env, cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def await_state(slurm, job, *wanted):
    end = time.monotonic() + PATIENCE
    while True:
        shown = _run(slurm, "scontrol", "show", "job", job, "--oneliner")
        states = set(re.findall(r"JobState=(\w+)", shown))
        if states <= set(wanted):
            return states
        assert time.monotonic() < end, shown
        time.sleep(0.3)


def test_a_good_job_has_the_bits_of_one_process_and_a_log_of_ours(submit, slurm, same, tmp_path):
    job = submit("-N", 2, "-c", 1)
    assert await_state(slurm, job, *ENDS) == {"COMPLETED"}
    log = (tmp_path / f"two-{job}.log").read_text("utf-8")
    assert same(tmp_path / "out/two")
    assert log.startswith("two\n") and "wrote out/two/model.safetensors" in log
    assert not THEIRS.search(log)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["job.sh", "out", f"two-{job}.log"]
    assert (tmp_path / "out/two/metrics.json").stat().st_mode & 0o044
    assert not _processes("raylet.*/tmp/ray-")


def test_a_worker_that_does_not_start_fails_the_job_and_is_named(submit, slurm, tmp_path):
    job = submit("-N", 2, "-c", 1, change=('options+=(--address="$1")', "options+=(--no-such)"))
    assert await_state(slurm, job, *ENDS) == {"FAILED"}
    log = (tmp_path / f"two-{job}.log").read_text("utf-8")
    assert log.startswith("nodegraph: error: Ray did not start on n2, of 2 machines; what it said")
    assert log.count("\n") == 1
    assert "No such option" in (tmp_path / f"two-{job}.ray/n2.log").read_text("utf-8")


OFTEN = """
from nodegraph.model import checkpoints

checkpoints.EVERY = 0.5
from nodegraph.cli import main

main()
"""


def under_way(tmp_path):
    """Wait until some of it is learned and kept; return when that was written."""
    checkpoint, end = tmp_path / "out/two/checkpoint.safetensors", time.monotonic() + PATIENCE
    while not checkpoint.exists():
        assert time.monotonic() < end
        time.sleep(0.1)
    return checkpoint.stat().st_mtime_ns


def test_a_warning_of_slurm_keeps_learning_and_the_job_goes_on(submit, slurm, same, tmp_path):
    (tmp_path / "often.py").write_text(OFTEN, encoding="utf-8")
    job = submit("-N", 2, "-c", 1, change=("(nodegraph run", "(python3 often.py run"))
    under_way(tmp_path)
    _run(slurm, "scancel", "-b", "-s", "USR1", job)
    await_state(slurm, job, "PENDING")
    assert (tmp_path / "out/two/checkpoint.safetensors").exists()
    time.sleep(2)
    _run(slurm, "scontrol", "update", f"jobid={job}", "starttime=now")
    time.sleep(1)
    assert await_state(slurm, job, *ENDS) == {"COMPLETED"}
    log = (tmp_path / f"two-{job}.log").read_text("utf-8")
    assert "goes on from out/two/checkpoint.safetensors" in log and "from step " in log
    assert same(tmp_path / "out/two")


def test_scancel_keeps_learning_for_the_next_job(submit, slurm, same, tmp_path):
    (tmp_path / "often.py").write_text(OFTEN, encoding="utf-8")
    often = ("(nodegraph run", "(python3 often.py run")
    job = submit("-N", 2, "-c", 1, change=often)
    under_way(tmp_path)
    _run(slurm, "scancel", job)
    assert await_state(slurm, job, *ENDS) == {"CANCELLED"}
    kept = under_way(tmp_path)
    end = time.monotonic() + PATIENCE
    while _processes("raylet.*/tmp/ray-"):  # the node still ends what ran there
        assert time.monotonic() < end
        time.sleep(0.1)
    again = submit("-N", 2, "-c", 1, change=often)
    assert await_state(slurm, again, *ENDS) == {"COMPLETED"}
    assert "learning goes on from step " in (tmp_path / f"two-{again}.log").read_text("utf-8")
    assert kept and same(tmp_path / "out/two")


def _processes(pattern):
    found = subprocess.run(["pgrep", "-f", pattern], capture_output=True, text=True)
    return [int(pid) for pid in found.stdout.split()]


def running_on(slurm, node):
    """Return the daemons of a node, which have its log open, and all that they started."""
    log = str(Path(slurm["SLURM_CONF"]).parent / f"log/slurmd.{node}.log")
    return [
        one
        for pid in _processes("slurmd|slurmstepd")
        if log in {os.path.realpath(fd) for fd in Path(f"/proc/{pid}/fd").glob("*")}
        for one in family(pid)
    ]


def test_a_node_that_is_lost_puts_the_job_back_and_it_goes_on_another(
    submit, slurm, same, tmp_path
):
    (tmp_path / "often.py").write_text(OFTEN, encoding="utf-8")
    job = submit("-N", 2, "-c", 1, change=("(nodegraph run", "(python3 often.py run"))
    under_way(tmp_path)
    for pid in running_on(slurm, "n2"):
        os.kill(pid, signal.SIGKILL)
    _run(slurm, "scontrol", "update", "nodename=n2", "state=down", "reason=lost")  # or 20 s later
    await_state(slurm, job, "PENDING")
    _run(slurm, "scontrol", "update", f"jobid={job}", "starttime=now")
    time.sleep(1)
    assert await_state(slurm, job, *ENDS) == {"COMPLETED"}
    assert "learning goes on from step " in (tmp_path / f"two-{job}.log").read_text("utf-8")
    assert same(tmp_path / "out/two")


def test_seeds_are_an_array_with_a_folder_for_each(submit, slurm, tmp_path):
    file = tmp_path / "two.yaml"
    small = GRAPH.format(steps=9_000, train=4_000).partition("engine:")[0]
    file.write_text(small, encoding="utf-8")
    job = submit("-N", 1, "-c", 1, "--seeds", 2, file=file)
    assert await_state(slurm, job, *ENDS) == {"COMPLETED"}
    done = {path.parent.name for path in tmp_path.glob("out/two/*/metrics.json")}
    assert done == {"seed=0", "seed=1"}
    assert not list(tmp_path.glob("*.ray"))
