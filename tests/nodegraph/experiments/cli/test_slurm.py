import subprocess

from small_graph import SMALL, call, fails


def test_slurm_prints_a_script_that_a_shell_can_read(small, tmp_path):
    done = call("slurm", small, "-N", 4, "-c", 8, "--set", "nodes.reservoir.units=30")
    assert done.exit_code == 0, done.stderr
    script = tmp_path / "job.sh"
    script.write_text(done.stdout, encoding="utf-8")
    subprocess.run(["bash", "-n", script], check=True)
    assert "#SBATCH --nodes=4" in done.stdout and "#SBATCH --cpus-per-task=8" in done.stdout
    assert f"nodegraph run {small} --engine ray --resume" in done.stdout
    assert "--set nodes.reservoir.units=30" in done.stdout
    assert "RAY_AUTH_MODE=token" in done.stdout


def test_a_bad_file_name_stays_one_word_of_the_script(tmp_path):
    file = tmp_path / "a; rm -rf x.yaml"
    file.write_text(SMALL.replace("name: small\n", "name: 'x; reboot'\n"), encoding="utf-8")
    done = call("slurm", file)
    assert f"nodegraph run '{file}' --engine ray" in done.stdout
    assert "reboot\n" not in done.stdout.replace("x__reboot", "")


def test_a_time_that_slurm_does_not_know_is_refused(small):
    assert "write 24:00:00" in fails("slurm", small, "--time", "1h")
    assert "--time=2-12:00:00" in call("slurm", small, "--time", "2-12:00:00").stdout
