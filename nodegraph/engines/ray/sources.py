"""Which of our sources a process imports: workers with others would tell other numbers."""

from __future__ import annotations

import os
from functools import cache
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

__all__ = ["digest", "homes", "strangers"]

OURS = "families.py"  # what a folder `nodes` of somebody else does not have


@cache
def homes() -> tuple[str, str]:
    """Return the folders of our packages, as an import in this process finds them."""
    nodegraph = Path(__file__).parents[2]
    try:
        spec = find_spec("nodes")
    except ValueError:  # a module without a spec has that name
        spec = None
    found = Path(spec.origin).parent if spec is not None and spec.origin else nodegraph
    nodes = found if (found / OURS).is_file() else nodegraph.parent / "nodes"
    return str(nodegraph.resolve()), str(nodes.resolve())


@cache
def digest(folders: tuple[str, ...]) -> str:
    """Return what tells the sources in some folders from others, wherever these lie."""
    told = blake2b(digest_size=16)
    for folder in map(Path, folders):
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.py")}
        for name in sorted(files):
            told.update(name.encode() + b"\0" + files[name].read_bytes().replace(b"\r\n", b"\n"))
    return told.hexdigest()


def strangers(theirs: tuple[str, ...], is_here: bool) -> str:
    """Return in a sentence what workers import in place of what this process does.

    Examples
    --------
    >>> print(strangers(("/old/nodegraph",), is_here=False).partition(", this")[0])
    workers on another machine import /old/nodegraph
    """
    pairs = [(one, own) for one, own in zip(theirs, homes(), strict=False) if one != own]
    told = " and ".join(one for one, _ in pairs or zip(theirs, theirs, strict=True))
    own = " and ".join(own for _, own in pairs) or "others"
    where = "" if is_here else " on another machine"
    cure = (
        f"Ray looks first into the folder that Python was started in ({os.getcwd()}); start it in "
        "another one, or install what stands there"
    )
    return (
        f"workers{where} import {told or 'an older nodegraph'}, this process {own}, and the "
        f"sources differ: {cure if is_here else 'install the same on all machines'}"
    )
