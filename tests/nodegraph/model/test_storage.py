import json

import numpy as np
import pytest
from scipy import sparse

import nodegraph as ng
from nodegraph.errors import ModelFileError
from nodegraph.files import tensor_file
from nodes import ESN, RLS, Input, Reservoir, Ridge, ScikitLearn
from nodes.rules import IntrinsicPlasticity

T = 150
U = np.random.default_rng(5).uniform(-1, 1, (T, 2))
Y = np.cumsum(U, axis=0)[:, :1]


def leaky_loop(**options):
    r, out = Reservoir(name="r", units=12, leak_rate=0.4, noise=0.01), RLS(name="out", alpha=1.0)
    return (Input(name="u") >> r >> out) & (r << out)


GRAPHS = {
    "offline": lambda: Input() >> Reservoir(units=10) >> Ridge(),
    "composite": lambda: Input() >> ESN(units=10, feedback=True, ridge=[1e-6, 1e-2]),
    "plastic": lambda: Input() >> Reservoir(units=10, rule=IntrinsicPlasticity()) >> Ridge(),
    "online": leaky_loop,
    "explicit": lambda: (
        Input()
        >> Reservoir(W=sparse.eye_array(30).tocsr() * 0.5, W_in=np.full((30, 2), 0.1))
        >> Ridge()
    ),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", GRAPHS)
def test_a_loaded_model_goes_on_with_the_same_bits(kind, dtype, tmp_path):
    model = ng.Model(GRAPHS[kind](), seed=3, dtype=dtype).fit(U[:100], Y[:100], warmup=10)
    model.save(tmp_path / "m.safetensors")
    again = ng.Model.load(tmp_path / "m.safetensors")
    assert again.time == model.time and again.seed == 3 and again.dtype == dtype
    assert np.array_equal(again.run(U[100:120]), model.run(U[100:120]))
    for one in (model, again):
        if kind == "online":
            one.partial_fit(U[120:140], Y[120:140])
        else:
            if online := [n for n, r in one.plan.rules.items() if r.online]:
                one.freeze(*online)
            one.update(U[120:140], Y[120:140])
    assert np.array_equal(again.run(U[140:]), model.run(U[140:]))


def test_a_model_that_has_seen_nothing_is_saved_too(tmp_path):
    ng.Model(GRAPHS["offline"](), seed=3).save(tmp_path / "m.safetensors")
    fresh = ng.Model(GRAPHS["offline"](), seed=3).fit(U, Y).run(U)
    assert np.array_equal(ng.Model.load(tmp_path / "m.safetensors").fit(U, Y).run(U), fresh)


def test_without_memory_the_file_is_smaller_and_the_model_runs_the_same(tmp_path):
    model = ng.Model(Input() >> Reservoir(units=80) >> Ridge(), seed=1).fit(U, Y)
    model.save(tmp_path / "whole.safetensors")
    model.save(tmp_path / "small.safetensors", memory=False)
    sizes = [(tmp_path / f"{n}.safetensors").stat().st_size for n in ("small", "whole")]
    assert sizes[0] < 0.5 * sizes[1]
    assert np.array_equal(ng.Model.load(tmp_path / "small.safetensors").run(U), model.run(U))


@pytest.mark.parametrize("estimator", ["LinearRegression", "object"])
def test_what_is_neither_array_nor_number_is_not_saved(estimator, tmp_path):
    from sklearn.linear_model import LinearRegression

    given = LinearRegression() if estimator == "object" else estimator
    model = ng.Model(Input() >> ScikitLearn(estimator=given, name="sk")).fit(U, Y)
    with pytest.raises(ModelFileError, match="cannot be saved"):
        model.save(tmp_path / "m.safetensors")
    assert not (tmp_path / "m.safetensors").exists()


def changed(path, change):
    """Write the file anew with other metadata or arrays, checksums and all."""
    arrays, metadata = tensor_file.read(path)
    about, graph = json.loads(metadata["model"]), json.loads(metadata["graph"])
    change(arrays, about, graph)
    tensor_file.write(path, arrays, {"model": json.dumps(about), "graph": json.dumps(graph)})


@pytest.mark.parametrize(
    "change",
    [
        lambda a, m, g: a.pop("reservoir/params/bias"),
        lambda a, m, g: a.update({"extra": np.zeros(3)}),
        lambda a, m, g: a.update({"reservoir/params/bias": np.zeros(3)}),
        lambda a, m, g: a.update({"reservoir/params/bias": np.zeros(10, np.float32)}),
        lambda a, m, g: g["nodes"]["reservoir"].update(units=11),
        lambda a, m, g: g["nodes"]["reservoir"].update(kind="os.system"),
        lambda a, m, g: g["nodes"]["reservoir"].update(units=10**9),
        lambda a, m, g: g.update(edges=["input >> ridge"]),
        lambda a, m, g: m.update(nodes=[]),
        lambda a, m, g: m.update(dtype="object"),
        lambda a, m, g: m.pop("seed"),
        lambda a, m, g: m["nodes"]["reservoir"].pop("state"),
    ],
)
def test_a_file_that_does_not_fit_its_own_graph_is_refused(change, tmp_path):
    path = tmp_path / "m.safetensors"
    ng.Model(GRAPHS["offline"](), seed=3).fit(U, Y).save(path)
    changed(path, change)
    with pytest.raises((ModelFileError, ng.errors.BudgetError)):
        ng.Model.load(path)
