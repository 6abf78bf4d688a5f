"""What the time of a run is told to have gone into."""

import pytest

from nodegraph.experiments.tasks import experiment as experiments
from nodegraph.files.yaml.spec import read_text

TASK = """\
nodegraph: 1
name: small
nodes:
  u: {kind: Input}
  readout: {kind: Ridge}
edges:
  - u >> readout
task:
  data: {dataset: mackey_glass, steps: 100}
  target: {forecast: 2}
  split: {train: 60}
  metrics: [nrmse]
"""


def test_each_part_of_a_run_has_a_time_of_its_own(monkeypatch):
    now = 0.0

    def taking(seconds, function):
        def slow(*args, **options):
            nonlocal now
            now += seconds
            return function(*args, **options)

        return slow

    parts = {"Model": 1.0, "_trial_of": 10.0, "rehearse": 100.0, "_learn": 1000.0}
    for name, seconds in parts.items():
        monkeypatch.setattr(experiments, name, taking(seconds, getattr(experiments, name)))
    monkeypatch.setattr(experiments, "perf_counter", lambda: now)
    found = experiments.run_spec(read_text(TASK)).seconds
    wanted = {"model": 1.0, "data": 10.0, "check": 100.0, "fit": 1000.0, "score": 0.0}
    assert list(found) == list(wanted)
    assert found == pytest.approx(wanted)
