import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import ArgumentError, DataError
from nodes import Input, Noise, Reservoir, Ridge

U = np.sin(np.arange(900) / 5)[:, None] + 0.05 * np.random.default_rng(0).normal(size=(900, 1))


def graph():
    return Input(name="u") >> Reservoir(units=20, bias_scaling=0.5) >> Ridge(ridge=1e-3)


def test_members_are_models_of_the_graph_with_seeds_in_a_row():
    ensemble = ng.Ensemble(graph(), members=3, seed=5).fit(U[:500], U[1:501], warmup=50)
    said = ensemble.samples(U[500:600])
    for i in range(3):
        alone = ng.Model(ensemble.members[i].graph, seed=5 + i)
        alone.fit(U[:500], U[1:501], warmup=50)
        np.testing.assert_array_equal(said[i], alone.run(U[500:600]))
    assert np.ptp(said, axis=0).max() > 0
    np.testing.assert_allclose(ensemble.reset().run(U[:9]), ensemble.reset().samples(U[:9]).mean(0))


@pytest.mark.parametrize("kind", ["mean", "median", "trimmed"])
def test_a_member_that_is_lost_does_not_count_but_in_the_mean(kind):
    ensemble = ng.Ensemble(graph(), members=5, kind=kind).fit(U[:500], U[1:501], warmup=50)
    lost = ensemble.members[2]
    name = next(iter(lost.plan.rules))
    lost.params[name] = lost.params[name]._replace(bias=np.array([1e3]))
    off = np.abs(ensemble.run(U[500:600]) - U[501:601]).max()
    assert (off < 1) == (kind != "mean")


def test_members_of_a_bag_learn_from_other_series():
    parts = [U[i : i + 60] for i in range(0, 840, 60)]
    xs, ys = [part[:-1] for part in parts], [part[1:] for part in parts]
    bag = ng.Ensemble(graph(), members=4, seed=1, bagged=True).fit(xs, ys, warmup=10)
    drawn = np.random.default_rng([1, 2]).integers(len(xs), size=len(xs))
    alone = ng.Model(bag.members[2].graph, seed=3)
    alone.fit([xs[k] for k in drawn], [ys[k] for k in drawn], warmup=10)
    np.testing.assert_array_equal(bag.samples(U[:30])[2], alone.run(U[:30]))
    with pytest.raises(DataError, match="draws among series: give x and y as lists"):
        bag.fit(U[:-1], U[1:])


def test_each_member_closes_its_own_loop_and_calibrated_intervals_hold_what_they_say():
    ensemble = ng.Ensemble(graph(), members=10, kind="median").fit(U[:500], U[1:501], warmup=50)

    def forecasts(starts):
        prompts, truths = [U[s - 50 : s] for s in starts], [U[s : s + 30] for s in starts]
        return ensemble.generated(30, prompt=prompts), truths

    def covered(samples, truths):
        bounds = ensemble.intervals(samples)
        pairs = zip(truths, bounds, strict=True)
        return np.mean([ng.metrics.coverage(y, q[..., 0], q[..., 1]) for y, q in pairs])

    new = forecasts(range(560, 860, 10))
    one = ensemble.members[3].generate(30, prompt=[U[510:560]])
    np.testing.assert_array_equal(new[0][0][3], one[0])
    assert covered(*new) < 0.7
    ensemble.calibrate(*forecasts(range(60, 460, 10)))
    assert 0.85 < covered(*new) < 0.95
    with pytest.raises(DataError, match="2 forecasts for 1 truths"):
        ensemble.calibrate(new[0][:2], new[1][:1])


def test_noise_gives_another_way_to_each_of_a_list_of_prompts():
    noisy = Input(name="u") >> Noise(std=0.05) >> Reservoir(units=20) >> Ridge(ridge=1e-3)
    model = ng.Model(noisy, seed=1).fit(U[:500], U[1:501], warmup=50)
    ways = np.stack(model.generate(20, prompt=[U[:100]] * 12, noise=True))
    assert (np.std(ways, axis=0)[1:] > 1e-3).all()
    plain = np.stack(model.generate(20, prompt=[U[:100]] * 2))
    np.testing.assert_array_equal(plain[0], plain[1])
    again = np.stack(model.generate(20, prompt=[U[:100]] * 12, noise=True))
    np.testing.assert_array_equal(again, ways)


def test_what_cannot_be_is_refused():
    with pytest.raises(ArgumentError, match="members should be 2 or more, got 1"):
        ng.Ensemble(graph(), members=1)
    with pytest.raises(ArgumentError, match="kind should be one of mean, median, trimmed"):
        ng.Ensemble(graph(), kind="mode")
    pool = Reservoir(units=5)
    two = Input() >> pool >> [Ridge(name="a"), Ridge(name="b")]
    with pytest.raises(ArgumentError, match="an ensemble has one output"):
        ng.Ensemble(two, members=2).fit(U[:-1], U[1:]).run(U)
