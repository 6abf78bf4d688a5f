"""From LLVM text to the address of machine code, compiled once for a text, tier and processor."""

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
from nodegraph.errors import EngineError

__all__ = ["BASELINE", "MASKS", "OPTIMIZED", "address", "asked", "compiled", "digest", "function",
           "is_enabled", "kept", "listeners", "module_of", "stats", "symbols_of",
           "target"]  # fmt: skip

BASELINE, OPTIMIZED = 0, 2  # tiers, as -O0 and -O2; nothing is contracted in either
MASKS = '!{!"llvm.loop.vectorize.predicate.enable", i1 true}'  # for processors that have them

stats: dict[str, float] = {"compiled": 0, "loaded": 0, "seconds": 0.0, "load_seconds": 0.0}
listeners: list[Callable[[], None]] = []  # called before something is compiled
_known: dict[str, int] = {}
_WAYS = ("0", "1", "baseline", "optimized")
_lock, _making = Lock(), Lock()
_CALLED = re.compile(r"@(\w+)(?=\()")


class _Backend(NamedTuple):
    """LLVM for this processor."""

    engine: Any
    machines: dict[int, Any]  # by tier
    target: str  # what machine code depends on besides its text


def asked() -> str:
    """Return ``$NODEGRAPH_COMPILE``: how steps are compiled.

    ``0``: not at all, all run through Python; ``1``: to baseline code, which is optimized once that
    pays; ``baseline`` or ``optimized``: to that alone.
    """
    word = os.environ.get("NODEGRAPH_COMPILE") or "1"
    if word not in _WAYS:
        raise EngineError(f"NODEGRAPH_COMPILE is {word!r}; expected {' or '.join(_WAYS)}")
    return word


def is_enabled() -> bool:
    """Tell whether steps are compiled."""
    return asked() != "0"


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
    kind, how = llvm.Target.from_default_triple(), {"reloc": "static", "codemodel": "jitdefault"}
    machines = {
        tier: kind.create_target_machine(cpu=cpu, features=features, opt=tier, jit=True, **how)
        for tier in (BASELINE, OPTIMIZED)
    }
    machine = machines[OPTIMIZED]
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    target = (machine.triple, cpu, features, llvm.llvm_version_info)
    return _Backend(engine, machines, repr(target))


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


def digest(text: str, tier: int = OPTIMIZED) -> str:
    """Return what names the machine code of `text` on this processor."""
    return blake2b(f"{target()}\n{tier}\n{text}".encode(), digest_size=16).hexdigest()


def address(text: str, name: str) -> int:
    """Return the address of an optimized function that calls no other module."""
    return compiled({name: text}, OPTIMIZED)


def symbols_of(modules: Mapping[str, str], tier: int) -> dict[str, str]:
    """Return the texts of modules by symbol: what each function is called in its tier.

    Parameters
    ----------
    modules : dict
        Modules of LLVM's language by the name of the function ``@NAME`` that each defines, behind
        those that it calls. A debugger shows the name, and the file of the code has it.
    tier : int
        Of the last of them, and of its own loops; what all steps share is always optimized.
    """
    called: dict[str, str] = {}
    found: dict[str, str] = {}
    for name, text in modules.items():
        text = _CALLED.sub(lambda call: f"@{called.get(call[1], call[1])}", text)
        called[name] = f"{name}_{digest(text, tier)}"
        found[called[name]] = text
    return found


def compiled(modules: Mapping[str, str], tier: int) -> int:
    """Return the address of the last function of some modules, see `symbols_of`."""
    with _lock:
        for symbol, text in symbols_of(modules, tier).items():
            if not _loaded(symbol):
                _compile(symbol, text, tier)
        return _known[symbol]


def kept(symbols: Sequence[str]) -> int | None:
    """Return the address of the last of functions known by name; None if one is not kept."""
    with _lock:
        if not all(map(_loaded, symbols)):
            return None
        return _known[symbols[-1]]


def _compile(symbol: str, text: str, tier: int) -> None:
    began = thread_time()
    for tell in listeners:
        tell()
    code = _object(text.replace("@NAME", f"@{symbol}"), tier)
    write(symbol, code)
    stats["compiled"] += 1
    stats["seconds"] += thread_time() - began
    _link(symbol, code, began)


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


def _object(text: str, tier: int) -> bytes:
    """Return the machine code of a module."""
    backend = _backend()
    if "+avx512vl" not in backend.target:
        text = text.replace(MASKS, MASKS.replace("true", "false"))
    machine = backend.machines[tier]
    code: bytes = machine.emit_object(module_of(text, machine, tier))
    return code


def module_of(text: str, machine: Any, tier: int) -> Any:
    """Return a module as it goes to a machine of LLVM."""
    import llvmlite.binding as llvm

    module = llvm.parse_assembly(text)
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    module.verify()
    if tier == OPTIMIZED:
        tuning = llvm.create_pipeline_tuning_options(speed_level=tier)
        tuning.loop_vectorization = True  # straight code is not
        tuning.slp_vectorization = False
        tuning.loop_interleaving = tuning.loop_unrolling = False  # no faster, and twice the code
        builder = llvm.create_pass_builder(machine, tuning)
        builder.getModulePassManager().run(module, builder)
    return module
