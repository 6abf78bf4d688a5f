"""Data outside the folder of the YAML: the user's own word is followed, a file's is not."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from nodegraph.cli import app
from nodegraph.errors import SpecError
from nodegraph.experiments.cli.graphs import read
from nodegraph.experiments.search import search
from nodegraph.experiments.tasks.experiment import run_spec
from nodegraph.files.yaml.spec import read_yaml

GRAPH = """\
nodegraph: 1
nodes:
  u: {kind: Input}
  out: {kind: Ridge}
edges: [u >> out]
task:
  data: {file: %s}
  target: {forecast: 1}
  split: {train: 40}
"""


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """A graph in one folder and data in another."""
    (tmp_path / "graphs").mkdir()
    (tmp_path / "data").mkdir()
    rows = np.sin(np.arange(60) / 3)
    np.savetxt(tmp_path / "data" / "x.csv", np.c_[rows, rows**2], header="a;b", comments="",
               delimiter=";")  # fmt: skip
    path = tmp_path / "graphs" / "g.yaml"
    path.write_text(GRAPH % "x.csv")
    return path


def called(*words: object) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code in (0, 2), done.output
    return " ".join(done.output.split())


def test_a_folder_of_data_may_be_named(graph: Path, tmp_path: Path, monkeypatch) -> None:
    spec = read_yaml(graph)
    with pytest.raises(SpecError, match="is not there"):
        run_spec(spec)
    score = run_spec(spec, data=tmp_path / "data").scores
    assert run_spec(read_yaml(graph, data=tmp_path / "data")).scores == score
    monkeypatch.chdir(tmp_path)
    assert run_spec(read_yaml(graph, data="data")).scores == score
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run_spec(read_yaml(graph, data="~/data")).scores == score


def test_a_folder_without_effect_is_refused(graph: Path, tmp_path: Path) -> None:
    given = f"task.data.file={tmp_path / 'data' / 'x.csv'}"
    with pytest.raises(
        SpecError, match=r"task\.data\.file: is a path from where you stand, so the"
    ):
        run_spec(read_yaml(graph, [given], data=tmp_path / "data"))
    assert run_spec(read_yaml(graph, [given])).scores


def test_in_that_folder_the_words_of_the_file_stay(graph: Path, tmp_path: Path) -> None:
    for word in ("../data/x.csv", str(tmp_path / "data" / "x.csv"), "~/x.csv"):
        graph.write_text(GRAPH % word)
        for folder in (None, tmp_path / "graphs"):
            with pytest.raises(SpecError, match=r"leads out of the folder.*--data DIR"):
                run_spec(read_yaml(graph, data=folder))


def test_a_path_that_is_set_is_followed_from_the_current_folder(
    graph: Path, tmp_path: Path, monkeypatch
) -> None:
    score = run_spec(read_yaml(graph, data=tmp_path / "data")).scores
    monkeypatch.chdir(tmp_path / "graphs")
    monkeypatch.setenv("HOME", str(tmp_path))
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "data" / "x.csv")
    for word in ("../data/x.csv", tmp_path / "data" / "x.csv", "~/data/x.csv", link):
        assert run_spec(read_yaml(graph, [f"task.data.file={word}"])).scores == score
    whole = "task.data={file: ../data/x.csv, columns: [a]}"
    assert run_spec(read_yaml(graph, [whole])).scores != score
    with pytest.raises(SpecError, match="looked in"):
        run_spec(read_yaml(graph, ["task.data.file=x.csv"]))
    with pytest.raises(SpecError, match="is not there; looked in"):
        run_spec(read_yaml(graph, ["task.data.columns=[a]"]))


def test_weights_and_graphs_that_are_set_are_followed(graph: Path, tmp_path: Path, monkeypatch):
    np.save(tmp_path / "data" / "W.npy", np.ones((1, 2)))
    monkeypatch.chdir(tmp_path)
    given = ["nodes.out.W_out={file: data/W.npy}", "nodes.out.bias=[0]"]
    assert read_yaml(graph, given).graph.nodes[-1].W_out.shape == (1, 2)
    (tmp_path / "data" / "inner.yaml").write_text("nodegraph: 1\nnodes: {o: {kind: Output}}\n")
    nested = ["nodes.out={kind: graph, file: data/inner.yaml}"]
    assert "out.o" in read_yaml(graph, nested).graph.names.values()


def test_a_folder_without_a_use_is_refused(graph: Path, tmp_path: Path) -> None:
    generated = ["task.data={dataset: lorenz, steps: 60}"]
    with pytest.raises(SpecError, match="names no file"):
        run_spec(read_yaml(graph, generated, data=tmp_path))


def test_check_and_run_say_what_was_read(graph: Path, tmp_path: Path) -> None:
    told = "read 60 rows of 2 numbers from x.csv; line 1 gives the names; semicolons part the cells"
    assert told in called("check", graph, "--data", tmp_path / "data")
    ran = called("run", graph, "--data", tmp_path / "data", "--out", tmp_path / "out")
    assert told in ran
    assert "leads out of the folder" in called("check", graph, "--set", "task.data.columns=[a]",
                                               "--data", tmp_path / "graphs").replace(
        "is not there", "leads out of the folder")  # fmt: skip


def test_data_may_name_the_file_itself(graph: Path, tmp_path: Path) -> None:
    other = tmp_path / "of my: own #.csv"
    other.write_bytes((tmp_path / "data" / "x.csv").read_bytes())
    found = run_spec(read(graph, None, None, other))
    assert found.scores == run_spec(read_yaml(graph, data=tmp_path / "data")).scores
    assert "read 60 rows of 2 numbers from" in called("check", graph, "--data", other)


def test_options_of_texts_reach_the_reader(graph: Path, tmp_path: Path) -> None:
    rows = "\n".join(f"2020-01-{i % 28 + 1:02d}\t{i},5\t{'?' if i == 59 else i}" for i in range(60))
    (tmp_path / "data" / "y.txt").write_text(rows)
    data = (
        "task.data={file: y.txt, names: [day, a, b], separator: tab, decimal: ',', "
        "missing: ['?'], time: day, columns: [a]}"
    )
    (tmp_path / "graphs" / "y.txt").write_text(rows)
    graph.write_text(GRAPH.replace("{file: %s}", data.partition("=")[2]))
    with pytest.warns(UserWarning, match="rows go back in time 2 times"):
        trial = run_spec(read_yaml(graph)).trial
    assert trial.data.train.x[:3].tolist() == [[0.5], [1.5], [2.5]]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("separator: x", "separator: should be"),
        ("decimal: x", "decimal: should be"),
        ("names: [a, a]", "should have each name once"),
        ("names: []", "names"),
        ("missing: [true]", "missing"),
        ("seperator: tab", "separator"),
    ],
)
def test_an_option_that_cannot_be_is_refused_at_its_line(graph: Path, option, message) -> None:
    graph.write_text(GRAPH % f"x.csv, {option}")
    with pytest.raises(SpecError, match=f"g.yaml:7:.*{message}"):
        read_yaml(graph)


def test_a_search_takes_the_folder_too(graph: Path, tmp_path: Path) -> None:
    ranges = {"nodes.out.ridge": "0.001,1.0"}
    found = search(graph, ranges, trials=2, data=tmp_path / "data")
    assert len(found.trials) == 2
    with pytest.raises(SpecError, match="is not there"):
        search(graph, ranges, trials=2)
