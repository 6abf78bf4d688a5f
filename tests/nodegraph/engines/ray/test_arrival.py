"""Who is at the address of a cluster: said in one true sentence, before Ray itself is let near."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

import pytest

import nodegraph as ng
from nodegraph.engines.ray import arrival
from nodegraph.engines.ray.arrival import arrive
from nodegraph.engines.ray.greeting import greet
from nodegraph.errors import EngineError, FieldError

SETTINGS = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
OURS = {"ray_version": "9.9", "python_version": "3.99.1", "here": True}


@pytest.fixture
def listener():
    """Return a function that starts a server which answers each one with some bytes."""
    stop, threads = threading.Event(), []

    def start(answer, port=0):
        server = socket.create_server(("127.0.0.1", port))
        server.settimeout(0.05)

        def serve():
            lines = []
            with server:
                while not stop.is_set():
                    try:
                        line, _ = server.accept()
                    except TimeoutError:
                        continue
                    line.sendall(answer)
                    lines.append(line)
            for line in lines:
                line.close()

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return server.getsockname()[1]

    yield start
    stop.set()
    for thread in threads:
        thread.join()


@pytest.fixture
def ours(monkeypatch):
    monkeypatch.setattr(arrival, "_versions", lambda: ("9.9", "3.99.1"))
    monkeypatch.setattr(arrival, "PATIENCE", 0.2)


def said(address, **options):
    with pytest.raises(EngineError) as error:
        arrive(address, **options)
    return str(error.value)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_nobody_listens():
    port = free_port()
    text = said(f"127.0.0.1:{port}")
    assert text.startswith(f"no Ray answers at address '127.0.0.1:{port}': nothing listens")
    assert f"ray start --head --port={port}" in text and "--wait 60" in text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "another program listens there, which does not answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "another program listens there (it says 'SSH-2.0-OpenSSH_9.2"),
        (b"\x15\x03\x01\x00\x02\x02\x0a", "wants TLS; set RAY_USE_TLS=1"),
    ],
)
def test_another_program_has_the_port(answer, words, listener, ours):
    text = said(f"127.0.0.1:{listener(answer)}")
    assert words in text and "\n" not in text


def test_a_web_server_has_the_port(ours):
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        text = said(f"127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()
    assert "a web server listens there" in text


def test_the_port_of_the_dashboard_is_told_from_that_of_the_head():
    with pytest.raises(EngineError, match="dashboard has port 8265, its head 6379"):
        arrival._refuse("h:8265", "h", 8265, arrival.Listener("web", "HTTP/1.1 400"))


def test_there_is_no_such_machine(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", unknown)
    assert "there is no machine 'nosuch' (Name or service not known)" in said("nosuch:6379")


def test_a_name_server_that_does_not_answer_is_not_waited_for_long(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: over.wait(30) or [])
    monkeypatch.setattr(arrival, "PATIENCE", 0.1)
    start = monotonic()
    assert "no machine 'head' (no name server answers within 0.1 s)" in said("head:6379")
    assert monotonic() - start < 5
    over.set()


def test_what_cannot_be_a_name_is_told():
    assert "no machine 'a..b' (no name of a machine is written so)" in said("a..b:6379")


def test_a_machine_that_is_off_is_not_waited_for_long(monkeypatch):
    def away(*_, **__):
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", away)
    assert greet("10.0.0.9", 6379, 0.1).kind == "away"
    assert "machine '10.0.0.9' does not answer" in said("10.0.0.9:6379")


@pytest.mark.parametrize(
    "address", ["head", "head:x", ":6379", "head:0", "head:66000", "grpc://127.0.0.1:6379"]
)
def test_what_is_no_address_is_told_what_one_looks_like(address):
    assert "host:port (of the head, such as 10.0.0.1:6379)" in said(address)


def test_a_head_that_is_not_up_yet_is_waited_for(listener, ours, monkeypatch, caplog):
    caplog.set_level("INFO", "nodegraph.ray")
    port = free_port()
    monkeypatch.setattr(arrival, "_asked", lambda address, meanwhile: OURS)
    monkeypatch.setattr(arrival, "PAUSE", 0.05)
    late = threading.Timer(0.2, listener, (SETTINGS, port))
    late.start()
    assert arrive(f"127.0.0.1:{port}", wait=20) == f"127.0.0.1:{port}"
    late.join()
    (words,) = caplog.messages
    assert words.startswith(f"127.0.0.1:{port}: nothing listens at that port; ")
    assert words.endswith("; it is waited for, up to 20 s")


def test_a_wait_has_an_end(monkeypatch):
    monkeypatch.setattr(arrival, "PAUSE", 0.01)
    text = said(f"127.0.0.1:{free_port()}", wait=0.05)
    assert "after 0.05 s: nothing listens" in text and "--wait" not in text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({**OURS, "ray_version": "9.8"}, "version 9.8 on Python 3.99.1, and here is Ray 9.9"),
        ({**OURS, "python_version": "3.99.2"}, "on Python 3.99.2, and here is Ray 9.9 on Python"),
        ({**OURS, "here": False}, "but this machine ("),
        ({"error": "RpcError", "words": "RPC error: "}, "not to the head of a cluster"),
        ({"error": "RpcError", "words": "RPC error: gone\nfar"}, "RPC error: gone far; --wait"),
    ],
)
def test_a_head_that_does_not_take_us_in(answer, words, listener, ours, monkeypatch):
    monkeypatch.setattr(arrival, "_asked", lambda address, meanwhile: answer)
    text = said(f"127.0.0.1:{listener(SETTINGS)}")
    assert words in text and "\n" not in text


@pytest.fixture
def head(ray_engine):
    ray_engine.cpus()
    import ray

    return ray.get_runtime_context().gcs_address


@pytest.mark.ray
def test_a_head_lets_in_who_shows_its_token(head, monkeypatch):
    assert arrive(head) == head
    monkeypatch.setenv("RAY_AUTH_TOKEN", "0" * 64)
    text = said(head)
    assert "lets nobody in without its token: the one in RAY_AUTH_TOKEN is another" in text
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "/nowhere/token")
    assert "its token: there is none here; copy the file" in said(head)


@pytest.mark.ray
def test_a_token_that_is_there_is_not_shown(head, monkeypatch, tmp_path):
    (tmp_path / "token").write_text("0" * 64)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    assert "it was not shown; set RAY_AUTH_MODE=token" in said(head)


@pytest.mark.ray
def test_another_port_of_ray_is_not_that_of_its_head(head):
    import ray

    node = ray.nodes()[0]
    text = said(f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}")
    assert "not to the head of a cluster" in text


def test_waiting_is_seconds():
    with pytest.raises(FieldError, match="wait: expected seconds"):
        ng.RayEngine(wait=-1)
