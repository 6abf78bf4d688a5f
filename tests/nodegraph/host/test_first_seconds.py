"""Ctrl-C while the command still imports what it needs."""

import os
import signal
import subprocess
import sys

import pytest

from nodegraph.host import first_seconds


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("far", ["numpy", "pydantic", "nodegraph.errors"])
def test_the_command_ends_in_silence_while_it_imports(far):
    """Of what is imported, Python tells line by line; the signal comes behind one of them."""
    words = [sys.executable, "-X", "importtime", "-m", "nodegraph", "--help"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    told = []
    for line in process.stderr:
        told.append(line)
        if line.rpartition("|")[2].strip().startswith(far):
            process.send_signal(signal.SIGINT)
            break
    told += process.communicate()[1]
    assert process.returncode == -signal.SIGINT
    assert "Traceback" not in "".join(told)


@pytest.mark.parametrize(
    ("words", "name", "ends"),
    [
        (["python", "/bin/nodegraph", "run"], "/bin/nodegraph", True),
        (["python", "-X", "dev", "-m", "nodegraph", "run"], "-m", True),
        (["python", "-m", "pytest", "nodegraph"], "-m", False),
        (["python", "script.py"], "script.py", False),
        (["python"], "", False),
        (["python", "-c", "import nodegraph"], "-c", False),
    ],
)
def test_other_programs_keep_their_interrupt(words, name, ends, monkeypatch):
    monkeypatch.setattr(sys, "orig_argv", words)
    monkeypatch.setattr(sys, "argv", [name])
    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        first_seconds.end_at_once()
        left = signal.SIG_DFL if ends else signal.default_int_handler
        assert signal.getsignal(signal.SIGINT) is left
        first_seconds.end_by_exception()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # as nohup has it
        first_seconds.end_at_once()
        first_seconds.end_by_exception()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
