"""The main job runs without what Windows and macOS lack, in any locale and any folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

GRAPHS = Path(__file__).parents[1] / "graphs"

LAPTOP = """
import multiprocessing, os, signal, sys

kept = {"SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM", "SIG_DFL", "SIG_IGN"}
gone = '''O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK chown confstr fchmod fchown fdatasync fork
    forkpty getegid geteuid getgid getgroups getloadavg getpgid getpgrp getsid getuid killpg mkfifo
    nice openpty posix_spawn pread pwrite register_at_fork sched_getaffinity setsid statvfs sync
    sysconf sysconf_names wait'''
for name in gone.split():
    vars(os).pop(name, None)
for name in list(vars(signal)):
    if name.startswith("SIG") and name not in kept or name in ("alarm", "setitimer", "pause"):
        delattr(signal, name)
for name in ("fcntl", "grp", "pwd", "pty", "resource", "termios", "tty"):
    sys.modules[name] = None
os.supports_dir_fd = set()

def kill(*_):
    raise KeyboardInterrupt("on Windows os.kill sends Ctrl-C")

os.kill = kill
multiprocessing.set_start_method("spawn")
"""
MAIN = "from nodegraph.cli import main\nmain()\n"
ENVIRONMENT = os.environ | {
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONIOENCODING": "cp1252",
}


def on_a_laptop(folder: Path, code: str, *words: str) -> str:
    """Return what `code` prints where names of POSIX are gone and the locale knows no UTF-8."""
    script = folder / "laptop.py"
    script.write_text(LAPTOP + code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script.name, *words], cwd=folder, capture_output=True, env=ENVIRONMENT
    )
    assert done.returncode == 0, done.stderr.decode("cp1252", "replace")
    return done.stdout.decode("cp1252")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "mine & yours, grün"
    folder.mkdir()
    return folder


def test_the_main_job_runs_and_tells_the_same(folder):
    text = (GRAPHS / "sunspots.yaml").read_text(encoding="utf-8")
    with (folder / "sun spots.yaml").open("w", encoding="utf-8", newline="\r\n") as file:
        file.write(text)
    said = on_a_laptop(folder, MAIN, "run", "sun spots.yaml", "--out", "out put")
    assert "0.5193" in said and "report.html" in said
    scores = json.loads((folder / "out put" / "metrics.json").read_text(encoding="utf-8"))
    assert round(scores["scores"][0]["nrmse"], 4) == 0.5193
    written = {path.name for path in (folder / "out put").iterdir()}
    assert written >= {"model.safetensors", "metrics.json", "prediction.png", "report.html"}
    assert not [name for name in written if name.endswith(".tmp")]


EVERYTHING = """
import importlib, pkgutil
import numpy as np, nodegraph as ng, nodes
from nodes import RLS, Input, Reservoir, Ridge

for package in (ng, nodes):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)

x = np.sin(np.arange(300) / 5)[:, None]
model = ng.Model(Input() >> Reservoir(units=20) >> Ridge(ridge=1e-6), seed=1)
model.fit([x, x[:200]], [x, x[:200]], workers=-1)
model.fit(x[:-1], x[1:], checkpoint="kept.safetensors")
for _ in range(2):
    model.save("my model.safetensors")
assert (ng.load("my model.safetensors").run(x) == model.run(x)).all()
online = ng.Model(Input() >> Reservoir(units=9) >> RLS(), seed=1)
online.partial_fit(x[:-1], x[1:], checkpoint="kept.safetensors")
print(model.generate(5, prompt=x).shape)
"""


def test_modules_learning_saving_and_tables_of_windows_need_no_posix(folder):
    (folder / "data").mkdir()
    rows = "\r\n".join(f"{k % 7},{(k * k) % 5}" for k in range(60))
    (folder / "data" / "my series.csv").write_bytes(f"a,b\r\n{rows}\r\n".encode())
    (folder / "g.yaml").write_bytes(
        "nodegraph: 1\r\ndescription: grün → blau ☃\r\nnodes:\r\n  u: {kind: Input}\r\n"
        "  out: {kind: Ridge, ridge: 1}\r\nedges:\r\n  - u >> out\r\ntask:\r\n"
        "  data: {file: 'data\\my series.csv', columns: [a, b]}\r\n"
        "  target: {forecast: 1}\r\n  split: {train: 40}\r\n".encode()
    )
    said = on_a_laptop(folder, EVERYTHING + MAIN, "run", "g.yaml", "--out", "out")
    assert "(5, 1)" in said
    assert "grün -> blau ?" in said
