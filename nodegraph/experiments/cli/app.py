"""The `nodegraph` command: what it is called, and how it says that something went wrong."""

from __future__ import annotations

import errno
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from nodegraph.errors import NodegraphError
from nodegraph.experiments.cli import catalogue, clusters, experiments, graphs, jobs, searching
from nodegraph.experiments.cli.console import SAID, debugging, say_error, say_in_any_alphabet
from nodegraph.experiments.cli.experiments import end_in_order
from nodegraph.host.first_seconds import end_by_exception

__all__ = ["app", "main"]

WRONG, INTERRUPTED = 2, 130
NO_ROOM = "no room on the disk; free some, or write elsewhere"
FORBIDDEN = "not allowed to write here; name a folder or a file that you may write"
CURES = {errno.ENOSPC: NO_ROOM, errno.EDQUOT: NO_ROOM, errno.EFBIG: NO_ROOM}
CURES |= {errno.EACCES: FORBIDDEN, errno.EPERM: FORBIDDEN, errno.EROFS: FORBIDDEN}


class _Polite(TyperGroup):
    """Turns what went wrong into one message and an exit code."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse empty words, such as a variable of the shell that is not set leaves.

        An empty name of a folder would be the current one.
        """
        for word, before in zip(args, ["nodegraph", *args], strict=False):
            bare = word.startswith("--") and word.endswith("=") and word.count("=") == 1
            if bare or not word.strip():
                raise typer.BadParameter(
                    f"there is nothing behind {word if bare else before}: write what is meant, or "
                    "leave it out"
                )
        found: list[str] = super().parse_args(ctx, args)
        return found

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            if SAID not in getattr(error, "__notes__", ()):
                say_error("nothing was begun that could be kept", "interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            raise
        except (NodegraphError, OSError) as error:
            if debugging(ctx):
                raise
            say_error(_sentence(error))
            raise typer.Exit(WRONG) from None


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        said = CURES.get(error.errno or 0, error.strerror.lower())
        return said if error.filename is None else f"{error.filename}: {said}"
    return "; ".join([str(error), *getattr(error, "__notes__", ())])


app = typer.Typer(
    name="nodegraph",
    cls=_Polite,
    help="Train, score, check and draw models that are graphs of nodes, written as YAML.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from nodegraph import __version__

        typer.echo(f"nodegraph {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    pass


app.command("run")(experiments.run)
app.command("check")(graphs.check)
app.command("draw")(graphs.draw)
app.command("graphs")(graphs.graphs)
app.command("kinds")(catalogue.kinds)
app.command("datasets")(catalogue.datasets)
app.command("schema")(catalogue.schema)
app.command("cluster")(clusters.cluster)
app.command("slurm")(jobs.slurm)
app.command("pbs")(jobs.pbs)
app.command("lsf")(jobs.lsf)
app.command("ssh")(jobs.ssh)
app.command("search")(searching.search)


def main() -> None:
    """Run the command that the arguments of this process name."""
    say_in_any_alphabet()
    end_by_exception()
    end_in_order()
    app(prog_name="nodegraph")
