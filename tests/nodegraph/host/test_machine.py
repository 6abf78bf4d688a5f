"""What the machine has is asked in the way of each system, and never by a signal on Windows."""

import ctypes
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from nodegraph.host import machine


class Windows:
    """The library of Windows, with the process 7 alive, 8 ended, 9 somebody else's."""

    def __init__(self):
        self.OpenProcess = lambda right, inherit, pid: {7: 70, 8: 80}.get(pid)
        self.closed = []

    def GetLastError(self):
        return 5 if not self.closed else 87

    def GetExitCodeProcess(self, process, code):
        ctypes.cast(code, ctypes.POINTER(ctypes.c_uint32))[0] = {70: 259, 80: 0}[process.value]
        return 1

    def CloseHandle(self, process):
        self.closed.append(process.value)

    def GlobalMemoryStatusEx(self, memory):
        fields = ctypes.cast(memory, ctypes.POINTER(machine._Memory))[0]
        assert fields.length == 64
        fields.free = 123
        return 1


@pytest.fixture
def windows(monkeypatch):
    system = Windows()
    # as a function, since ctypes has it on Windows alone
    monkeypatch.setattr(machine, "_windows", lambda: system)
    monkeypatch.setattr(machine, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("this sends Ctrl-C"))
    return system


def test_a_process_is_alive_until_it_has_ended():
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert machine.is_alive(other.pid) and machine.is_alive(os.getpid())
    other.communicate(b"\n")
    assert not machine.is_alive(other.pid)


def test_on_windows_a_process_is_asked_for_without_a_signal(windows):
    assert machine.is_alive(7) and not machine.is_alive(8)
    assert windows.closed == [70, 80]
    assert not machine.is_alive(10)  # there is none
    windows.closed.clear()
    assert machine.is_alive(9)  # it may not be asked


def test_on_windows_the_free_memory_is_asked_for(windows):
    assert machine.installed_memory() == 123


def test_memory_that_nothing_tells_of_is_unknown(monkeypatch):
    monkeypatch.delattr(os, "sysconf")
    assert machine.installed_memory() is None


def test_cores_are_those_that_may_be_used_where_the_system_tells(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 5}, raising=False)
    assert machine.usable_cpus() == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert machine.usable_cpus() == 6


def test_a_processor_that_llvm_cannot_ask_has_no_wide_registers(monkeypatch):
    import llvmlite.binding

    def fail():
        raise RuntimeError("failed to get host cpu features")

    monkeypatch.setattr(llvmlite.binding, "get_host_cpu_features", fail)
    assert machine.has_avx512.__wrapped__() is False
