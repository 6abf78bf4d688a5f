
# One Ray for this job alone: its own secret, port and folders, gone when it ends. What it says is
# kept in $logs if something went wrong.
logs=$PWD/$name-$number.ray limit=300
export RAY_AUTH_TOKEN RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0 PYTHONUNBUFFERED=1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
RAY_AUTH_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
declare -A started

member() { # prints what each machine runs, with ADDRESS [head]
    declare -p PATH PYTHONPATH LD_LIBRARY_PATH VIRTUAL_ENV 2> /dev/null
    declare -p RAY_AUTH_TOKEN RAY_AUTH_MODE RAY_USAGE_STATS_ENABLED PYTHONUNBUFFERED
    declare -p OMP_NUM_THREADS OPENBLAS_NUM_THREADS cpus line
    cat << 'MEMBER'
umask 077
tmp=${SLURM_TMPDIR:-${TMPDIR:-/tmp}}
[ "${#tmp}" -gt 40 ] && tmp=/tmp # names of sockets are short
folder=$(mktemp -d "$tmp/ray-XXXXXX")
read -r own port < <(python3 - "${1%:*}" << 'PYTHON'
import socket, sys

with socket.create_server(("", 0)) as free, socket.socket(type=socket.SOCK_DGRAM) as way:
    way.connect((sys.argv[1], 9))
    print(way.getsockname()[0], free.getsockname()[1])
PYTHON
)
options=(--block --num-cpus="$cpus" --node-ip-address="$own" --temp-dir="$folder"
    --include-log-monitor=false)
if [ "${2:-}" = head ]; then
    echo "head $own:$port"
    options+=(--head --port="$port" --include-dashboard=false --no-monitor)
else
    export RAY_gcs_server_port_wait_time_s=300 # the head starts beside it
    options+=(--address="$1")
fi
ray start "${options[@]}" < /dev/null &
ray=$! ear=
trap 'kill "$ray" 2> /dev/null' TERM INT HUP
if [ -n "$line" ]; then
    exec 3<&0
    { read -r _ <&3; kill "$ray"; } > /dev/null 2>&1 &
    ear=$!
    exec 3<&-
fi
while kill -0 "$ray" 2> /dev/null; do wait "$ray"; done
wait "$ray"
status=$?
kill "$ear" 2> /dev/null
rm -rf "$folder"
exit "$status"
MEMBER
}

reachable() { # HOST: its address, which is none that only the machine itself can reach
    local found
    found=$(getent ahostsv4 "$(known_as "$1")" | awk '{ print $1; exit }')
    case ${found:-127.} in 127.*) found=$(hostname -I | awk '{ print $1 }') ;; esac
    echo "${found:-127.0.0.1}"
}

begin() { # HOST ADDRESS [head]: starts Ray there
    local start=(on "$1")
    [ "${3:-}" = head ] && start=()
    "${start[@]}" bash "$logs/member" "${@:2}" > "$logs/$1.log" 2>&1 < "$logs/open" 9>&- &
    started[$1]=$!
}

await() { # HOST...: returns when Ray runs there; ends the job if it does not
    local host missing=() end=$((SECONDS + limit))
    for host; do
        until grep -qs 'Ray runtime started' "$logs/$host.log"; do
            if [ "$SECONDS" -ge "$end" ] || ! kill -0 "${started[$host]}" 2> /dev/null; then
                missing+=("$host")
                break
            fi
            sleep 0.2
        done
    done
    [ "${#missing[@]}" -eq 0 ] && return
    say "error: Ray did not start on ${missing[*]}, of ${#hosts[@]} machines; what it said is" \
        "in $logs"
    exit 1
}

finish() { # lets Ray end everywhere, and waits for it
    local host end=$((SECONDS + 20))
    exec 9>&-
    rm -f "$logs/open" "$logs/member"
    for host in "${!started[@]}"; do
        while kill -0 "${started[$host]}" 2> /dev/null; do
            [ -z "$line" ] || [ "$SECONDS" -ge "$end" ] && kill "${started[$host]}" 2> /dev/null
            sleep 0.1
        done
    done
    started=()
}

rm -rf "$logs"
(umask 077 && mkdir -p "$logs" && member > "$logs/member" && mkfifo "$logs/open") || exit 1
exec 9<> "$logs/open"
trap finish EXIT
begin "${hosts[0]}" "$(reachable "${hosts[0]}")" head
address=''
while [ -z "$address" ] && kill -0 "${started[${hosts[0]}]}" 2> /dev/null; do
    sleep 0.1
    address=$(sed -n 's/^head //p' "$logs/${hosts[0]}.log")
done
[ -z "$address" ] || for host in "${hosts[@]:1}"; do begin "$host" "$address"; done
await "${hosts[0]}"
await "${hosts[@]:1}"
work+=(--address "$address")
