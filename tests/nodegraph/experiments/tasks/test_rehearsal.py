import pytest

from nodegraph.engines.ray.engine import RayEngine
from nodegraph.errors import SpecError
from nodegraph.experiments.tasks.rehearsal import engine_of
from nodegraph.files.yaml.document import Document
from nodegraph.files.yaml.header import read_header


def header(**engine):
    data = {"nodegraph": 1, "nodes": {"u": {"kind": "Input"}}}
    return read_header(Document({**data, "engine": engine} if engine else data))


def test_local_is_what_is_meant_if_nothing_is_said():
    assert engine_of(header()) == "local"
    assert engine_of(header(kind="local", workers=2)) == "local"


def test_the_fields_of_ray_reach_its_engine():
    engine = engine_of(
        header(
            kind="ray",
            address="auto",
            workers=3,
            placement="node",
            num_cpus=2,
            nodes={"u": {"num_gpus": 1, "resources": {"fast": 1}}},
        )
    )
    assert isinstance(engine, RayEngine)
    assert (engine.workers, engine.placement) == (3, "node")
    assert engine._cluster.address == "auto"
    assert engine._default.num_cpus == 2
    assert engine._resources["u"].resources == (("fast", 1.0),)


def test_the_command_line_goes_before_the_file():
    assert engine_of(header(kind="ray"), "local") == "local"
    assert engine_of(header(), "ray", "ray://there:1")._cluster.address == "ray://there:1"
    assert engine_of(header(kind="ray"), None, "there:1")._cluster.address == "there:1"
    with pytest.raises(SpecError, match="write --engine ray with it"):
        engine_of(header(), None, "auto")
