import os
import signal
import subprocess
import sys

import pytest

from nodegraph.errors import EngineError
from nodegraph.experiments.cli.experiments import last_words

ENDING = """
import os, signal, sys
from pathlib import Path
from nodegraph.experiments.cli.experiments import end_in_order, last_words
end_in_order()
try:
    with last_words(Path(sys.argv[1])):
        os.kill(os.getpid(), int(sys.argv[2]))
finally:
    os.kill(os.getpid(), signal.SIGTERM)  # one more while all is put away
    print("put away")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1", "SIGHUP"])
def test_a_signal_ends_a_command_as_an_exception_does_and_a_second_one_does_not_hurry_it(
    tmp_path, name
):
    number = getattr(signal, name)
    done = subprocess.run(
        [sys.executable, "-c", ENDING, tmp_path / "checkpoint.safetensors", str(int(number))],
        capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert done.returncode == 128 + number
    assert done.stdout == "put away\n"
    assert done.stderr == "interrupted: nothing was learned yet, and nothing is kept\n"


@pytest.mark.parametrize(
    ("exists", "said", "told"),
    [
        (True, "the head is gone", True),  # as while a model that has learned is scored
        (True, "the head is gone; it stands in {path}", False),
        (False, "the head is gone", False),
    ],
)
def test_who_loses_a_cluster_is_told_where_learning_is_kept_once(tmp_path, exists, said, told):
    path = tmp_path / "checkpoint.safetensors"
    if exists:
        path.write_text("kept")
    with pytest.raises(EngineError) as caught, last_words(path):
        raise EngineError(said.format(path=path))
    note = f"what was learned is kept in {path}: the next run goes on there"
    assert getattr(caught.value, "__notes__", []) == [note] * told
