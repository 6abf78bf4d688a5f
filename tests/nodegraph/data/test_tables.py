"""Names of columns: remembered by learning, checked afterwards."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.data.tables import columns_of
from nodegraph.errors import DataError, DataWarning
from nodes import Input, Ridge

A = np.random.default_rng(0).normal(size=(9, 2))


def table(names, rows=A):
    return np.rec.fromarrays(rows.T, names=list(names))


def learned(names="ab"):
    return ng.Model(Input() >> Ridge()).fit(table(names), A)


CALLS = {
    "run": lambda model, x: model.run(x),
    "list": lambda model, x: model.run([x]),
    "chunks": lambda model, x: model.run(iter([x])),
    "update": lambda model, x: model.update(x, A),
    "generate": lambda model, x: model.generate(3, prompt=x),
}


@pytest.mark.parametrize("call", CALLS)
def test_columns_must_stand_as_they_were_learned(call):
    with pytest.raises(DataError, match=r"in the order 'b', 'a'; .* write x\[\['a', 'b'\]\]"):
        CALLS[call](learned(), table("ba"))
    with pytest.raises(DataError, match="columns without 'b' and with 'c'; the model learned from"):
        CALLS[call](learned(), table("ac"))
    CALLS[call](learned(), table("ab"))
    CALLS[call](learned(), A)


def test_names_are_kept_by_a_file_and_learned_anew_by_fit(tmp_path):
    model = learned()
    model.save(tmp_path / "m.safetensors")
    again = ng.load(tmp_path / "m.safetensors")
    assert again.columns == {"input": ("a", "b")}
    with pytest.raises(DataError, match="in the order 'b', 'a'"):
        again.run(table("ba"))
    assert again.fit(table("ba"), table("cd")).columns == {"input": ("b", "a")}
    assert again.target_columns == {"ridge": ("c", "d")}


def test_chunks_and_series_have_their_columns_alike():
    for x in ([table("ab"), table("ba")], iter([table("ab"), table("ba")])):
        y = [A, A] if isinstance(x, list) else iter([A, A])
        with pytest.raises(DataError, match=r"input \((series|chunk) 1\): columns in the order"):
            ng.Model(Input() >> Ridge()).fit(x, y)


def test_score_takes_targets_in_the_order_that_was_learned():
    model = ng.Model(Input() >> Ridge()).fit(table("ab"), table("cd"))
    assert model.score(A, table("cd")) == model.score(A, A) > 0.99
    with pytest.raises(DataError, match=r"score: y: columns in the order 'd', 'c'"):
        model.score(A, table("dc"))


def test_names_that_only_count_are_none():
    pandas = pytest.importorskip("pandas")
    assert columns_of(pandas.DataFrame(A)) is None
    assert columns_of(A) is None
    row = pandas.DataFrame(A, columns=["b", "a"]).iloc[0]
    with pytest.raises(DataError, match="in the order 'b', 'a'"):
        learned().step(row)


NAMES = [10, 20], ["a", 1], [("a", 1), ("a", 2)], [2.5, 0.5], [np.datetime64("2020", "s")] * 2


@pytest.mark.parametrize("names", NAMES, ids=str)
def test_names_that_are_no_text_have_their_order_too(names, tmp_path):
    pandas = pytest.importorskip("pandas")
    x = pandas.DataFrame(A, columns=[names[0], names[1]])
    if names[0] == names[1]:
        x.columns = x.columns + pandas.to_timedelta([0, 1], unit="D")
    model = ng.Model(Input() >> Ridge()).fit(x, A)
    model.save(tmp_path / "m.safetensors")
    for one in (model, ng.load(tmp_path / "m.safetensors")):
        one.run(x)
        with pytest.raises(DataError, match="columns in the order"):
            one.run(x.iloc[:, ::-1])


@pytest.mark.parametrize("fitted", [(0, 1), (1, 0)])
def test_columns_that_are_called_by_numbers_of_columns_have_their_order(fitted, tmp_path):
    """The reader of two columns 0 and 1 may choose them in either order, and must keep to it."""
    pandas = pytest.importorskip("pandas")
    first, other = (pandas.DataFrame(A)[list(names)] for names in (fitted, fitted[::-1]))
    model = ng.Model(Input() >> Ridge(ridge=1e-9)).fit(first, A)
    model.save(tmp_path / "m.safetensors")
    cure = rf"learned from '{fitted[0]}', '{fitted[1]}'; write x\[\[{fitted[0]}, {fitted[1]}\]\]"
    for call in CALLS.values():
        for one in (model.clone().fit(first, A), ng.load(tmp_path / "m.safetensors")):
            call(one, first)
            with pytest.raises(DataError, match=cure):
                call(one, other)
    with pytest.raises(DataError, match=r"series 1\): columns in the order"):
        model.run([first, other])
    assert np.allclose(model.fit(other, A).run(other), A)


def test_tables_whose_columns_were_never_named_go_with_any_but_mixed_numbers():
    pandas = pytest.importorskip("pandas")
    whole = pandas.DataFrame(np.hstack([A, A]))
    for x in (A, whole.iloc[:, :2], whole.iloc[:, 2:], whole.iloc[:, 2:].to_numpy()):
        model = ng.Model(Input() >> Ridge(ridge=1e-9)).fit(x, whole.iloc[:, 2:])
        assert np.allclose(model.run(whole.iloc[:, :2]), A)
        assert model.score(x, whole.iloc[:, 2:]) > 0.99
    with pytest.raises(DataError, match="score: y: columns in the order '3', '2'"):
        model.score(A, whole[[3, 2]])
    with pytest.raises(DataError, match=r"in the order '1', '0'.* x\.to_numpy\(\)"):
        ng.Model(Input() >> Ridge()).fit(A, A).run(whole[[1, 0]])


def test_numbers_along_the_columns_of_xarray_have_their_order():
    xarray = pytest.importorskip("xarray")
    heights = xarray.DataArray(A, dims=("time", "height"), coords={"height": [2.0, 10.0]})
    model = ng.Model(Input() >> Ridge()).fit(heights, A)
    with pytest.raises(DataError, match=r"in the order '10\.0', '2\.0'"):
        model.run(heights[:, ::-1])


def test_the_same_times_in_two_zones_are_in_one_order():
    pandas = pytest.importorskip("pandas")
    x = pandas.DataFrame(A, index=pandas.date_range("2020", periods=9, freq="h", tz="Europe/Oslo"))
    y = x.tz_convert("UTC")
    ng.Model(Input() >> Ridge()).fit(x, y)
    with pytest.raises(DataError, match="another order"):
        ng.Model(Input() >> Ridge()).fit(x, y[::-1])


def test_a_column_of_words_is_named():
    rows = np.array([(1.0, "x")], dtype=[("a", float), ("city", "U3")])
    with pytest.raises(DataError, match="input: column 'city': expected numbers"):
        ng.Model(Input() >> Ridge()).fit(rows, [1.0])


@pytest.mark.parametrize("kind", ["int64", "uint8", "bool"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_tables_of_whole_numbers_teach_as_the_same_numbers_do(kind, dtype):
    pandas = pytest.importorskip("pandas")
    counts = np.random.default_rng(1).integers(0, 2 if kind == "bool" else 200, size=(40, 2))

    def learned(x, y):
        return ng.Model(Input() >> Ridge(ridge=0.1), dtype=dtype).fit(x, y)

    x, y = counts / 7, counts[::-1]
    whole = pandas.DataFrame(y.astype(kind))
    by_hand = learned([x[:15], x[15:]], [y[:15] * 1.0, y[15:] * 1.0]).params["ridge"].W_out
    one, many = learned(x, whole), learned([x[:15], x[15:]], [whole[:15], whole[15:]])
    assert np.array_equal(many.params["ridge"].W_out, by_hand)
    assert np.array_equal(learned(x, y * 1.0).params["ridge"].W_out, one.params["ridge"].W_out)
    again = learned([whole[:15], whole[15:]], [x[:15], x[15:]]).params["ridge"].W_out
    assert np.array_equal(again, learned([y[:15], y[15:]], [x[:15], x[15:]]).params["ridge"].W_out)


def test_labels_along_the_rows_of_xarray_are_looked_at_as_an_index_is():
    xarray = pytest.importorskip("xarray")
    days = np.datetime64("2020-01-01", "D") + np.arange(10)
    rows = np.random.default_rng(2).normal(size=(10, 2))
    whole = xarray.DataArray(rows, dims=("time", "c"), coords={"time": days})
    model = ng.Model(Input() >> ng.delay(1) >> Ridge(ridge=0.1))
    with pytest.warns(DataWarning, match=r"row 4 is at 2020-01-06 .* xarray\.align\("):
        model.fit(whole[:9], whole[[0, 1, 2, 3, 5, 6, 7, 8, 9]])
    with pytest.raises(DataError, match=r"another order than .* y\.sel\(time=\.\.\.\)"):
        model.fit(whole, whole[::-1])
    model.fit(whole[:5], whole[1:6])
    with pytest.warns(DataWarning, match="begin at 2020-01-09, and those before end at"):
        model.predict(whole[8:])
    with pytest.warns(DataWarning, match=r"target of ridge \(series 0\): row 4 is .*xarray\.align"):
        model.fit([whole[:9]], [whole[[0, 1, 2, 3, 5, 6, 7, 8, 9]]])


def test_labelled_arrays_that_have_no_index_are_taken_as_they_stand():
    class Named:
        dims, coords = ("time", "column"), {"column": ("a", "b")}

        def __array__(self, dtype=None, copy=None):
            return np.array(A, dtype)

    by_hand = ng.Model(Input() >> Ridge(ridge=0.1)).fit(A, A).params["ridge"].W_out
    model = ng.Model(Input() >> Ridge(ridge=0.1)).fit(Named(), Named())
    assert np.array_equal(model.params["ridge"].W_out, by_hand)
    assert model.columns == {"input": ("a", "b")}


def test_columns_are_put_in_order_in_the_words_of_their_library():
    arrow, xarray = pytest.importorskip("pyarrow"), pytest.importorskip("xarray")
    swapped = arrow.table({"b": A[:, 1], "a": A[:, 0]})
    with pytest.raises(DataError, match=r"write x\.select\(\['a', 'b'\]\)"):
        learned().run(swapped)
    labelled = xarray.DataArray(A[:, ::-1], dims=("time", "c"), coords={"c": ["b", "a"]})
    with pytest.raises(DataError, match=r"write x\.sel\(\{x\.dims\[-1\]: \['a', 'b'\]\}\)"):
        learned().run(labelled)
    model = learned()
    right = swapped.select(["a", "b"]), labelled.sel({labelled.dims[-1]: ["a", "b"]})
    assert all(np.array_equal(model.predict(x), model.predict(A)) for x in right)


@pytest.mark.parametrize("how", ["fit", "list", "chunks", "run"])
def test_a_further_input_in_another_order_is_called_by_its_name(how):
    pandas = pytest.importorskip("pandas")
    x = pandas.DataFrame(A, index=[f"r{row}" for row in range(9)])
    model = ng.Model([Input(name="u"), Input(name="v")] >> Ridge(name="out"))
    model.fit({"u": x, "v": x}, x)
    right, mixed = {"u": x, "v": x}, {"u": x, "v": x[::-1]}
    lists = {"u": [x, x], "v": [x, x[::-1]]}
    calls = {
        "fit": lambda: model.fit(mixed, x),
        "list": lambda: model.fit(lists, [x, x]),
        "chunks": lambda: model.fit(ng.Chunks([(right, x), (mixed, x)])),
        "run": lambda: model.run(mixed),
    }
    which = {"list": r" \(series 1\)", "chunks": r" \(chunk 1\)"}.get(how, "")
    said = rf"^v{which}: its rows stand in another order than those of u; write v\.loc\[u\.index\]"
    with pytest.raises(DataError, match=said):
        calls[how]()
    with pytest.raises(DataError, match=r"^target of out: its rows .* than those of the input"):
        model.fit(right, {"out": x[::-1]})
