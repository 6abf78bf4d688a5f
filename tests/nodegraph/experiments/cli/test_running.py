import json
import logging
import os
import signal

import pytest
from small_graph import SMALL, call, fails

from nodegraph.engines import LOCAL, engine
from nodegraph.experiments.cli import experiments
from nodegraph.experiments.tasks.experiment import Experiment
from nodegraph.experiments.tasks.run_folder import made


def test_run_shows_scores_and_writes_what_it_says(small, tmp_path):
    done = call("run", small, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    assert "persistence" in done.stdout and "nrmse" in done.stdout and "cholesky" in done.stdout
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == [
        "graph.svg",
        "metrics.json",
        "model.safetensors",
        "prediction.csv",
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
        range_ = ("--range", "nodes.reservoir.leak_rate=0.1:1")
        said = fails("search", small, *range_, "--trials", "1", "--out", out)
        assert f"--out {out}: {tmp_path / 'out'} is a file; name a folder, or a new one" in said


def test_an_interrupted_run_says_what_it_kept(small, tmp_path, monkeypatch):
    """The checkpoint is written when the signal comes; a run of the same options goes on there."""
    out = tmp_path / "out"
    checkpoint = out / "checkpoint.safetensors"
    logging.getLogger("nodegraph.learning").isEnabledFor(logging.INFO)  # asked, as a resume does

    def interrupted(self, *_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Experiment, "run", interrupted)
        said = fails("run", small, "-q", "--out", out, code=130)
    assert said == "interrupted: nothing was learned yet, and nothing is kept"
    assert not out.exists()
    monkeypatch.setattr(engine, "LOCAL", LOCAL._replace(execute=_killing(LOCAL.execute)))
    said = fails("run", small, "-q", "--out", out, code=130)
    assert said == f"interrupted: learning is kept in {checkpoint}; the next run goes on there"
    monkeypatch.undo()
    said = fails("run", small, "-q", "--resume", "--out", out, "--seed", "9")
    assert "seed was 3 and is 9" in said and checkpoint.exists()
    done = call("run", small, "--out", out)
    assert "note: learning goes on from step" in done.stderr
    assert str(checkpoint) in done.stderr
    assert done.exit_code == 0 and not checkpoint.exists()


def test_what_another_run_left_is_moved_aside_and_told(small, tmp_path, monkeypatch):
    out = tmp_path / "out"
    monkeypatch.setattr(engine, "LOCAL", LOCAL._replace(execute=_killing(LOCAL.execute)))
    fails("run", small, "-q", "--out", out, code=130)
    monkeypatch.undo()
    done = call("run", small, "-q", "--seed", "9", "--out", out)
    assert "seed was 3 and is 9" in done.stderr and "learning begins anew" in done.stderr
    assert (out / "checkpoint-of-another-course.safetensors").exists()


def test_a_run_may_be_told_to_begin_anew(small, tmp_path, monkeypatch):
    out = tmp_path / "out"
    monkeypatch.setattr(engine, "LOCAL", LOCAL._replace(execute=_killing(LOCAL.execute)))
    fails("run", small, "-q", "--out", out, code=130)
    monkeypatch.undo()
    assert "exclude each other" in fails("run", small, "--anew", "--resume", "--out", out)
    assert "goes on" not in call("run", small, "--anew", "--out", out).stderr


def _killing(execute):
    def killed(*given):
        os.kill(os.getpid(), signal.SIGINT)
        yield from execute(*given)

    return killed


def test_a_run_that_is_interrupted_before_it_learns_says_so_in_one_line(small, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments, "read", interrupt)
    said = fails("run", small, code=130)
    assert said == "interrupted: nothing was begun that could be kept"


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


@pytest.mark.skipif(os.name == "nt", reason="nothing is held there")
def test_a_second_run_into_a_folder_is_refused_while_the_first_is_there(small, tmp_path):
    folder = tmp_path / "out"
    assert call("run", small, "--out", folder, "--seed", "1").exit_code == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with made(folder):
        said = fails("run", small, "-q", "--out", folder, "--seed", "2")
    assert f"--out {folder}: another run writes there now; wait for its end, or name an" in said
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert call("run", small, "--out", folder, "--seed", "3").exit_code == 0
    assert json.loads((folder / "metrics.json").read_text())["seed"] == 3
