"""An ensemble in one file: each member as `Model.save` writes it, under its number."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import ModelFileError
from nodegraph.files import tensor_file
from nodegraph.model import storage

if TYPE_CHECKING:
    from nodegraph.model.ensemble import Ensemble
    from nodegraph.model.state import ModelState

__all__ = ["load", "save"]

MOST = 10_000  # members
TEXTS = ("graph", "model")
WIDENING = "widening"


def save(path: str | PathLike[str], ensemble: Ensemble, memory: bool) -> None:
    """Write an ensemble to one ``.safetensors`` file, whole or not at all."""
    about: dict[str, Any] = {"members": len(ensemble), "kind": ensemble.kind}
    about |= {"seed": ensemble.seed, "bagged": ensemble.bagged, "levels": ensemble._calibrated}
    arrays, texts = dict[str, Array](), {"ensemble": json.dumps(about)}
    if ensemble.widening is not None:
        arrays[WIDENING] = ensemble.widening
    for i, member in enumerate(ensemble.members):
        own, told = storage.packed(member._settle(), member.report, memory)
        arrays |= {f"{i}/{name}": array for name, array in own.items()}
        texts |= {f"{i}/{key}": text for key, text in told.items()}
    tensor_file.write(path, arrays, texts)


def load(
    path: str | PathLike[str],
) -> tuple[dict[str, Any], list[tuple[ModelState, storage.Report]], Array | None]:
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
