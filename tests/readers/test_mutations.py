"""Whatever happens to a record, a reader never fails: it is evidence or refused with a reason."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.intake.layout import decompress
from expectations.tables import TABLES
from expectations.tables.intake import QUARANTINE_REASONS

from .reading import reading_of
from .samples import FILES

STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["", "0", "*", "1e999", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z", "\u202e", "~/"]),
    st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=3)), max_size=3),
    st.dictionaries(
        st.text(max_size=3), st.one_of(st.none(), st.integers(), st.text(max_size=3)), max_size=3
    ),
)
TYPES = {column.name: column.type.value for column in TABLES["intake.evidence_events"].columns}
PYTHON = {"text": str, "bigint": int, "integer": int, "boolean": bool}


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path within a JSON value, below the top."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, inner in items for path in ((*at, key), *places(inner, (*at, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any, is_removal: bool) -> Any:
    copy = deepcopy(value)
    holder = copy
    for key in path[:-1]:
        if not isinstance(holder, dict | list) or (isinstance(holder, dict) and key not in holder):
            return copy
        if isinstance(holder, list) and not (isinstance(key, int) and key < len(holder)):
            return copy
        holder = holder[key]
    key = path[-1]
    is_there = (isinstance(holder, dict) and key in holder) or (
        isinstance(holder, list) and isinstance(key, int) and key < len(holder)
    )
    if is_there and is_removal:
        del holder[key]
    elif is_there:
        holder[key] = new
    return copy


def check(content: bytes) -> None:
    """Records do not overlap, all have a fate, and events are of the declared types."""
    reading = reading_of(content)
    unpacked, fault, _ = decompress(content)
    data = content if fault not in ("", "truncated") else unpacked
    position = 0
    for record in reading.records:
        assert record.start >= position
        position = record.start + record.length
        assert record.raw == data[record.start : position]
        assert record.reason == "" or record.reason in QUARANTINE_REASONS
        assert record.reason == "" or (record.events, record.identity, record.gaps) == ((), None, ())
        for event in record.events:
            for key, value in event.items():
                assert value is None or isinstance(value, PYTHON[TYPES[key]]), key
            assert 0 <= event["event_time"] < 2**63
    said = bytearray(data)
    for record in reading.records:
        said[record.start : record.start + record.length] = b" " * record.length
    # Around records an envelope may stand; in a file that nobody recognises nothing may.
    if reading.reader is None:
        assert said.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n") == b""


@pytest.mark.parametrize("name", sorted(FILES))
@settings(max_examples=30)
@given(data=st.data())
def test_a_changed_value_is_read_or_refused(name: str, data: st.DataObject) -> None:
    """One or two values anywhere in the file are replaced or removed."""
    value = FILES[name]
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(places(FILES[name])))
        value = changed(value, path, data.draw(STRANGE), data.draw(st.booleans()))
    check(json.dumps(value).encode())


@pytest.mark.parametrize("name", sorted(FILES))
@settings(max_examples=15)
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused(name: str, data: st.DataObject) -> None:
    """Bytes are cut off, overwritten or doubled anywhere, in one document or in lines."""
    one = json.dumps(FILES[name], indent=data.draw(st.sampled_from([None, 1]))).encode()
    content = data.draw(st.sampled_from([one, one + b"\n" + one + b"\n", b"noise\n" + one]))
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 6)))
    damage = data.draw(
        st.sampled_from([b"", b'"', b"{", b"}", b"]", b",", b"\n", b"\xff", b"\\", b"NaN", b"1"])
    )
    is_cut = data.draw(st.booleans())
    check(content[:start] + damage + (b"" if is_cut else content[end:]))


@settings(max_examples=100)
@given(content=st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Also what is no JSON, no text and no gzip."""
    check(content)
