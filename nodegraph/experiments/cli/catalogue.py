"""`nodegraph kinds`, `datasets` and `schema`: what can stand in a YAML graph."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Annotated

import typer

from nodegraph.experiments.cli.console import Debug, Plugins, load_plugins, say, show_table

if TYPE_CHECKING:
    from nodegraph.experiments.cli.kind_docs import FieldDoc

__all__ = ["datasets", "kinds", "schema"]


def kinds(
    kind: Annotated[
        str | None, typer.Argument(help="One kind, to see its fields.", show_default=False)
    ] = None,
    plugins: Plugins = None,
    debug: Debug = False,
) -> None:
    """List the kinds of nodes and rules, or the fields of one."""
    from nodegraph.experiments.cli.kind_docs import fields, sort_of, summary
    from nodegraph.graph.registry import families, family, resolve
    from nodegraph.graph.registry import kinds as known

    load_plugins(plugins)
    if kind is None:
        groups: dict[str, list[dict[str, str]]] = {group: [] for group in families()}
        for name, one in sorted(known().items()):
            sort = sort_of(one)
            group = family(name) or ("other nodes" if sort == "node" else f"{sort}s")
            groups.setdefault(group, []).append({"kind": name, "what": summary(one)})
        for group in sorted(filter(groups.get, groups), key=lambda group: group == "rules"):
            show_table(groups[group], group)
        return
    cls = resolve(kind)
    say(f"{kind}, a {sort_of(cls)}: {summary(cls)}", strong=True)
    show_table([field._asdict() for field in _joined(fields(cls))])


def _joined(found: list[FieldDoc]) -> list[FieldDoc]:
    """Return fields with those under one line that the docstring tells of at once."""
    lines: dict[tuple[str, ...], list[FieldDoc]] = {}
    for field in found:
        same = (field.type, field.meaning) if field.meaning else (field.field,)
        lines.setdefault(same, []).append(field)
    return [
        group[0]._replace(
            field=", ".join(field.field for field in group),
            default=", ".join(dict.fromkeys(field.default for field in group)),
        )
        for group in lines.values()
    ]


def datasets(debug: Debug = False) -> None:
    """List the datasets, with the options that `data:` may give."""
    from nodegraph import datasets as shipped

    rows = []
    for name in shipped.names():
        options = (
            word if default is inspect.Parameter.empty else f"{word}={default}"
            for word, default in shipped.options(name).items()
        )
        rows.append(
            {"dataset": name, "what": shipped.describe(name), "options": ", ".join(options)}
        )
    show_table(rows)


def schema(plugins: Plugins = None, debug: Debug = False) -> None:
    """Print the JSON Schema of YAML graphs, for completion and checks in editors."""
    from nodegraph.experiments.cli.schema import json_schema

    load_plugins(plugins)
    typer.echo(json.dumps(json_schema(), indent=2))
