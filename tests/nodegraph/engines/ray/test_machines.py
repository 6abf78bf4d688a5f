import socket

import pytest

from nodegraph.engines.ray.head import Head
from nodegraph.engines.ray.machines import Machines


@pytest.fixture
def ports():
    """One that somebody listens at, and one that is taken, where nobody does."""
    with socket.create_server(("127.0.0.1", 0)) as there, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        yield there.getsockname()[1], other.getsockname()[1]


class Looked:
    """A Ray that counts how often it is asked; in earnest it would not answer without a head."""

    def __init__(self, *machines):
        self.machines, self.looks = machines, 0

    def nodes(self):
        self.looks += 1
        return [
            {"NodeID": name, "Alive": alive, "NodeManagerAddress": "127.0.0.1",
             "NodeManagerPort": port}
            for name, alive, port in self.machines
        ]  # fmt: skip


def test_machines_that_do_not_answer_are_found_in_one_look_at_all(ports):
    up, down = ports
    ray = Looked(("up", True, up), ("down", True, down), ("known", False, up))
    found = Machines(ray, Head(None)).silent(["up", "down", "known", "never heard of"])
    assert found == {"down", "known", "never heard of"}
    assert ray.looks == 1


def test_ray_is_asked_but_once_where_a_machine_is(ports):
    ray = Looked(("up", True, ports[0]))
    machines = Machines(ray, Head(None))
    assert machines.silent([]) == set() and ray.looks == 0
    machines.meet(["up"])
    assert machines.silent(["up"]) == machines.silent(["up"]) == set()
    assert ray.looks == 1


def test_ray_is_not_asked_while_its_head_is_gone(ports):
    up, down = ports
    ray = Looked(("up", True, up), ("down", True, down))
    gone = Head(f"127.0.0.1:{down}")
    machines = Machines(ray, gone)
    assert machines.silent(["up", "down"]) == set()  # nobody knows where they are
    gone.address = ("127.0.0.1", up)
    machines.meet(["up", "down"])
    gone.address = ("127.0.0.1", down)
    assert machines.silent(["up", "down"]) == {"down"}
    assert ray.looks == 1
