import os
import signal
import subprocess
import sys

import pytest

FIRST = "from nodegraph.engines.ray.epitaph import Epitaph; one = Epitaph(); "


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing ends a process like that here")
@pytest.mark.parametrize(
    ("last", "said"),
    [
        ("one.withdraw()", ""),
        ("import os; os._exit(1)", "ended by Ray"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "or it was killed"),
    ],
    ids=["goodbye", "ended by others' code", "killed"],
)
def test_a_process_that_ends_without_a_word_is_spoken_for(last, said):
    done = subprocess.run([sys.executable, "-c", FIRST + last], env=dict(os.environ), text=True,
                          capture_output=True, timeout=30)  # fmt: skip
    assert said in done.stderr and done.stderr.count("\n") == bool(said)
