"""Names of columns and dates of rows, from a file to scores, pictures and the report."""

import json
from datetime import date, timedelta

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError
from nodegraph.experiments.tasks.experiment import run_spec
from nodegraph.experiments.tasks.run_folder import outcome, portraits, write
from nodegraph.files.yaml.spec import read_yaml
from nodegraph.metrics import nrmse, rmse

N, TRAIN = 120, 80
DAYS = [str(date(2020, 1, 1) + timedelta(days=i)) for i in range(N)]
VALUES = np.round(np.random.default_rng(0).normal(size=(N, 3)).cumsum(axis=0), 4)
HEAD = """\
nodegraph: 1
name: weather
nodes: {{u: {{kind: Input}}, r: {{kind: Reservoir, units: 8, input_scaling: 0.05}}, {readouts}}}
edges: [{edges}]
task:
  data: {{file: w.csv, time: day}}
  split: {{train: 80, warmup: 5}}
  metrics: [nrmse, {{rmse: {{}}}}]
"""
ONE = HEAD.format(readouts="o: {kind: Ridge}", edges="u >> r >> o")
TWO = HEAD.format(readouts="a: {kind: Ridge}, b: {kind: Ridge}", edges="u >> r >> a, r >> b")


def result(folder, text):
    rows = [",".join([day, *map(str, row)]) for day, row in zip(DAYS, VALUES.tolist(), strict=True)]
    (folder / "w.csv").write_text("\n".join(["day,temp,wind,load", *rows]))
    (folder / "g.yaml").write_text(text)
    return run_spec(read_yaml(folder / "g.yaml"))


def named(axes):
    return [tick.get_text() for tick in axes.get_yticklabels()]


def dates(line):
    return np.asarray(line.get_xdata()).astype("M8[D]").astype(str).tolist()


def test_a_forecast_has_the_dates_of_what_is_forecast(tmp_path):
    found = result(tmp_path, ONE + "  target: {forecast: 3, columns: [load, temp]}\n")
    titles = found.trial.titles("o")
    assert titles.names == ("load", "temp") and list(titles.times) == DAYS[3:]
    axes = outcome(found)
    assert named(axes) == ["load", "temp"] and axes.get_xlabel() == "day"
    assert dates(axes.lines[0]) == DAYS[TRAIN + 3 :]


def test_each_of_several_targets_has_names_and_dates_of_its_own(tmp_path):
    found = result(tmp_path, TWO + "  targets: {a: {forecast: 2}, b: {column: wind}}\n")
    a, b = (found.trial.titles(node) for node in "ab")
    assert (a.names, a.times[0]) == (("temp", "wind", "load"), DAYS[2])
    assert (b.names, list(b.times)) == (("wind",), DAYS)
    assert dates(outcome(found).lines[0])[0] == DAYS[TRAIN + 2]


def test_scores_stand_by_column_beside_their_mean(tmp_path):
    found = result(tmp_path, ONE + "  target: {forecast: 1}\n  baselines: [mean]\n")
    truth, guess = VALUES[TRAIN + 1 :], found.guess["o"]
    for score, said in (
        (found.scores[0], guess),
        (found.scores[1], truth * 0 + VALUES[6:81].mean(0)),
    ):
        assert list(score.columns) == ["temp", "wind", "load"]
        for i, each in enumerate(score.columns.values()):
            assert each["nrmse"] == pytest.approx(nrmse(truth[:, i], said[:, i]))
            assert each["rmse"] == pytest.approx(rmse(truth[:, i], said[:, i]))
        mean = np.mean([each["nrmse"] for each in score.columns.values()])
        assert score.values["nrmse"] == pytest.approx(mean)
    _, facts, *_, page, _ = write(found, tmp_path / "out")
    kept = json.loads(facts.read_text())
    assert kept["scores"][0]["columns"] == found.scores[0].columns
    assert kept["data"] == list(found.trial.data.told)
    assert "column day calls the rows" in kept["data"][0]
    text = page.read_text()
    assert "<h2>Scores by column</h2>" in text and "<td>wind</td>" in text
    assert "Data: read 120 rows of 3 numbers from w.csv" in text


def test_one_column_and_columns_without_names(tmp_path):
    found = result(tmp_path, ONE + "  target: {column: load}\n")
    assert found.scores[0].columns == {}
    assert outcome(found).get_ylabel() == "load"
    bare = ONE.replace("file: w.csv, time: day", "dataset: lorenz, steps: 120, substeps: 2")
    found = result(tmp_path, bare + "  target: {forecast: 1}\n")
    assert list(found.scores[0].columns) == ["0", "1", "2"]
    axes = outcome(found)
    assert named(axes) == ["output 0", "output 1", "output 2"]
    assert axes.lines[0].get_xdata()[0] == TRAIN


def test_what_is_generated_has_names_and_the_date_it_begins_behind(tmp_path):
    target = "  target: {generate: 6, prompt: 10, windows: 2}\n"
    found = result(tmp_path, ONE + target)
    windows = found.trial.data.windows
    for window in windows:
        np.testing.assert_array_equal(VALUES[window.first : window.first + 6], window.truth)
    axes = outcome(found)
    assert named(axes) == ["temp", "wind", "load"]
    assert axes.get_xlabel() == f"steps after the prompt, which ends at {DAYS[TRAIN + 9]}"
    phase = portraits(found)["What the model generates, one variable over another"]
    assert (phase.get_xlabel(), phase.get_ylabel()) == ("temp", "wind")
    by_node = ONE.replace("  split", "  input: {u: [load, temp]}\n  split")
    found = result(tmp_path, by_node + target.replace("windows: 2", "loop: {u: o}"))
    assert found.trial.titles("").names == ("load", "temp")


def test_times_that_are_neither_numbers_nor_dates_leave_steps_on_the_axis(tmp_path):
    found = result(tmp_path, ONE + "  target: {forecast: 1}\n")
    titles = found.trial.titles("o")._replace(times=tuple(f"day {i}" for i in range(N - 1)))
    object.__setattr__(found.trial.data, "titles", {"": titles})
    assert outcome(found).get_xlabel() == "time (steps)"


def swapped(names):
    return np.rec.fromarrays(
        VALUES[:9, ["temp wind load".split().index(n) for n in names]].T, names=names
    )


def test_a_model_from_yaml_knows_the_columns_that_it_learned_from(tmp_path):
    model = result(tmp_path, ONE + "  target: {forecast: 3, columns: [load, temp]}\n").model
    model.save(tmp_path / "m.safetensors")
    model = ng.load(tmp_path / "m.safetensors")
    assert model.columns == {"u": ("temp", "wind", "load")}
    assert model.target_columns == {"o": ("load", "temp")}
    with pytest.raises(DataError, match="in the order 'wind', 'temp', 'load'; the model learned"):
        model.run(swapped(["wind", "temp", "load"]))
    said = model.reset().run(swapped(["temp", "wind", "load"]))
    assert np.array_equal(said, model.reset().run(VALUES[:9]))


def test_names_of_columns_change_no_bit_of_what_is_learned(tmp_path):
    found = result(tmp_path, TWO + "  targets: {a: {forecast: 2}, b: {column: wind}}\n").model
    x, rows = VALUES[:, [0, 2]], slice(TRAIN)
    y = {"a": VALUES[2:][rows], "b": VALUES[rows, [1]]}
    again = ng.Model(found.graph, seed=found.seed).fit(x[rows], y, warmup=5)
    assert found.columns == {"u": ("temp", "load")}
    for name in "ab":
        assert np.array_equal(found.params[name].W_out, again.params[name].W_out)


def test_columns_of_chosen_inputs_are_known_by_node(tmp_path):
    text = ONE.replace("u: {kind: Input}", "u: {kind: Input}, v: {kind: Input}")
    text = text.replace("u >> r >> o", "u >> r >> o, v >> r") + "  target: {forecast: 1}\n"
    model = result(tmp_path, text + "  input: {u: [load, temp], v: [1]}\n").model
    assert model.columns == {"u": ("load", "temp"), "v": ("wind",)}


def test_recordings_teach_the_names_of_their_columns(tmp_path):
    rng = np.random.default_rng(0)
    for label in ("rest", "wave"):
        (tmp_path / "g" / label).mkdir(parents=True)
        for i in range(4):
            rows = [f"{a:.3f},{b:.3f}" for a, b in rng.normal(size=(6, 2))]
            (tmp_path / "g" / label / f"{i}.csv").write_text("\n".join(["ax,ay", *rows]))
    text = ONE.replace("{file: w.csv, time: day}", "{folder: g}").replace(
        "split: {train: 80, warmup: 5}", "split: {train: 4}"
    )
    text = text.replace("metrics: [nrmse, {rmse: {}}]", "metrics: [accuracy]")
    assert result(tmp_path, text).model.columns == {"u": ("ax", "ay")}


def test_columns_may_be_called_by_numbers(tmp_path):
    text = ONE.replace("time: day}", "time: day, names: [day, '2', '0', '1']}")
    model = result(tmp_path, text + "  target: {forecast: 1}\n").model
    assert model.columns == {"u": ("2", "0", "1")}
