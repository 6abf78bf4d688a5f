import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = "tests/nodegraph/test_arrays.py", "tests/nodes/kernels/test_householder.py"


def test_the_tests_of_a_file_go_to_one_worker():
    words = "-n 2 --dist loadgroup --no-loadscope-reorder -p no:cacheprovider -vv".split()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *FILES], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    workers = defaultdict(set)
    for worker, file in re.findall(r"^\[(gw\d)\].*PASSED (\S+?)::", done.stdout, re.M):
        workers[file].add(worker)
    assert workers.keys() == {*FILES}
    assert all(len(who) == 1 for who in workers.values())
