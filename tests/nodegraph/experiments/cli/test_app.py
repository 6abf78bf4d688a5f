import errno
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_graph import SMALL, call, fails

from nodegraph import __version__
from nodegraph.experiments.cli.console import say

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "nodes.reservoir.leak_rate=2"], "should be at most 1 (got 2)"),
        (["--set", "nodes.reservor.units=2"], "did you mean reservoir"),
        (["--set", "nodes"], "should be path=value"),
        (["--engine", "warp"], "unknown engine 'warp'"),
        (["--plugin", "no_such_module"], "'no_such_module' cannot be imported"),
        (["--workers", "0"], "workers"),
        (["--seed", "-1"], "--seed"),
        (["--set", "task.metrics=[nmrse]"], "did you mean nrmse"),
    ],
)
def test_what_is_wrong_is_one_message_and_exit_code_2(small, words, message):
    assert message in fails("run", small, "-q", *words)


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["--out", ""], "--out"),
        (["--out="], "--out="),
        (["--out", " "], "--out"),
        (["--data", ""], "--data"),
        (["--plugin", ""], "--plugin"),
        (["--engine", ""], "--engine"),
    ],
)
def test_an_empty_word_is_no_name_and_no_current_folder(
    small, words, option, monkeypatch, tmp_path
):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert f"nothing behind {option}: write what" in " ".join(fails("run", small, *words).split())
    assert not [*(tmp_path / "empty").iterdir()]
    assert "nothing behind run" in fails("run", "")
    assert "nothing behind --study" in fails("search", small, "--study", "", "--range", "seed=1,2")


def test_an_error_in_a_file_names_line_column_and_key(small):
    small.write_text(SMALL.replace("units: 20", "units: -5"), encoding="utf-8")
    for command in ("run", "check", "draw"):
        where = f"error: {small}:7:39: nodes.reservoir.units: should be greater than 0 (got -5)"
        assert where in fails(command, small)


def test_words_in_brackets_are_text_and_no_markup(small):
    small.write_text(SMALL.replace("kind: Ridge", "kind: '[bold]Ridge[/bold]'"), encoding="utf-8")
    assert "'[bold]Ridge[/bold]'" in fails("check", small)


def test_nothing_in_a_file_steers_the_terminal(small):
    text = SMALL.replace("A small forecast.", r'"\x1b[31mred"')
    small.write_text(text, encoding="utf-8")
    done = call("check", small)
    assert "\x1b" not in done.stdout + done.stderr


def test_what_is_said_cannot_steer_the_terminal(capsys):
    say("\x1b[31mred[bold]")
    assert capsys.readouterr().out == "?[31mred[bold]\n"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space left"),
            "no room on the disk; free some, or",
        ),
        (
            OSError(errno.EACCES, "Permission denied", "out"),
            "out: not allowed to write here; name",
        ),
        (OSError(errno.EISDIR, "Is a directory", "out"), "out: is a directory"),
    ],
)
def test_a_disk_that_refuses_is_told_with_the_cure(small, monkeypatch, error, said):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr("nodegraph.experiments.cli.graphs.read", refuse)
    assert f"error: {said}" in fails("check", small)


def test_a_missing_file_and_a_folder_that_cannot_be_made_are_told(small, tmp_path):
    assert "none.yaml" in fails("check", tmp_path / "none.yaml")
    assert str(small) in fails("run", small, "-q", "--out", small / "out")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("train: 200", "train: 2000"), ":15:10: task.split: train 2000 + test 0 rows, but only"),
        (
            (
                "1}\n  split: {train: 200, warmup: 20}\n  metrics: [nrmse]",
                "1, columns: [0]}\n  split: {train: 200}\n  metrics: [accuracy]",
            ),
            ":16:12: task.metrics: accuracy: y is one column of numbers that are not whole",
        ),
        (("{forecast: 1}", "{column: 7}"), "task.target: "),
        (("[persistence]", "[persistance]"), "did you mean 'persistence'"),
    ],
)
def test_check_refuses_what_run_refuses(small, tmp_path, change, message):
    small.write_text(SMALL.replace(*change), encoding="utf-8")
    said = call("check", small).stderr
    assert said.startswith(f"error: {small}:") and message in " ".join(said.split())
    assert call("run", small, "--out", tmp_path / "new" / "out").stderr == said
    assert not (tmp_path / "new").exists()


def test_debug_lets_the_error_through(small):
    done = call("check", small, "--set", "nodes", "--debug")
    assert type(done.exception).__name__ == "SpecError"


def test_check_prints_nodes_plan_and_stages(small):
    done = call("check", small)
    assert done.exit_code == 0
    assert "loop, 1 step at a time" in done.stdout
    assert "1. readout" in done.stdout
    assert "learns from 200 rows, the first 20 of them as warmup; is scored on 99" in done.stdout
    assert "learning takes about" in done.stdout and "of one core" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["u", "Input", "as", "its", "data", "x"] in rows
    assert [
        "readout",
        "Ridge",
        "as",
        "its",
        "target",
        "LeastSquares",
        "x,",
        "weight,",
        "target",
    ] in rows
    assert f"{small} is valid." in done.stdout


def test_draw_shows_text_or_writes_a_picture(small, tmp_path):
    assert "→ reservoir" in call("draw", small).stdout
    for suffix, start in ((".svg", "<svg"), (".mmd", "flowchart"), (".dot", "digraph")):
        target = tmp_path / f"g{suffix}"
        assert call("draw", small, "-o", target).exit_code == 0
        assert target.read_text().startswith(start)
    assert ".png" in fails("draw", small, "-o", tmp_path / "g.png")


def test_the_version_is_told():
    assert call("--version").stdout.strip() == f"nodegraph {__version__}"


def test_python_dash_m_is_the_same_command():
    done = subprocess.run(
        [sys.executable, "-m", "nodegraph", "check", "none.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: none.yaml:")


def test_check_shows_which_actor_would_hold_what_and_whether_it_pays(small):
    done = call("check", small, "--engine", "ray")
    assert done.exit_code == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert "On Ray actors, stage 1: readout" in words
    assert "u, reservoir, readout" in words
    assert "would pay from chunk=" in words


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("W_in: [[1.0, 2.0]]", "7:49: nodes.reservoir.W_in: expected shape (20, 2), got (1, 2)"),
        ("rule: {kind: Scaling}", "7:14: nodes.reservoir: Scaling changes scale, offset, centre"),
    ],
)
def test_what_a_node_cannot_be_in_its_graph_is_told_at_its_line(small, fields, message):
    small.write_text(SMALL.replace("units: 20", f"units: 20, {fields}"), encoding="utf-8")
    assert f"error: {small}:{message}" in fails("run", small, "-q")


def test_options_of_an_engine_go_with_the_one_that_is_asked_for(small):
    done = call("check", small, "--engine", "ray", "--set", "engine.placement=node")
    assert done.exit_code == 0, done.stderr
    assert "u, reservoir, readout" not in " ".join(done.stdout.split())
    odd = "--set", "engine.placement=middle"
    assert "engine.placement: should be 'block' or 'node'" in fails(
        "search", small, "--engine", "ray", *odd, "--range", "seed=1,2"
    )
    assert "engine: kind is required: local or ray" in fails("check", small, *odd)


def test_check_asks_for_actors_for_labels_and_without_a_task_too(small):
    bare = small.with_name("bare.yaml")
    bare.write_text(SMALL.partition("task:")[0], encoding="utf-8")
    for file in (bare, ROOT / "graphs" / "japanese_vowels.yaml"):
        done = call("check", file, "--engine", "ray")
        assert done.exit_code == 0, done.stderr
        assert "On Ray actors" in done.stdout


def test_a_plug_in_may_be_named_by_its_file(small, tmp_path):
    (tmp_path / "own_halves.py").write_text(
        "from nodes import Tanh\n__all__ = ['OwnHalf']\n\n\n"
        "class OwnHalf(Tanh):\n    label = 'OwnHalf'\n"
    )
    assert "OwnHalf" in call("kinds", "--plugin", tmp_path / "own_halves.py").stdout
    assert "there is no such file" in fails("kinds", "--plugin", tmp_path / "none.py")


def test_a_path_without_its_section_is_proposed_whole(small):
    said = fails("check", small, "--set", "reservoir.units=5")
    assert "did you mean nodes.reservoir.units?" in said


def test_a_drawing_as_text_ends_its_last_line(small, tmp_path):
    for suffix in (".txt", ".svg", ".mmd", ".dot"):
        assert call("draw", small, "-o", tmp_path / f"g{suffix}").exit_code == 0
        text = (tmp_path / f"g{suffix}").read_text(encoding="utf-8")
        assert text.endswith("\n") and not text.endswith("\n\n")


def test_compiling_is_said_once_and_only_where_it_happens(capsys):
    from nodegraph.compiling import machine_code
    from nodegraph.experiments.cli.console import compiling_said

    def compiled(number):
        machine_code.address(f"define i64 @NAME() {{ ret i64 {number} }}", "one")

    first = time.time_ns()  # what nobody has compiled before
    with compiling_said():
        assert capsys.readouterr().err == ""
        compiled(first)
        compiled(first + 1)
    assert capsys.readouterr().err.count("steps are being compiled") == 1
    with compiling_said():
        compiled(first)
    with compiling_said(quiet=True):
        compiled(first + 2)
    assert capsys.readouterr().err == ""
    assert machine_code.listeners == []
