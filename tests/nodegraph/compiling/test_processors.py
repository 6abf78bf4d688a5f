"""Compiled for another processor, a step has the same bits."""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest
from small_steps import digests

from nodegraph.compiling.prelude.catalogue import definition
from nodegraph.host.machine import has_avx512

HERE = Path(__file__).parent
X86 = platform.machine() in ("x86_64", "AMD64")
OTHERS = ["x86-64", "haswell", "skylake-avx512"] if X86 else ["generic"]


def can_run(processor):
    if processor == "skylake-avx512":
        return has_avx512()
    if processor == "haswell":
        import llvmlite.binding

        return llvmlite.binding.get_host_cpu_features().get("avx2", False)
    return True


@pytest.mark.parametrize("processor", OTHERS)
def test_bits_are_those_of_this_processor(processor):
    if not can_run(processor):
        pytest.skip(f"this is no {processor}")
    done = subprocess.run(
        [sys.executable, str(HERE / "small_steps.py")],
        env=os.environ | {"NODEGRAPH_CPU": processor},
        capture_output=True,
        text=True,
        check=True,
    )
    found = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    assert found == dict(digests())


FUSED = r"\bv?fn?m(?:add|sub|la|ls)\w*"  # instructions that round once where two would
FMA = """
define double @fma(double %x, double %y) {
  %z = call double @llvm.fma.f64(double %x, double %y, double %x)
  ret double %z
}
declare double @llvm.fma.f64(double, double, double)
"""


@pytest.mark.parametrize(
    ("triple", "cpu"),
    [("x86_64-unknown-linux-gnu", "haswell"), ("aarch64-apple-darwin", "apple-m1")],
)
def test_nothing_is_contracted_where_a_processor_could(triple, cpu):
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(triple).create_target_machine(cpu=cpu, opt=3)

    def fused(text):
        module = llvm.parse_assembly(text)
        module.triple, module.data_layout = triple, str(machine.target_data)
        tuning = llvm.create_pipeline_tuning_options(speed_level=3)
        builder = llvm.create_pass_builder(machine, tuning)
        builder.getModulePassManager().run(module, builder)
        return re.findall(FUSED, machine.emit_assembly(module))

    names = (
        "tanh_f8",
        "log_f4",
        "scalar4_f8",
        "panels_f4",
        "dot_f4",
        "dots_f8",
        "slices_f8",
        "ranksym1_f8",
    )
    assert fused(FMA)
    for name in names:
        assert not fused(definition(name).replace("define internal", "define"))
