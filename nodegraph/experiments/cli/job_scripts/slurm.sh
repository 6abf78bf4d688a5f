# shellcheck disable=SC2034 # not every script is one of an array
number=$SLURM_JOB_ID cpus=${SLURM_CPUS_PER_TASK:-1} element=${SLURM_ARRAY_TASK_ID:-}
line=yes # whether machines hear when we close their standard input
mapfile -t hosts < <(scontrol show hostnames "$SLURM_JOB_NODELIST")

on() { # HOST COMMAND...: runs it on a machine of the job
    srun --quiet --overlap --nodes=1 --ntasks=1 --cpus-per-task="$cpus" --nodelist="$1" "${@:2}"
}

known_as() { # HOST: the address by which the scheduler reaches it
    scontrol show node --oneliner "$1" | sed -n 's/.* NodeAddr=\([^ ]*\).*/\1/p'
}

again() { # puts the job back into the queue
    scontrol requeue "$SLURM_JOB_ID"
}
