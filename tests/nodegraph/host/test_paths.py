"""What one process holds no other may have, until it ends."""

import subprocess
import sys

import pytest

from nodegraph.errors import DataError
from nodegraph.host.paths import held

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is held there")

HOLDER = """
import pathlib, sys
from nodegraph.host.paths import held
with held(pathlib.Path(sys.argv[1]), ""):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_process_held_is_free(tmp_path, kind):
    path = tmp_path / "x.txt" if kind == "file" else tmp_path
    (tmp_path / "x.txt").touch()
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(DataError, match="in use"), held(path, "in use"):
            pass
        other.kill()
        other.wait()
    with held(path, "in use"):
        pass
    with held(path, "in use"):  # and behind a holder that ended in order
        pass
