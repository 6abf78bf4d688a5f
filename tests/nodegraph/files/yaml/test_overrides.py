import pytest

from nodegraph.errors import SpecError
from nodegraph.files.yaml.document import error_at
from nodegraph.files.yaml.overrides import override
from nodegraph.files.yaml.reader import read_document

TEXT = "nodes:\n  reservoir: {units: 5, rule: {rate: 0.1}}\nedges: [a >> b, b >> c]\nseed: 1\n"


def changed(change: str) -> dict[str, object]:
    return override(read_document(TEXT, "x.yaml"), change).data


@pytest.mark.parametrize(
    ("change", "keys", "value"),
    [
        ("nodes.reservoir.units=1000", ("nodes", "reservoir", "units"), 1000),
        ("nodes.reservoir.leak_rate = 0.5", ("nodes", "reservoir", "leak_rate"), 0.5),
        ("nodes.reservoir.rule.rate=1e-8", ("nodes", "reservoir", "rule", "rate"), 1e-8),
        ("nodes.reservoir.rule=null", ("nodes", "reservoir", "rule"), None),
        ("nodes.reservoir.ridge=[1, 2]", ("nodes", "reservoir", "ridge"), [1, 2]),
        ("edges[1]=b >> a", ("edges", 1), "b >> a"),
        ("seed=7", ("seed",), 7),
        ("engine.workers=4", ("engine", "workers"), 4),
        ("name=a=b", ("name",), "a=b"),
    ],
)
def test_a_value_is_replaced_or_added(
    change: str, keys: tuple[str | int, ...], value: object
) -> None:
    found: object = changed(change)
    for key in keys:
        found = found[key]  # type: ignore[index]
    assert found == value


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("nodes.resevoir.units=1", "no resevoir in nodes; did you mean reservoir?"),
        ("nodes.zz.units=1", "no zz in nodes; there are reservoir"),
        ("nodes.reservoir.units.x=1", "nodes.reservoir.units is a single value, 5"),
        ("edges[2]=a", "edges is a list of 2 items"),
        ("edges.first=a", "edges is a list of 2 items"),
        ("seed", "should be path=value"),
        ("=1", "should be path=value"),
        ("seed=", "should be path=value"),
        ("a..b=1", "should be path=value"),
        ("seed=[1", "is not YAML"),
        ("seed=!!int 1", "tags are not read"),
        ("seed=*a", "aliases"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(change: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        changed(change)
    assert message in str(caught.value)
    assert str(caught.value).startswith("--set")


def test_errors_about_a_changed_value_point_to_the_option_and_others_to_the_file() -> None:
    document = override(read_document(TEXT, "x.yaml"), "nodes.reservoir.units=0")
    changed_path, other = ("nodes", "reservoir", "units"), ("seed",)
    assert str(error_at(document, changed_path, "is 0")) == (
        "--set nodes.reservoir.units=0: nodes.reservoir.units: is 0"
    )
    assert str(error_at(document, other, "is 1")) == "x.yaml:4:7: seed: is 1"


def test_what_is_inside_a_changed_value_is_blamed_on_the_option_too() -> None:
    document = override(read_document(TEXT, "x.yaml"), "nodes.reservoir={units: 0}")
    error = error_at(document, ("nodes", "reservoir", "units"), "is 0")
    assert str(error).startswith("--set nodes.reservoir={units: 0}: ")


def test_the_document_itself_stays_as_it_was() -> None:
    document = read_document(TEXT)
    override(document, "nodes.reservoir.units=1000")
    assert document.data["nodes"]["reservoir"]["units"] == 5
