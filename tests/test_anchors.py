"""Canonical JSON and JSON Pointers: what an anchor's digest is of, whoever computes it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.anchors import canonical_json, find_text, parse_record, sha256_of, value_at, value_sha256


@pytest.mark.parametrize(
    ("record", "pointer", "canonical"),
    [
        (b'{"b": 1, "a": [true, null, "x"]}', "", b'{"a":[true,null,"x"],"b":1}'),
        (b'{"n": 1.10}', "/n", b"1.10"),
        (b'{"n": 1e400}', "/n", b"1e400"),
        (b'{"n": -0.0}', "/n", b"-0.0"),
        (b'{"n": 123456789012345678901234567890}', "/n", b"123456789012345678901234567890"),
        (b'{"s": "gr\\u00fc\\u00dfe \\/ \\u0007"}', "/s", '"grüße / \\u0007"'.encode()),
        (b'{"a/b": {"c~d": [0, 7]}}', "/a~1b/c~0d/1", b"7"),
        (b'{"": {"": 1}}', "//", b"1"),
        (b'"text"', "", b'"text"'),
    ],
)
def test_canonical_json_is_what_the_definition_says(record: bytes, pointer: str, canonical: bytes) -> None:
    """Numbers as written, escapes resolved, keys sorted, no spaces."""
    assert canonical == canonical_json(value_at(parse_record(record), pointer))
    assert sha256_of(canonical) == value_sha256(record, pointer)


@pytest.mark.parametrize(
    "record", [b"{", b'{"a": 1, "a": 2}', b"NaN", b"[Infinity]", b"\xff", b"[" * 100_000, b"{} {}", b""]
)
def test_a_record_that_is_not_strict_json_has_no_value(record: bytes) -> None:
    """Repeated keys, NaN, bytes that are not UTF-8, and nesting without end."""
    with pytest.raises(ValueError):
        value_sha256(record, "")


@pytest.mark.parametrize(
    "pointer", ["a", "/b", "/a/2", "/a/01", "/a/-1", "/a/-", "/a/x", "/a/0/c", "/a/\u0661"]
)
def test_a_pointer_to_nothing_is_refused(pointer: str) -> None:
    """As RFC 6901 has it: no leading zeros, no negative numbers, digits in ASCII."""
    with pytest.raises(ValueError, match="JSON Pointer"):
        value_sha256(b'{"a": [1, 2]}', pointer)


def test_a_raw_record_is_its_bytes() -> None:
    """A YAML document has no fields to point to."""
    assert sha256_of(b"a: 1\n") == value_sha256(b"a: 1\n", "", "raw")
    with pytest.raises(ValueError, match="no fields"):
        value_sha256(b"a: 1\n", "/a", "raw")


def test_the_shallowest_field_that_reads_as_a_text_is_found() -> None:
    """Then the first; below the pointer given; numbers as written."""
    value = parse_record(b'{"deep": {"x": "v"}, "b/c": "v", "n": 1.50, "list": ["w", "v"]}')
    assert "/b~1c" == find_text(value, "v")
    assert "/deep/x" == find_text(value, "v", "/deep")
    assert "/n" == find_text(value, "1.50")
    assert find_text(value, "absent") is None


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_spelling_does_not_change_a_digest(value: object) -> None:
    """Spaces, order of keys and escapes are not content."""
    spellings = [
        json.dumps(value, ensure_ascii=True, indent=2).encode(),
        json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        ),
    ]
    digests = {value_sha256(spelling, "") for spelling in spellings}
    assert {sha256_of(canonical_json(value))} == digests
