"""`nodegraph slurm`: a batch script that trains a graph on several machines of a Slurm cluster."""

from __future__ import annotations

import re
from shlex import quote
from typing import Annotated

import typer

from nodegraph.experiments.cli.console import Debug, Plugins
from nodegraph.experiments.cli.graphs import Changes, File, read

__all__ = ["script", "slurm"]

TIME = re.compile(r"(\d+-)?\d+(:\d+){0,2}")  # as sbatch takes it
SCRIPT = r"""#!/bin/bash
#SBATCH --job-name={name}
#SBATCH --nodes={nodes}
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task={cpus}
#SBATCH --time={time}
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output={name}-%j.log

# One Ray for this job alone: its own secret, ports and folder, gone when the job ends.
set -euo pipefail
umask 077

export RAY_AUTH_MODE=token RAY_AUTH_TOKEN
RAY_AUTH_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
export RAY_USAGE_STATS_ENABLED=0 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

folder=${{SLURM_TMPDIR:-/tmp}}/ray-$SLURM_JOB_ID
port=$((20000 + SLURM_JOB_ID % 20000))
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
address=$(srun --nodes=1 --ntasks=1 -w "$head" hostname --ip-address | awk '{{print $1}}'):$port
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$folder"' EXIT

# The secret goes through the environment of the steps, never over a command line.
srun --nodes=1 --ntasks=1 -w "$head" ray start --head --block \
    --port="$port" --num-cpus="$SLURM_CPUS_PER_TASK" --temp-dir="$folder" \
    --include-dashboard=false &
sleep 10
if [ "$SLURM_JOB_NUM_NODES" -gt 1 ]; then
    srun --nodes=$((SLURM_JOB_NUM_NODES - 1)) --ntasks=$((SLURM_JOB_NUM_NODES - 1)) \
        --exclude="$head" ray start --block \
        --address="$address" --num-cpus="$SLURM_CPUS_PER_TASK" &
    sleep 10
fi

# Slurm warns two minutes before the end: learning is kept, and goes on when the job is requeued.
srun --overlap --nodes=1 --ntasks=1 -w "$head" {run} --address "$address" &
run=$!
again=no
trap 'again=yes; kill -USR1 "$run"' USR1
wait "$run" && status=0 || status=$?
if [ "$again" = yes ]; then
    wait "$run" || true
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
"""


def slurm(
    file: File,
    nodes: Annotated[int, typer.Option("-N", "--nodes", min=1, help="Machines.")] = 1,
    cpus: Annotated[int, typer.Option("-c", "--cpus", min=1, help="CPUs of each machine.")] = 16,
    time: Annotated[str, typer.Option(help="Longest time of the job.")] = "24:00:00",
    changes: Changes = None,
    plugins: Plugins = None,
    debug: Debug = False,
) -> None:
    """Print an sbatch script: nodegraph slurm graph.yaml -N 4 > job.sh; sbatch job.sh."""
    if not TIME.fullmatch(time):
        raise typer.BadParameter(
            f"{time!r}: write 24:00:00, 2-12:00:00 or minutes", param_hint="--time"
        )
    spec = read(file, changes, plugins)
    words = ["nodegraph", "run", str(file), "--engine", "ray", "--resume"]
    words += [word for change in changes or () for word in ("--set", change)]
    words += [word for plugin in plugins or () for word in ("--plugin", plugin)]
    name = "".join(c if c.isalnum() else "_" for c in spec.header.name or file.stem)[:40]
    typer.echo(script(name, words, nodes, cpus, time), nl=False)


def script(name: str, words: list[str], nodes: int, cpus: int, time: str) -> str:
    """Return the script of a job called `name` that runs a command on its first machine.

    Examples
    --------
    >>> text = script("narma", ["nodegraph", "run", "a b.yaml"], 4, 8, "1:00:00")
    >>> "#SBATCH --nodes=4" in text, "nodegraph run 'a b.yaml' --address" in text
    (True, True)
    """
    return SCRIPT.format(name=name, run=" ".join(map(quote, words)), nodes=nodes, cpus=cpus,
                         time=time)  # fmt: skip
