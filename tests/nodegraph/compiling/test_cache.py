"""Machine code is kept once for all processes, and only what this user wrote is loaded."""

import ctypes
import functools
import os
import subprocess
import sys
import time
import warnings

import pytest

from nodegraph.compiling import cache, machine_code

POSIX = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no owners and modes here")
TEXT = """
define double @NAME(double %x) {
  %y = fadd double %x, 0x4008000000000000
  ret double %y
}
"""
ADD_THREE = f"""
import ctypes
from nodegraph.compiling import machine_code
found = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(machine_code.address({TEXT!r}, "three"))
print(found(4.0), machine_code.stats["compiled"], machine_code.stats["loaded"])
"""


@pytest.fixture
def outcome(monkeypatch):
    """Return a function that tells how a fresh process would come to its code."""

    def outcome():
        monkeypatch.setattr(machine_code, "_known", {})
        monkeypatch.setattr(machine_code, "_made_backend", functools.cache(backend))
        before = dict(machine_code.stats)
        kind = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)
        assert kind(machine_code.address(TEXT, "three"))(4.0) == 7.0
        return [k for k in ("compiled", "loaded") if machine_code.stats[k] > before[k]]

    backend = machine_code._made_backend.__wrapped__
    return outcome


def start():
    return subprocess.Popen(
        [sys.executable, "-c", ADD_THREE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def said(process):
    out, errors = process.communicate(timeout=100)
    assert errors == ""
    return out.strip()


def test_processes_side_by_side_share_a_folder_and_a_later_one_compiles_nothing(folder, outcome):
    together = [start() for _ in range(2)]
    assert {said(process) for process in together} <= {"7.0 1 0", "7.0 0 1"}
    assert sorted(path.suffix for path in folder.iterdir()) == ["", ".o"]
    assert outcome() == ["loaded"]


def test_a_torn_altered_or_foreign_file_is_compiled_anew(folder, outcome):
    outcome()
    (kept,) = folder.glob("*.o")
    whole = kept.read_bytes()
    altered = bytearray(whole)
    altered[len(whole) // 2] ^= 1
    cache.write("another", b"code")
    for wrong in (b"", whole[:40], whole[:-1], altered, (folder / "another.o").read_bytes()):
        kept.write_bytes(wrong)
        assert cache.read(kept.stem) is None
    assert outcome() == ["compiled"]
    assert cache.read(kept.stem) is not None


def test_another_processor_has_its_own_code(folder, outcome, monkeypatch):
    outcome()
    monkeypatch.setenv("NODEGRAPH_CPU", "generic")
    assert outcome() == ["compiled"]
    assert outcome() == ["loaded"]
    assert len(list(folder.glob("*.o"))) == 2


@POSIX
def test_the_folder_and_its_files_are_private(folder):
    cache.write("key", b"code")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "key.o").stat().st_mode & 0o777 == 0o600


@POSIX
def test_a_folder_that_others_may_write_to_is_refused_in_one_sentence(folder, outcome):
    outcome()
    kept = [(path, path.read_bytes()) for path in folder.iterdir()]
    folder.chmod(0o770)
    with pytest.warns(
        cache.CacheWarning, match=f"others may write to {folder}.*chmod go-w"
    ) as told:
        assert outcome() == ["compiled"]
        assert outcome() == ["compiled"]
    assert len(told) == 1
    assert [(path, path.read_bytes()) for path in folder.iterdir()] == kept


@POSIX
def test_a_folder_or_file_of_another_user_is_refused(folder, monkeypatch):
    cache.write("key", b"code")
    (folder / "key.o").chmod(0o666)
    assert cache.read("key") is None
    (folder / "key.o").chmod(0o600)
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.warns(cache.CacheWarning, match="NODEGRAPH_CACHE"):
        assert cache.read("key") is None


def test_where_nothing_can_be_written_code_stays_in_memory(tmp_path, monkeypatch, outcome):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("NODEGRAPH_CACHE", str(tmp_path / "file" / "code"))
    said = f"{tmp_path}/file/code cannot be used .*, so each process compiles anew; set NODEGRAPH"
    with pytest.warns(cache.CacheWarning, match=said) as told:
        assert outcome() == ["compiled"]
        assert outcome() == ["compiled"]
    assert len(told) == 1
    monkeypatch.setenv("NODEGRAPH_CACHE", "")
    assert outcome() == ["compiled"]


@POSIX
def test_a_read_only_folder_is_read_and_not_written(folder, monkeypatch):
    cache.write("key", b"code")
    folder.chmod(0o500)

    def refuse(*_, **__):
        raise PermissionError("read-only file system")

    monkeypatch.setattr(cache.tempfile, "mkstemp", refuse)  # root may write anywhere
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cache.write("other", b"code")
    assert cache.read("key") == b"code"
    assert cache.read("other") is None


def test_a_write_that_fails_leaves_nothing_behind(folder, monkeypatch):
    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    cache.write("key", b"code")
    assert list(folder.iterdir()) == []


def test_what_was_not_used_for_longest_is_dropped(folder, monkeypatch):
    now = time.time()
    for days, key in enumerate(["new", "older", "old"]):
        cache.write(key, bytes(600))
        os.utime(folder / f"{key}.o", (now, now - (days + 2) * 86_400))
    (folder / "torn.part").touch()
    os.utime(folder / "torn.part", (now, now - 2 * 86_400))
    assert cache.read("old") is not None  # used today
    monkeypatch.setattr(cache, "LIMIT", 4 * 4096)
    cache.write("next", bytes(600))  # four files of a block each
    assert len([*folder.glob("*.o")]) == 4
    cache.write("last", bytes(600))
    assert sorted(path.name for path in folder.glob("*.o")) == ["last.o", "next.o", "old.o"]
    assert not [*folder.glob("*.part")]


def test_files_are_counted_once_an_hour_and_by_who_writes_much(folder, monkeypatch):
    counts, count = [], cache._files
    monkeypatch.setattr(cache, "_files", lambda *of: counts.append(of) or count(*of))
    monkeypatch.setattr(cache, "LIMIT", 16 * 3 * 4096)

    def counted(keys):
        counts.clear()
        for key in keys:
            cache.write(key, b"code")
        return len(counts) // 2

    assert counted("ab") == 1
    monkeypatch.setattr(cache, "_WRITTEN", {})  # another process
    assert counted("cd") == 0
    assert counted("efghij") == 2
    then = time.time() - 3601
    os.utime(folder / "counted", (then, then))
    assert counted("kl") == 1


def test_the_folder_is_the_systems_own(monkeypatch, tmp_path):
    monkeypatch.delenv("NODEGRAPH_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert cache.folder() == tmp_path / "nodegraph"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("LOCALAPPDATA", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert cache.folder().is_relative_to(tmp_path)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache.folder() == tmp_path / "Library" / "Caches" / "nodegraph"


def test_the_digest_depends_on_text_and_processor(monkeypatch):
    one = machine_code.digest(TEXT)
    assert machine_code.digest(TEXT) == one != machine_code.digest(TEXT + "\n")


def test_steps_are_compiled_unless_the_environment_says_no(monkeypatch):
    monkeypatch.delenv("NODEGRAPH_COMPILE", raising=False)
    assert machine_code.is_enabled()
    monkeypatch.setenv("NODEGRAPH_COMPILE", "0")
    assert not machine_code.is_enabled()
