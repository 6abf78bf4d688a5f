"""The rules of the house: who may import whom, and what the sources never do."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import networkx as nx

ROOT = Path(__file__).parents[1]
LONGEST = 350  # lines of a module
LONGEST_BODY = 40  # of a function

# A part of nodegraph imports only parts on its own line or on a line before it.
# A part that is not named here is still held to import nothing that imports it.
FLOORS = """
    errors arrays
    host compiling
    maths
    graph
    plotting
    node rule fields
    data files
    datasets metrics
    engines
    model
    dynamics
    testing
    experiments
    cli
""".strip().splitlines()
FLOOR = {part: height for height, line in enumerate(FLOORS) for part in line.split()}

HEAVY = {"llvmlite", "matplotlib", "optuna", "pandas", "ray", "scipy.stats", "sklearn"}
KERNELS = "nodes/kernels/"
PICKLERS = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
FORBIDDEN_CALLS = {"__import__", "breakpoint", "eval", "exec"}
MAY_PRINT: set[str] = set()  # the command line writes through rich
LOCKS = ("constraints*.txt", "requirements*.txt", "*.lock", "pylock*.toml")

SOURCES = sorted(
    str(path.relative_to(ROOT))
    for top in ("nodegraph", "nodes")
    for path in (ROOT / top).rglob("*.py")
)
NODES = [s for s in SOURCES if s.startswith("nodes/") and not s.startswith("nodes/kernels/")]
FRAMEWORK = [s for s in SOURCES if s.startswith("nodegraph/")]


@cache
def tree(source: str) -> ast.Module:
    return ast.parse((ROOT / source).read_text(encoding="utf-8"), source)


@cache
def parts(source: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(source)))


def module(source: str) -> str:
    return source.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


MODULES = {module(source) for source in SOURCES}


def outside_functions(node: ast.AST, types: bool) -> Iterator[ast.AST]:
    """Walk a module but for bodies of functions, and what is for types alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test) and not types:
            continue
        yield child
        yield from outside_functions(child, types)


def imported(nodes: Iterable[ast.AST]) -> set[str]:
    """Return dotted names; `from a import b` is `a.b` where that is a module, else `a`."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            whole = {f"{origin}.{alias.name}" for alias in node.names}
            names |= (whole & (MODULES | HEAVY)) or {origin}
    return names


def under(name: str, tops: set[str]) -> bool:
    return any(name == top or name.startswith(f"{top}.") for top in tops)


@cache
def loaded(source: str, types: bool = False) -> set[str]:
    """Return what a module imports when it is imported, or when its types are checked."""
    return imported(outside_functions(tree(source), types))


@cache
def named(source: str) -> set[str]:
    return imported(parts(source))


def calls(source: str) -> list[ast.Call]:
    return [node for node in parts(source) if isinstance(node, ast.Call)]


def offenders(sources: Iterable[str], found: Callable[[str], Iterable[object]]) -> dict[str, list]:
    """Return what was found where; an empty dict is a house in order."""
    return {source: list(what) for source in sources if (what := found(source))}


def test_imports_name_their_module_in_full():
    def found(source):
        return [name for name in named(source) if name.startswith(".")]

    assert offenders(SOURCES, found) == {}


def test_the_framework_knows_no_node_and_no_graph():
    strangers = {"nodes", "graphs", "tests", "benchmarks", "examples"}

    def found(source):
        return [name for name in named(source) if under(name, strangers)]

    assert offenders(FRAMEWORK, found) == {}


def test_imports_point_down():
    def floor(name):
        return FLOOR.get(name.removeprefix("nodegraph.").split(".")[0])

    def found(source):
        ours = [name for name in loaded(source) if under(name, {"nodegraph"}) and floor(name)]
        here = floor(module(source))
        return [name for name in ours if here is not None and floor(name) > here]

    assert offenders(FRAMEWORK, found) == {}


def test_no_module_waits_for_one_that_waits_for_it_not_even_for_its_types():
    arrows = nx.DiGraph(
        (module(s), name) for s in SOURCES for name in loaded(s, types=True) & MODULES
    )
    assert [ring for ring in nx.strongly_connected_components(arrows) if len(ring) > 1] == []


def test_heavy_packages_are_imported_where_they_are_used():
    def found(source):
        inside = source.startswith(KERNELS)
        heavy = HEAVY if inside else HEAVY | {module(s) for s in SOURCES if s.startswith(KERNELS)}
        return [name for name in loaded(source) if under(name, heavy)]

    assert offenders(SOURCES, found) == {}


def test_nothing_is_pickled():
    def found(source):
        allowed = [
            k.value for call in calls(source) for k in call.keywords if k.arg == "allow_pickle"
        ]
        return [ast.unparse(value) for value in allowed if ast.unparse(value) != "False"] + [
            name for name in named(source) if under(name, PICKLERS)
        ]

    assert offenders(SOURCES, found) == {}


def test_no_text_is_run_as_code_and_only_the_command_line_prints():
    def found(source):
        forbidden = FORBIDDEN_CALLS | (set() if source in MAY_PRINT else {"print"})
        names = [call.func.id for call in calls(source) if isinstance(call.func, ast.Name)]
        return [name for name in names if name in forbidden]

    assert offenders(SOURCES, found) == {}


def test_checks_do_not_vanish_under_optimisation():
    def found(source):
        return [node.lineno for node in parts(source) if isinstance(node, ast.Assert)]

    assert offenders(SOURCES, found) == {}


def test_a_module_says_what_it_offers():
    def offers(source):
        plain = [node for node in tree(source).body if isinstance(node, ast.Assign)]
        return "__all__" in [ast.unparse(target) for node in plain for target in node.targets]

    modules = [s for s in SOURCES if tree(s).body and not s.endswith("__main__.py")]
    silent = [source for source in modules if not offers(source)]
    assert silent == [], f'say what they offer, as in __all__ = ["Reservoir"]: {silent}'


def test_a_module_is_read_in_one_sitting():
    sources = [*SOURCES, *(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/**/*.py"))]
    lengths = {s: len((ROOT / s).read_text(encoding="utf-8").splitlines()) for s in sources}
    assert {source: n for source, n in lengths.items() if n >= LONGEST} == {}


def body_lines(function):
    """Return how many lines of code a function has, without those of its docstring."""
    first = function.body[ast.get_docstring(function, clean=False) is not None :]
    return {part.lineno for top in first for part in ast.walk(top) if hasattr(part, "lineno")}


def test_a_function_fits_on_a_screen():
    functions = ast.FunctionDef | ast.AsyncFunctionDef

    def found(source):
        bodies = [part for part in parts(source) if isinstance(part, functions)]
        return [part.name for part in bodies if len(body_lines(part)) > LONGEST_BODY]

    assert offenders(SOURCES, found) == {}


def test_a_node_and_a_rule_have_their_own_test():
    own = [Path(source) for source in NODES if not source.endswith("__init__.py")]
    mirrors = [Path("tests", *path.parent.parts, f"test_{path.name}") for path in own]
    assert [str(mirror) for mirror in mirrors if not (ROOT / mirror).is_file()] == []


def test_beside_their_parts_stand_kinds_and_rules_alone():
    for package in ("nodes", "nodes/rules"):
        modules = {module(s) for s in SOURCES if Path(s).parent == Path(package)}
        door = f"{package}/__init__.py"
        assert modules - set(named(door)) == {module(door)}


def test_every_folder_of_sources_is_a_package():
    folders = {(ROOT / source).parent for source in SOURCES}
    assert not [folder for folder in folders if not (folder / "__init__.py").is_file()]


def test_a_folder_offers_no_module_that_is_not_there():
    def found(source):
        plain = all(isinstance(part, ast.Expr | ast.Assign) for part in tree(source).body)
        if not plain or not source.endswith("__init__.py"):
            return []
        words = [str(part.value) for part in parts(source) if isinstance(part, ast.Constant)]
        offered = [word for word in words if word.isidentifier()]
        return [name for name in offered if f"{module(source)}.{name}" not in MODULES]

    assert offenders(SOURCES, found) == {}


def test_tests_are_no_package_that_hides_the_source():
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_pins_hold_versions_and_no_addresses():
    files = [path for lock in LOCKS for path in ROOT.glob(lock) if path.name != "uv.lock"]
    assert ROOT / "constraints.txt" in files
    assert not [path.name for path in files if "://" in path.read_text(encoding="utf-8")]


def test_importing_nodegraph_and_a_node_loads_nothing_heavy():
    script = "import sys, nodegraph; from nodes import Reservoir; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "nodes.reservoir" in loaded
    assert not (HEAVY | {"networkx", "scipy", "nodes.ridge", "nodegraph.model"}) & loaded
