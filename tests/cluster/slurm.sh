#!/bin/bash
# One host, three Slurm nodes n1, n2 and n3 (Debian: apt-get install slurm-wlm munge), on loopback; root.
# usage: slurm.sh start FOLDER | slurm.sh stop FOLDER ; between them: SLURM_CONF=FOLDER/slurm.conf
set -eu
d=$(mkdir -p "$2" && cd "$2" && pwd)
export SLURM_CONF=$d/slurm.conf
if [ "$1" = stop ]; then
    scancel --state=RUNNING,PENDING,SUSPENDED 2> /dev/null || true
    for _ in $(seq 100); do [ -z "$(squeue -h 2> /dev/null)" ] && break; sleep 0.1; done
    tac "$d/run/pids" | while read -r pid; do kill "$pid" 2> /dev/null || true; done
    sleep 1
    while read -r pid; do kill -9 "$pid" 2> /dev/null || true; done < "$d/run/pids"
    exit
fi
host=$(hostname -s)
mkdir -p "$d"/{state,log,run,spool.n1,spool.n2,spool.n3}
dd if=/dev/urandom of="$d/munge.key" bs=1 count=1024 status=none
chmod 400 "$d/munge.key"
chmod 711 "$d" "$d/run"
chmod 700 "$d/log"
: > "$d/plugstack.conf"
cat > "$SLURM_CONF" << CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=${SLURM_PORT:-16827}
AuthType=auth/munge
AuthInfo=socket=$d/run/munge.socket
CryptoType=crypto/munge
CredType=cred/munge
StateSaveLocation=$d/state
SlurmdSpoolDir=$d/spool.%n
SlurmctldPidFile=$d/run/slurmctld.pid
SlurmdPidFile=$d/run/slurmd.%n.pid
SlurmctldLogFile=$d/log/slurmctld.log
SlurmdLogFile=$d/log/slurmd.%n.log
PlugStackConfig=$d/plugstack.conf
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2,requeue_delay=1
MpiDefault=none
ReturnToService=2
KillWait=10
SlurmdTimeout=20
MessageTimeout=20
JobRequeue=1
MinJobAge=3600
NodeName=n[1-3] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17011-17013] CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=all Nodes=n[1-3] Default=YES MaxTime=INFINITE State=UP
CONF
: > "$d/run/pids"
start() { # NAME COMMAND...
    setsid "${@:2}" > "$d/log/$1.out" 2>&1 < /dev/null &
    echo $! >> "$d/run/pids"
}
start munged munged --foreground --force --key-file="$d/munge.key" \
    --socket="$d/run/munge.socket" --pid-file="$d/run/munged.pid" \
    --log-file="$d/log/munged.log" --seed-file="$d/run/munge.seed"
for _ in $(seq 100); do [ -S "$d/run/munge.socket" ] && break; sleep 0.1; done
start slurmctld slurmctld -D
for n in n1 n2 n3; do start slurmd.$n slurmd -D -N $n; done
for _ in $(seq 300); do
    [ "$(sinfo -h -N -t idle -o %N 2> /dev/null | wc -l)" = 3 ] && exit
    sleep 0.1
done
echo "Slurm did not start; its logs are in $d/log" >&2
exit 1
