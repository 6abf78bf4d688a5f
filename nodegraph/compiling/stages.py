"""What becomes of a step at each stage, as text to read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from nodegraph.compiling.emission.code import Code
from nodegraph.compiling.ir import Op, Trace, code_of
from nodegraph.compiling.planning.items import Block, Group, Item, Root
from nodegraph.compiling.planning.plan import Plan
from nodegraph.compiling.planning.storage import Storage, finals_of

__all__ = ["Stages", "planned", "stages_of"]

_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "greater": ">", "less": "<",
          "greater_equal": ">=", "less_equal": "<=", "equal": "==", "not_equal": "!="}  # fmt: skip
_TREES = {"p": "params", "s": "state", "m": "memory"}


class Stages(NamedTuple):
    """A step as operations, as places in memory, as loops, and as LLVM text."""

    trace: str
    plan: str
    loops: str
    llvm: str

    def __str__(self) -> str:
        return "\n\n".join(f"{name}:\n{text}" for name, text in self._asdict().items())


def planned(
    build: Callable[[Trace], dict[Any, Any]], io: dict[Any, int], dtype: Any
) -> tuple[Plan, Code]:
    """Return the plan and the text of what a `Program` would be made of."""
    trace = Trace()
    with trace:
        outputs = build(trace)
    plan = Plan(trace, finals_of(trace, outputs))
    return plan, Code(plan, io, code_of(dtype))


def stages_of(plan: Plan, code: Code) -> Stages:
    """Return what a step was at each stage."""
    shown = _Shown(plan)
    loops = [_function(text, n) for n, text in code.linked.items() if n.startswith("loop_")]
    return Stages(
        "\n".join(shown.operations()),
        "\n".join(shown.places()),
        "\n".join(shown.groups(plan.groups)),
        "\n".join([_function(code.text, "NAME"), *loops]),
    )


def _function(module: str, name: str) -> str:
    """Return the function of a module, under its name."""
    text = module[module.index("define void @NAME") :]
    return text[: text.index("\n}") + 2].replace("@NAME(", f"@{name}(")


class _Shown:
    def __init__(self, plan: Plan):
        self.plan, self.storage = plan, plan.memory.storage

    # the trace

    def operations(self) -> Iterator[str]:
        """Yield a line for each operation that counts: its number, itself, its shape and dtype."""
        for op in sorted(self.plan.live, key=lambda o: o.number):
            if op.kind == "const":
                continue
            words = " ".join([_word(op), *map(_operand, op.args)])
            line = f"{'  ' * op.region.depth}%{op.number} = {words}"
            yield f"{line:<40} {op.shape} {op.dtype}".rstrip()

    # places in memory

    def places(self) -> Iterator[str]:
        """Yield a line for each array that is kept, and who is written to it in turn."""
        versions: dict[Storage, list[Op]] = {}
        for op in sorted(self.storage, key=lambda o: o.number):
            versions.setdefault(self.storage[op], []).append(op)
        for store, ops in versions.items():
            if any(op in self.plan.live for op in ops):
                written = ", then ".join(f"%{op.number}" for op in ops)
                order = f", axes from the fastest: {store.order}" if len(store.dims) > 1 else ""
                order = ", in panels" if store.in_panels else order
                yield f"{_name(store)}: {written}{order}"

    # loops

    def groups(self, groups: Iterable[Group], indent: str = "") -> Iterator[str]:
        """Yield lines that say what is done, in order."""
        for group in groups:
            if group.fusable:
                shape = " x ".join(map(str, group.items[0].op.shape))  # type: ignore[attr-defined]
                yield f"{indent}for each of {shape}:"
                for item in group.items:
                    yield from self._item(item, indent + "    ")
            else:
                yield from self._item(group.items[0], indent)

    def _item(self, item: Item, indent: str) -> Iterator[str]:
        if isinstance(item, Block):
            yield from self._block(item, indent)
        elif isinstance(item, Root):
            kept = item.op in self.storage
            goal = _name(self.storage[item.op]) if kept else f"%{item.op.number}"
            yield f"{indent}{goal} = {self._made(item.op)}"

    def _block(self, block: Block, indent: str) -> Iterator[str]:
        count, flag = block.body.count, block.outs[0].args[0]
        yield f"{indent}{f'if {self._read(flag)}' if count is None else f'{count.value} times'}:"
        yield from self.groups(block.groups, indent + "    ")

    def _read(self, op: Op) -> str:
        """Return how the numbers of `op` are come by: read, or worked out on the spot."""
        if op in self.storage:
            return _name(self.storage[op])
        if op in self.plan.roots:
            return f"%{op.number}"
        return self._made(op)

    def _made(self, op: Op) -> str:
        if op.kind == "const":
            return f"{op.value:.6g}"
        args = [self._read(a) for a in op.args]
        if op.kind == "view":
            return f"{args[0]}[{', '.join(_index(part, args) for part in op.attrs)}]"
        if op.kind == "elem" and op.attrs[0] in _SIGNS:
            return f"({args[0]} {_SIGNS[op.attrs[0]]} {args[1]})"
        if op.kind == "elem" and op.attrs[0] == "spread":
            return args[0]
        return f"{_word(op)}({', '.join(args)})"


def _word(op: Op) -> str:
    """Return what an operation is called."""
    if op.kind == "leaf":
        return _path(op.attrs)
    if op.kind == "reduce" and op.attrs[0] == "add":
        return "sum"
    word = str(op.attrs[0]) if op.kind in ("elem", "reduce") else op.kind
    return {"spread": "copy", "contract": "product", "sparse": "product"}.get(word, word)


def _operand(op: Op) -> str:
    return f"{op.value:.6g}" if op.kind == "const" else f"%{op.number}"


def _path(path: Any) -> str:
    if not isinstance(path, tuple):
        return str(path)
    return ".".join([_TREES.get(path[0], str(path[0])), *map(str, path[1:])])


def _name(store: Storage) -> str:
    return f"buffer{store.path[1]}" if store.buffer else _path(store.path)


def _index(part: Any, args: list[str]) -> str:
    if part[0] == "ax":
        start = "" if part[2] is None else args[part[2]]
        return f"{start}:" if part[3] == 1 else f"{start}::{part[3]}"
    return str(part[1]) if part[0] == "at" else args[part[1]]
