import numpy as np

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import ESN, Input, Mean, Ridge

U = np.sin(np.arange(300) / 5)[:, None] + 0.1 * np.random.default_rng(0).standard_normal((300, 1))


def test_contract():
    check_node(Mean(), n_in=6, n_out=3)
    check_node(Mean(units=1), n_in=3)


def test_it_is_the_mean_of_its_sources():
    members = [ESN(units=n, name=f"m{n}") for n in (10, 20, 30)]
    graph = Input() >> members >> Mean()
    model = ng.Model(graph, seed=1).fit(U[:-1], U[1:], warmup=20)
    names = [f"m{n}.readout" for n in (10, 20, 30)]
    rows = model.reset().run(U, outputs=["mean", *names])
    assert np.allclose(rows["mean"], sum(rows[name] for name in names) / 3, atol=1e-14)
    assert graph.outputs == ("mean",) and model.run(U).shape == (300, 1)


def test_a_target_given_once_teaches_every_member_as_it_would_alone():
    members = [ESN(units=n, connectivity=1.0) for n in (10, 20)]
    model = ng.Model(Input() >> members >> Mean(), seed=1).fit(U[:-1], U[1:], warmup=20)
    assert [row["node"] for row in model.report] == ["esn.readout", "esn_2.readout"]
    for esn in members:
        alone = ng.Model(Input() >> esn, seed=1).fit(U[:-1], U[1:], warmup=20)
        name = model.graph.names[esn.as_graph().nodes[1]]
        assert np.allclose(model.params[name].W_out, alone.params["esn.readout"].W_out, atol=1e-10)


def test_steps_and_lists_of_series_give_the_rows_of_run():
    model = ng.Model(Input() >> [Ridge(), Ridge(ridge=10.0)] >> Mean(), seed=1).fit(U, 2 * U)
    whole = model.run(U)
    assert np.array_equal([model.step(u) for u in U], whole)
    assert np.array_equal(np.concatenate(model.run([U[:100], U[100:]])), whole)
