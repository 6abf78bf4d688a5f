import math
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.errors import BudgetError, NodegraphError
from nodegraph.host import memory_budget as budget

resource = pytest.importorskip("resource", reason="Windows has no limits of this kind")

GB = 10**9


def fill(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def rooms(root, files, environment=None):
    fill(root, {"proc/meminfo": "MemFree: 1 kB\nMemAvailable: 8000000 kB\n", **files})
    return set(budget._rooms(root, environment or {})) - {8_000_000 * 1024}


def test_a_model_of_a_billion_units_is_refused_with_the_sum():
    parts = dict(
        [
            budget.part("reservoir.W_in", (10**9, 3)),
            budget.part("reservoir.W", (10**9, 10**9)),
            budget.part("readout.W_out", (2, 500), "float32"),
        ]
    )
    with pytest.raises(BudgetError) as caught:
        budget.check(parts, "the model")
    lines = str(caught.value).splitlines()
    assert lines[:4] == [
        "the model does not fit in memory:",
        "  reservoir.W 1e9 x 1e9 float64 = 8.0 EB",
        "  reservoir.W_in 1e9 x 3 float64 = 24.0 GB",
        "  readout.W_out 2 x 500 float32 = 4.0 kB",
    ]
    assert lines[4].startswith("together 8.0 EB, available ")
    assert isinstance(caught.value, MemoryError | NodegraphError)


def test_what_fits_exactly_is_allowed_and_one_byte_more_is_not(monkeypatch):
    monkeypatch.setattr(budget, "available_bytes", lambda: 1000)
    budget.check({"a": 600, "b": 400}, "the model")
    with pytest.raises(BudgetError, match=r"together 1\.0 kB, available 1\.0 kB"):
        budget.check({"a": 600, "b": 401}, "the model")


def test_a_long_sum_names_the_largest_and_counts_the_rest(monkeypatch):
    monkeypatch.setattr(budget, "available_bytes", lambda: 0)
    with pytest.raises(BudgetError) as caught:
        budget.check({f"n{i}": i for i in range(1, 31)}, "it")
    lines = str(caught.value).splitlines()
    assert lines[1] == "  n30 = 30 bytes"
    assert lines[-2] == f"  18 smaller ones = {sum(range(1, 19))} bytes"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_999, "999.9 kB"),
        (2_500_000, "2.5 MB"),
        (8 * 10**18, "8.0 EB"),
        (10**27, "1e27 bytes"),
    ],
)
def test_bytes_are_told_in_decimal_units(count, text):
    assert budget.format_bytes(count) == text


def test_numbers_of_thousands_of_digits_are_told_too():
    assert budget.format_bytes(10**5000) == "1e5000 bytes"


@given(st.integers(1000, 10**27 - 1))
def test_a_told_size_is_right_to_its_last_digit(count):
    number, unit = budget.format_bytes(count).split()
    size = 1000 ** ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"].index(unit) * 1000
    tenths = int(number.replace(".", ""))
    assert tenths * size <= count * 10 < (tenths + 1) * size


@given(st.lists(st.integers(0, 10**12), max_size=6))
def test_bytes_of_an_array_never_overflow(shape):
    assert budget.part("a", shape, "float32")[1] == 4 * math.prod(shape)


def test_one_number_and_large_sizes_are_named_shortly():
    assert budget.part("a", ()) == ("a scalar float64", 8)
    assert budget.part("a", (1_234_567, 5001))[0] == "a 1.23e6 x 5001 float64"


def test_available_memory_is_a_share_of_the_tightest_room(monkeypatch):
    monkeypatch.setattr(budget, "_rooms", lambda *_: iter([5 * GB, 3 * GB, 9 * GB]))
    assert budget.available_bytes() == int(2.4 * GB)


def test_nothing_is_available_when_a_limit_is_overdrawn(monkeypatch):
    monkeypatch.setattr(budget, "_rooms", lambda *_: iter([-5, GB]))
    assert budget.available_bytes() == 0


def test_this_machine_has_some_memory_and_not_more_than_it_has():
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 10**6 < budget.available_bytes() <= 0.8 * whole


def test_without_limits_the_free_memory_of_the_machine_counts(tmp_path):
    assert rooms(tmp_path, {}) == set()


def test_a_cgroup_2_leaves_its_limit_less_what_is_in_use(tmp_path):
    group = "sys/fs/cgroup/user/job"
    files = {
        "proc/self/cgroup": "0::/user/job\n",
        f"{group}/memory.max": f"{4 * GB}\n",
        f"{group}/memory.current": f"{3 * GB}\n",
        f"{group}/memory.stat": f"anon 5\ninactive_file {GB}\n",
    }
    assert rooms(tmp_path, files) == {2 * GB}


def test_the_limit_of_a_group_around_ours_counts_too(tmp_path):
    files = {
        "proc/self/cgroup": "0::/user/job\n",
        "sys/fs/cgroup/user/job/memory.max": "max\n",
        "sys/fs/cgroup/user/memory.max": f"{6 * GB}\n",
    }
    assert rooms(tmp_path, files) == {6 * GB}


def test_a_container_that_sees_its_own_group_as_the_root_is_understood(tmp_path):
    files = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": f"{GB}\n"}
    assert rooms(tmp_path, files) == {GB}


def test_a_cgroup_1_leaves_its_limit_less_what_is_in_use(tmp_path):
    group = "sys/fs/cgroup/memory/docker/x"
    files = {
        "proc/self/cgroup": "5:cpu:/y\n4:memory:/docker/x\n",
        f"{group}/memory.limit_in_bytes": f"{2 * GB}\n",
        f"{group}/memory.usage_in_bytes": f"{GB // 2}\n",
        f"{group}/memory.stat": f"total_inactive_file {GB // 4}\n",
    }
    assert rooms(tmp_path, files) == {2 * GB - GB // 4}


@pytest.mark.parametrize(
    ("environment", "megabytes"),
    [
        ({"SLURM_MEM_PER_NODE": "4096"}, 4096),
        ({"SLURM_MEM_PER_CPU": "1000", "SLURM_CPUS_ON_NODE": "4"}, 4000),
    ],
)
def test_slurm_leaves_what_the_job_asked_for_less_what_is_in_use(tmp_path, environment, megabytes):
    page = os.sysconf("SC_PAGE_SIZE")
    found = rooms(tmp_path, {"proc/self/statm": "900 100 0 0 0 0 0\n"}, environment)
    assert found == {megabytes * 2**20 - 100 * page}


@pytest.mark.parametrize("value", ["0", "", "all", "-1", "4G"])
def test_a_slurm_without_a_memory_limit_sets_none(tmp_path, value):
    assert rooms(tmp_path, {}, {"SLURM_MEM_PER_NODE": value}) == set()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_an_address_space_limit_leaves_what_is_not_yet_mapped():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * os.sysconf("SC_PAGE_SIZE") + 2**28, hard))
    try:
        assert 0.7 * 2**28 < budget.available_bytes() <= 0.8 * 2**28
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
