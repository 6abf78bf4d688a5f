"""The table of predictions: rows, times and numbers that scores are made of."""

import csv
import json

import numpy as np
import pytest

from nodegraph import read_yaml, run_spec
from nodegraph.errors import DataWarning
from nodegraph.experiments.tasks.run_folder import write

HEAD = """
nodegraph: 1
nodes:
  u: {kind: Input}
  r: {kind: Reservoir, units: 20}
  o: {kind: Ridge, intervals: [0.1, 0.9]}
edges: [u >> r >> o]
"""
RNG = np.random.default_rng(3)


def table(task, folder, head=HEAD):
    (folder / "t.yaml").write_text(head + "task:\n" + task, encoding="utf-8")
    result = run_spec(read_yaml(folder / "t.yaml"))
    write(result, folder)
    with open(folder / "prediction.csv", newline="", encoding="utf-8") as file:
        names, *rows = csv.reader(file)
    return result, dict(zip(names, zip(*rows, strict=True), strict=True))


def test_each_row_has_its_target_with_the_time_of_it(tmp_path):
    times = np.datetime64("2024-03-01T00", "h") + np.arange(90)
    values = np.cumsum(RNG.standard_normal((90, 2)), axis=0)
    with open(tmp_path / "w.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["date", "temp", "wind, m/s"])
        writer.writerows([t, *v] for t, v in zip(times, values.tolist(), strict=True))
    task = "  data: {file: w.csv, time: date}\n  target: {forecast: 3}\n"
    result, found = table(task + "  split: {train: 60}\n  metrics: [rmse]\n", tmp_path)
    rows = np.array(found["row"], int)
    assert list(rows) == list(range(60, 87))
    assert list(found["time"]) == [str(times[i + 3]) for i in rows]
    assert np.array_equal(np.array(found["target temp"], float), values[rows + 3, 0])
    for j, name in enumerate(("temp", "wind, m/s")):
        said = np.array(found[f"prediction {name}"], float)
        assert np.array_equal(said, result.guess["o"][:, j])
        low, high = (np.array(found[f"quantile {q} {name}"], float) for q in (0.1, 0.9))
        assert np.array_equal(np.stack([low, high], axis=1), result.bounds["o"][:, j])
        off = np.array(found[f"target {name}"], float) - said
        facts = json.loads((tmp_path / "metrics.json").read_text())["scores"][0]
        assert facts["columns"][name]["rmse"] == pytest.approx(np.sqrt((off**2).mean()))


def test_series_are_numbered_and_warmup_is_left_out(tmp_path):
    xs = [RNG.standard_normal((n, 1)) for n in (30, 20, 25, 18)]
    np.savez(tmp_path / "x.npz", **{f"s{i}": x for i, x in enumerate(xs)})
    lines = [f"{i},{v:.6f}" for i, x in enumerate(xs) for v in x[:, 0]]
    (tmp_path / "x.csv").write_text("id,a\n" + "\n".join(lines), encoding="utf-8")
    task = "  data: {file: x.csv, series: id}\n  target: {forecast: 2}\n"
    task += "  split: {train: 2, warmup: 5}\n  metrics: [rmse]\n"
    result, found = table(task, tmp_path)
    lengths = [25 - 2 - 5, 18 - 2 - 5]
    assert list(found["series"]) == ["0"] * lengths[0] + ["1"] * lengths[1]
    assert list(found["name"]) == ["2"] * lengths[0] + ["3"] * lengths[1]
    assert list(map(int, found["row"])) == [*range(5, 23), *range(5, 16)]
    right = np.round(np.concatenate([xs[2][7:, 0], xs[3][7:, 0]]), 6)
    assert np.array_equal(np.array(found["target a"], float), right)
    said = np.concatenate(result.guess["o"])[:, 0]
    assert np.array_equal(np.array(found["prediction a"], float), said)


def test_series_are_called_as_the_data_call_them_and_have_the_times_of_their_targets(tmp_path):
    """Rows of machines stand among each other; targets are two rows ahead of each machine."""
    start = np.datetime64("2024-03-01T00", "h")
    rows = [(k, m, k + 7 * m, RNG.standard_normal()) for m in range(4) for k in range(20 + m)]
    lines = [f"m {m},{start + hour},{v:.6f}" for _, m, hour, v in sorted(rows)]
    (tmp_path / "x.csv").write_text("id,at,a\n" + "\n".join(lines), encoding="utf-8")
    task = "  data: {file: x.csv, series: id, time: at}\n  target: {forecast: 2}\n"
    _, found = table(task + "  split: {train: 2, warmup: 5}\n  metrics: [rmse]\n", tmp_path)
    known = {(f"m {m}", str(start + hour)): v for _, m, hour, v in rows}
    assert [*found["name"]] == ["m 2"] * 15 + ["m 3"] * 16
    assert found["time"][0] == str(start + 14 + 7) and found["time"][-1] == str(start + 21 + 22)
    told = [known[key] for key in zip(found["name"], found["time"], strict=True)]
    assert np.allclose(np.array(found["target a"], float), told, atol=1e-6)


def test_windows_begin_where_their_truth_stands_in_the_data(tmp_path):
    head = HEAD.replace(", intervals: [0.1, 0.9]", "")
    task = "  data: {dataset: mackey_glass, steps: 400}\n"
    task += "  target: {generate: 20, windows: 2, prompt: 50}\n  split: {train: 250}\n"
    result, found = table(task + "  metrics: [nrmse]\n", tmp_path, head)
    from nodegraph.data.datasets import mackey_glass

    series = mackey_glass(400)[:, 0]
    assert [found["window"].count(w) for w in "12"] == [20, 20]
    assert np.array_equal(np.array(found["target"], float), series[np.array(found["row"], int)])
    assert np.array_equal(np.array(found["prediction"], float), np.vstack(result.guess)[:, 0])


def test_classes_are_called_by_their_names(tmp_path):
    head = HEAD.replace(", intervals: [0.1, 0.9]", "")
    lines = [
        f"{i},{'up' if i % 2 else 'down'},{(1 if i % 2 else -1) * (k + 1):.1f}"
        for i in range(12)
        for k in range(6)
    ]
    (tmp_path / "c.csv").write_text("id,way,a\n" + "\n".join(lines), encoding="utf-8")
    task = "  data: {file: c.csv, series: id, label: way}\n"
    result, found = table(task + "  split: {train: 8}\n  metrics: [accuracy]\n", tmp_path, head)
    assert sorted(found["name"], key=int) == ["8", "9", "10", "11"]  # the last of each class
    ways = ["up" if int(name) % 2 else "down" for name in found["name"]]
    assert [*found["target"]] == ways
    assert set(found["target"]) == {"up", "down"}
    share = np.mean([a == b for a, b in zip(found["target"], found["prediction"], strict=True)])
    assert share == result.scores[0].values["accuracy"]
    assert np.array_equal(np.array(found["output up"], float), result.guess[:, 1])


def test_what_is_not_known_is_empty_and_what_is_too_much_is_said(tmp_path, monkeypatch):
    (tmp_path / "y.csv").write_text("".join(f"{i}\n" for i in range(40)), encoding="utf-8")
    words = ["" if i % 10 == 5 else str(i * i) for i in range(40)]
    (tmp_path / "t.csv").write_text("y\n" + "\n".join(f'"{w}"' for w in words) + "\n")
    task = "  data: {file: y.csv}\n  target: {file: t.csv}\n  split: {train: 20}\n"
    result, found = table(task + "  metrics: [rmse]\n", tmp_path)
    assert [i for i, word in enumerate(found["target y"]) if not word] == [5, 15]
    assert (tmp_path / "prediction.csv").exists()
    monkeypatch.setattr("nodegraph.experiments.tasks.result.MOST", 10)
    with pytest.warns(DataWarning, match=r"prediction.csv is not written"):
        write(result, tmp_path)
    assert not (tmp_path / "prediction.csv").exists()


def test_columns_of_one_name_are_told_apart_by_their_numbers(tmp_path):
    rows = RNG.standard_normal((20, 2))
    np.savetxt(tmp_path / "a.csv", rows, delimiter=",", header="a,a", comments="", fmt="%.6f")
    task = "  data: {file: a.csv}\n  target: {forecast: 1}\n  split: {train: 12}\n"
    with pytest.warns(DataWarning, match="u: columns 0, 1 are all called 'a', with different"):
        _, found = table(task + "  metrics: [rmse]\n", tmp_path)
    for j in (0, 1):
        assert np.array_equal(np.array(found[f"target {j}"], float), np.round(rows[13:, j], 6))
