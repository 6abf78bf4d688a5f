import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nodegraph import __version__
from nodegraph.cli import app
from nodegraph.engines import LOCAL, choice
from nodegraph.experiments.cli import experiments as commands
from nodegraph.experiments.cli.console import say
from nodegraph.experiments.tasks.experiment import Experiment

ROOT = Path(__file__).parents[4]
SMALL = """\
nodegraph: 1
name: small
description: A small forecast.
seed: 3
nodes:
  u: {kind: Input}
  reservoir: {kind: Reservoir, units: 20}
  readout: {kind: Ridge, ridge: 1.0e-6}
edges:
  - u >> reservoir >> readout
  - reservoir << readout
task:
  data: {dataset: henon, steps: 300}
  target: {forecast: 1}
  split: {train: 200, warmup: 20}
  metrics: [nrmse]
  baselines: [persistence]
"""


@pytest.fixture
def small(tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    return file


def call(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def fails(*words, code=2):
    done = call(*words)
    assert done.exit_code == code
    assert "Traceback" not in done.stderr and done.stdout == ""
    return " ".join(done.stderr.split())


def test_run_shows_scores_and_writes_what_it_says(small, tmp_path):
    done = call("run", small, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    assert "persistence" in done.stdout and "nrmse" in done.stdout and "cholesky" in done.stdout
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == [
        "graph.svg",
        "metrics.json",
        "model.safetensors",
        "prediction.png",
        "report.html",
    ]
    assert all(name in done.stdout for name in written)


def test_results_go_to_a_folder_named_like_the_file(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("run", small, "--quiet").exit_code == 0
    assert (tmp_path / "out" / "small" / "metrics.json").is_file()


def test_results_go_to_a_folder_of_the_graphs_name_before_that_of_the_file(
    small, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for name, folder in (("a/b: c", "a_b_ c"), ("../..", "_")):
        small.write_text(SMALL.replace("name: small", f"name: '{name}'"), encoding="utf-8")
        assert call("run", small, "--quiet").exit_code == 0
        assert (tmp_path / "out" / folder / "metrics.json").is_file()


def test_options_without_an_effect_are_refused_or_said(small, tmp_path):
    out = tmp_path / "out"
    assert "watch: nothing here learns at every step" in fails(
        "run", small, "-q", "--out", out, "--watch", "9"
    )
    assert "workers: are for independent series" in fails(
        "run", small, "-q", "--out", out, "--workers", "2"
    )
    assert not out.exists()
    done = call("run", small, "-q", "--out", out, "--resume")
    assert done.exit_code == 0
    assert f"--resume: there is no {out}/checkpoint.safetensors" in " ".join(done.stderr.split())
    assert "unknown engine 'warp'" in fails("check", small, "--engine", "warp")
    change = "nodes.reservoir.units=9"
    assert "given twice" in fails("check", small, "--set", change, "--set", change)


def test_shipped_graphs_are_found_by_name_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "graphs").mkdir()
    (tmp_path / "graphs" / "__init__.py").write_text("raise SystemExit('not mine')")
    (tmp_path / "sunspots").mkdir()
    done = call("check", "sunspots")
    assert done.exit_code == 0, done.stderr
    assert "sunspots: seed 42" in done.stdout
    listed = call("graphs").stdout
    assert all(path.stem in listed for path in (ROOT / "graphs").glob("*.yaml"))
    assert "did you mean sunspots?" in fails("run", "sunspot")
    assert "write sunspots for the graph" in fails("draw", "sunspots.yaml")


def test_a_file_here_wins_over_a_shipped_graph(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("narma10.yaml", "lorenz"):
        (tmp_path / name).write_text(SMALL, encoding="utf-8")
        assert "small: seed 3" in call("check", name.removesuffix(".yaml")).stdout


def test_a_shipped_graph_is_copied_and_nothing_written_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wanted = (ROOT / "graphs" / "sunspots.yaml").read_text(encoding="utf-8")
    for words, target in (
        ([], "sunspots.yaml"),
        (["mine"], "mine/sunspots.yaml"),
        (["own.yaml"], "own.yaml"),
    ):
        assert call("graphs", "sunspots", "--copy", *words).exit_code == 0
        assert (tmp_path / target).read_text(encoding="utf-8") == wanted
        (tmp_path / target).write_text("changed", encoding="utf-8")
        assert "is there already" in fails("graphs", "sunspots", "--copy", *words)
        assert (tmp_path / target).read_text(encoding="utf-8") == "changed"
    assert call("graphs", "sunspots").stdout.strip() == wanted.strip()
    assert "which one?" in fails("graphs", "--copy")
    assert "did you mean lorenz" in fails("graphs", "lorentz", "--copy")


def test_quiet_says_nothing(small, tmp_path):
    done = call("run", small, "--quiet", "--out", tmp_path / "out")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


def test_changes_and_seed_from_the_command_line_reach_the_model(small, tmp_path):
    change = "nodes.reservoir.units=33"
    call("run", small, "--set", change, "--seed", 9, "--out", tmp_path / "out", "-q")
    facts = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert facts["seed"] == 9
    assert "units: 33" in (tmp_path / "out" / "report.html").read_text()


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


@pytest.mark.parametrize(
    "words",
    [
        ["--workers", "-5"],
        ["--engine", "warp"],
        ["--set", "nodes.reservoir.activation=identity",
         "--set", "nodes.reservoir.spectral_radius=500"],
    ],
)  # fmt: skip
def test_a_run_that_comes_to_nothing_leaves_nothing_behind(small, tmp_path, words):
    assert call("run", small, "--out", tmp_path / "new" / "out", *words).exit_code == 2
    assert list(tmp_path.iterdir()) == [small]


def test_a_run_that_fails_leaves_what_there_was(small, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "note.txt").write_text("mine", encoding="utf-8")
    fails("run", small, "-q", "--out", tmp_path / "out", "--workers", "-5")
    assert (tmp_path / "out" / "note.txt").read_text(encoding="utf-8") == "mine"


def test_a_file_in_place_of_the_folder_is_told(small, tmp_path):
    (tmp_path / "out").write_text("", encoding="utf-8")
    for out in (tmp_path / "out", tmp_path / "out" / "x"):
        said = fails("run", small, "-q", "--out", out)
        assert f"--out {out}: {tmp_path / 'out'} is a file; name a folder, or a new one" in said


def test_an_interrupted_run_says_what_it_kept(small, tmp_path, monkeypatch):
    """The checkpoint is written when the signal comes; a run of the same options goes on there."""
    out = tmp_path / "out"
    checkpoint = out / "checkpoint.safetensors"

    def interrupted(self, *_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Experiment, "run", interrupted)
        said = fails("run", small, "-q", "--out", out, code=130)
    assert said == "interrupted: nothing is kept" and not out.exists()
    monkeypatch.setattr(choice, "LOCAL", LOCAL._replace(execute=_killing(LOCAL.execute)))
    said = fails("run", small, "-q", "--out", out, code=130)
    assert said == f"interrupted: learning is kept in {checkpoint}; --resume goes on there"
    monkeypatch.undo()
    said = fails("run", small, "-q", "--resume", "--out", out, "--seed", "9")
    assert "seed differ" in said and checkpoint.exists()
    assert call("run", small, "-q", "--resume", "--out", out).exit_code == 0
    assert not checkpoint.exists()


def _killing(execute):
    def killed(*given):
        os.kill(os.getpid(), signal.SIGINT)
        yield from execute(*given)

    return killed


def test_debug_lets_the_error_through(small):
    done = call("check", small, "--set", "nodes", "--debug")
    assert type(done.exception).__name__ == "SpecError"


def test_a_run_that_is_interrupted_before_it_learns_says_so_in_one_line(small, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "read", interrupt)
    said = fails("run", small, code=130)
    assert said == "interrupted: nothing was begun that could be kept"


def test_check_prints_nodes_plan_and_stages(small):
    done = call("check", small)
    assert done.exit_code == 0
    assert "loop, 1 step at a time" in done.stdout
    assert "1. readout" in done.stdout
    assert "learns from 200 rows, the first 20 of them as warmup; is scored on 99" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["u", "Input", "as", "its", "data", "x"] in rows
    assert ["readout", "Ridge", "as", "its", "target", "LeastSquares", "x,", "target"] in rows
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


def test_check_asks_for_actors_for_labels_and_without_a_task_too(small):
    bare = small.with_name("bare.yaml")
    bare.write_text(SMALL.partition("task:")[0], encoding="utf-8")
    for file in (bare, ROOT / "graphs" / "japanese_vowels.yaml"):
        done = call("check", file, "--engine", "ray")
        assert done.exit_code == 0, done.stderr
        assert "On Ray actors" in done.stdout


def test_an_address_is_that_of_a_ray_cluster(small, tmp_path):
    said = fails("run", small, "--quiet", "--address", "auto", "--out", tmp_path / "out")
    assert "--address is that of a Ray cluster: write --engine ray with it" in said


def test_a_run_that_was_ended_goes_on_and_leaves_no_checkpoint(small, tmp_path):
    from nodegraph.experiments.tasks.experiment import run_spec

    out = tmp_path / "out"
    assert call("run", small, "--quiet", "--out", out).exit_code == 0
    scores = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["scores"]
    assert not (out / "checkpoint.safetensors").exists()
    from nodegraph.files.yaml.spec import read_yaml

    run_spec(read_yaml(small), checkpoint=out / "checkpoint.safetensors")
    done = call("run", small, "--quiet", "--resume", "--out", out)
    assert done.exit_code == 0, done.stderr
    again = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["scores"]
    assert again == scores


def test_slurm_prints_a_script_that_a_shell_can_read(small, tmp_path):
    done = call("slurm", small, "-N", 4, "-c", 8, "--set", "nodes.reservoir.units=30")
    assert done.exit_code == 0, done.stderr
    script = tmp_path / "job.sh"
    script.write_text(done.stdout, encoding="utf-8")
    subprocess.run(["bash", "-n", script], check=True)
    assert "#SBATCH --nodes=4" in done.stdout and "#SBATCH --cpus-per-task=8" in done.stdout
    assert f"nodegraph run {small} --engine ray --resume" in done.stdout
    assert "--set nodes.reservoir.units=30" in done.stdout
    assert "RAY_AUTH_MODE=token" in done.stdout


def test_a_bad_file_name_stays_one_word_of_the_script(tmp_path):
    file = tmp_path / "a; rm -rf x.yaml"
    file.write_text(SMALL.replace("name: small\n", "name: 'x; reboot'\n"), encoding="utf-8")
    done = call("slurm", file)
    assert f"nodegraph run '{file}' --engine ray" in done.stdout
    assert "reboot\n" not in done.stdout.replace("x__reboot", "")


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


def test_a_time_that_slurm_does_not_know_is_refused(small):
    assert "write 24:00:00" in fails("slurm", small, "--time", "1h")
    assert "--time=2-12:00:00" in call("slurm", small, "--time", "2-12:00:00").stdout


def test_compiling_is_said_once_and_only_where_it_happens(small, capsys):
    import numba

    from nodegraph.experiments.cli.compiling import compiling_said

    with compiling_said():
        assert capsys.readouterr().err == ""
        for number in (1, 2):
            numba.njit(lambda x, n=number: x + n)(1.0)
    assert capsys.readouterr().err.count("kernels are being compiled") == 1
    with compiling_said(quiet=True):
        numba.njit(lambda x: x)(1.0)
    assert capsys.readouterr().err == ""
