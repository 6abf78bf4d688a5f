"""In a notebook every plot shows itself, and so does a model."""

import base64
import os

import nbformat
import pytest
from nbclient import NotebookClient

START = """
import numpy as np
import nodegraph as ng
from nodegraph import plotting
from nodes import Input, Reservoir, Ridge

x = np.sin(np.arange(200) / 5)[:, None]
model = ng.Model(Input() >> Reservoir(units=10) >> Ridge(), seed=1)
model
"""
PLOTS = [
    "plotting.prediction(x, x + 0.1)",
    "ax = plotting.prediction(np.arange('2024-01-01', '2024-07-19', dtype='M8[D]'), x, x + 0.1)",
    "plotting.states(x, raster=True).set_title('states');",
    "import matplotlib.pyplot as plt\nplotting.eigenvalues(np.eye(3))\nplt.show()",
    "plotting.phase_portrait(np.hstack([x, x, x]), (0, 1, 2))",
    "fig, ax = plt.subplots()\nplotting.memory_capacity([1.0, 0.5], ax)",
]
ALONE = ["plotting.prediction(x, x + 0.1)", "plotting.generation(x[:9], x[9:], x[9:])"]


def pictures(cell, kind="image/png"):
    return [output["data"][kind] for output in cell.outputs if kind in output.get("data", {})]


def executed(monkeypatch, backend, sources):
    """Run cells in a kernel with this backend of matplotlib; "" is the notebook's own."""
    monkeypatch.setitem(os.environ, "MPLBACKEND", backend)
    monkeypatch.setitem(os.environ, "PYDEVD_DISABLE_FILE_VALIDATION", "1")
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in [START, *sources]]
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    return notebook.cells


@pytest.mark.parametrize(("backend", "sources"), [("", PLOTS), ("Agg", ALONE)])
@pytest.mark.filterwarnings("default")  # of the client, about itself
def test_every_cell_has_its_picture_once(monkeypatch, backend, sources):
    model, *plots = executed(monkeypatch, backend, sources)
    assert pictures(model, "image/svg+xml") or pictures(model, "text/html")
    for cell in plots:
        assert len(pictures(cell)) == 1, cell.source
        assert len(base64.b64decode(pictures(cell)[0])) > 3000, cell.source
