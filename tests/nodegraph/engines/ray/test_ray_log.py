"""What Ray says goes to a file; a loss is told in our words, with the name of that file."""

import logging
import os

import pytest

from nodegraph.engines.ray.ray_log import RayLog

DEAD = (
    "The node with node id: 95 and address: 127.0.0.2 and node name: b has been marked dead "
    "because the detector has missed too many heartbeats from it."
)


@pytest.fixture
def ray_says(tmp_path):
    """Return a function by which Ray prints a message, and a log that listens."""
    from ray._private import worker

    heard = RayLog(str(tmp_path / "out" / "ray.log"))

    def say(text, ignore_prefix=False):
        data = {"lines": [text], "pid": "raylet", "is_err": False}
        worker.print_worker_logs(data, None, ignore_prefix)

    heard.listen()
    yield say, heard
    heard.close()


def test_nothing_of_rays_is_shown_and_all_is_kept(ray_says, capsys, caplog):
    say, heard = ray_says
    say("\x1b[33m46 PYTHON worker processes have been started\x1b[0m")
    logging.getLogger("ray").error("no good")
    assert capsys.readouterr() == ("", "")
    assert not [one for one in caplog.records if one.name.startswith("nodegraph")]
    with open(heard.path, encoding="utf-8") as file:
        assert file.read() == (
            "(raylet) 46 PYTHON worker processes have been started\n(error) no good\n"
        )


def test_a_loss_is_told_once_with_the_file(ray_says, capsys, caplog):
    say, heard = ray_says
    say("A worker died or was killed while executing a task")
    say(DEAD)
    assert capsys.readouterr() == ("", "")
    assert caplog.messages == [
        f"what Ray itself says of the loss is kept in {heard.path}",
        "machine 127.0.0.2 of the cluster was lost",
    ]


def test_without_a_name_the_file_is_a_private_one(ray_says, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    heard = RayLog()
    heard.write(["(raylet) something"])
    (file,) = tmp_path.glob("nodegraph-ray-*.log")
    assert str(file) == heard.path and file.stat().st_mode & 0o077 == 0


def test_a_file_that_cannot_be_written_is_not_named(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    RayLog(str(tmp_path / "file" / "ray.log")).write(["a worker died"])
    assert caplog.messages == []


def test_ray_prints_again_afterwards(ray_says, capsys):
    from ray._private import worker

    _, heard = ray_says
    heard.close()
    before = worker.print_worker_logs
    heard.listen()
    heard.close()
    assert worker.print_worker_logs is before


def test_a_file_that_nobody_was_told_of_goes_when_ray_is_done():
    quiet, lost = RayLog(), RayLog()
    quiet.write(["65 workers were started"])
    lost.write(["65 workers were started", "a worker died"])
    gone, kept = quiet.path, lost.path
    assert os.path.exists(gone)
    quiet.close()
    lost.close()
    assert not os.path.exists(gone) and quiet.path is None
    with open(kept) as file:
        assert file.read() == "65 workers were started\na worker died\n"
    os.remove(kept)


def test_a_file_that_was_named_stays(tmp_path):
    named = RayLog(str(tmp_path / "ray.log"))
    named.write(["65 workers were started"])
    named.close()
    assert (tmp_path / "ray.log").read_text() == "65 workers were started\n"
