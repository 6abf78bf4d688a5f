"""The fingerprint of the compiler is that of the sources that this process runs, or none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nodegraph
from nodegraph.compiling import sources

TOLD = "from nodegraph.compiling import sources; print(sources.fingerprint())"


@pytest.fixture
def told(tmp_path):
    """Return a copy of the library, and a function that tells what a process says of it."""
    copy = tmp_path / "nodegraph"
    shutil.copytree(Path(nodegraph.__file__).parent, copy)

    def told(code=TOLD):
        run = [sys.executable, "-c", code]
        env = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(run, cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return copy / "compiling", told


def test_it_is_that_of_the_texts_wherever_they_lie(told):
    _, told = told
    assert told() == [sources.fingerprint()]


@pytest.mark.parametrize("name", ["emission/products.py", "new.py"])
def test_any_other_source_is_another_compiler(told, name):
    folder, told = told
    with open(folder / name, "a") as file:
        file.write("# another\n")
    assert told() != [sources.fingerprint()]


def test_there_is_none_where_files_changed_since_the_process_read_them(told):
    folder, told = told
    change = (
        f"from nodegraph.compiling import ir; open({str(folder / 'ir.py')!r}, 'a').write('#\\n')"
    )
    assert told(f"{change}\n{TOLD}") == ["None"]
