"""From LLVM text to the address of machine code, compiled once for each text and processor."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from threading import Lock
from time import thread_time
from typing import Any, NamedTuple

from nodegraph.compiling.cache import read, write

__all__ = ["address", "digest", "function", "functions", "is_enabled", "kept", "listeners",
           "optimized", "stats", "target"]  # fmt: skip

stats: dict[str, float] = {"compiled": 0, "loaded": 0, "seconds": 0.0, "load_seconds": 0.0}
listeners: list[Callable[[], None]] = []  # called before something is compiled
_known: dict[str, int] = {}
_lock, _making = Lock(), Lock()
_CALLED = re.compile(r"@(\w+)(?=\()")
_PASSES = 2  # as -O2; loops are vectorized, straight code is not, nothing is contracted


class _Backend(NamedTuple):
    """LLVM for this processor."""

    engine: Any
    machine: Any
    target: str  # what machine code depends on besides its text


def is_enabled() -> bool:
    """Tell whether steps are compiled: ``NODEGRAPH_COMPILE=0`` runs them all through Python."""
    return os.environ.get("NODEGRAPH_COMPILE", "1") != "0"


def _backend() -> _Backend:
    """Return the one of this process: code that another one had loaded would go with it."""
    with _making:
        return _made_backend()


@cache
def _made_backend() -> _Backend:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    cpu, features = _processor()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=cpu, features=features, opt=_PASSES, jit=True, reloc="static", codemodel="jitdefault"
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    target = (machine.triple, cpu, features, llvm.llvm_version_info, _PASSES)
    return _Backend(engine, machine, repr(target))


def _processor() -> tuple[str, str]:
    """Return name and features of this processor, or of ``$NODEGRAPH_CPU``: an older one's code."""
    import llvmlite.binding as llvm

    if other := os.environ.get("NODEGRAPH_CPU"):
        return other, ""
    try:
        return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    except RuntimeError:  # LLVM cannot ask every ARM
        return llvm.get_host_cpu_name(), ""


def target() -> str:
    """Return what machine code depends on besides its text."""
    return _backend().target


def digest(text: str) -> str:
    """Return what names the machine code of `text` on this processor."""
    return blake2b(f"{target()}\n{text}".encode(), digest_size=16).hexdigest()


def address(text: str, name: str = "step") -> int:
    """Return the address of a compiled function, see `functions`."""
    return functions(text, name)[1]


def functions(
    text: str, name: str = "step", linked: Mapping[str, str] | None = None
) -> tuple[tuple[str, ...], int]:
    """Return the names of those that a function calls and its own, and its address.

    Parameters
    ----------
    text : str
        A module of LLVM's language that defines a function ``@NAME``.
    name : str
        What a debugger shows, and the file of the code is called; a digest is added.
    linked : dict
        By name: the modules of functions that it calls, behind those that these call.
    """
    found: dict[str, str] = {}
    with _lock:
        for called, body in {**(linked or {}), name: text}.items():
            body = _CALLED.sub(lambda call: f"@{found.get(call[1], call[1])}", body)
            found[called] = _symbol(body, called)
        return tuple(found.values()), _known[found[name]]


def kept(symbols: Sequence[str]) -> int | None:
    """Return the address of the last of functions known by name; None if one is not kept."""
    with _lock:
        if not all(map(_loaded, symbols)):
            return None
        return _known[symbols[-1]]


def _symbol(text: str, name: str) -> str:
    """Return what a function is called by others; it is loaded by then."""
    symbol = f"{name}_{digest(text)}"
    if not _loaded(symbol):
        began = thread_time()
        for tell in listeners:
            tell()
        code = _backend().machine.emit_object(optimized(text.replace("@NAME", f"@{symbol}")))
        write(symbol, code)
        stats["compiled"] += 1
        stats["seconds"] += thread_time() - began
        _link(symbol, code, began)
    return symbol


def _loaded(symbol: str) -> bool:
    """Tell whether a function is there, or was kept and is there now."""
    if symbol in _known:
        return True
    began = thread_time()
    code = read(symbol)
    if code is None:
        return False
    stats["loaded"] += 1
    _link(symbol, code, began)
    return True


def _link(symbol: str, code: bytes, began: float) -> None:
    from llvmlite.binding import ObjectFileRef

    engine = _backend().engine
    engine.add_object_file(ObjectFileRef.from_data(code))
    _known[symbol] = engine.get_function_address(symbol)
    stats["load_seconds"] += thread_time() - began


def function(text: str, name: str, pointers: int, numbers: int, returns: Any = None) -> Any:
    """Return a compiled function of so many addresses, then whole numbers, to be called here."""
    kind = ctypes.CFUNCTYPE(returns, *[ctypes.c_void_p] * pointers, *[ctypes.c_int64] * numbers)
    return kind(address(text, name))


def optimized(text: str) -> Any:
    """Return the module of `text` after LLVM's passes."""
    import llvmlite.binding as llvm

    machine = _backend().machine
    module = llvm.parse_assembly(text)
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=_PASSES)
    tuning.loop_vectorization = True
    tuning.slp_vectorization = False
    tuning.loop_interleaving = tuning.loop_unrolling = False  # no faster, and twice the code
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
    return module
