"""Spans are byte-exact, and no byte that says something is left out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.json_spans import Document, containers_of, walk_document

TREE = containers_of((("Records",), ("data", "result"), ("batches", "*", "spans")))


def walk(data: bytes) -> Document:
    return walk_document(data, data.decode("latin-1"), 0, TREE)


def spans(data: bytes) -> list[tuple[bytes, str]]:
    return [(data[element.start : element.end], element.fault) for element in walk(data).elements]


def test_elements_are_cut_byte_for_byte() -> None:
    """Multi-byte text, escapes and brackets in strings do not shift an offset."""
    data = '{"v":"é","Records":[ {"a":"ü]\\"}"} ,\r\n\t{"b":[1,{"c":2}]}],"z":null}'.encode()
    assert spans(data) == [('{"a":"ü]\\"}"}'.encode(), ""), (b'{"b":[1,{"c":2}]}', "")]
    assert walk(data).envelope == {"v": "é", "Records": [], "z": None}


def test_a_bare_array_and_a_nested_container() -> None:
    """Both hold records."""
    assert spans(b'[1, "x"]') == [(b"1", ""), (b'"x"', "")]
    assert spans(b'{"data":{"t":1,"result":[{}]}}') == [(b"{}", "")]


def test_what_stands_behind_the_records_is_known_to_them() -> None:
    """The resource of a batch may follow its spans."""
    (element,) = walk(b'{"batches":[{"spans":[{}],"resource":{"n":1}}]}').elements
    assert element.enclosing[-1] == {"spans": [], "resource": {"n": 1}}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"Records":[{"a":1},{a},[]]}', [(b'{"a":1}', ""), (b"{a}", "json_invalid"), (b"[]", "")]),
        (b'{"Records":[{"a":1},{"a":', [(b'{"a":1}', ""), (b'{"a":', "truncated")]),
        (b'{"Records":[{"a":1}', [(b'{"a":1}', ""), (b"", "truncated")]),
        (b'{"Records":[{"a":1},]}', [(b'{"a":1}', ""), (b",]}", "json_invalid")]),
        (b'{"Records":[{"a":1}{"b":2}]}', [(b'{"a":1}', ""), (b'{"b":2}]}', "json_invalid")]),
        (b'{"Records":[{"a":1}],"x":nope,"y":2}', [(b'{"a":1}', ""), (b"nope", "json_invalid")]),
        (b'{"Records":[{"a":1}],"x":{"k":1,"k":2}}', [(b'{"a":1}', ""), (b'{"k":1,"k":2}', "json_invalid")]),
        (b'{"Records":[1],"Records":[2]}', [(b'{"Records":[1],"Records":[2]}', "json_invalid")]),
        (b'{"x":1', [(b'{"x":1', "truncated")]),
        (b'{"batches":[5,{"spans":[{}]}]}', [(b"5", "field_invalid"), (b"{}", "")]),
    ],
)  # fmt: skip
def test_a_fault_costs_only_its_own_bytes(data: bytes, expected: list[tuple[bytes, str]]) -> None:
    """Records before and, where brackets allow, behind it are kept."""
    assert spans(data) == expected


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=200)
@given(values=st.lists(VALUES, max_size=5), indent=st.sampled_from([None, 2]), is_ascii=st.booleans())
def test_every_element_is_found_where_it_was_written(
    values: list[object], indent: int | None, is_ascii: bool
) -> None:
    """The slices parse to what was written, in order."""
    data = json.dumps({"Records": values}, indent=indent, ensure_ascii=is_ascii).encode()
    found = [json.loads(data[element.start : element.end]) for element in walk(data).elements]
    assert found == values
