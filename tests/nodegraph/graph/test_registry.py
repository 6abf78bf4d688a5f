import subprocess
import sys
import types
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import ModelFileError, SpecError
from nodegraph.graph import registry
from nodegraph.testing.zoo import Sum
from nodes import Reservoir, Scaler, Shared
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


class Relu(ng.Node):
    """Sizes of signals: it is called as a node of the library that does something else."""

    def step(self, params, state, x):
        return state, np.abs(x)


class Hebb(ng.Rule):
    """A rule of one's own that is called as one of the library."""

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W",)

    def update(self, params, memory, seen):
        return params, memory


class OfAnyRule(ng.Node):
    """A node whose rule is found by its word alone."""

    class Params(NamedTuple):
        W: Any

    rule: ng.Rule | None = None

    def step(self, params, state, x):
        return state, x * 1


class OfItsOwn(OfAnyRule):
    """A node of which a rule of that word is one of this module."""

    rule: Hebb | None = None


def test_a_class_called_as_another_one_is_not_written(clean, tmp_path):
    ng.register(OfAnyRule)
    ng.register(OfItsOwn)
    model = ng.Model(Relu(), seed=1)
    np.testing.assert_array_equal(model.run(np.array([[-1.0], [2.0]])), [[1], [2]])
    with pytest.raises(ModelFileError, match=r"\.Relu would be read back as nodes\..*rename"):
        model.save(tmp_path / "m.safetensors")
    with pytest.raises(SpecError, match=r"\.Relu would be read back as nodes\."):
        ng.to_yaml(Relu() >> Scaler())
    with pytest.raises(SpecError, match=r"\.Relu would be read back as nodes\."):
        ng.to_yaml(Shared(node=Relu(), copies=2))
    with pytest.raises(SpecError, match=r"\.Hebb would be read back as nodes\.rules\."):
        ng.to_yaml(OfAnyRule(rule=Hebb()))
    (tmp_path / "g.yaml").write_text(ng.to_yaml(OfItsOwn(rule=Hebb())), encoding="utf-8")
    (own,) = ng.read_yaml(tmp_path / "g.yaml").graph.names
    assert type(own.rule) is Hebb and type(own) is OfItsOwn


def test_a_script_that_is_also_a_plug_in_is_written(tmp_path):
    own = """
import sys
import numpy as np
import nodegraph as ng
class Mine(ng.Node):
    def step(self, params, state, x):
        return state, 3 * x
__all__ = ["Mine"]
if __name__ == "__main__":
    from nodegraph.graph.registry import load_plugin
    load_plugin("my_own.py")
    model = ng.Model(Mine())
    model.run(np.ones((2, 1)))
    model.save("m.safetensors")
    print(*ng.load("m.safetensors").run(np.ones((2, 1))).ravel())
"""
    (tmp_path / "my_own.py").write_text(own, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "my_own.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["3.0", "3.0"]


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
