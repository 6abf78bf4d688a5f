"""Scripts of jobs: what they ask for, and what they do beside a scheduler that is played here."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from small_graph import SMALL, call, fails

KINDS = ("slurm", "pbs", "lsf", "ssh")


def job(kind, file, *options):
    more = ("n1", "n2", "-c", 2) if kind == "ssh" else ("-N", 2, "-c", 2)
    done = call(kind, file, *more, *options)
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_script_is_one_that_a_shell_can_read(kind, small, tmp_path):
    script = tmp_path / "job.sh"
    script.write_text(job(kind, small, "--set", "nodes.reservoir.units=30"), encoding="utf-8")
    subprocess.run(["bash", "-n", script], check=True)
    text = script.read_text("utf-8")
    assert f"work=(nodegraph run {small} --set nodes.reservoir.units=30 --engine ray)" in text
    assert "RAY_AUTH_MODE=token" in text
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", "-S", "warning", script], check=True)


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("slurm", ["#SBATCH --nodes=2", "#SBATCH --cpus-per-task=2", "#SBATCH --time=1-2:00:00"]),
        ("pbs", ["#PBS -l select=2:ncpus=2", "#PBS -l walltime=26:00:00"]),
        ("lsf", ["#BSUB -n 4", '#BSUB -R "span[ptile=2]"', "#BSUB -W 1560"]),
    ],
)
def test_a_scheduler_is_asked_for_machines_and_time(kind, lines, small):
    assert set(lines) <= set(job(kind, small, "--time", "1-2:00:00").splitlines())


def test_a_bad_file_name_stays_one_word_of_the_script(tmp_path):
    file = tmp_path / "a; rm -rf x.yaml"
    file.write_text(SMALL.replace("name: small\n", "name: 'x; reboot'\n"), encoding="utf-8")
    done = call("slurm", file)
    assert f"work=(nodegraph run '{file}' --engine ray)" in done.stdout
    assert "reboot\n" not in done.stdout.replace("x__reboot", "")


def test_a_time_that_slurm_does_not_know_is_refused(small):
    assert "write 24:00:00" in fails("slurm", small, "--time", "1h")
    assert "--time=2-12:00:00" in call("slurm", small, "--time", "2-12:00:00").stdout


def test_one_cpu_needs_no_ray(small):
    text = call("slurm", small, "-N", 1, "-c", 1).stdout
    assert "ray start" not in text and f"work=(nodegraph run {small})" in text


def test_options_of_the_engine_are_those_of_the_ray_that_the_job_begins(small):
    asked = ["slurm", small, "--set", "engine.workers=2"]
    sweep = ["--sweep", "engine.window=2,4"]
    assert "work=(nodegraph run" in (text := job(*asked, *sweep))
    assert "--set engine.workers=2 --engine ray)" in text and "--set engine.window=4" in text
    assert "kind is required" in fails(*asked, "-N", 1, "-c", 1)


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("slurm", "#SBATCH --array=0-5"),
        ("pbs", "#PBS -J 0-5"),
        ("lsf", '#BSUB -J "small[1-6]"'),
    ],
)
def test_seeds_and_sweeps_are_an_array_of_jobs(kind, line, small):
    text = job(kind, small, "--sweep", "nodes.reservoir.units=10,20", "--seeds", 3)
    assert line in text.splitlines()
    assert (
        "    5) kept=out/small/units=20,seed=2/checkpoint.safetensors "
        "work+=(--set nodes.reservoir.units=20 --seed 2 --out out/small/units=20,seed=2) ;;"
    ) in text


def test_a_value_of_a_sweep_that_cannot_be_is_refused_before_anything_waits(small):
    assert "units" in fails("slurm", small, "--sweep", "nodes.reservoir.units=10,-1")
    assert "write nodes.reservoir.units=100,300" in fails("slurm", small, "--sweep", "seed")
    assert "1002 jobs are more than an array holds" in fails("slurm", small, "--seeds", 1002)


def test_a_search_is_one_job(small):
    text = job("slurm", small, "--range", "nodes.reservoir.leak_rate=0.1:1", "--trials", 9)
    assert f"search {small} --range nodes.reservoir.leak_rate=0.1:1 --trials 9 --resume" in text
    assert "kept=out/small/study.journal" in text and "--array" not in text
    wrong = fails("slurm", small, "--range", "nodes.reservoir.leak_rate=0.1:1", "--seeds", 2)
    assert "--range searches in one job" in wrong


# What a scheduler and Ray would do, for machines that are all this one.
FAKES = {
    "scontrol": """
        case $1-$2 in
        show-hostnames) printf 'n1\\nn2\\n' ;;
        show-node) echo ' NodeAddr=127.0.0.1 ' ;;
        requeue-*) echo "requeued $2" ;;
        esac""",
    "srun": """
        for word; do shift; case $word in --nodelist=*) export HOST=${word#*=}; break ;; esac; done
        exec "$@" """,
    "pbs_tmrsh": 'export HOST=$1; shift; exec "$@"',
    "blaunch": 'export HOST=$2; shift 2; exec "$@"',
    "ssh": 'export HOST=$3; shift 3; exec bash -c "$*"',
    "ray": """
        echo "$*" >> "$CALLS"
        [ "${HOST:-n1}" = "${BROKEN:-}" ] && exit 3
        echo 'Ray runtime started.'
        trap 'kill %1 2> /dev/null; exit' TERM
        sleep 60 > /dev/null 2>&1 &
        wait""",
    "nodegraph": """
        echo "$*" >> "$CALLS"
        keep() {
            mkdir -p out/small; echo $$ > out/small/checkpoint.safetensors; kill %1; exit $1
        } 2> /dev/null
        trap 'keep 138' USR1
        trap 'keep 143' TERM
        [ -z "${LONG:-}" ] && exit "${CODE:-0}"
        sleep 60 > /dev/null 2>&1 &
        touch running
        wait""",
}


@pytest.fixture
def played(small, tmp_path):
    """Return a function that starts the script of a job, as a scheduler would."""
    bin = tmp_path / "bin"
    bin.mkdir()
    for name, text in FAKES.items():
        (bin / name).write_text(f"#!/bin/bash\n{text}\n", encoding="utf-8")
        (bin / name).chmod(0o755)
    (tmp_path / "hosts").write_text("n1\nn1\nn2\nn2\n", encoding="utf-8")
    hosts = str(tmp_path / "hosts")
    slurm = {"SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "2", "SLURM_JOB_NODELIST": "n[1-2]"}
    pbs = {"PBS_JOBID": "7.a", "PBS_NODEFILE": hosts, "NCPUS": "2", "PBS_O_WORKDIR": str(tmp_path)}
    lsf = {"LSB_JOBID": "7", "LSB_DJOB_HOSTFILE": hosts, "LSB_MAX_NUM_PROCESSORS": "4"}
    env = {**os.environ, "CALLS": str(tmp_path / "calls"), **slurm, **pbs, **lsf}

    def start(kind, *options, **more):
        text = job(kind, small, *options)
        text = re.sub(r"^PATH=.*$", f"PATH={bin}:$PATH", text, flags=re.M)
        (tmp_path / "job.sh").write_text(text, encoding="utf-8")
        return subprocess.Popen(["bash", "job.sh"], cwd=tmp_path, env={**env, **more}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip

    return start


@pytest.mark.parametrize("kind", KINDS)
def test_ray_is_on_all_machines_before_the_work_begins_and_gone_after_it(kind, played, tmp_path):
    done = played(kind)
    out, err = done.communicate(timeout=30)
    assert (done.returncode, out, err) == (0, "", "")
    *both, work = (tmp_path / "calls").read_text().splitlines()
    head, other = sorted(both, key=lambda call: "--head" not in call)  # they start at once
    address = re.search(r"--address=(\S+)", other)[1]
    host, port = address.split(":")
    assert not host.startswith("127.") and f"--head --port={port}" in head
    for one in (head, other):
        assert f"--num-cpus=2 --node-ip-address={host}" in one
    assert work.endswith(f"--engine ray --address {address}")
    assert not list(tmp_path.glob("*.ray"))


def test_a_machine_on_which_ray_does_not_start_fails_the_job_and_is_named(played, tmp_path):
    done = played("slurm", BROKEN="n2")
    out, err = done.communicate(timeout=30)
    assert done.returncode == 1 and out == ""
    (logs,) = tmp_path.glob("*.ray")
    assert err == (
        f"nodegraph: error: Ray did not start on n2, of 2 machines; what it said is in {logs}\n"
    )
    assert sorted(path.name for path in logs.iterdir()) == ["n1.log", "n2.log"]
    assert logs.stat().st_mode & 0o077 == 0
    assert "nodegraph" not in (tmp_path / "calls").read_text()


def test_a_job_that_goes_on_adds_to_its_log_and_elements_have_logs_of_ray_apart(small, tmp_path):
    text = job("lsf", small)
    assert "#BSUB -o small-%J.log" in text
    begin = text[text.index("number=") :].partition("mapfile")[0] + 'echo "$number $element"'
    for index, shown in (("0", "7 -1"), ("3", "7_3 2")):
        env = {**os.environ, "LSB_JOBID": "7", "LSB_JOBINDEX": index}
        done = subprocess.run(["bash", "-c", begin], env=env, capture_output=True, text=True)
        assert done.stdout.strip() == shown
    text = job("pbs", small)
    begin = text[text.index("number=") :].partition("mapfile")[0] + 'echo "$number"'
    for name, shown in (("7.server01", "7"), ("7[5].server01", "7_5_")):
        env = {**os.environ, "PBS_JOBID": name}
        done = subprocess.run(["bash", "-c", begin], env=env, capture_output=True, text=True)
        assert done.stdout.strip() == shown


def await_work(tmp_path):
    end = time.monotonic() + 30
    while not (tmp_path / "running").exists():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "again"), [(signal.SIGUSR1, True), (signal.SIGTERM, False)])
def test_a_warning_puts_the_job_back_and_an_end_does_not(number, again, played, tmp_path):
    done = played("slurm", LONG="yes")
    await_work(tmp_path)
    done.send_signal(number)
    out, err = done.communicate(timeout=30)
    assert done.returncode == (138 if again else 143)
    assert out == "requeued 7\n" * again
    said = "nodegraph: the job goes back into the queue; it goes on from out/small/checkpoint"
    assert err.startswith(said) == again
    assert not list(tmp_path.glob("*.ray"))


def test_a_failure_that_kept_nothing_new_does_not_put_the_job_back(played, tmp_path):
    (tmp_path / "out/small").mkdir(parents=True)
    (tmp_path / "out/small/checkpoint.safetensors").write_text("as it was")
    done = played("slurm", CODE="2")
    out, err = done.communicate(timeout=30)
    assert done.returncode == 2 and out == ""
    assert err.startswith("nodegraph: what Ray said is in ") and err.count("\n") == 1


def test_lsf_is_told_by_the_code_of_exit(played, tmp_path):
    done = played("lsf", LONG="yes")
    await_work(tmp_path)
    done.send_signal(signal.SIGUSR1)
    done.communicate(timeout=30)
    assert done.returncode == 99


@pytest.mark.parametrize(
    ("kind", "element"), [("slurm", "SLURM_ARRAY_TASK_ID"), ("pbs", "PBS_ARRAY_INDEX")]
)
def test_an_element_of_an_array_does_its_own(kind, element, played, tmp_path):
    done = played(kind, "--seeds", 3, **{element: "1"})
    assert done.communicate(timeout=30) == ("", "")
    assert (
        "--engine ray --seed 1 --out out/small/seed=1 --address" in (tmp_path / "calls").read_text()
    )
