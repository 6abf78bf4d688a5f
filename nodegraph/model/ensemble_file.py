"""An ensemble in one file: each member as `Model.save` writes it, under its number."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import ModelFileError
from nodegraph.files import tensor_file
from nodegraph.model import storage
from nodegraph.model.state import ModelState

__all__ = ["load", "save"]

MOST = 10_000  # members
TEXTS = ("graph", "model")
WIDENING = "widening"

Member = tuple[ModelState, storage.Report]


def save(
    path: str | PathLike[str],
    about: Mapping[str, Any],
    members: Sequence[Member],
    widening: Array | None,
    memory: bool,
) -> None:
    """Write an ensemble to one ``.safetensors`` file, whole or not at all; see `load`."""
    arrays = dict[str, Array]() if widening is None else {WIDENING: widening}
    texts = {"ensemble": json.dumps({"members": len(members), **about})}
    for i, member in enumerate(members):
        own, told = storage.packed(*member, memory)
        arrays |= {f"{i}/{name}": array for name, array in own.items()}
        texts |= {f"{i}/{key}": text for key, text in told.items()}
    tensor_file.write(path, arrays, texts)


def load(path: str | PathLike[str]) -> tuple[dict[str, Any], list[Member], Array | None]:
    """Return what was told of an ensemble, its members, and how much wider its intervals are.

    Raises
    ------
    ModelFileError
        If the file is torn, altered, of another version, or holds no ensemble.
    """
    arrays, texts = tensor_file.read(path, _check_header)
    about = _about(texts)
    members = []
    for i in range(about["members"]):
        own = {n.removeprefix(f"{i}/"): a for n, a in arrays.items() if n.startswith(f"{i}/")}
        members.append(storage.unpacked(path, own, _texts(texts, i)))
    return about, members, arrays.get(WIDENING)


def _texts(texts: Mapping[str, str], i: int) -> dict[str, str]:
    return {key: texts[f"{i}/{key}"] for key in TEXTS if f"{i}/{key}" in texts}


def _check_header(infos: Mapping[str, Any], texts: Mapping[str, str]) -> None:
    """Refuse a file of something else before any array is read."""
    left = set(infos) - {WIDENING}
    for i in range(_about(texts)["members"]):
        own = {name: infos[name] for name in left if name.startswith(f"{i}/")}
        storage.check_header({n.removeprefix(f"{i}/"): o for n, o in own.items()}, _texts(texts, i))
        left -= own.keys()
    wide = infos.get(WIDENING)
    if left or (wide is not None and (len(wide.shape) != 1 or np.dtype(wide.dtype).kind != "f")):
        raise ModelFileError("the file has arrays that are of no member")


def _about(texts: Mapping[str, str]) -> dict[str, Any]:
    if "ensemble" not in texts:
        raise ModelFileError("the file holds no ensemble; read a model by ng.load")
    try:
        about = dict(json.loads(texts["ensemble"]))
        count, (low, high) = about["members"], about["levels"]
        if type(count) is not int or not 2 <= count <= MOST or not 0 < low < high < 1:
            raise ValueError(about)
        if type(about["seed"]) is not int or type(about["bagged"]) is not bool:
            raise ValueError(about)
        return about | {"kind": str(about["kind"])}
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelFileError(f"what is told of the ensemble cannot be read: {error!r}") from error
