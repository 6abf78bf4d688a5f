"""What the command line tells of kinds, data and the schema."""

import json

from typer.testing import CliRunner

from nodegraph.cli import app
from nodegraph.experiments.cli.kind_docs import fields, summary
from nodegraph.experiments.cli.schema import json_schema
from nodegraph.graph.registry import kinds


def call(*words):
    return CliRunner().invoke(app, list(words))


def test_kinds_lists_every_kind_and_the_fields_of_one():
    listed = call("kinds").stdout
    assert all(name in listed for name in kinds())
    lines = [line.rstrip() for line in listed.splitlines()]
    cells = " ".join(lines[lines.index("cells") : lines.index("spiking")])
    assert all(name in cells for name in ("LSTM", "GRU", "ClockworkRNN")) and "Ridge" not in cells
    told = call("kinds", "Reservoir").stdout
    assert "leak_rate" in told and "spectral_radius" in told
    wrong = call("kinds", "Reservior")
    assert wrong.exit_code == 2 and "did you mean 'Reservoir'" in " ".join(wrong.stderr.split())


def test_every_field_of_every_kind_is_documented():
    bare = {name: [f.field for f in fields(cls) if not f.meaning] for name, cls in kinds().items()}
    assert {name: missing for name, missing in bare.items() if missing} == {}


def test_what_a_kind_is_reads_as_one_sentence_without_the_marks_of_references():
    for kind in kinds().values():
        assert not any(mark in summary(kind) for mark in ("]_", "`", ",."))
    assert summary(kinds()["PredictiveCoder"]).endswith("and what they predict.")


def test_datasets_are_listed_with_their_options():
    listed = call("datasets").stdout
    assert "mackey_glass" in listed and "tau=17.0" in listed


def test_the_schema_tells_kinds_apart():
    schema = json.loads(call("schema").stdout)
    assert schema == json_schema()
    refs = schema["properties"]["nodes"]["additionalProperties"]["oneOf"]
    named = {ref["$ref"].rpartition("/")[2] for ref in refs}
    assert {"Reservoir", "Ridge", "Input", "ESN", "graph"} <= named
    reservoir = schema["$defs"]["Reservoir"]
    assert reservoir["properties"]["kind"] == {"enum": ["Reservoir"]}
    assert reservoir["required"] == ["kind"] and reservoir["additionalProperties"] is False
    assert "Reduce.mean" in schema["$defs"]["Reduce"]["properties"]["kind"]["enum"]


def test_every_reference_of_the_schema_leads_somewhere():
    schema = json_schema()
    text = json.dumps(schema)
    places = {part.partition('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert places <= set(schema["$defs"])
