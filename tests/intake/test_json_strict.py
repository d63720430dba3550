"""Strict JSON: what two parsers could read differently is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.json_strict import DEPTH_MAX, JsonRefused, canonical, parse, parse_exact


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"a":1,"a":2}', "json_invalid"),
        (b'{"a" : 1, "a" : 2}', "json_invalid"),
        (b'{"a":1,"\\u0061":2}', "json_invalid"),
        (b'{"b":{"x":{"a":1,"a":1}}}', "json_invalid"),
        (b'{"a":":\\"","a":2}', "json_invalid"),
        (b'{"a":1,"a":"\\u0022:"}', "json_invalid"),
        (b'{"a":1,"a":"\\u003a"}', "json_invalid"),
        (b'{"a" :1,"b":1,"b":2}', "json_invalid"),
        (b'{"a":NaN}', "json_invalid"),
        (b"[1,]", "json_invalid"),
        (b"{'a':1}", "json_invalid"),
        (b'{"a":1} x', "json_invalid"),
        (b'"\\ud800"', "json_invalid"),
        (b'"\x01"', "json_invalid"),
        (b"1e999", "json_invalid"),
        (b'{"a" : 1e-99999999999999999999}', "json_invalid"),
        (b"01", "json_invalid"),
        (b"", "json_invalid"),
        (b'\xef\xbb\xbf{"a":1}', "json_invalid"),
        (b'{"a":"\xff"}', "not_utf8"),
        (b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1), "json_invalid"),
        (b"[" * 5000 + b"]" * 5000, "json_invalid"),
    ],
)
def test_what_is_not_strict_json_is_refused(raw: bytes, reason: str) -> None:
    """Each with its quarantine reason."""
    with pytest.raises(JsonRefused) as refused:
        parse(raw)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":":8080","b":"\\":"}',
        b'{"a":"x\\"","b":":"}',
        b'{ "a" : { "a" : 1 } }',
        b'{"url":"\\u003chttp://x\\u0026"}',
        b"[" * DEPTH_MAX + b"]" * DEPTH_MAX,
        b'[{"a":1},{"a":1}]',
    ],
)
def test_strict_json_is_taken(raw: bytes) -> None:
    """The same key in different objects is no repeat, nor is a colon in a string."""
    assert parse(raw) == json.loads(raw)


TEXTS = st.text(alphabet=st.sampled_from('a":\\ {}\u00e9\n'), max_size=4)
VALUES = st.recursive(
    st.one_of(st.none(), st.integers(-5, 5), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=300)
@given(
    value=VALUES,
    indent=st.sampled_from([None, 1]),
    is_ascii=st.booleans(),
    colon=st.sampled_from([":", " : "]),
)
def test_no_sound_value_is_refused(value: object, indent: int | None, is_ascii: bool, colon: str) -> None:
    """Whatever the spacing and escapes."""
    raw = json.dumps(value, indent=indent, ensure_ascii=is_ascii, separators=(",", colon)).encode()
    assert parse(raw) == value


@settings(max_examples=300)
@given(key=TEXTS, first=VALUES, second=VALUES, indent=st.booleans(), is_ascii=st.booleans())
def test_no_repeated_key_gets_through(
    key: str, first: object, second: object, indent: bool, is_ascii: bool
) -> None:
    """The quick comparison never hides a repeat."""
    name = json.dumps(key, ensure_ascii=is_ascii)
    space = " \n" if indent else ""
    parts = [json.dumps(part, ensure_ascii=is_ascii) for part in (first, second)]
    raw = f"{{{name}{space}:{parts[0]},{space}{name}:{parts[1]}}}".encode()
    with pytest.raises(JsonRefused):
        parse(raw)


SPACES = st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :"), ("\n,", ":\t")])
EDITS = st.lists(
    st.tuples(
        st.integers(0, 99),
        st.integers(0, 6),
        st.sampled_from(['"', ":", '":1,', "{", "}", ",", " ", "\\", "1", ""]),
    ),
    max_size=3,
)


def edited(text: str, edits: list[tuple[int, int, str]]) -> bytes:
    """The text with a few stretches exchanged, at so many hundredths of its length."""
    for hundredth, length, put in edits:
        place = len(text) * hundredth // 100
        text = text[:place] + put + text[place + length :]
    return text.encode()


def outcome(read: Callable[[bytes], Any], raw: bytes) -> Any:
    """The value, or why it is refused."""
    try:
        return read(raw)
    except JsonRefused as refused:
        return refused.reason, str(refused)


@settings(max_examples=1000)
@given(value=VALUES, spaces=SPACES, is_ascii=st.booleans(), edits=EDITS, again=st.integers(0, 99))
def test_the_quick_comparison_decides_as_the_look_at_every_key(
    value: object, spaces: tuple[str, str], is_ascii: bool, edits: list[tuple[int, int, str]], again: int
) -> None:
    """`parse_exact` always looks at every key; whatever the bytes, both take or refuse them alike."""
    text = json.dumps([value, value], ensure_ascii=is_ascii, separators=spaces)
    raw = edited(text, [*edits, (again, 0, text[: again % 7])])
    assert outcome(parse, raw) == outcome(parse_exact, raw)


def test_exact_numbers_keep_every_digit() -> None:
    """Integers beyond 64 bits and decimals beyond a float."""
    raw = b"[123456789012345678901234567890, 0.1000000000000000055511151231257827]"
    assert parse_exact(raw) == [
        123456789012345678901234567890,
        Decimal("0.1000000000000000055511151231257827"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (b'{"a":1,"b":2}', b'{ "b":2, "a":1 }', True),
        (b'["\\u0061"]', b'["a"]', True),
        (b"[18446744073709551617]", b"[18446744073709551616]", False),
        (b"[1.0]", b"[1]", False),
        (b"[1.50]", b"[1.5]", True),
    ],
)
def test_the_same_value_has_one_canonical_text(one: bytes, other: bytes, is_same: bool) -> None:
    """Spacing, key order and escapes do not count; digits do."""
    assert (canonical(one) == canonical(other)) is is_same
