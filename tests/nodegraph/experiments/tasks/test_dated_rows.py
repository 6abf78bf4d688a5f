"""A table of days as a task: the model knows when the last row was that its stream has seen."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning, SpecError

YAML = """nodegraph: 1
name: g
nodes:
  u: {kind: Input}
  pool: {kind: Reservoir, units: 5}
  out: {kind: Ridge}
edges: [u >> pool >> out]
task:
  data: {file: days.csv, time: day}
  target: {column: load, ahead: 2}
  input: [load]
  split: {train: 40, test: 20}
  metrics: [rmse]
"""
DAYS = np.arange("2024-01-01", "2024-04-10", dtype="M8[D]")
LOAD = np.random.default_rng(0).normal(size=100)


@pytest.fixture
def model(tmp_path):
    rows = [f"{day},{load:.17g}" for day, load in zip(DAYS, LOAD, strict=True)]
    (tmp_path / "days.csv").write_text("\n".join(["day,load", *rows]))
    (tmp_path / "g.yaml").write_text(YAML)
    made = ng.run_spec(ng.read_yaml(tmp_path / "g.yaml")).model
    made.save(tmp_path / "m.safetensors")
    return ng.load(tmp_path / "m.safetensors")


def test_it_is_that_of_the_last_row_that_was_scored(model):
    last = model._settle().stream.last
    assert model.time == last.stop == 60
    assert last.by_input["u"].time == DAYS[59]
    assert last.by_input["u"].usual == np.timedelta64(1, "D")


def test_rows_that_do_not_follow_are_told(model):
    """They were taken for the next ones without a word."""
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"load": LOAD}, index=pandas.DatetimeIndex(DAYS))
    for start in (0, 40, 70):
        with pytest.warns(DataWarning, match=r"u: rows begin at .* before end at 2024-02-29"):
            model.predict(table[start:])
    plain = model.predict(LOAD[60:, None])
    np.testing.assert_array_equal(model.predict(table[60:]), plain)


def test_a_target_that_leaves_no_input_says_what_to_write(tmp_path):
    """It was said that u has no data, and to give x."""
    (tmp_path / "days.csv").write_text("day,load\n2024-01-01,1\n2024-01-02,2\n")
    (tmp_path / "g.yaml").write_text(YAML.replace("  input: [load]\n", ""))
    with pytest.raises(SpecError, match=r"nothing is left for u, .* write input: \[load\]"):
        ng.run_spec(ng.read_yaml(tmp_path / "g.yaml"))
