import tracemalloc

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError
from nodegraph.testing.comparing import same_trees
from nodes import RLS, Backward, Concat, Input, LogisticRegression, Reduce, Reservoir, Ridge, Scaler

RNG = np.random.default_rng(0)
TEXTS = [RNG.normal(size=(n, 3)) for n in (20, 7, 31, 12, 25, 20, 9, 16)]
TRUTHS = [np.cumsum(text[:, :2], axis=0) for text in TEXTS]


class Shelf:
    """Items that are read, and counted, when they are asked for."""

    def __init__(self, items):
        self.items, self.reads = items, [0] * len(items)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        self.reads[i] += 1
        return self.items[i]


def model(*outs):
    pools = [Reservoir(units=9, name="pool"), Backward(node=Reservoir(units=9), name="back")]
    graph = Input() >> Scaler() >> pools >> Concat() >> list(outs or [Ridge(name="out")])
    return ng.Model(graph, seed=2)


def test_it_learns_and_runs_as_from_a_list_and_reads_once_a_pass():
    xs, ys = Shelf(TEXTS), Shelf(TRUTHS)
    found = model().fit(ng.Series(xs), ng.Series(ys), warmup=2)
    wanted = model().fit(TEXTS, TRUTHS, warmup=2)
    same_trees(found.params["out"], wanted.params["out"], "other weights")
    for one, other in zip(found.run(ng.Series(xs)), wanted.run(TEXTS), strict=True):
        np.testing.assert_array_equal(one, other)
    assert xs.reads[1:] == [5] * 7  # to be measured, scaled, learned from; measured, run


FORMS = {
    "pairs": lambda: (ng.Series(Shelf(list(zip(TEXTS, TRUTHS, strict=True)))), None),
    "by node": lambda: (
        ng.Series(Shelf([{"input": text} for text in TEXTS])),
        ng.Series(Shelf([{"out": truth} for truth in TRUTHS])),
    ),
    "in dicts": lambda: ({"input": ng.Series(Shelf(TEXTS))}, {"out": ng.Series(Shelf(TRUTHS))}),
    "a list beside": lambda: (ng.Series(Shelf(TEXTS)), TRUTHS),
    "a generator": lambda: (ng.Series(text for text in TEXTS), ng.Series(iter(TRUTHS))),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(form):
    wanted = model().fit(TEXTS, TRUTHS)
    found = model().fit(*FORMS[form]())
    same_trees(found.params["out"], wanted.params["out"], "other weights")


@pytest.mark.parametrize("options", [{"workers": 2}, {"ahead": 3}, {"warmup": 5}])
def test_options_mean_what_they_mean_of_a_list(options):
    teams = [Ridge(name="a"), Ridge(name="b", ridge=1e-6)]
    wanted = model(*teams).fit(TEXTS, TRUTHS, **options)
    found = model(*teams).fit(ng.Series(Shelf(TEXTS)), ng.Series(Shelf(TRUTHS)), **options)
    for name in "ab":
        same_trees(found.params[name], wanted.params[name], "other weights")


def test_strengths_are_chosen_as_from_a_list_and_online_rules_learn():
    for out in (Ridge(ridge="cv"), RLS()):
        graph = Input() >> Reservoir(units=9) >> out
        wanted = ng.Model(graph, seed=1).fit(TEXTS, TRUTHS)
        found = ng.Model(graph, seed=1).fit(ng.Series(Shelf(TEXTS)), ng.Series(Shelf(TRUTHS)))
        name = found.plan.outputs[0]
        same_trees(found.params[name], wanted.params[name], "other weights")


def test_labels_may_be_a_list_or_stand_beside_each_series():
    labels, graph = ["a", "b"] * 4, Input() >> Reduce(kind="mean")
    graph = graph >> LogisticRegression(classes=["a", "b"], ridge=1.0)
    name = "logistic_regression"
    wanted = ng.Model(graph).fit(TEXTS, labels)
    for x, y in (
        (ng.Series(Shelf(TEXTS)), labels),
        (ng.Series(Shelf(TEXTS)), np.array(labels)),
        (ng.Series(Shelf(list(zip(TEXTS, labels, strict=True)))), None),
    ):
        found = ng.Model(graph).fit(x, y)
        same_trees(found.params[name], wanted.params[name], "other weights")
        assert list(found.classify(ng.Series(Shelf(TEXTS)))) == list(wanted.classify(TEXTS))


def test_a_killed_course_goes_on(tmp_path):
    wanted = model().fit(TEXTS, TRUTHS)
    file = tmp_path / "c.safetensors"
    found = model().fit(ng.Series(Shelf(TEXTS)), TRUTHS, checkpoint=file)
    again = model().fit(ng.Series(Shelf(TEXTS)), TRUTHS, checkpoint=file, resume=True)
    for one in (found, again):
        same_trees(one.params["out"], wanted.params["out"], "other weights")


class Drawn:
    """Series that are made when they are asked for."""

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        x = np.random.default_rng(i).normal(size=(2000, 4))
        return x, x[:, :1]


def test_memory_does_not_grow_with_the_number_of_series():
    one, peaks = ng.Model(Input() >> Ridge(name="out")).fit(*Drawn(1)[0]), []
    for count in (12, 48):
        tracemalloc.start()
        one.fit(ng.Series(Drawn(count)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


class Changing(Shelf):
    """Gives other series from the second reading of each on."""

    def __init__(self, items, later):
        super().__init__(items)
        self.later, self.readings = later, 0

    def __getitem__(self, i):
        self.readings += 1
        first = self.readings <= len(self.items)
        return super().__getitem__(i) if first else self.later(super().__getitem__(i))


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (lambda text: text[:5], "series 0 of ng.Series had 20 steps when it was read first, .* 5"),
        (lambda text: 2 * text, "series 0 of ng.Series was another when it was read again"),
        (lambda text: np.hstack([text, text]), "was another when it was read again"),
        (lambda text: None, "series 0 of ng.Series is None; give an array"),
    ],
)
def test_what_changes_between_two_readings_is_refused(later, said):
    shelf = Changing([text.copy() for text in TEXTS], later)
    with pytest.raises(DataError, match=said):
        ng.Model(Input() >> Reservoir(units=3)).run(ng.Series(shelf))


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (lambda: ng.Series([*TEXTS[:3], TEXTS[3][:, :2]]), None, r"\(series 3\): 2 columns, but"),
        (lambda: ng.Series(TEXTS), lambda: ng.Series(TRUTHS[:3]), "8 series for x, 3 series for y"),
        (lambda: ng.Series(TEXTS), lambda: TRUTHS[0], "one series beside ng.Series"),
        (lambda: ng.Series(TEXTS), lambda: ng.Series([y[:5] for y in TRUTHS]), "has 5 rows"),
        (
            lambda: ng.Series([TEXTS[0], TEXTS[1] * np.nan]),
            lambda: TRUTHS[:2],
            r"\(series 1\): NaN",
        ),
    ],
)
def test_what_does_not_fit_is_said_before_anything_is_learned(x, y, said):
    with pytest.raises(DataError, match=said):
        model().fit(x(), y and y())


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (TEXTS[0], "an array of shape .20, 3. holds no series"),
        ({"input": TEXTS}, "of inputs by node write"),
        ([], "there is none in it"),
        (7, "expected a sequence of series, got int"),
    ],
)
def test_what_holds_no_series_is_refused(source, said):
    with pytest.raises(DataError, match=said):
        ng.Series(source)
