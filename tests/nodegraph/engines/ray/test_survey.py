"""What a cluster has, and whether its machines can run our nodes."""

import pytest

from nodegraph.engines.ray import survey

VERSIONS = {"nodegraph": "1", "nodes": "there", "numpy": "2.0", "scipy": "1.13", "sources": "ab"}


class Ray:
    """One of two machines that is up, as `ray.nodes` tells it."""

    __version__ = "9.9"

    def nodes(self):
        own = {"CPU": 4.0, "memory": 8e9, "node:10.0.0.2": 1.0, "fast": 2.0}
        both = {"NodeManagerHostname": "b", "NodeManagerAddress": "10.0.0.2", "Resources": own}
        head = {"CPU": 2.0, "GPU": 1.0, "node:__internal_head__": 1.0}
        return [
            {**both, "NodeID": "2", "Alive": True},
            {**both, "NodeID": "3", "Alive": False},
            {"NodeManagerHostname": "a", "NodeManagerAddress": "10.0.0.1", "Resources": head,
             "NodeID": "1", "Alive": True},
        ]  # fmt: skip


def test_machines_are_told_one_by_one_the_head_first(monkeypatch):
    found = [survey.Place("1", {"CPU": 2.0, "GPU": 1.0}, {"CPU": 0.5, "GPU": 1.0}),
             survey.Place("2", Ray().nodes()[0]["Resources"], {"CPU": 4.0})]  # fmt: skip
    monkeypatch.setattr(survey, "places", lambda ray: found)
    head, other, lost = survey.machines(Ray())
    assert head["machine"] == "a" and head["CPUs"] == "2 (0.5 free)" and head["more"] == "head"
    assert (other["CPUs"], other["memory"], other["more"]) == ("4", "8.0 GB", "fast: 2")
    assert lost == {"machine": "b", "address": "10.0.0.2", "CPUs": "lost"}


@pytest.mark.parametrize(("mode", "words"), [("token", "asks for a token"), ("", "NO token")])
def test_a_cluster_that_is_open_to_all_is_called_that(mode, words, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_MODE", mode)
    assert words in survey.heading(Ray(), "10.0.0.1:6379")


def test_versions_that_differ_are_named(monkeypatch):
    monkeypatch.setattr(survey, "_versions", lambda: VERSIONS)
    assert not list(survey._differing("b", VERSIONS))
    theirs = {**VERSIONS, "numpy": "1.26", "nodes": "cannot be imported (No module named 'nodes')"}
    assert list(survey._differing("b", theirs)) == [
        "b: nodes cannot be imported (No module named 'nodes'), here there",
        "b: numpy 1.26, here 2.0",
    ]
    assert list(survey._differing("b", {**VERSIONS, "sources": "cd"})) == ["b: sources cd, here ab"]


@pytest.mark.ray
def test_this_machine_can_run_what_it_has(ray_engine):
    heading, rows, unfit = ray_engine.survey()
    assert heading.startswith("Ray ") and "asks for a token" in heading
    assert len(rows) == 1 and unfit == []
