import errno
import os
import stat
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest

from nodegraph.errors import ModelFileError
from nodegraph.files import atomic_write, tensor_file
from nodegraph.files.atomic_write import replace_file

resource = pytest.importorskip("resource", reason="Windows has no limits of this kind")

OLD, NEW = b"old" * 50, b"new!" * 60
CALLS = ("open", "fchmod", "write", "fsync", "close", "replace", "stat", "listdir")

KILLS = """
import os, random, signal, sys, time
import numpy as np
from nodegraph.files import tensor_file

path, kills = sys.argv[1], int(sys.argv[2])
size = 20_000
tensor_file.write(path, {"w": np.zeros(size)}, {"step": "0"})
last, chance = 0, random.Random(0)
for _ in range(kills):
    child = os.fork()
    while child == 0:
        last += 1
        tensor_file.write(path, {"w": np.full(size, last)}, {"step": str(last)})
    time.sleep(chance.uniform(0.002, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    arrays, metadata = tensor_file.read(path)
    step = int(metadata["step"])
    assert step >= last and (arrays["w"] == step).all(), (last, step)
    last = step
print(last)
"""

WRITERS = """
import os, sys
import numpy as np
from nodegraph.files import tensor_file

path = sys.argv[1]
enough = path + ".enough"
tensor_file.write(path, {"w": np.full(5000, -1)}, {"who": "-1"})
for writer in range(4):
    if os.fork() == 0:
        while not os.path.exists(enough):
            tensor_file.write(path, {"w": np.full(5000, writer)}, {"who": str(writer)})
        os._exit(0)
seen = set()
for _ in range(40):
    arrays, metadata = tensor_file.read(path)
    assert (arrays["w"] == int(metadata["who"])).all()
    seen.add(metadata["who"])
open(enough, "w").close()
print(sum(os.wait()[1] != 0 for _ in range(4)), len(seen))
os.remove(enough)
"""


class FaultyOs:
    """The os module, noting every call and failing the n-th one to touch the disk."""

    def __init__(self, fail_at=None, code=errno.EIO):
        self.fail_at, self.code, self.calls = fail_at, code, []

    def __getattr__(self, name):
        function = getattr(os, name)
        return self._watch(name, function) if name in CALLS else function

    def _watch(self, name, function):
        def watched(*args, **kwargs):
            self.calls.append((name, args))
            if len(self.calls) - 1 == self.fail_at:
                if name == "close":
                    function(*args)
                raise OSError(self.code, os.strerror(self.code))
            return function(*args, **kwargs)

        return watched


@contextmanager
def soft_limit(kind, value):
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(OLD)
    return path


def replace(path):
    replace_file(path, [memoryview(NEW[:100]), memoryview(b""), memoryview(NEW[100:])])


def run(script, *args):
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, args)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_new_content_replaces_the_old_and_nothing_else_stays(target):
    replace(target)
    assert target.read_bytes() == NEW
    assert os.listdir(target.parent) == [target.name]


def test_file_is_synced_before_the_rename_and_the_folder_after(target, monkeypatch):
    recorder = FaultyOs()
    monkeypatch.setattr(atomic_write, "os", recorder)
    replace(target)
    order = [name for name, _ in recorder.calls if name in {"write", "fsync", "replace"}]
    assert order == ["write", "write", "fsync", "replace", "fsync"]
    opened = [args[0] for name, args in recorder.calls if name == "open"]
    assert opened[0].parent == opened[1] == target.parent


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_whichever_call_fails_the_file_is_whole(tmp_path, monkeypatch, code):
    outcomes = set()
    for n in range(30):
        path = tmp_path / f"{n}.safetensors"
        path.write_bytes(OLD)
        faulty = FaultyOs(n, code)
        monkeypatch.setattr(atomic_write, "os", faulty)
        try:
            replace(path)
            outcomes.add("done")
        except ModelFileError as error:
            outcomes.add("refused")
            in_place = "in place" in str(error)
            assert path.read_bytes() == (NEW if in_place else OLD)
        assert path.read_bytes() in (OLD, NEW)
        assert sorted(os.listdir(tmp_path)) == sorted(f"{i}.safetensors" for i in range(n + 1))
        if len(faulty.calls) <= n:
            break
    assert n >= 10
    assert outcomes == {"done", "refused"}


def test_ctrl_c_during_a_write_leaves_the_old_file_alone(target, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic_write, "_write_all", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace(target)
    assert target.read_bytes() == OLD
    assert os.listdir(target.parent) == [target.name]


def test_short_writes_are_carried_on(target, monkeypatch):
    faulty = FaultyOs()
    monkeypatch.setattr(faulty, "write", lambda f, data: os.write(f, data[:7]), raising=False)
    monkeypatch.setattr(atomic_write, "os", faulty)
    replace(target)
    assert target.read_bytes() == NEW


def test_a_quota_gives_the_bytes_needed_and_keeps_the_old_file(target):
    with soft_limit(resource.RLIMIT_FSIZE, 150), pytest.raises(ModelFileError, match="240 bytes"):
        replace(target)
    assert target.read_bytes() == OLD
    assert os.listdir(target.parent) == [target.name]


def test_a_folder_that_cannot_be_synced_is_no_error(target, monkeypatch):
    syncs = iter([0, errno.EINVAL])

    def fsync(file):
        if code := next(syncs):
            raise OSError(code, os.strerror(code))

    faulty = FaultyOs()
    monkeypatch.setattr(faulty, "fsync", fsync, raising=False)
    monkeypatch.setattr(atomic_write, "os", faulty)
    replace(target)
    assert target.read_bytes() == NEW


def test_what_dead_writers_left_behind_is_removed_and_nothing_else(target):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    prefix = atomic_write._prefix(target)
    stale = [f"{prefix}{gone.pid}.0123abcd.tmp", f"{prefix}{os.getpid()}.0123abcd.tmp"]
    kept = [
        f"{prefix}{os.getppid()}.0123abcd.tmp",
        f".other.safetensors.host.{gone.pid}.0123abcd.tmp",
        f"{prefix}{gone.pid}.tmp",
    ]
    for name in stale + kept:
        (target.parent / name).touch()
    replace(target)
    assert sorted(os.listdir(target.parent)) == sorted([*kept, target.name])


def test_a_link_is_followed_and_permissions_are_kept(target, tmp_path):
    os.chmod(target, 0o640)
    link = tmp_path / "latest.safetensors"
    link.symlink_to(target.name)
    replace(link)
    assert link.is_symlink()
    assert target.read_bytes() == NEW
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path):
    replace(tmp_path / "a.safetensors")
    (tmp_path / "plain").touch()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_places_that_cannot_be_written_are_refused_with_the_reason(tmp_path, target):
    os.mkfifo(tmp_path / "pipe")
    cases = {
        tmp_path: "is a folder",
        tmp_path / "none" / "m.safetensors": "folder does not exist",
        target / "m.safetensors": "Not a directory",
        tmp_path / ("m" * 300): "too long",
        tmp_path / "pipe": "not a regular file",
        f"{tmp_path}/a\0b": "null",
    }
    for path, message in cases.items():
        with pytest.raises(ModelFileError, match=message):
            replace(path)
    assert sorted(os.listdir(tmp_path)) == ["model.safetensors", "pipe"]


def test_a_file_one_may_not_write_is_refused(target, monkeypatch):
    faulty = FaultyOs()
    monkeypatch.setattr(faulty, "access", lambda *_: False, raising=False)
    monkeypatch.setattr(atomic_write, "os", faulty)
    with pytest.raises(ModelFileError, match="not allowed to write"):
        replace(target)
    assert target.read_bytes() == OLD


def test_names_as_long_as_the_disk_allows_can_be_saved(tmp_path):
    path = tmp_path / ("é" * 100 + ".safetensors")
    replace(path)
    assert path.read_bytes() == NEW


def test_a_killed_save_never_tears_the_file_nor_goes_back(tmp_path):
    path = tmp_path / "model.safetensors"
    (last,) = run(KILLS, path, 25)
    assert int(last) > 0
    tensor_file.write(path, {"w": np.zeros(1)}, {})
    assert os.listdir(tmp_path) == [path.name]


def test_four_writers_and_a_reader_see_whole_files_only(tmp_path):
    failed, seen = run(WRITERS, tmp_path / "model.safetensors")
    assert failed == "0"
    assert int(seen) > 1
    assert os.listdir(tmp_path) == ["model.safetensors"]


def test_a_file_that_windows_holds_open_is_said_to_be_so(target, monkeypatch):
    def replace(*_):
        error = PermissionError(errno.EACCES, "Access is denied")
        error.winerror = 5
        raise error

    monkeypatch.setattr(atomic_write.os, "replace", replace)
    with pytest.raises(ModelFileError, match="another program has the file open"):
        replace_file(target, [memoryview(NEW)])
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    assert target.read_bytes() == OLD
