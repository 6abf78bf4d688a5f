"""Words of other libraries, and what they are called here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from opcode import opmap
from typing import Any, NoReturn

from nodegraph.errors import ArgumentError, UnknownImportError, UnknownNameError
from nodegraph.graph.messages import nearest

__all__ = [
    "TOLD_OF_A_NODE",
    "Inert",
    "refuse_call",
    "refuse_name",
    "refuse_target",
    "refuse_word",
    "refuse_word_of_a_node",
]

RUN, FIT, SAVE = "model.run(x)", "model.fit(x, y)", 'model.save("m.safetensors")'
RESET, PARAMS = "model.reset()", 'model.params["reservoir"].W'
OF_A_MODEL = {
    **dict.fromkeys(("transform", "forward", "call", "apply", "infer", "simulate", "evolve"), RUN),
    **dict.fromkeys(("train", "learn", "train_step", "fit_predict", "fit_transform"), FIT),
    **dict.fromkeys(("fit_generator", "compile", "build", "train_on_batch"), FIT),
    **dict.fromkeys(
        ("predict_proba", "decision_function"), "model.run(x), an output for each class"
    ),
    **dict.fromkeys(
        ("train_online", "learn_one", "fit_online", "adapt"), "model.partial_fit(x, y)"
    ),
    **dict.fromkeys(("predict_one", "forward_one", "tick"), "model.step(x)"),
    **dict.fromkeys(("evaluate", "test"), "ng.metrics.nrmse(y, model.run(x))"),
    **dict.fromkeys(("forecast", "predict_ahead", "free_run", "autonomous"), "model.generate(n)"),
    **dict.fromkeys(("dump", "to_pickle", "state_dict", "save_model", "save_weights"), SAVE),
    **dict.fromkeys(("load_state_dict", "load_weights", "from_file"), 'ng.load("m.safetensors")'),
    **dict.fromkeys(("reset_state", "reset_states", "zero_state", "init_state"), RESET),
    **dict.fromkeys(
        ("parameters", "weights", "get_weights", "Wout", "W_out", "W", "coef_"), PARAMS
    ),
    **dict.fromkeys(("states", "get_state", "hidden"), 'model.state["reservoir"].x'),
    **dict.fromkeys(("nodes", "edges", "layers", "feedback_nodes"), "model.graph.nodes"),
    **dict.fromkeys(("plot", "visualize", "show"), 'model.graph.draw("g.svg")'),
    **dict.fromkeys(("cuda", "cpu", "to", "half", "double"), 'ng.Model(graph, dtype="float32")'),
    **dict.fromkeys(("eval", "requires_grad_"), "model.freeze(...) to keep params as they are"),
    "copy": "copy.deepcopy(model), or model.clone(seed=...) for new weights",
}
OF_A_NODE = frozenset(OF_A_MODEL) - {"copy", "nodes", "edges", "W", "W_out", "states", "weights"}
OF_THE_MODEL = frozenset(
    {"fit", "partial_fit", "predict", "update", "generate", "steps", "reset", "score", "run"}
    | {"step", "params", "state"}
)
OF_A_COPY = frozenset({"replace", "_replace", "model_copy"})
OF_A_BUILDER = frozenset({"add", "add_node", "add_edge", "connect", "link"})
TOLD_OF_A_NODE = OF_A_NODE | OF_THE_MODEL | OF_A_COPY | OF_A_BUILDER | {"draw"}


def refuse_word(name: str, known: Iterable[str]) -> NoReturn:
    """Say of a name that a model does not have what does it here.

    Raises
    ------
    UnknownNameError
    """
    if name in OF_A_MODEL:
        raise UnknownNameError(f"a Model has no {name!r}: write {OF_A_MODEL[name]}")
    near = nearest(name, [word for word in known if not word.startswith("_")])
    hint = f": did you mean model.{near}?" if near else ""
    raise UnknownNameError(f"a Model has no {name!r}{hint}")


def refuse_word_of_a_node(kind: str, name: str) -> NoReturn:
    """Say of a name that a node or a graph does not have where it is, if it is a model's.

    Raises
    ------
    UnknownNameError
        Or a plain AttributeError, if the name says nothing.
    """
    if name == "draw":
        raise UnknownNameError(
            f'a {kind} has no {name!r}: write ng.Model(graph).graph.draw("g.svg")'
        )
    if name in OF_A_NODE or name in OF_THE_MODEL:
        raise UnknownNameError(
            f"a {kind} has no {name!r}: it holds no arrays and learns in a model; write "
            "model = ng.Model(graph), then model.fit(x, y), model.run(x)"
        )
    if name in OF_A_COPY:
        raise UnknownNameError(f"a {kind} has no {name!r}: write copy.replace or a new {kind}(...)")
    if name in OF_A_BUILDER:
        raise UnknownNameError(f"a {kind} has no {name!r}: parts are joined by graph >> node")
    raise AttributeError(f"{kind!r} object has no attribute {name!r}")


def refuse_name(
    where: str,
    name: str,
    known: Iterable[str],
    elsewhere: Callable[[], Mapping[str, str]] = dict,
) -> NoReturn:
    """Say of a name that a module, or another thing with names, does not have what is near.

    Parameters
    ----------
    where, name : str
        What was asked, and for what.
    known : iterable of str
        What it has.
    elsewhere : callable
        Returns in which module other names are; asked only if someone wants to know.

    Raises
    ------
    UnknownNameError
        Or a plain AttributeError for a name that Python looks for.
    UnknownImportError
        To ``from where import name``, where Python would not show the other.
    """
    if name.startswith("_"):
        raise AttributeError(f"{where} has no attribute {name!r}")
    names, homes = list(known), elsewhere()
    near = nearest(name, [*names, *homes])
    hint = f"did you mean {near}?" if near else f"there are {', '.join(names)}"
    if near and near in homes and near not in names:
        hint = f"did you mean {homes[near]}.{near}? Write from {homes[near]} import {near}"
    error = UnknownImportError if _is_imported() else UnknownNameError
    raise error(f"{where} has no {name!r}: {hint}")


def _is_imported() -> bool:
    """Tell whether the one who asks is a line ``from ... import ...``."""
    frame = sys._getframe(2)
    while frame.f_back and frame.f_code.co_name == "__getattr__":
        frame = frame.f_back
    return frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == opmap.get("IMPORT_FROM")


def refuse_call(what: Any, cure: str) -> NoReturn:
    """Say of a call of something that is no function what to write.

    Raises
    ------
    ArgumentError
    """
    raise ArgumentError(f"a {type(what).__name__} is no function: {cure}")


def refuse_target() -> NoReturn:
    """Say of a step that was given a target what learns.

    Raises
    ------
    ArgumentError
    """
    raise ArgumentError(
        "step: it runs the model and does not learn; write model.partial_fit(x[None], y[None]) to "
        "learn from one step, model.step(x) to run it"
    )


class Inert:
    """What is described and not run: its calls, and what one does with a model, are refused."""

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse, and say what to write."""
        refuse_call(self, "data go into ng.Model(graph).run(x), and nodes are joined by a >> b")

    def __len__(self) -> NoReturn:
        raise ArgumentError(
            f"a {type(self).__name__} has no length: write len(graph.nodes) for how many nodes "
            "there are, node.units for how many units one has"
        )

    def __bool__(self) -> bool:
        return True

    def __getattr__(self, name: str) -> NoReturn:
        refuse_word_of_a_node(type(self).__name__, name)
