import subprocess
import sys

AT_ONCE = """
from threading import Barrier, Thread
from time import sleep

import llvmlite.binding as llvm

from nodegraph.compiling import machine_code

made, make, together = [], llvm.create_mcjit_compiler, Barrier(4)


def create(*given):
    sleep(0.1)
    made.append(make(*given))
    return made[-1]


def ask():
    together.wait()
    machine_code.target()


llvm.create_mcjit_compiler = create
threads = [Thread(target=ask) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(made))
"""


def test_threads_that_compile_first_at_once_share_what_holds_the_code():
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1"]
