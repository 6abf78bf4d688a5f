"""Rows at any time, where a node is told how long each step is."""

import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.data.time_steps import odd_steps, steps_told
from nodegraph.errors import DataWarning
from nodes import CTRNN, Input, Reservoir, Ridge

GAPS = np.random.default_rng(1).exponential(60, 200).round() + 3
TIMES = np.datetime64("2024-01-01", "s") + GAPS.cumsum().astype(int)
X = np.sin(GAPS.cumsum() / 300)


def said(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(w.message) for w in caught if issubclass(w.category, DataWarning)]


def test_gaps_pass_where_steps_are_told_and_times_that_go_back_do_not():
    assert odd_steps(TIMES).startswith("rows are no equal steps apart")
    with steps_told():
        assert odd_steps(TIMES) == ""
        assert odd_steps(TIMES[::-1]).startswith("rows go back in time")
    assert odd_steps(TIMES) != ""


@pytest.mark.parametrize("told", [True, False])
def test_tables_at_any_time_are_no_fault_where_a_port_dt_is_wired(told):
    pandas = pytest.importorskip("pandas")
    x = pandas.DataFrame({"x": X}, index=TIMES)
    dt = pandas.DataFrame({"dt": GAPS}, index=TIMES)
    u, gaps = Input(name="u"), Input(name="gaps")
    cell = CTRNN(units=8, tau=60.0, name="cell") if told else Reservoir(units=8, name="cell")
    graph = (u >> cell >> Ridge()) & (gaps >> (cell["dt"] if told else cell))
    model = ng.Model(graph, seed=1)
    found = said(lambda: model.fit({"u": x, "gaps": dt}, x, ahead=1))
    assert any("no equal steps apart" in each for each in found) == (not told), found


@pytest.mark.parametrize("told", [True, False])
def test_files_of_rows_at_any_time_are_no_fault_where_a_port_dt_is_wired(told, tmp_path):
    rows = [f"{t},{v:.6f},{gap}" for t, v, gap in zip(TIMES, X, GAPS, strict=True)]
    (tmp_path / "x.csv").write_text("\n".join(["when,x,dt", *rows]), encoding="utf-8")
    (tmp_path / "g.yaml").write_text(
        "nodegraph: 1\nnodes: {u: {kind: Input}, gaps: {kind: Input}, "
        "cell: {kind: CTRNN, units: 8, tau: 60.0}, out: {kind: Ridge}}\n"
        f"edges: [u >> cell >> out, 'gaps >> {'cell[dt]' if told else 'cell'}']\n"
        "task:\n  data: {file: x.csv, time: when}\n  input: {u: [x], gaps: [dt]}\n"
        "  target: {forecast: 1, columns: [x]}\n  split: {train: 150}\n  metrics: [rmse]\n"
    )
    spec = ng.read_yaml(tmp_path / "g.yaml")
    found = said(lambda: ng.run_spec(spec))
    assert any("no equal steps apart" in each for each in found) == (not told)
