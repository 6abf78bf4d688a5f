"""What a range says, and what is told of one that hardly means what it says."""

import warnings

import pytest

from nodegraph.errors import DataWarning
from nodegraph.experiments.search.draws import draws


@pytest.mark.parametrize(
    ("text", "above"), [("1e-10:1e-2", "0.001"), ("10:10000:int", "1000"), ("1:1000", "100")]
)
def test_sizes_that_are_drawn_as_numbers_are_told_with_the_cure(text, above):
    with pytest.warns(DataWarning, match=f"lie above {above}; write {text}:log"):
        draws({"nodes.out.ridge": text})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draws({"nodes.out.ridge": f"{text}:log"})


@pytest.mark.parametrize("text", ["0.1:1", "0:1e6", "-1:1e4", "1:999", "1e-10,1e-2"])
def test_ranges_of_numbers_are_taken_as_they_are(text):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draws({"nodes.out.ridge": text})
