"""The two shipped sets, read beside the files themselves."""

from importlib.resources import files

import numpy as np
import pytest

from nodegraph.datasets import japanese_vowels, sunspots
from nodegraph.errors import DataError

DATA = files("nodegraph.data.datasets") / "data"


def test_sunspots_are_the_months_of_the_file_in_order():
    rows = [line.split(",") for line in (DATA / "sunspots_monthly.csv").read_text().split()[1:]]
    np.testing.assert_array_equal(sunspots()[:, 0], [float(row[2]) for row in rows])
    months = [12 * int(row[0]) + int(row[1]) for row in rows]
    np.testing.assert_array_equal(np.diff(months), 1)


def test_sunspots_come_and_go_in_about_eleven_years():
    x = sunspots()[:, 0]
    power = np.abs(np.fft.rfft(x - x.mean()))
    assert 10 * 12 < len(x) / np.argmax(power) < 12 * 12


def test_the_first_sunspots_can_be_asked_for():
    np.testing.assert_array_equal(sunspots(100), sunspots()[:100])
    with pytest.raises(DataError, match=r"sunspots.steps: there are 3126 months \(got 4000\)"):
        sunspots(4000)


def test_utterances_have_the_published_counts():
    x_train, y_train, x_test, y_test = japanese_vowels()
    lengths = [len(x) for x in x_train + x_test]
    assert (min(lengths), max(lengths)) == (7, 29)
    assert {x.shape[1] for x in x_train + x_test} == {12}
    np.testing.assert_array_equal(np.bincount(y_train)[1:], [30] * 9)
    np.testing.assert_array_equal(np.bincount(y_test)[1:], [31, 35, 88, 44, 29, 24, 40, 50, 29])


def test_utterances_joined_again_are_the_file():
    with np.load(str(DATA / "japanese_vowels.npz"), allow_pickle=False) as arrays:
        sets = japanese_vowels()
        np.testing.assert_array_equal(np.concatenate(sets.x_train), arrays["train_x"])
        np.testing.assert_array_equal(np.concatenate(sets.x_test), arrays["test_x"])


@pytest.mark.parametrize("targets", ["one_hot", "repeat"])
def test_other_targets_say_the_same_as_the_labels(targets):
    labels, rows = japanese_vowels(), japanese_vowels(targets=targets)
    for label, x, y in zip(labels.y_test, rows.x_test, rows.y_test, strict=True):
        assert y.shape == ((len(x) if targets == "repeat" else 1), 9)
        np.testing.assert_array_equal(y, np.eye(9)[[label - 1] * len(y)])


def test_unknown_targets_are_refused():
    with pytest.raises(DataError, match=r"japanese_vowels.targets: should be 'labels'"):
        japanese_vowels(targets="onehot")


def test_the_sources_stay_with_the_data():
    text = (DATA / "README.md").read_text()
    assert "CC BY 4.0" in text
    assert "public domain" in text
