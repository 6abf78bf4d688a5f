"""Teach a reservoir a wave through feedback, keep it, and let it go on alone."""

import tempfile
from pathlib import Path

import numpy as np

import nodegraph as ng
from nodes import Reservoir, Ridge

wave = np.sin(np.arange(1600) / 5)[:, None] ** 3
reservoir = Reservoir(units=100, feedback_scaling=0.8, bias_scaling=0.2, noise=1e-4)
readout = Ridge(ridge=1e-6)

model = ng.Model((reservoir >> readout) & (reservoir << readout), seed=1)
model.fit(y=wave[:1000], warmup=100)

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder, "wave.safetensors")
    model.save(file)
    alone = ng.load(file).run(steps=600)

print(f"largest error in 600 steps alone: {np.abs(alone - wave[1000:]).max():.4f}")
