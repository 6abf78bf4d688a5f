import socket

import pytest

from nodegraph.engines.ray import head
from nodegraph.engines.ray.head import Head
from nodegraph.errors import EngineError


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(head, "monotonic", lambda: now[0])
    monkeypatch.setattr(head, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


def test_a_head_that_is_gone_is_told_once_and_may_come_back(clock, caplog):
    with socket.create_server(("127.0.0.1", 0)) as there:
        port = there.getsockname()[1]
        one = Head(f"127.0.0.1:{port}")
        clock[0] += 3
        one.look()
    assert caplog.text == ""
    for _ in range(int(head.GRACE) // 3 + 1):
        clock[0] += 3
        one.look()
    assert caplog.text.count("does not answer any more") == 1
    clock[0] += 3
    with pytest.raises(EngineError, match="is gone, and with it the cluster"):
        one.look()


def test_who_needs_the_head_waits_for_it_as_long_as_it_may_take(clock):
    with socket.create_server(("127.0.0.1", 0)) as there:
        one = Head(f"127.0.0.1:{there.getsockname()[1]}")
        one.wait()
    begin = clock[0]
    with pytest.raises(EngineError, match="start it again, or another one"):
        one.wait()
    assert clock[0] - begin <= head.GRACE + 2


def test_a_head_that_cannot_be_asked_is_taken_to_be_there(clock):
    clock[0] += 99
    Head(None).look()
    Head(None).wait()
