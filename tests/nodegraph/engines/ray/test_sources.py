"""Workers that import other sources than the process are refused: they tell other numbers."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nodegraph.engines.ray.sources import digest, homes, strangers

ROOT = Path(__file__).parents[4]
SCRIPT = """
import numpy as np
import nodegraph as ng
from nodes import Input, Reservoir

if __name__ == "__main__":
    x = np.sin(np.arange(50))[:, None]
    with ng.RayEngine(workers=1, num_cpus=1) as engine:
        model = ng.Model(Input() >> Reservoir(units=5), seed=1)
        print(np.array_equal(model.run([x], engine=engine)[0], model.run([x])[0]))
"""


def test_sources_are_known_by_what_they_say_and_not_by_where_they_lie(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        (folder / "part").mkdir(parents=True)
        (folder / "part" / "a.py").write_bytes(b"x = 1\n")
    (other / "part" / "a.py").write_bytes(b"x = 1\r\n")  # as Windows has it
    (other / "notes.txt").write_bytes(b"no source")
    assert digest((str(one),)) == digest((str(other),))
    third = shutil.copytree(one, tmp_path / "third")
    (third / "part" / "a.py").write_bytes(b"x = 2\n")
    fourth = shutil.copytree(one, tmp_path / "fourth")
    (fourth / "part" / "a.py").rename(fourth / "a.py")
    assert len({digest((str(each),)) for each in (one, third, fourth)}) == 3


def test_what_is_told_names_what_differs_and_the_cure():
    nodegraph, nodes = homes()
    said = strangers((nodegraph, "/b/nodes"), is_here=True)
    assert said.startswith(f"workers import /b/nodes, this process {nodes}, and the sources differ")
    assert os.getcwd() in said
    assert "on another machine import an older nodegraph" in strangers((), is_here=False)


@pytest.mark.ray
@pytest.mark.parametrize("changed", [False, True])
def test_another_checkout_in_the_working_folder_is_not_what_workers_run(tmp_path, changed):
    for name in ("nodegraph", "nodes"):
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / "work" / name, ignore=left_out)
    reservoir = tmp_path / "work" / "nodes" / "reservoir.py"
    before, line = reservoir.read_text("utf-8"), "drive = matvec(params.W, state.x)"
    assert line in before
    if changed:
        reservoir.write_text(before.replace(line, f"{line} / 2"), "utf-8")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, "utf-8")
    found = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path / "work", capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120,
    )  # fmt: skip
    if not changed:
        assert found.stdout.split() == ["True"], found.stderr[-2000:]
    else:
        assert found.returncode == 1 and "EngineError" in found.stderr
        assert str(reservoir.parent) in found.stderr and str(ROOT / "nodes") in found.stderr
