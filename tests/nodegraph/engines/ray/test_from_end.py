import numpy as np
import pytest

import nodegraph as ng
from nodes import RLS, Backward, Input, Reservoir, Ridge

RNG = np.random.default_rng(0)
TEXTS = [RNG.normal(size=(int(n), 2)) for n in RNG.integers(5, 60, 12)]
YS = [np.cumsum(text, axis=0) for text in TEXTS]


def both_ways(engine, out=Ridge):
    pools = [Reservoir(units=6, noise=0.1), Backward(node=Reservoir(units=6, noise=0.1))]
    return ng.Model(Input() >> pools >> out(name="out"), seed=3, engine=engine)


def found(engine, out=Ridge):
    model = both_ways(engine, out)
    ys = model.fit(TEXTS, YS, warmup=3).run(TEXTS)
    model.fit(TEXTS[0], YS[0], watch=5 if out is RLS else False)
    return model, [*ys, model.run([TEXTS[0]])[0], model.reset().run(TEXTS[0])]


@pytest.mark.parametrize("out", [Ridge, RLS])
def test_series_that_are_read_from_their_end_are_whole_on_any_engine(spread, out):
    (here, wanted), (there, told) = found("local", out), found(spread(2), out)
    assert all(np.array_equal(a, b) for a, b in zip(wanted, told, strict=True))
    assert here.curves.keys() == there.curves.keys()


class Shelf:
    """Texts that are read where they are learned from."""

    def __len__(self):
        return len(TEXTS)

    def __getitem__(self, i):
        return TEXTS[i], YS[i]


def test_workers_elsewhere_read_series_themselves(spread, same_files):
    wanted, found = (both_ways(engine) for engine in ("local", spread(2)))
    assert same_files(wanted.fit(TEXTS, YS), found.fit(ng.Series(Shelf())))


@pytest.mark.ray
def test_on_ray_as_well(ray_engine):
    wanted, told = found("local")[1], found(ray_engine)[1]
    assert all(np.array_equal(a, b) for a, b in zip(wanted, told, strict=True))
