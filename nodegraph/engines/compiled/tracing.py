"""From a node's `step` and a rule's `update`, as they stand in numpy, to compiled programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from nodegraph.arrays import leaves
from nodegraph.compiling.arrays import Var, symbol
from nodegraph.compiling.control import cond
from nodegraph.compiling.ir import Trace, TraceError
from nodegraph.compiling.layout import is_array, signature, symbolic
from nodegraph.compiling.machine_code import is_enabled
from nodegraph.compiling.program import Program
from nodegraph.compiling.reasons import line_naming
from nodegraph.compiling.sparse import SparseVar
from nodegraph.engines.compiled.alike import is_ours, programs_of_alike
from nodegraph.engines.compiled.first_steps import difference
from nodegraph.engines.compiled.outside import changed, reached
from nodegraph.engines.compiled.untraced import Untraced, place_of
from nodegraph.errors import ContractError
from nodegraph.graph.rule import Seen

__all__ = ["Teaching", "Writer", "check_again", "places", "program_of"]

SPARSE = "expected the sparse weights, or what synapses(W).matrix(..) made of them"

_programs: WeakKeyDictionary[Any, dict[Any, Any]] = WeakKeyDictionary()


class Teaching(NamedTuple):
    """A rule that learns as its node steps."""

    rule: Any
    memory: Any
    taught: bool  # whether there is a target


@dataclass(eq=False)
class Writer:
    """Writes a step down, and a lesson if there is a rule.

    Parameters
    ----------
    node : Node
    params, state
        Of the node, or like those.
    widths : dict of int
        By port: of ``x``, of what else is wired, of ``noise`` if it is there.
    dtype : dtype
    teaching : Teaching, optional
    """

    node: Any
    params: Any
    state: Any
    widths: Mapping[str, int]
    dtype: np.dtype[Any]
    teaching: Teaching | None = None

    def __post_init__(self) -> None:
        self.rule = self.teaching and self.teaching.rule
        self.kind, self.method = type(self.node), "step"  # what is being written down
        self.widths = dict(sorted(self.widths.items()))  # as it was wired is no other program

    def __call__(self, trace: Trace) -> dict[Any, Any]:
        """Return the outputs by path."""
        self.kind, self.method = type(self.node), "step"
        P, S = symbolic(trace, self.params, ("p",)), symbolic(trace, self.state, ("s",))
        rows = {port: symbol(trace, port, (n,), self.dtype) for port, n in self.widths.items()}
        own = () if self.rule is None else self.rule.ports
        x = rows.pop("x")
        found = self.node.step(P, S, x, **{p: row for p, row in rows.items() if p not in own})
        after, y = _pair(found, "(state, y)")
        _check_output(y, self.dtype)
        outputs = {"y": y, **_moved(S, after, ("s",))}
        if self.teaching is not None:
            seen = Seen(x, y, after, None, rows, before=S)
            outputs |= self._lesson(trace, P, seen, self.teaching)
        return outputs

    def _lesson(self, trace: Trace, P: Any, seen: Seen, teaching: Teaching) -> dict[Any, Any]:
        """Return what the rule changes, where it is to learn and the target is known."""
        self.kind, self.method = type(teaching.rule), "update"
        M = symbolic(trace, teaching.memory, ("m",))
        flag = symbol(trace, ("learn",), (), bool)
        if teaching.taught:
            target = symbol(trace, "target", seen.y.shape, self.dtype)
            seen = seen._replace(target=target)
            flag = flag if teaching.rule.sees_gaps else flag & np.isfinite(target).all()

        def update(P: Any, M: Any) -> Any:
            params, memory = _pair(teaching.rule.update(P, M, seen), "(params, memory)")
            for before, after, path in ((P, params, ("p",)), (M, memory, ("m",))):
                _moved(before, after, path)
            return params, memory

        params, memory = cond(flag, update, P, M)
        changed = _moved(P, params, ("p",))
        silent = {path[1] for path in changed} - set(teaching.rule.modifies)
        if silent:
            raise _Refused(
                f"changes {', '.join(sorted(silent))}, which is not among what it modifies "
                f"({', '.join(teaching.rule.modifies)})"
            )
        return changed | _moved(M, memory, ("m",))


class _Refused(Exception):
    """What a step returned is not what it should be."""


def places(node: Any, rule: Any = None) -> dict[Any, int]:
    """Return the place in ``io`` of each row: as in `nodegraph.engines.prepared.StepCode`."""
    own = () if rule is None else rule.ports
    return {port: i for i, port in enumerate(("y", *node.step_ports, "noise", "target", *own))}


def program_of(writer: Writer) -> Program | Untraced:
    """Return the program of a step, or of a step and a lesson; or why there is none.

    Raises
    ------
    ContractError
        If the step or update returns what it must not.
    """
    node, rule, lesson = writer.node, writer.rule, writer.teaching
    widths, dtype = tuple(sorted(writer.widths.items())), writer.dtype.str
    kinds = (signature(writer.params), signature(writer.state), widths, dtype)
    taught = lesson and (signature(lesson.memory), lesson.taught)
    known: list[tuple[Program | Untraced, Any]]
    program: Program | Untraced | None
    try:
        known = _programs.setdefault(node, {}).setdefault((kinds, taught), [])
    except TypeError:
        return _without_hash(writer)
    program = _of(known, rule)
    if program is None:
        alike = programs_of_alike(node, (kinds, taught)) if is_enabled() else []
        program = _of(alike, rule)
        if program is None:
            program = _made(writer)
            if isinstance(program, Program):
                alike.append((program, rule))
        known.append((program, rule))
    return program


def _without_hash(writer: Writer) -> Untraced:
    """Return why there is no program of what is kept in something else than arrays."""
    trees = [
        ("params", writer.params, writer.node, "step"),
        ("state", writer.state, writer.node, "step"),
    ]
    if writer.teaching is not None:
        trees.append(("memory", writer.teaching.memory, writer.rule, "update"))
    for name, tree, part, method in trees:
        for path, leaf in leaves(tree, name):
            if isinstance(leaf, list | dict | set):
                kind, what = type(part), type(leaf).__name__
                why = f"{path} is a {what}, no array; write a NamedTuple of arrays"
                return Untraced(kind, method, f"{place_of(getattr(kind, method))}: {why}")
    return Untraced(
        type(writer.node), "step", f"{place_of(type(writer.node).step)}: a leaf has no hash"
    )


def _of(programs: list[tuple[Any, Any]], rule: Any) -> Any:
    """Return the program of those that is a step with this rule, or None."""
    found = (made for made, its in programs if its is rule or _are_alike(its, rule))
    return next(found, None)


def _are_alike(one: Any, other: Any) -> bool:
    """Tell whether two rules say the same, as those that a property makes at each call do."""
    try:
        return bool(type(one) is type(other) and one == other)
    except ValueError:  # of arrays
        return False


def _made(writer: Writer) -> Program | Untraced:
    """Trace, and compile; trace a stranger's step again, which may be another one then."""
    node, rule = writer.node, writer.rule
    silent = not node.traced or not (rule is None or rule.traced) or writer.dtype.kind != "f"
    if silent or not is_enabled():
        return Untraced(type(node), "step", "")
    parts = [part for part in (node, rule) if part is not None]
    before = [dict(vars(part)) for part in parts]
    try:
        program = Program(writer, places(node, rule), writer.dtype)
        if not all(map(is_ours, parts)):
            check_again(writer, program)
        _check_numbers(writer, program)
        return program
    except Exception as error:
        for part, old in zip(parts, before, strict=True):  # what is left of symbols goes
            vars(part).clear()
            vars(part).update(old)
        return _untraced(writer, error)


def _untraced(writer: Writer, error: Exception) -> Untraced:
    kind = writer.kind
    if isinstance(error, _Refused):
        place = place_of(getattr(kind, writer.method))
        raise ContractError(f"{kind.__name__}.{writer.method} {error} ({place})") from None
    if isinstance(error, ContractError):
        raise ContractError(f"{kind.__name__}.{writer.method}: {error}") from None
    # if it is the step's own error, the plain step will raise it too
    return Untraced.because(kind, writer.method, error)


def check_again(writer: Writer, program: Program) -> None:
    """Raise unless a step, or a step and a lesson, is what it was when its program was made.

    A stranger's is looked at before it runs; those of this library by their contract alone.

    Raises
    ------
    TraceError
        If it is another one, or keeps something.
    """
    parts = [part for part in (writer.node, writer.rule) if part is not None]
    between = [dict(vars(part)) for part in parts]
    methods = [*zip(parts, ("step", "update"), strict=False)]
    before = reached(methods)
    with Trace(like=program.written) as again:
        writer(again)
    for part, then in zip(parts, between, strict=True):
        for name, value in vars(part).items():
            if value is not then.get(name) or _holds_symbols(value):
                raise TraceError(
                    f"it changes self.{name} as it runs: what lasts belongs into the state",
                    line_naming(getattr(writer.kind, writer.method), name),
                )
    if name := changed(before, reached(methods)):
        lines = (line_naming(getattr(type(one), method), name) for one, method in methods)
        raise TraceError(
            "it draws random numbers: let them come in at the port noise"
            if name == "random"
            else f"it changes {name} as it runs, outside of the state: what lasts belongs into it",
            next(filter(None, lines), ""),
        )
    if program.written != again.signature():
        raise TraceError("it does less when it is called again: what lasts belongs into the state")


def _check_numbers(writer: Writer, program: Program) -> None:
    """Refuse a program whose first steps are others than those of plain numpy."""
    rule, memory, taught = writer.teaching or (None, (), False)
    found = difference(
        program, writer.node, writer.params, writer.state, writer.widths, rule, memory, taught
    )
    if found is not None:
        writer.method, numbers = found
        writer.kind = type(writer.node if writer.method == "step" else rule)
        raise TraceError(
            f"{numbers}: it does what a trace cannot see, such as += into a part of np.zeros(..), "
            "isinstance(x, np.ndarray), or a body of repeat that changes what is around it; begin "
            "with np.zeros_like(x), and let functions return what they make",
            place_of(getattr(writer.kind, writer.method)),
        )


def _holds_symbols(value: Any) -> bool:
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list | tuple | set):
        return any(map(_holds_symbols, value))
    return isinstance(value, Var)


def _pair(found: Any, expected: str) -> Any:
    if isinstance(found, tuple) and len(found) == 2 and not hasattr(found, "_fields"):
        return found
    raise _Refused(f"returned {type(found).__name__}; expected {expected}")


def _check_output(y: Any, dtype: np.dtype[Any]) -> None:
    """Refuse an output that would not fit the row that it is written to."""
    if not isinstance(y, Var | np.ndarray):
        raise _Refused(f"returned y as {type(y).__name__}; expected an array")
    if len(y.shape) != 1:
        raise _Refused(f"returned y of shape {y.shape}; expected one axis")
    if y.dtype != dtype:
        raise _Refused(
            f"returned y of {y.dtype} in a model of {dtype}; write y.astype(x.dtype), and keep "
            "arrays of other types out of the sum"
        )


def _moved(before: Any, after: Any, path: tuple[Any, ...]) -> dict[Any, Any]:
    """Return by path what became of each array of a tree, where it is another one."""
    name = ".".join(map(str, path[1:])) or {"s": "state", "p": "params", "m": "memory"}[path[0]]
    if isinstance(before, tuple):
        if type(before) is not type(after) or len(before) != len(after):
            raise _Refused(
                f"returned {name} as {type(after).__name__}; expected {type(before).__name__}"
            )
        names = getattr(before, "_fields", None) or range(len(before))
        found: dict[Any, Any] = {}
        for part, b, a in zip(names, before, after, strict=True):
            found |= _moved(b, a, (*path, part))
        return found
    if isinstance(before, SparseVar):
        if not isinstance(after, SparseVar) or not before.alike(after):
            raise _Refused(f"returned {name} as {type(after).__name__}; {SPARSE}")
        old, new = (Var(W.parts["data"]) for W in (before, after))
        return _moved(old, new, (*path, "data"))
    if not isinstance(before, Var):
        if before is not after and (isinstance(after, Var) or before != after):
            raise TraceError(
                f"{name} is no array, and changes; begin with np.zeros(()) or the like"
            )
        return {}
    if isinstance(after, Var) and after.op is before.op:
        return {}
    _check_alike(before, after, name)
    return {path: after}


def _check_alike(before: Var, after: Any, name: str) -> None:
    """Refuse an array that became another kind of thing."""
    if not isinstance(after, Var) and not is_array(after):
        if before.shape == () and isinstance(after, bool | int | float):
            return
        raise _Refused(f"returned {name} as {type(after).__name__}; expected an array")
    if after.shape != before.shape or after.dtype != before.dtype:
        raise _Refused(
            f"returned another kind of {name} than before: it is {after.dtype} of shape "
            f"{after.shape}, before {before.dtype} of shape {before.shape}"
        )
