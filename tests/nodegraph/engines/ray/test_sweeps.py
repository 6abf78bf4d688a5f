import numpy as np
import pytest

from nodegraph.experiments.search import search

GRAPH = """\
nodegraph: 1
nodes:
  u: {kind: Input}
  r: {kind: Reservoir, units: 20}
  out: {kind: Ridge}
edges: [u >> r >> out]
task:
  data: {file: x.csv}
  target: {forecast: 3}
  split: {train: 400, warmup: 20}
  metrics: [nrmse]
"""
RANGES = {"nodes.r.leak_rate": "0.01:1:log", "nodes.r.units": "10:30:int"}
OPTIONS = {"trials": 5, "seed": 1, "seeds": 2, "batch": 3}


@pytest.fixture
def graph(tmp_path):
    series = np.sin(np.arange(600) / 4) + 0.3 * np.sin(np.arange(600) / 2.3)
    np.savetxt(tmp_path / "x.csv", series, header="x", comments="")
    (tmp_path / "g.yaml").write_text(GRAPH)
    return tmp_path / "g.yaml"


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("deaths", [(), (3, 7)])
def test_a_search_on_any_number_of_workers_that_may_die_finds_the_same(
    spread, graph, count, deaths
):
    engine = spread(count, deaths)
    assert search(graph, RANGES, engine=engine, **OPTIONS) == search(graph, RANGES, **OPTIONS)
    assert engine.pool.died == len(deaths)


def test_rows_to_test_on_are_nobody_s_business(spread, graph):
    options = {"trials": 2, "seed": 1, "batch": 2}
    before = search(graph, RANGES, engine=spread(3, ()), **options)
    series = np.loadtxt(graph.parent / "x.csv", skiprows=1)
    series[425:] = 1e6 * np.random.default_rng(0).standard_normal(175)  # behind 400 and 3 ahead
    np.savetxt(graph.parent / "x.csv", series, header="x", comments="")
    assert search(graph, RANGES, engine=spread(2, (5,)), **options) == before


@pytest.mark.ray
def test_a_search_on_ray_finds_what_is_found_here(ray_engine, graph):
    here = search(graph, RANGES, **OPTIONS)
    assert search(graph, RANGES, engine=ray_engine, workers=2, **OPTIONS) == here
