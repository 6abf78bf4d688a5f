"""A model as one file: arrays, and in the metadata the graph and where everything stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from typing import Any

import numpy as np

from nodegraph.arrays import Array, layout, leaves, pack, packed_layout, unpack
from nodegraph.data.horizon import Ahead
from nodegraph.data.leads import Lead
from nodegraph.data.tables import Columns
from nodegraph.engines.slot import NOT_SAVED, OTHER_LAYOUT, Slot
from nodegraph.errors import ModelFileError, NodegraphError, SpecError
from nodegraph.files import tensor_file
from nodegraph.files.yaml.writer import streams, to_plain
from nodegraph.graph import Graph
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import Seamless, SecondLook
from nodegraph.graph.rule import Rule
from nodegraph.host.numerics import checked_numerics
from nodegraph.model.initializer import Initializer
from nodegraph.model.state import ModelState
from nodegraph.model.stream_place import StreamPlace

__all__ = [
    "as_it_stands",
    "check_header",
    "empty_memory",
    "load",
    "pack_graph",
    "packed",
    "plain",
    "save",
    "unpack_slot",
    "unpacked",
]

Report = list[dict[str, Any]]

PARTS = ("params", "state", "past", "memory", "taught")


def save(path: str | PathLike[str], state: ModelState, report: Report, *, memory: bool) -> None:
    """Write the state of a model and its graph to one ``.safetensors`` file.

    Raises
    ------
    ModelFileError
        If the file cannot be written, or a node holds what is neither array nor number.
    """
    tensor_file.write(path, *packed(state, report, memory))


def packed(
    state: ModelState, report: Report, memory: bool
) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the state of a model and its graph as arrays and texts, which can be read again."""
    arrays, texts = as_it_stands(state, state.slots, report, memory)
    _check_readable(texts["graph"], arrays)
    return arrays, texts


def _check_readable(text: str, arrays: Mapping[str, Array]) -> None:
    """Refuse to write a graph that would not come back as it is."""
    try:
        again = json.dumps(pack_graph(_unpack_graph(text, arrays), {}))
    except NodegraphError as error:
        raise ModelFileError(f"the model cannot be saved, or not read again: {error}") from error
    if again != text:
        raise ModelFileError("the model cannot be saved: its graph would come back another one")


def as_it_stands(
    state: ModelState, slots: Mapping[str, Slot], report: Report, memory: bool
) -> tuple[dict[str, Array], dict[str, str]]:
    """Return what `packed` does of some slots, and do not look whether the graph comes back."""
    arrays: dict[str, Array] = {}
    graph = pack_graph(state.plan.graph, arrays)
    about = {
        "seed": state.initializer.seed,
        "dtype": state.initializer.dtype.name,
        "numerics": state.initializer.numerics,
        "time": state.stream.time,
        "series": state.series,
        "frozen": sorted(state.frozen),
        "data": state.initializer.data,
        "targets": state.initializer.targets,
        "ahead": state.ahead.horizons(),
        "columns": state.initializer.columns,
        "taught": state.initializer.taught,
        "nodes": {
            name: _pack_slot(name, _seamless(state.plan.rules.get(name), slot), arrays, memory)
            for name, slot in sorted(slots.items())
        },
        "report": report,
    }
    if state.ahead.strange:
        about["strange"] = sorted(state.ahead.strange)
    if state.flat:
        about["flat"] = True
    if state.leads:
        about["leads"] = {name: lead.plain() for name, lead in state.leads.items()}
    about |= state.stream.plain()
    return arrays, {"graph": json.dumps(graph), "model": json.dumps(about, default=plain)}


def load(path: str | PathLike[str]) -> tuple[ModelState, Report]:
    """Return the state that `save` wrote; nothing in the file is executed.

    Raises
    ------
    ModelFileError
        If the file is torn, altered, of another version, or does not fit its own graph.
    """
    return unpacked(path, *tensor_file.read(path, check_header))


def unpacked(
    path: str | PathLike[str], arrays: dict[str, Array], metadata: dict[str, str]
) -> tuple[ModelState, Report]:
    """Return what `packed` made arrays and texts of; `path` is for errors."""
    about = _about(metadata)
    try:
        plan = Plan.of(_unpack_graph(metadata["graph"], arrays))
        initializer = Initializer(
            plan,
            int(about["seed"]),
            np.dtype(about["dtype"]),
            numerics=checked_numerics(about.get("numerics", "exact")),
        )
        return _filled(ModelState(initializer), about, arrays), list(about["report"])
    except ModelFileError:
        raise
    except (NodegraphError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(f"{path}: the file does not fit its own graph: {error}") from error


def pack_graph(graph: Graph, arrays: dict[str, Array]) -> dict[str, Any]:
    """Return the graph as YAML's plain values; explicit weights go among the arrays."""

    def store(where: str, value: Any) -> dict[str, Any]:
        listed = isinstance(value, list | tuple)
        key = f"graph/{where}"
        packed = pack(np.asarray(value) if listed else value, key, arrays)
        return {"file": key, "packed": packed, **({"listed": True} if listed else {})}

    try:
        return {"nodegraph": 1, **to_plain(graph, store, whole=True), **streams(graph)}
    except SpecError as error:
        raise ModelFileError(f"the model cannot be saved: {error}") from error
    except RecursionError:
        raise ModelFileError("the model cannot be saved: graphs are nested too deep") from None


def _unpack_graph(text: str, arrays: Mapping[str, Array]) -> Graph:
    """Return the graph of a file; it goes through the checks of a YAML graph but its limits."""

    def load(where: Mapping[str, Any]) -> Any:
        value = unpack(where["packed"], arrays)
        return value.tolist() if where.get("listed") else value

    from nodegraph.files.yaml.spec import read_plain  # takes long to import

    try:
        return read_plain(_mapping(text), "graph", load).graph
    except RecursionError:
        raise ModelFileError("graphs are nested too deep") from None


def _mapping(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ModelFileError("the graph in the file is no mapping")
    return found


def _seamless(rule: Rule | None, slot: Slot) -> Slot:
    """Return a slot whose memory does not show in which chunks it was gathered."""
    if slot.memory is None or not isinstance(rule, Seamless):
        return slot
    return replace(slot, memory=rule.seamless(slot.memory))


def _pack_slot(name: str, slot: Slot, arrays: dict[str, Array], memory: bool) -> dict[str, Any]:
    kept = PARTS if memory else tuple(part for part in PARTS if part != "memory")
    packed = {part: pack(getattr(slot, part), f"{name}/{part}", arrays) for part in kept}
    if slot.given:
        given = slot.params._replace(**slot.given)
        packed["given"] = pack(given, f"{name}/given", arrays)
        packed["given_fields"] = sorted(slot.given)
    noise = None if slot.noise is None else slot.noise.bit_generator.state
    left_out = not memory and any(leaves(() if slot.memory is None else slot.memory))
    lost = NOT_SAVED if left_out else slot.lost
    return {**packed, "fitted": slot.fitted, "lost": lost, "noise": noise}


def plain(value: Any) -> Any:
    """Return what JSON has for a value of numpy, or of another kind."""
    return value.item() if isinstance(value, np.generic) else str(value)


def check_header(infos: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
    """Refuse a file that names other arrays than it has, before any is read."""
    if "ensemble" in metadata:
        raise ModelFileError("the file holds an ensemble; write ng.Ensemble.load(path)")
    if "graph" not in metadata:
        raise ModelFileError("the file holds no graph: it was not written by Model.save")
    try:
        graph = _mapping(metadata["graph"])
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"the graph in the file cannot be read: {error}") from error
    named = {*_named_arrays(_about(metadata)["nodes"]), *_named_arrays(graph)}
    if odd := sorted(named ^ set(infos))[:3]:
        raise ModelFileError(f"the file and its list of arrays differ: {', '.join(odd)}")


def _about(metadata: Mapping[str, str]) -> dict[str, Any]:
    try:
        about = json.loads(metadata["model"])
        if not isinstance(about["nodes"], dict):
            raise TypeError("nodes")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelFileError(f"the file's description cannot be read: {error!r}") from error
    return dict(about)


def _named_arrays(packed: Any) -> list[str]:
    if isinstance(packed, list):
        return [name for part in packed for name in _named_arrays(part)]
    if not isinstance(packed, dict):
        return []
    if isinstance(packed.get("array"), str):
        return [packed["array"]]
    if isinstance(packed.get("csr"), str):
        return [f"{packed['csr']}#{part}" for part in ("data", "indices", "indptr")]
    return [name for part in packed.values() for name in _named_arrays(part)]


def _filled(state: ModelState, about: Mapping[str, Any], arrays: Mapping[str, Array]) -> ModelState:
    state.initializer.see(about["data"], about["targets"])
    state.initializer.note(*(_columns(about.get(part, {})) for part in ("columns", "taught")))
    if about["nodes"]:
        state.initializer.build(state.slots)
    if state.slots.keys() != about["nodes"].keys():
        raise ModelFileError("the file has arrays for other nodes than its graph")
    for name, packed in about["nodes"].items():
        state.slots[name] = unpack_slot(state, name, state.slots[name], packed, arrays)
    state.frozen = frozenset(about["frozen"])
    shown = {
        learner: {taker: int(rows) for taker, rows in by_input.items()}
        for learner, by_input in about.get("ahead", {}).items()
    }
    strange = frozenset((str(learner), str(taker)) for learner, taker in about.get("strange", ()))
    state.ahead = Ahead(shown, strange=strange)
    state.stream = StreamPlace.of(about)
    state.series = int(about.get("series", 0))
    state.flat = bool(about.get("flat", False))
    state.leads = {name: Lead.of(plain) for name, plain in about.get("leads", {}).items()}
    return state


def _columns(packed: Mapping[str, Any]) -> dict[str, Columns]:
    return {
        name: Columns(tuple(map(str, names)), *map(bool, told))
        for name, (names, *told) in packed.items()
    }


def unpack_slot(
    state: ModelState, name: str, slot: Slot, packed: Mapping[str, Any], arrays: Mapping[str, Array]
) -> Slot:
    """Return a slot like `slot`, filled with what was kept of it."""
    rule = state.plan.rules.get(name)
    parts = {}
    for part in ("params", "state", "past", "taught"):
        template = slot.past if part == "taught" else getattr(slot, part)
        parts[part] = unpack(packed[part], arrays, template)
        if parts[part] is not None:
            _check_alike(f"{name}.{part}", parts[part], template)
    if "given" in packed:
        given = unpack(packed["given"], arrays, slot.params)
        _check_alike(f"{name}.given", given, slot.params)
        parts["given"] = {field: getattr(given, field) for field in packed["given_fields"]}
    memory = packed.get("memory", {"value": None})
    kept = rule if memory != {"value": None} else None
    template = kept and empty_memory(kept, parts["params"], memory)
    lost = str(packed.get("lost", ""))
    if _has_other_fields(memory, template):
        memory, lost = {"value": None}, OTHER_LAYOUT
    parts["memory"] = unpack(memory, arrays, template)
    if packed["noise"] is not None and slot.noise is not None:
        slot.noise.bit_generator.state = packed["noise"]
    return replace(slot, **parts, fitted=bool(packed["fitted"]), lost=lost)


def empty_memory(rule: Rule, params: Any, packed: Mapping[str, Any]) -> Any:
    """Return a memory like the one that was saved, in which nothing is."""
    if not isinstance(rule, SecondLook):
        return rule.begin(params)
    for look in rule.memories(params):
        if layout(look) == packed_layout(packed):
            return look
    return next(iter(rule.memories(params)))


def _has_other_fields(packed: Mapping[str, Any], template: Any) -> bool:
    """Tell whether a rule of today keeps another memory, or parts of it, than was saved."""
    if not isinstance(template, tuple) or "tuple" not in packed:
        return False
    fields = getattr(template, "_fields", None)
    if fields is not None and tuple(packed["tuple"]) != fields:
        return True
    return any(map(_has_other_fields, packed["parts"], template))


def _check_alike(where: str, new: Any, old: Any) -> None:
    for (path, a), (_, b) in zip(leaves(new), leaves(old), strict=True):
        same = np.shape(a) == np.shape(b) and getattr(a, "dtype", None) == getattr(b, "dtype", None)
        if not same:
            raise ModelFileError(
                f"{where}.{path}: expected {getattr(b, 'dtype', type(b))} {np.shape(b)}, "
                f"got {getattr(a, 'dtype', type(a))} {np.shape(a)}"
            )
