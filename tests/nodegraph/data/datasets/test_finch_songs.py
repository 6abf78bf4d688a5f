import numpy as np
import pytest
from scipy.fft import idct

from nodegraph.data.datasets.finch_songs import Note, sung
from nodegraph.data.datasets.mfcc import mfcc
from nodegraph.datasets import finch_songs
from nodegraph.errors import DataError


def test_targets_are_the_syllables_at_their_times_and_else_silence():
    notes = [Note(0.0, 0.1, 3), Note(0.2, 0.05, 7)]
    u, y = sung(notes, 0.1, np.random.default_rng(0))
    labels = y.argmax(axis=1)
    assert u.shape == (35, 26)  # 0.25 s and a pause of 0.05 on each side
    np.testing.assert_array_equal(labels, [9] * 5 + [3] * 10 + [9] * 10 + [7] * 5 + [9] * 5)
    loud = u[:, 0]
    assert loud[7:13].min() > loud[17:23].max()


def test_a_tone_is_loudest_in_the_filter_of_its_pitch():
    sound = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    bands = idct(mfcc(sound, 16000)[50, :13], n=40, norm="ortho")
    mel = 2595 * np.log10(1 + 1000 / 700)
    expected = mel / (2595 * np.log10(1 + 8000 / 700)) * 41 - 1
    assert abs(bands.argmax() - expected) <= 2


def test_features_of_a_steady_tone_do_not_change():
    sound = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    assert np.abs(mfcc(sound, 16000)[10:90, 13:]).max() < 0.05


def test_songs_are_of_nine_syllables_and_silence():
    u, y = finch_songs(songs=10, seed=1)
    shares = np.vstack(y).mean(axis=0)
    assert len(u) == 10 and (shares > 0).all() and 0.2 < shares[9] < 0.7
    other = finch_songs(songs=10, seed=2)
    np.testing.assert_array_equal(y[0], other[1][0])  # the song is real
    assert np.abs(u[0] - other[0][0]).max() > 0.1  # its sound is drawn


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"songs": 41}, r"finch_songs.songs: should be from 1 to 40 \(got 41\)"),
        ({"noise": -1.0}, "finch_songs.noise"),
    ],
)
def test_nonsense_is_refused(options, message):
    with pytest.raises(DataError, match=message):
        finch_songs(**options)
