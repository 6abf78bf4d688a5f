import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import ArgumentError, DataError, DataWarning, FieldError, ModelFileError
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


def test_predictions_are_what_members_say_together_and_none_moves_on():
    ensemble = ng.Ensemble(graph(), members=3).fit(U[:500], U[1:501], warmup=50)
    first = ensemble.predict(U[500:600])
    assert np.array_equal(first, ensemble.predict(U[500:600]))
    off = U[501:601] - first
    score = 1 - (off**2).mean() / U[501:601].var()
    assert ensemble.score(U[500:600], U[501:601]) == pytest.approx(score, rel=1e-12)
    assert np.array_equal(first, ensemble.run(U[500:600]))
    ensemble.fit(U[:500], U[1:501, 0], warmup=50)
    assert np.array_equal(ensemble.predict(U[500:600]), first[:, 0])


def test_what_was_calibrated_is_forgotten_when_members_learn_anew():
    three = ng.Ensemble(graph(), members=3).fit(U[:300], U[1:301], warmup=50)
    samples = [three.samples(U[a : a + 40]) for a in (100, 200)]
    fresh = three.intervals(samples[0])
    three.calibrate(samples, [U[101:141], U[201:241]])
    assert not np.array_equal(three.intervals(samples[0]), fresh)
    three.fit(U[:500], U[1:501], warmup=50)
    assert np.array_equal(three.intervals(samples[0]), fresh)


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
    with pytest.warns(DataWarning, match=r"calibrated for levels 0.05 and 0.95, so at 0.25"):
        ensemble.intervals(new[0], (0.25, 0.5, 0.75))
    with pytest.warns(DataWarning, match="forecasts of 30 steps, and these have 50"):
        ensemble.intervals(ensemble.samples(U[:50]))
    ensemble.intervals(new[0], (0.05, 0.5, 0.95))
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


SAID = np.random.default_rng(1).normal(size=(3, 9, 2))


@pytest.fixture(scope="module")
def three():
    return ng.Ensemble(graph(), members=3).fit(U[:300], U[1:301], warmup=50)


@pytest.mark.parametrize("x", [U[:9], [U[:9], U[9:20]], U[:9, 0], SAID[:2], "u", [[1.0], [1, 2]]])
def test_intervals_of_data_instead_of_samples_say_what_to_write(three, x):
    with pytest.raises(
        DataError, match=r"shape \(3, n_steps, n_out\), .*e.intervals\(e.samples\(x"
    ):
        three.intervals(x)


@pytest.mark.parametrize("levels", [[2.0], [0.1, np.nan], 0.9, [], "ab", [0.0, 0.9]])
def test_levels_that_cannot_be_are_refused(three, levels):
    with pytest.raises(FieldError, match=r"intervals: levels should be numbers between 0 and 1"):
        three.intervals(SAID, levels)
    with pytest.raises(FieldError, match=r"calibrate: levels should be numbers between 0 and 1"):
        three.calibrate([SAID], [SAID[0]], levels)


@pytest.mark.parametrize(
    "given, message",
    [
        (
            ([1], [2]),
            r"samples should have shape \(3, n_steps, n_out\).* got shape \(\); write e.cal",
        ),
        ((1, [2]), "calibrate: samples should be a list, got int"),
        (([SAID], 2), "calibrate: truths should be a list, got int"),
        (([], []), "0 forecasts for 0 truths"),
        (([SAID, SAID[:, :5]], [SAID[0], SAID[0, :5]]), r"one length, got \(5, 2\) and \(9, 2\)"),
        (([SAID], [SAID[0, :5]]), r"truths\[0\] should have shape \(9, 2\), got \(5, 2\)"),
        (([SAID], ["no"]), r"truths\[0\] should be numbers of shape \(9, 2\)"),
        (([SAID], [SAID[0] * np.nan]), r"truths\[0\] has values that are not finite"),
        (([SAID[:1].repeat(3, 0)], [SAID[0]]), "all members say the same, .* no factor widens"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(three, given, message):
    with pytest.raises(DataError, match=message):
        three.calibrate(*given)
    with pytest.raises(FieldError, match="levels should be two"):
        three.calibrate([SAID], [SAID[0]], [0.1, 0.5, 0.9])
    assert three.widening is None


def test_members_that_are_all_equal_are_warned_of_once():
    plain = ng.Ensemble(Input() >> Ridge(), members=3).fit(U[:-1], U[1:])
    with pytest.warns(DataWarning, match="all members say the same, .* intervals have width 0"):
        band = plain.intervals(plain.samples(U[:20]))
    assert np.ptp(band, axis=2).max() == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain.intervals([plain.samples(U[:20])])


def test_members_do_not_share_a_checkpoint(tmp_path):
    with pytest.raises(ng.errors.ArgumentError, match="write over each other's checkpoint"):
        ng.Ensemble(Input() >> Ridge(), members=2).fit(
            U[:-1], U[1:], checkpoint=tmp_path / "c.safetensors"
        )
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("calibrated", [False, True])
def test_a_saved_ensemble_goes_on_where_it_stood(tmp_path, calibrated):
    wanted = ng.Ensemble(graph(), members=3, seed=4, kind="median", dtype="float32")
    wanted.fit(U[:300], U[1:301], warmup=50)
    if calibrated:
        samples = [wanted.samples(U[a : a + 40]) for a in (300, 340)]
        wanted.calibrate(samples, [U[301:341], U[341:381]], levels=(0.1, 0.9))
    wanted.save(tmp_path / "e.safetensors")
    found = ng.Ensemble.load(tmp_path / "e.safetensors")
    assert repr(found) == repr(wanted) and (found.seed, found.bagged) == (4, False)
    for one, other in zip(found.members, wanted.members, strict=True):
        assert (one.seed, one.dtype, one.time) == (other.seed, other.dtype, other.time)
    said = wanted.samples(U[380:400])
    assert np.array_equal(found.samples(U[380:400]), said)
    bands = [one.intervals(said, [0.1, 0.9]) for one in (found, wanted)]
    assert np.array_equal(*bands)
    for one in (found, wanted):
        for member in one.members:
            member.update(U[400:450], U[401:451])
    assert np.array_equal(found.run(U[450:460]), wanted.run(U[450:460]))


def test_files_of_models_and_ensembles_are_told_apart(tmp_path, three):
    three.save(tmp_path / "e.safetensors")
    three.members[0].save(tmp_path / "m.safetensors")
    with pytest.raises(ModelFileError, match=r"holds an ensemble; write ng\.Ensemble\.load"):
        ng.load(tmp_path / "e.safetensors")
    with pytest.raises(ModelFileError, match=r"holds no ensemble; read a model by ng\.load"):
        ng.Ensemble.load(tmp_path / "m.safetensors")
    torn = (tmp_path / "e.safetensors").read_bytes()
    (tmp_path / "e.safetensors").write_bytes(torn[:-1] + bytes([torn[-1] ^ 1]))
    with pytest.raises(ModelFileError):
        ng.Ensemble.load(tmp_path / "e.safetensors")


def test_noisy_steps_are_those_of_a_noisy_run():
    noisy = Input(name="u") >> Noise(std=0.05) >> Reservoir(units=20) >> Ridge(ridge=1e-3)
    model = ng.Model(noisy, seed=1).fit(U[:300], U[1:301], warmup=50)
    here = model.snapshot()
    way = model.run(U[300:310], noise=True)
    model.restore(here)
    for row in U[280:290]:
        model.step(row)
    model.restore(here)
    steps = [model.step(row, noise=True) for row in U[300:310]]
    np.testing.assert_array_equal(steps, way)
    assert np.abs(model.restore(here).run(U[300:310]) - way).max() > 1e-3


def test_what_members_warn_of_is_said_once_with_how_many_do():
    """Numbers may differ from member to member; another sentence is said by itself."""
    u = 1000 + 5 * np.sin(np.arange(200) / 5)[:, None]
    fields = {"units": 20, "input_scaling": 1.0}
    alone = []
    for seed in range(4):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            ng.Model(Input() >> Reservoir(**fields) >> Ridge(), seed=seed).fit(u[:-1], u[1:])
        alone += [str(one.message) for one in caught]
    kinds = {}
    for text in alone:
        kinds.setdefault(text[:20], []).append(text)
    assert sorted(map(len, kinds.values())) == [2, 4]
    ensemble = ng.Ensemble(Input() >> Reservoir(**fields) >> Ridge(), members=4)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ensemble.fit(u[:-1], u[1:])
    assert sorted(str(one.message) for one in caught) == sorted(
        f"{same[0]} (and so of {len(same) - 1} more of 4 members)" for same in kinds.values()
    )
    assert {one.filename for one in caught} == {__file__}
