# shellcheck disable=SC2034 # not every script is one of an array
number=${PBS_JOBID%%.*} cpus=${NCPUS:-1} element=${PBS_ARRAY_INDEX:-}
number=${number//[!0-9]/_} # of an element of an array: 7[5]
line='' # whether machines hear when we close their standard input
mapfile -t hosts < <(awk '!seen[$0]++' "$PBS_NODEFILE")
cd "$PBS_O_WORKDIR" || exit

on() { # HOST COMMAND...: runs it on a machine of the job
    pbs_tmrsh "$@"
}

known_as() { # HOST: the address by which the scheduler reaches it
    echo "$1"
}

again() { # owners of jobs may not put them back into the queue
    echo "submit the job again: it goes on there"
}
