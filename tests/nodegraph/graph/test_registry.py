import subprocess
import sys
import types

import pytest

import nodegraph as ng
from nodegraph.errors import SpecError
from nodegraph.graph import registry
from nodegraph.testing.zoo import Sum
from nodes import Reservoir, Scaler
from nodes.rules import Oja


@pytest.fixture
def clean(monkeypatch):
    monkeypatch.setattr(registry, "_found", dict(registry.kinds()))


def test_nodes_and_rules_of_the_library_are_known():
    assert registry.resolve("Reservoir") is Reservoir
    assert registry.resolve("Oja") is Oja
    assert registry.word(Reservoir) == "Reservoir"


def test_an_unknown_kind_is_told_with_the_nearest():
    with pytest.raises(SpecError, match="unknown kind 'Resevoir'; did you mean 'Reservoir'"):
        registry.resolve("Resevoir")
    with pytest.raises(SpecError, match="'nodegraph kinds' lists those there are") as caught:
        registry.resolve("os.system")
    assert len(str(caught.value)) < 160  # no list of all of them


def test_a_field_called_kind_is_written_behind_a_dot():
    kind, fields = registry.split_kind("Scaler.z-score")
    assert kind is Scaler and fields == {"kind": "z-score"}


def test_a_class_of_a_notebook_can_be_registered(clean):
    ng.register(Sum)
    assert registry.resolve("Sum") is Sum
    text = ng.to_yaml(Sum(name="a") >> Sum(name="b"))
    assert "kind: Sum" in text


def test_a_plug_in_offers_what_it_lists(clean, monkeypatch):
    module = types.ModuleType("my_nodes")
    module.Sum, module.__all__ = Sum, ["Sum"]
    monkeypatch.setitem(sys.modules, "my_nodes", module)
    registry.load_plugin("my_nodes")
    assert registry.resolve("Sum") is Sum


def test_a_plug_in_that_takes_a_name_or_is_not_there_is_refused(clean, monkeypatch):
    module = types.ModuleType("thieves")
    module.Reservoir, module.__all__ = Sum, ["Reservoir"]
    monkeypatch.setitem(sys.modules, "thieves", module)
    with pytest.raises(SpecError, match="'Reservoir' is offered by"):
        registry.load_plugin("thieves")
    with pytest.raises(SpecError, match="plug-in 'no_such_thing' cannot be imported"):
        registry.load_plugin("no_such_thing")


def in_a_new_process(script, folder):
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_a_plug_in_that_comes_first_hides_no_kind_of_the_library(tmp_path):
    own = "import nodegraph as ng\nclass Mine(ng.Node):\n    pass\n__all__ = ['Mine']\n"
    (tmp_path / "my_own.py").write_text(own, encoding="utf-8")
    script = """
from nodegraph.graph import registry
registry.load_plugin("my_own.py")
print(*(registry.resolve(kind).__name__ for kind in ("Mine", "Reservoir", "Oja")))
"""
    assert in_a_new_process(script, tmp_path) == ["Mine", "Reservoir", "Oja"]


def test_a_kind_is_imported_when_it_is_asked_for(tmp_path):
    script = """
import sys
from nodegraph.graph import registry
registry.resolve("Scaler")
print("nodes.scaler" in sys.modules, "nodes.reservoir" in sys.modules)
listed = list(registry.kinds())
print("nodes.reservoir" in sys.modules, listed == list(registry.kinds()))
print(listed.index("ForwardUnit.dendritic") < listed.index("ForwardUnit"))
"""
    assert in_a_new_process(script, tmp_path) == ["True", "False", "True", "True", "True"]


@pytest.mark.parametrize("file", ["nodes.py", "nodes/__init__.py"])
def test_a_plugin_named_as_an_installed_package_is_not_taken_for_it(
    clean, tmp_path, monkeypatch, file
):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("__all__ = []", encoding="utf-8")
    registry.load_plugin("nodes")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match=r"belongs to an installed package.*rename yours"):
        registry.load_plugin("nodes")


@pytest.mark.parametrize(
    "kind, meant", [("Gru", "GRU"), ("lstm", "LSTM"), ("Reservior", "Reservoir")]
)
def test_the_kind_that_is_meant_is_told_however_it_is_written(kind, meant):
    with pytest.raises(SpecError, match=f"did you mean '{meant}'"):
        registry.resolve(kind)
