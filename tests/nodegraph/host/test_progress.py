import io
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from typing import NamedTuple

import numpy as np
import pytest
from rich.console import Console

import nodegraph as ng
from nodegraph.errors import DivergenceError
from nodegraph.host import progress
from nodegraph.host.progress import Silent, Terminal, for_this_place, watched
from nodes import RLS, Input, Reservoir, Ridge


class Chunk(NamedTuple):
    n_steps: int


class Recorder(Silent):
    def __init__(self):
        self.steps = []

    def advance(self, n_steps):
        self.steps.append(n_steps)


def screen(**options):
    return Console(file=io.StringIO(), force_terminal=True, width=80, **options)


def shown(console):
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", console.file.getvalue())


def test_each_chunk_is_told_when_the_next_is_asked_for():
    recorder = Recorder()
    chunks = watched([Chunk(3), Chunk(5)], recorder)
    next(chunks)
    assert recorder.steps == []
    assert list(chunks) == [Chunk(5)]
    assert recorder.steps == [3, 5]


def test_the_bar_ends_at_the_number_of_steps_done():
    console = screen()
    bar = Terminal(console)
    bar.start(12_345, "fit")
    for _ in range(12_345):
        bar.advance(1)
    bar.stop()
    assert "12345/12345 steps" in shown(console)


def test_steps_from_many_threads_are_all_counted():
    console = screen()
    with Terminal(console) as bar, ThreadPoolExecutor(4) as pool:
        bar.start(4000, "run")
        list(pool.map(lambda _: [bar.advance(1) for _ in range(1000)], range(4)))
    assert "4000/4000 steps" in shown(console)


def test_a_run_of_unknown_length_shows_the_steps_done():
    console = screen()
    with Terminal(console) as bar:
        bar.start(None, "run")
        bar.advance(7)
    assert "7/?" in shown(console)


def test_names_cannot_style_the_text_or_steer_the_terminal():
    console = screen(no_color=True)
    with Terminal(console) as bar:
        bar.start(1, "[bold]u[/bold] \x1b]0;x\x07")
    assert "[bold]u[/bold] ?]0;x?" in shown(console)


def test_a_bar_may_stop_twice_start_anew_and_be_fed_while_stopped():
    console = screen()
    bar = Terminal(console)
    bar.advance(1)
    bar.start(10, "fit")
    bar.start(20, "run")
    bar.stop()
    bar.stop()
    bar.advance(1)
    assert "0/20 steps" in shown(console)


def test_drawing_is_rare_enough_to_cost_less_than_a_percent(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    bar = Terminal(screen())
    bar.start(None, "run")
    drawings = []

    def slow_update(*_, **__):
        drawings.append(now[0])
        now[0] += 0.01

    monkeypatch.setattr(bar._bar, "update", slow_update)
    while now[0] < 100:
        bar.advance(1)
        now[0] += 0.005
    assert 10 < len(drawings)
    assert 0.01 * len(drawings) < 1.0


def test_quick_drawing_is_at_most_ten_times_a_second(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    bar = Terminal(screen())
    bar.start(None, "run")
    drawings = []
    monkeypatch.setattr(bar._bar, "update", lambda *_, **__: drawings.append(now[0]))
    while now[0] < 10:
        bar.advance(1)
        now[0] += 0.001
    assert 90 <= len(drawings) <= 101


def test_telling_a_step_takes_microseconds():
    with Terminal(screen()) as bar:
        bar.start(20_000, "run")
        begin = perf_counter()
        for _ in range(20_000):
            bar.advance(1)
        assert (perf_counter() - begin) / 20_000 < 20e-6


def test_what_is_printed_to_a_pipe_meanwhile_stays_in_the_pipe(capsys):
    console = screen()
    with Terminal(console) as bar:
        bar.start(1, "run")
        print("piped")
    assert capsys.readouterr().out == "piped\n"
    assert "piped" not in shown(console)


@pytest.mark.parametrize("name", ["CI", "SLURM_JOB_ID"])
def test_batch_jobs_and_ci_are_silent(monkeypatch, name):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv(name, "1")
    assert isinstance(for_this_place(), Silent)


def test_a_terminal_gets_a_bar_and_a_file_gets_silence(monkeypatch):
    for name in ("CI", "SLURM_JOB_ID", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(for_this_place(), Silent)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert isinstance(for_this_place(), Terminal)


def test_rich_is_not_imported_before_a_bar_is_drawn():
    code = "import sys, nodegraph.host.progress as p; p.Terminal(); print('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


U = np.sin(np.arange(60) / 5)[:, None]


@pytest.mark.parametrize("method", ["fit", "partial_fit", "run"])
def test_progress_may_be_true_or_false(method, capsys):
    def done(progress):
        model = ng.Model(Input() >> RLS()).fit(U[:-1], U[1:])
        data = (U[:-1],) if method == "run" else (U[:-1], U[1:])
        found = getattr(model, method)(*data, progress=progress)
        return model.params["rls"].W_out if method == "fit" else found

    assert np.array_equal(done(True), done(False))
    assert "59/59 steps" in capsys.readouterr().err
    done(None), done(False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("odd", ["yes", 3, print, Silent])
@pytest.mark.parametrize("method", ["fit", "partial_fit", "run"])
def test_what_is_no_progress_is_refused_in_a_sentence(odd, method):
    model = ng.Model(Input() >> RLS()).fit(U[:-1], U[1:])
    data = (U[:-1],) if method == "run" else (U[:-1], U[1:])
    with pytest.raises(ng.NodegraphError, match="progress: expected True, False or an object"):
        getattr(model, method)(*data, progress=odd)
    assert model.time == 59


def test_a_log_has_a_line_now_and_then(monkeypatch):
    clock, said = [0.0], []
    monkeypatch.setattr(progress, "monotonic", lambda: clock[0])
    lines = progress.Lines(said.append, seconds=30)
    lines.start(1000, "fit")
    for _ in range(10):
        clock[0] += 9
        lines.note("3.1 chunks/s\x1b[2J")
        lines.advance(50)
    lines.stop()
    assert said == [
        "fit: 200 of 1,000 steps (20%), 3.1 chunks/s?[2J",
        "fit: 400 of 1,000 steps (40%), 3.1 chunks/s?[2J",
    ]


def test_lines_are_written_where_they_are_asked_for(monkeypatch):
    monkeypatch.setenv("CI", "1")
    assert isinstance(progress.for_this_place(None, print), progress.Silent)
    assert isinstance(progress.for_this_place(True, print), progress.Lines)
    assert isinstance(progress.for_this_place(False, print), progress.Silent)


@pytest.mark.parametrize("call", ["fit", "run"])
def test_an_error_stands_below_the_bar_not_behind_it(call):
    wild = Reservoir(units=3, activation="identity", spectral_radius=99)
    model, bar = ng.Model(Input() >> wild >> Ridge(), seed=1), Terminal(screen())
    x = np.sin(np.arange(300.0))[:, None]
    learn, run = partial(model.fit, x, x), partial(model.run, x, outputs=["reservoir"])
    with pytest.raises(DivergenceError):
        (learn if call == "fit" else run)(progress=bar)
    seen = shown(bar._console)
    assert "/300 steps" in seen and seen.endswith("\n")
