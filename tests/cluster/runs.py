"""`nodegraph run` on a small graph, ended in mid-stream in one way or another."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
from safetensors.numpy import load_file

GRAPH = """
nodegraph: 1
name: small
seed: 1
nodes:
  u:  {kind: Input}
  a:  {kind: Reservoir, units: 400}
  b:  {kind: Reservoir, units: 400}
  ra: {kind: Ridge, ridge: 1.0e-6}
  rb: {kind: Ridge, ridge: 1.0e-6}
edges:
  - u >> a >> ra
  - u >> b >> rb
engine: {kind: ray}
task:
  data: {dataset: narma, steps: 65000}
  split: {train: 60000, warmup: 100}
  metrics: [nrmse]
"""
SERIES = """
nodegraph: 1
name: small
seed: 1
nodes:
  u:  {kind: Input}
  a:  {kind: Reservoir, units: 1000}
  ra: {kind: Ridge, ridge: 1.0e-6}
edges:
  - u >> a >> ra
engine: {kind: ray}
task:
  data: {file: series.npy}
  target: {forecast: 3}
  split: {train: 220, warmup: 10, test: 20}
  metrics: [nrmse]
"""


def series_file(folder):
    """Write 240 independent series of 250 steps of 8 columns."""
    steps = np.random.default_rng(0).standard_normal((240, 250, 8)).cumsum(axis=1)
    np.save(folder / "series.npy", np.sin(steps / 5).astype(np.float32))


OFTEN = (
    "from nodegraph.model import checkpoints; checkpoints.EVERY = 0.5\n"
    "from nodegraph.cli import main; main()"
)
OURS = ("note: ", "warning: ", "interrupted: ", "error: ")
LONGEST = 240.0  # seconds of a run


class Run:
    """A run into a folder, and what it said."""

    def __init__(self, folder, *words, env=None, changes=(), text=GRAPH):
        self.folder = folder
        self.checkpoint = folder / "out" / "checkpoint.safetensors"
        graph = folder / "small.yaml"
        graph.write_text(text, encoding="utf-8")
        changed = [word for change in changes for word in ("--set", change)]
        self.begin, self._before = time.monotonic(), self._stamp()
        self.process = subprocess.Popen(
            [sys.executable, "-c", OFTEN, "run", graph, "--out", folder / "out", *words, *changed],
            env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip

    def _stamp(self):
        return self.checkpoint.stat().st_mtime_ns if self.checkpoint.exists() else 0

    def under_way(self):
        """Wait until some of it is learned and kept."""
        while self._stamp() == self._before:
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() - self.begin < LONGEST
            time.sleep(0.02)
        return self

    def signal(self, *numbers, group=False, pause=1.0):
        """Send signals, one after the other."""
        for i, number in enumerate(numbers):
            time.sleep(pause * bool(i))
            (os.killpg if group else os.kill)(self.process.pid, number)
        return self

    def end(self):
        """Wait for its end; return its exit status."""
        since = time.monotonic()
        try:
            self.out, self.err = self.process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise
        self.took = time.monotonic() - since
        return self.process.returncode

    def arrays(self):
        """Return all that the model has learned."""
        return load_file(self.folder / "out" / "model.safetensors")


def others_words(said):
    """Return the lines that are not ours."""
    return [line for line in said.splitlines() if line and not line.startswith(OURS)]


def same_bits(one, other):
    """Hold two results to the same arrays."""
    assert one.keys() == other.keys()
    for name, array in one.items():
        assert array.dtype == other[name].dtype, name
        assert np.array_equal(array, other[name], equal_nan=True), name
