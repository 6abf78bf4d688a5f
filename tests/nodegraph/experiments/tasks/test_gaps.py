"""Tasks whose inputs have empty cells, in graphs that fill them and in others."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import errors, metrics
from nodegraph.experiments.tasks.experiment import Experiment, run_spec

TEMP = np.sin(np.arange(400) / 9)
WIND = np.cos(np.arange(400) / 13)
NO_TEMP, NO_WIND = range(5, 400, 37), range(7, 400, 41)


def spec(folder, target="{forecast: 3}", *, nodes="hold: {kind: Hold}, ", edges="hold >> "):
    cells = [[str(a), str(b)] for a, b in zip(TEMP, WIND, strict=True)]
    for column, rows in enumerate((NO_TEMP, NO_WIND)):
        for row in rows:
            cells[row][column] = ""
    lines = ["Temp,Wind", *(",".join(row) for row in cells)]
    (folder / "wind.csv").write_text("\n".join(lines))
    (folder / "graph.yaml").write_text(
        "nodegraph: 1\nseed: 1\n"
        f"nodes: {{u: {{kind: Input}}, {nodes}scaler: {{kind: Scaler}}, "
        "reservoir: {kind: Reservoir, units: 20}, readout: {kind: Ridge}}\n"
        f"edges: u >> {edges}scaler >> reservoir >> readout\n"
        f"task:\n  data: {{file: wind.csv}}\n  target: {target}\n"
        "  split: {train: 300, warmup: 20}\n  metrics: [rmse]\n"
        "  baselines: [persistence, linear, mean]\n"
    )
    return ng.read_yaml(folder / "graph.yaml")


def data():
    rows = np.column_stack([TEMP, WIND])
    rows[NO_TEMP, 0] = np.nan
    rows[NO_WIND, 1] = np.nan
    return rows


def test_a_forecast_of_data_with_gaps_is_learned_and_scored_as_in_python(tmp_path):
    given = spec(tmp_path)
    found = run_spec(given)
    x, y = ng.datasets.to_forecasting(data(), 3)
    model = ng.Model(given.graph, seed=1).fit(x[:300], y[:300], warmup=20)
    expected = metrics.rmse(y[300:], model.run(x[300:]))
    assert found.scores[0].values["rmse"] == expected
    assert found.trial.scored_on == "97 test rows (4 without a target left out)"
    assert all(np.isfinite(score.values["rmse"]) for score in found.scores)


def test_rows_whose_target_column_is_empty_are_not_scored(tmp_path):
    found = run_spec(spec(tmp_path, "{column: Wind}"))
    known = np.isfinite(data()[300:, 1])
    last = data()[299:-1, 1]
    gaps = np.flatnonzero(np.isnan(last))
    last[gaps] = last[gaps - 1]
    by_name = {score.model: score.values["rmse"] for score in found.scores}
    expected = np.sqrt(np.mean((last - WIND[300:])[known] ** 2))
    assert by_name["persistence"] == pytest.approx(expected, rel=1e-12)
    assert found.trial.scored_on == "100 test rows (2 without a target left out)"


def test_gaps_that_no_node_fills_are_refused_with_their_row(tmp_path):
    said = r"task\.data: input: NaN in row 5, column 0 \('Temp'\); fill"
    with pytest.raises(errors.SpecError, match=said):
        Experiment.of(spec(tmp_path, nodes="", edges=""))


def test_gaps_are_refused_where_the_series_is_generated(tmp_path):
    with pytest.raises(errors.SpecError, match="NaN in row 5; a task that generates needs all"):
        Experiment.of(spec(tmp_path, "{generate: 20}"))


def test_to_forecasting_lets_gaps_pass():
    x, y = ng.datasets.to_forecasting([[1.0], [np.nan], [3.0]])
    np.testing.assert_array_equal(x, [[1.0], [np.nan]])
    np.testing.assert_array_equal(y, [[np.nan], [3.0]])


def test_rivals_of_recordings_with_gaps_hear_the_last_value_before_them(tmp_path):
    rng, lines, filled = np.random.default_rng(4), [], []
    for i in range(24):
        rows = rng.normal(loc=[i % 2, 0], size=(9, 2))
        rows[rng.random((9, 2)) < 0.2] = np.nan
        whole = rows.copy()
        for column in whole.T:
            for t in range(1, 9):
                column[t] = column[t - 1] if np.isnan(column[t]) else column[t]
            column[np.isnan(column)] = column[np.isfinite(column)][0]
        for where, part in ((lines, rows), (filled, whole)):
            cells = np.where(np.isnan(part), "", part.astype(str))
            where += [f"r{i},{'ab'[i % 2]},{','.join(row)}" for row in cells]
    scores = []
    for name, rows in (("gaps", lines), ("whole", filled)):
        (tmp_path / f"{name}.csv").write_text("\n".join(["r,c,u,v", *rows]))
        (tmp_path / f"{name}.yaml").write_text(
            "nodegraph: 1\nnodes: {u: {kind: Input}, h: {kind: Hold}, m: {kind: Reduce.mean}, "
            "out: {kind: Ridge, classes: [a, b]}}\nedges: u >> h >> m >> out\ntask:\n"
            f"  data: {{file: {name}.csv, series: r, label: c}}\n  split: {{train: 16}}\n"
            "  metrics: [rmse, accuracy]\n  baselines: [linear, mean]\n"
        )
        found = run_spec(ng.read_yaml(tmp_path / f"{name}.yaml")).scores
        scores.append([score.values for score in found[1:]])
    assert scores[0] == scores[1]
    assert scores[0][0]["accuracy"] > 0.6
