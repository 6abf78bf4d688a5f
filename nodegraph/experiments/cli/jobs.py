"""`nodegraph slurm`, `pbs`, `lsf` and `ssh`: scripts that train a graph on several machines."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib.resources import files
from itertools import product
from pathlib import Path
from shlex import quote
from typing import Annotated, NamedTuple

import typer

from nodegraph.errors import SpecError
from nodegraph.experiments.cli.console import Debug, Plugins
from nodegraph.experiments.cli.graphs import Changes, File, meant_for, read, results_folder

__all__ = ["Job", "lsf", "pbs", "script", "slurm", "ssh"]

TIME = re.compile(r"(\d+-)?\d+(:\d+){0,2}")  # as sbatch takes it
MOST = 1001  # elements of an array, as Slurm takes them unless it is told otherwise
SIDE_BY_SIDE = 8  # settings of a search that are drawn before the first of them is scored
DIRECTIVES = {
    "slurm": """\
#SBATCH --job-name={name}
#SBATCH --nodes={nodes}
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task={cpus}
#SBATCH --time={time}
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output={name}-{number}.log
""",
    "pbs": """\
#PBS -N {name}
#PBS -l select={nodes}:ncpus={cpus}
#PBS -l place=scatter
#PBS -l walltime={time}
#PBS -j oe
""",
    "lsf": """\
#BSUB -J "{name}{array}"
#BSUB -n {slots}
#BSUB -R "span[ptile={cpus}]"
#BSUB -W {minutes}
#BSUB -wa USR1
#BSUB -wt 2
#BSUB -Q 99
#BSUB -o {name}-{number}.log
""",
    "ssh": "",
}
ARRAYS = {"slurm": "#SBATCH --array=0-{last}\n", "pbs": "#PBS -J 0-{last}\n"}
NUMBERS = {"slurm": ("%j", "%A_%a"), "lsf": ("%J", "%J_%I")}


class Job(NamedTuple):
    """What a script is to do, and on how much.

    Parameters
    ----------
    name : str
        Of letters, digits and underscores.
    words : tuple of str
        The command, without ``--engine ray`` and the address of a cluster.
    kept : str
        The file that a later start goes on from.
    elements : tuple of (tuple of str, str)
        Of an array: what each adds to the command, and its file.
    nodes, cpus : int
        Machines, and CPUs of each.
    time : str
        As Slurm writes it: ``24:00:00``, ``2-12:00:00`` or minutes.
    """

    name: str
    words: tuple[str, ...]
    kept: str
    elements: tuple[tuple[tuple[str, ...], str], ...] = ()
    nodes: int = 1
    cpus: int = 1
    time: str = "24:00:00"

    @property
    def minutes(self) -> int:
        """The longest time.

        Examples
        --------
        >>> [Job("x", (), "", time=t).minutes for t in ("90", "1:30:00", "2-12:00:00", "2-12")]
        [90, 90, 3600, 3600]
        """
        days, _, rest = self.time.rpartition("-")
        parts = [int(part) for part in rest.split(":")]
        if days:
            hours, minutes, *_ = [*parts, 0]
            return 1440 * int(days) + 60 * hours + minutes
        if len(parts) == 3:
            return 60 * parts[0] + parts[1]
        return parts[0]


def script(kind: str, job: Job, hosts: tuple[str, ...] = ()) -> str:
    """Return the script of a job.

    Parameters
    ----------
    kind : {"slurm", "pbs", "lsf", "ssh"}
    job : Job
    hosts : tuple of str
        The machines, for ssh.

    Examples
    --------
    >>> text = script("slurm", Job("narma", ("nodegraph", "run", "a b.yaml"), "c", nodes=4))
    >>> "#SBATCH --nodes=4" in text, "work=(nodegraph run 'a b.yaml' --engine ray)" in text
    (True, True)
    """
    alone = job.nodes * job.cpus == 1
    words = job.words if alone else (*job.words, "--engine", "ray")
    if "search" in words[1:2] and not alone:
        words += ("--batch", str(min(job.nodes * job.cpus, SIDE_BY_SIDE)))
    settings = [
        f"name={job.name} kept={quote(job.kept)}",
        f"PATH={quote(str(Path(sys.executable).parent))}:$PATH",
        f"work=({' '.join(map(quote, words))})",
    ]
    if hosts:
        settings.append(f"hosts=({' '.join(map(quote, hosts))})")
    parts = [
        "#!/bin/bash\n",
        _directives(kind, job),
        _text("start"),
        "\n".join(settings) + "\n\n",
        _text(kind),
        _cases(job),
        "" if alone else _text("ray"),
        _text("work"),
    ]
    return "".join(parts)


def _directives(kind: str, job: Job) -> str:
    last = len(job.elements) - 1
    number = NUMBERS.get(kind, ("", ""))[bool(job.elements)]
    array = f"[1-{last + 1}]" * bool(job.elements)
    text = DIRECTIVES[kind] + ARRAYS.get(kind, "") * bool(job.elements)
    minutes = job.minutes
    time = job.time if kind == "slurm" else f"{minutes // 60}:{minutes % 60:02}:00"
    return text.format(
        **job._asdict() | {"time": time},
        slots=job.nodes * job.cpus,
        minutes=minutes,
        number=number,
        array=array,
        last=last,
    )


def _cases(job: Job) -> str:
    """Return what an element of an array does that others do not."""
    if not job.elements:
        return ""
    lines = [
        f"    {number}) kept={quote(kept)} work+=({' '.join(map(quote, more))}) ;;"
        for number, (more, kept) in enumerate(job.elements)
    ]
    return "\n".join(["", 'case "$element" in', *lines, "esac", ""])


def _text(name: str) -> str:
    return files(__package__).joinpath("job_scripts", f"{name}.sh").read_text("utf-8")


Nodes = Annotated[int, typer.Option("-N", "--nodes", min=1, help="Machines.")]
Cpus = Annotated[int, typer.Option("-c", "--cpus", min=1, help="CPUs of each machine.")]
Time = Annotated[str, typer.Option(help="Longest time of the job.")]
Seeds = Annotated[
    int | None, typer.Option(min=1, help="An array of jobs: one for each of so many seeds.")
]
Sweeps = Annotated[
    list[str] | None,
    typer.Option("--sweep", metavar="FIELD=A,B,C", help="An array of jobs: one for each value."),
]
Ranges = Annotated[
    list[str] | None,
    typer.Option("--range", metavar="FIELD=LOW:HIGH", help="Search in place of one run."),
]
Trials = Annotated[int, typer.Option(min=1, help="Of a search.")]


def _printer(system: str, words: str) -> Callable[..., None]:
    """Return the command that prints a script for a system of queues."""

    def command(
        file: File,
        nodes: Nodes = 1,
        cpus: Cpus = 16,
        time: Time = "24:00:00",
        seeds: Seeds = None,
        sweeps: Sweeps = None,
        ranges: Ranges = None,
        trials: Trials = 20,
        changes: Changes = None,
        plugins: Plugins = None,
        debug: Debug = False,
    ) -> None:
        engine = None if nodes * cpus == 1 else "ray"
        job = _job(file, engine, seeds, sweeps, ranges, trials, changes, plugins)
        _show(system, job._replace(nodes=nodes, cpus=cpus, time=_checked(time)))

    command.__name__, command.__doc__ = system, words
    return command


slurm = _printer(
    "slurm", "Print an sbatch script: nodegraph slurm graph.yaml -N 4 > job.sh; sbatch job.sh."
)
pbs = _printer(
    "pbs", "Print a script for PBS: nodegraph pbs graph.yaml -N 4 > job.sh; qsub job.sh."
)
lsf = _printer(
    "lsf", "Print a script for LSF: nodegraph lsf graph.yaml -N 4 > job.sh; bsub < job.sh."
)


def ssh(
    file: File,
    hosts: Annotated[
        list[str], typer.Argument(metavar="HOST...", help="Machines, this one first.")
    ],
    cpus: Annotated[
        int | None, typer.Option("-c", "--cpus", min=1, help="CPUs of each; else all of them.")
    ] = None,
    ranges: Ranges = None,
    trials: Trials = 20,
    changes: Changes = None,
    plugins: Plugins = None,
    debug: Debug = False,
) -> None:
    """Print a script for machines one may log in to: nodegraph ssh graph.yaml a b > job.sh."""
    job = _job(file, "ray", None, None, ranges, trials, changes, plugins)
    job = job._replace(nodes=len(hosts), cpus=cpus or 2)
    text = script("ssh", job, tuple(hosts))
    typer.echo(text if cpus is None else text.replace("cpus=$(nproc)", f"cpus={cpus}"), nl=False)


def _show(kind: str, job: Job) -> None:
    typer.echo(script(kind, job), nl=False)


def _checked(time: str) -> str:
    if not TIME.fullmatch(time):
        raise typer.BadParameter(
            f"{time!r}: write 24:00:00, 2-12:00:00 or minutes", param_hint="--time"
        )
    return time


def _job(
    file: Path,
    engine: str | None,
    seeds: int | None,
    sweeps: list[str] | None,
    ranges: list[str] | None,
    trials: int,
    changes: list[str] | None,
    plugins: list[str] | None,
) -> Job:
    """Return what the options ask for; values of a sweep are tried on the graph at once."""
    spec = read(file, meant_for(engine, changes), plugins)
    out = results_folder(spec, file)
    if ranges and (seeds or sweeps):
        raise SpecError("--range searches in one job: leave --seeds and --sweep out")
    what = ["search", *_many("--range", ranges), "--trials", str(trials), "--resume"]
    words = ["nodegraph", *(what[:1] if ranges else ["run"]), str(file), *what[1:] * bool(ranges)]
    words += _many("--set", changes) + _many("--plugin", plugins)
    kept = out / ("study.journal" if ranges else "checkpoint.safetensors")
    settings = _settings(sweeps)
    count = len(settings) * (seeds or 1)
    if count > MOST:
        raise SpecError(f"{count} jobs are more than an array holds ({MOST}); ask for less")
    for changed in settings if sweeps else ():
        read(file, meant_for(engine, [*(changes or ()), *changed]), plugins)
    each = product(settings, range(seeds) if seeds else [None])
    elements = tuple(_element(out, changed, seed) for changed, seed in each)
    name = "".join(c if c.isalnum() else "_" for c in spec.header.name or file.stem)[:40]
    return Job(name, tuple(words), str(kept), elements if seeds or sweeps else ())


def _element(out: Path, changed: tuple[str, ...], seed: int | None) -> tuple[tuple[str, ...], str]:
    """Return what an element of an array adds to the command, and its checkpoint."""
    drawn = [] if seed is None else ["--seed", str(seed)]
    label = [each.rpartition(".")[2] for each in changed] + ["=".join(drawn)[2:]] * bool(drawn)
    folder = out / _plain(",".join(label))
    more = (*_many("--set", changed), *drawn, "--out", str(folder))
    return more, str(folder / "checkpoint.safetensors")


def _many(option: str, values: list[str] | tuple[str, ...] | None) -> list[str]:
    return [word for value in values or () for word in (option, value)]


def _plain(label: str) -> str:
    return "".join(c if c.isalnum() or c in "=,.-_" else "_" for c in label)[:120]


def _settings(sweeps: list[str] | None) -> list[tuple[str, ...]]:
    """Return all combinations of the values of some fields."""
    fields = []
    for sweep in sweeps or ():
        field, equals, values = sweep.partition("=")
        if not field or not equals or not values:
            raise typer.BadParameter(
                f"{sweep!r}: write nodes.reservoir.units=100,300", param_hint="--sweep"
            )
        fields.append([f"{field}={value.strip()}" for value in values.split(",")])
    return list(product(*fields))
