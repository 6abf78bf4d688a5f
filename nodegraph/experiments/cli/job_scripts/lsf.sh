# shellcheck disable=SC2034 # not every script is one of an array
number=$LSB_JOBID cpus=${LSB_MAX_NUM_PROCESSORS:-1}
[ "${LSB_JOBINDEX:-0}" = 0 ] || number+=_$LSB_JOBINDEX
line=yes # whether machines hear when we close their standard input
# shellcheck disable=SC2034
element=$((${LSB_JOBINDEX:-0} - 1))
mapfile -t hosts < <(awk '!seen[$0]++' "$LSB_DJOB_HOSTFILE")
cpus=$((cpus / ${#hosts[@]}))

on() { # HOST COMMAND...: runs it on a machine of the job
    blaunch -z "$@"
}

known_as() { # HOST: the address by which the scheduler reaches it
    echo "$1"
}

again() { # 99: a code of exit that puts the job back into the queue
    exit 99
}
