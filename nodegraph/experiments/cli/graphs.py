"""`nodegraph check` and `nodegraph draw`: looking at a graph without running it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import nodegraph
from nodegraph.errors import SpecError
from nodegraph.experiments.cli.console import (
    Debug,
    Plugins,
    load_plugins,
    say,
    show_table,
    warnings_said,
)
from nodegraph.files.atomic_write import replace_file
from nodegraph.graph.messages.phrases import nearest, shown
from nodegraph.graph.node import Node
from nodegraph.graph.registry import word
from nodegraph.host.paths import refuse_file

if TYPE_CHECKING:
    from nodegraph.files.yaml.spec import Spec
    from nodegraph.graph.plan import Plan

__all__ = [
    "Changes",
    "DataFolder",
    "File",
    "check",
    "draw",
    "found_graph",
    "graphs",
    "meant_for",
    "read",
    "results_folder",
]


def _shipped_graphs() -> dict[str, Path]:
    """Return the files of the graphs that are installed beside this package, by name."""
    folder = Path(nodegraph.__file__).parents[1] / "graphs"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def _shipped_graph(name: str) -> Path:
    """Return the file of the shipped graph called `name`.

    Raises
    ------
    SpecError
        If none is called so; the message has the nearest name.
    """
    known = _shipped_graphs()
    if name not in known:
        near = nearest(name, known)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(known) or 'none'}"
        raise SpecError(f"no graph called {shown(name)} is shipped; {hint}")
    return known[name]


def found_graph(file: Path) -> Path:
    """Return `file`, or the graph of that name: in the current folder, else a shipped one.

    Raises
    ------
    SpecError
        If `file` is the bare name of nothing.
    """
    name = os.fspath(file)
    if file.is_file() or file.name != name:
        return file
    if file.suffix:
        if file.suffix == ".yaml" and file.stem in _shipped_graphs() and not file.exists():
            raise SpecError(
                f"{name}: is not in this folder; write {file.stem} for the graph of that name "
                f"that is shipped, or nodegraph graphs {file.stem} --copy"
            )
        return file
    if (here := file.with_suffix(".yaml")).is_file():
        return here
    try:
        return _shipped_graph(name)
    except SpecError as error:
        raise SpecError(f"{name}: is no file here, and {error}") from None


File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="A YAML graph, or the name of a shipped one.",
        show_default=False,
        callback=found_graph,
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change a value, as in nodes.reservoir.units=1000."
    ),
]


DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Folder of the task's files, else that of the graph; or the file of its data.",
    ),
]


def read(
    file: Path,
    changes: list[str] | None,
    plugins: list[str] | None,
    data: Path | None = None,
) -> Spec:
    """Return the graph in `file` with `changes` made, every fault at its line."""
    from nodegraph.files.yaml.spec import read_yaml

    fields = [change.partition("=")[0].strip() for change in changes or ()]
    if twice := [field for i, field in enumerate(fields) if field in fields[:i]]:
        raise SpecError(f"--set {twice[0]}: is given twice; leave one out")
    load_plugins(plugins)
    given = list(changes or ())
    if data is not None and data.is_file():
        given, data = [*given, f"task.data.file={json.dumps(str(data))}"], None
    with warnings_said():
        return read_yaml(file, given, data)


def meant_for(engine: str | None, changes: list[str] | None) -> list[str] | None:
    """Return the changes, of which those of ``engine.`` are options of the engine that is asked."""
    fields = [change.partition("=")[0].strip() for change in changes or ()]
    if (
        engine is None
        or "engine.kind" in fields
        or not any(f.startswith("engine.") for f in fields)
    ):
        return changes
    return [f"engine.kind={engine}", *(changes or ())]


def results_folder(spec: Spec, file: Path) -> Path:
    """Return where results go if nothing is said: out/NAME, after ``name:`` or else the file."""
    name = spec.header.name or file.stem
    return Path("out", "".join(c if c.isalnum() or c in " ._-" else "_" for c in name).strip(". "))


def check(
    file: File,
    engine: Annotated[
        str | None, typer.Option(metavar="NAME", help="ray: show which actor would hold what.")
    ] = None,
    changes: Changes = None,
    data: DataFolder = None,
    plugins: Plugins = None,
    debug: Debug = False,
) -> None:
    """Validate a graph and print its plan: nodes, order, loops, stages of learning."""
    from nodegraph.engines import choose
    from nodegraph.graph.plan import Plan

    if engine not in (None, "ray"):
        choose(engine)
    spec = read(file, meant_for(engine, changes), plugins, data)
    plan = Plan.of(spec.graph)
    say(f"{spec.header.name or file.stem}: seed {spec.header.seed}, {spec.header.dtype}")
    if spec.header.description:
        say(spec.header.description)
    show_table(_node_rows(plan), "Nodes")
    say("Order of execution", strong=True)
    say(str(plan), wrap=False)
    say()
    say("Stages of learning", strong=True)
    say(_stage_lines(plan))
    if spec.header.task is not None:
        with warnings_said():
            lines = _task_lines(spec)
        say()
        say("Task", strong=True)
        say("\n".join(lines), wrap=False)
    if (engine or spec.header.engine.kind) == "ray":
        _show_actors(spec)
    say(f"\n{file} is valid.", wrap=False)


def _task_lines(spec: Spec) -> list[str]:
    """Try all of the task but the learning, as `run` does; return what it comes to."""
    from nodegraph.experiments.tasks.experiment import Experiment

    experiment = Experiment.of(spec)
    trial = experiment.trial
    return [
        *trial.data.told,
        f"learns from {trial.learned_from}; is scored on {trial.scored_on}",
        *_foreseen(experiment),
    ]


def _foreseen(experiment: Any) -> list[str]:
    """Return what learning will take, if anything learns from all data."""
    from nodegraph.model.fit_cost import foreseen, sentence

    if experiment.task.online or not experiment.model.plan.rules:
        return []
    train = experiment.trial.data.train
    return [sentence(foreseen(experiment.model, train.x, train.y, experiment.threads))]


def _show_actors(spec: Spec) -> None:
    """Print which actors of this machine would hold what, and whether they pay."""
    from nodegraph.experiments.tasks.rehearsal import preview

    for stage, rows, words in preview(spec):
        show_table(rows, f"On Ray actors, {stage}")
        say(words)
        say()


def _node_rows(plan: Plan) -> list[dict[str, str]]:
    return [
        {
            "node": name,
            "kind": word(type(node)),
            "units": _units(plan, name),
            "rule": type(node.learner).__name__ if node.learner else "",
            "ports": ", ".join(node.ports),
        }
        for name, node in plan.nodes.items()
    ]


def _units(plan: Plan, name: str) -> str:
    """Return the number of outputs of a node, or where it comes from."""
    node = plan.nodes[name]
    if node.declared_size:
        return str(node.declared_size)
    if "target" in plan.reads[name] or (node.learner is not None and node.learner.supervised):
        return "as its target"
    if node.external:
        return "as its data"
    return "as its input" if type(node).size is Node.size else "by its input"


def _stage_lines(plan: Plan) -> str:
    from nodegraph.model.stages import stages

    found = stages(plan, tuple(plan.rules), True)
    lines = [f"{number}. {', '.join(stage.learners)}" for number, stage in enumerate(found, 1)]
    return "\n".join(lines) or "nothing learns here"


def draw(
    file: File,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="A .svg, .mmd (Mermaid), .dot or .txt file."),
    ] = None,
    changes: Changes = None,
    plugins: Plugins = None,
    debug: Debug = False,
) -> None:
    """Draw a graph: into a file, or as lines of text in the terminal."""
    spec = read(file, changes, plugins)
    if output is not None:
        spec.graph.draw(output, spec.header.name)
        say(f"wrote {output}", wrap=False)
        return
    from nodegraph.plotting.graphs import to_text

    say(to_text(spec.graph.to_networkx()), wrap=False)


def graphs(
    name: Annotated[
        str | None, typer.Argument(help="One of them, to see its YAML.", show_default=False)
    ] = None,
    where: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Where to copy it; else here.", show_default=False),
    ] = None,
    copy: Annotated[bool, typer.Option("--copy", help="Copy it, to be changed.")] = False,
    debug: Debug = False,
) -> None:
    """List the graphs that are shipped, show one, or copy one."""
    from nodegraph.files.yaml.reader import read_file

    if name is None:
        if copy:
            raise SpecError("--copy: which one? write nodegraph graphs sunspots --copy")
        rows = [
            {"graph": known, "what": str(read_file(path).data.get("description", ""))}
            for known, path in _shipped_graphs().items()
        ]
        show_table(rows)
        return
    path = _shipped_graph(name)
    if copy:
        say(f"wrote {_copied(path, where or Path())}", wrap=False)
    elif where is not None:
        raise SpecError(f"{where}: write --copy to copy {name} there")
    else:
        say(path.read_text("utf-8").rstrip("\n"), wrap=False)


def _copied(path: Path, where: Path) -> Path:
    """Copy a graph to a folder, or to a file of another name; nothing is written over."""
    target = where if where.suffix in (".yaml", ".yml") else where / path.name
    if target.exists():
        raise SpecError(f"{target}: is there already; name another folder or file")
    refuse_file(target.parent, f"--copy {where}")
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_file(target, [memoryview(path.read_bytes())])
    return target
