"""The JSON Schema of YAML graphs, with every known kind, for editors."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from nodegraph.experiments.cli.kind_docs import fields, sort_of, summary
from nodegraph.files.yaml.header import Header
from nodegraph.graph.registry import kinds

__all__ = ["json_schema"]

NESTED = {
    "type": "object",
    "description": "Another YAML graph, used as one node.",
    "properties": {"kind": {"const": "graph"}, "file": {"type": "string"}},
    "required": ["kind", "file"],
    "additionalProperties": False,
}
ARRAY = {
    "type": "object",
    "description": "An array in a file beside the YAML.",
    "properties": {"file": {"type": "string"}, "key": {"type": "string"}},
    "required": ["file"],
    "additionalProperties": False,
}


class _Lenient(GenerateJsonSchema):
    """Lets a field of which no schema can tell the form hold anything."""

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> dict[str, Any]:
        return {}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a YAML graph.

    Each node is one of the known kinds, told apart by ``kind``.

    Raises
    ------
    SpecError
        If a package of kinds cannot be imported.

    Examples
    --------
    >>> json_schema()["properties"]["nodegraph"]["type"]
    'integer'
    """
    known: dict[str, Any] = {name: _usual(cls) for name, cls in kinds().items()}
    models = [Header, *known.values()]
    places, whole = models_json_schema(
        [(model, "validation") for model in models],
        schema_generator=_Lenient,
        ref_template="#/$defs/{model}",
    )
    parts = whole["$defs"]
    header = parts.pop(_place(places, Header))
    found = {name: (cls, parts[_place(places, cls)]) for name, cls in known.items()}
    for place in {_place(places, cls) for cls in known.values()}:
        del parts[place]
    parts |= {name: _of_kind(name, cls, schema) for name, (cls, schema) in found.items()}
    parts["Rule"] = _one_of(known, "rule")
    parts["graph"], parts["array_file"] = NESTED, ARRAY
    nodes = {"oneOf": [*_one_of(known, "node", "composite")["oneOf"], _ref("graph")]}
    header["properties"]["nodes"]["additionalProperties"] = nodes
    header["properties"]["edges"] = _edges(header["properties"]["edges"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **header, "$defs": parts}


def _usual(cls: Any) -> Any:
    """Return the class that is made by the bare name of a class with variants."""
    variants = vars(cls).get("variants")
    return variants[cls.model_fields["kind"].default] if variants else cls


def _place(places: Any, model: type) -> str:
    place: str = places[model, "validation"]["$ref"]
    return place.rpartition("/")[2]


def _of_kind(name: str, cls: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a kind with the word ``kind``, what each field means, and no name."""
    properties = {key: part for key, part in schema.get("properties", {}).items() if key != "name"}
    for field in fields(cls):
        if field.field in properties and field.meaning:
            properties[field.field] = {**properties[field.field], "description": field.meaning}
    return {
        "title": name,
        "description": summary(cls),
        "type": "object",
        "properties": {
            "kind": {"enum": _words(name, cls, properties.pop("kind", None))},
            **properties,
        },
        "required": ["kind", *schema.get("required", [])],
        "additionalProperties": False,
    }


def _words(name: str, cls: Any, own: dict[str, Any] | None) -> list[str]:
    """Return what may stand as ``kind``: the name, and ``Reduce.mean`` if it has kinds itself."""
    if cls.label:
        return [name]
    choices = [] if own is None else own.get("enum", [own.get("const", own.get("default"))])
    return [name, *(f"{name}.{choice}" for choice in choices)]


def _one_of(known: dict[str, Any], *sorts: str) -> dict[str, Any]:
    return {"oneOf": [_ref(name) for name, cls in known.items() if sort_of(cls) in sorts]}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def _edges(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of edges with a single line allowed in place of a list."""
    default = {"default": schema.pop("default")} if "default" in schema else {}
    return {"anyOf": [schema, {"type": "string"}], **default}
