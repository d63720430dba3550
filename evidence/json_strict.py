"""Owns strict JSON: what two parsers could read differently is refused, nothing is repaired.

Refused besides broken syntax: repeated keys, NaN and infinities, lone surrogates, byte order marks,
bytes that are not UTF-8, and nesting deeper than DEPTH_MAX.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

DEPTH_MAX = 100
_HUGE_EXPONENT = re.compile(rb"[eE][-+]?[0-9]{18}")
_WHITE = b" \t\r\n"
_ZEROS = (b":0.0", b",0.0", b"[0.0", b"-0.0")
# No text of a strict record begins so: no text is taken for a number.
_NUMBER_MARK = "\ud800"


class JsonRefused(Exception):
    """Bytes that are not strict JSON; `reason` is a quarantine reason. Caught at the record's border."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def parse(raw: bytes, is_shallow: bool = False) -> Any:
    """The value of strict JSON bytes; integers beyond 64 bits come back as floats, see `parse_exact`.

    `is_shallow`: the caller knows that no more than DEPTH_MAX brackets open in them.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _refusal(raw, error) from None
    if not is_shallow and raw.count(b"{") + raw.count(b"[") > DEPTH_MAX:
        _refuse_depth(value)
    # Text that equals its value written back has lost nothing, and most records are written so.
    written = orjson.dumps(value)
    if written != raw and not _is_surely_without_repeats(raw, written):
        _parse_pairs(raw)
    return value


def parse_exact(raw: bytes) -> Any:
    """As `parse`, with every number exact: int of any size, Decimal for the others."""
    parse(raw)
    return _parse_pairs(raw)


def canonical(raw: bytes) -> bytes:
    """The same text for the same value: keys sorted, no spaces, numbers exact. Takes what `parse` takes."""
    value = _parse_pairs(raw)
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_number_text
    ).encode()


def _number_text(number: Decimal) -> str:
    """All digits but closing zeros; Decimal's own `normalize` would round to 28."""
    sign, digits, exponent = number.as_tuple()
    written = "".join(map(str, digits))
    kept = written.rstrip("0")
    power = int(exponent) + len(written) - len(kept) if kept else 0
    return f"{_NUMBER_MARK}{'-' * sign}{kept or 0}e{power}"


def _refusal(raw: bytes, error: orjson.JSONDecodeError) -> JsonRefused:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as failure:
        return JsonRefused("not_utf8", f"byte {failure.start} is not UTF-8")
    return JsonRefused("json_invalid", f"not strict JSON: {error}")


def _is_surely_without_repeats(raw: bytes, written: bytes) -> bool:
    """Whether comparing shows that no key is repeated, which spares nearly every record a second parse.

    `written` is the value written back. Where both are equal but for white space, they are made of the same
    strings and marks (white space ends none, nor does any stand behind a backslash): nothing is lost. Else
    marks are counted: `":` ends a key. Written back, a value has one such mark per key that is left, plus
    the marks inside strings, which are the same on both sides unless an escape hides one. So fewer marks
    after than before means that a key may have been lost.
    """
    if raw.translate(None, _WHITE) == written.translate(None, _WHITE):
        return True
    if b" :" in raw or b"\n:" in raw or b"\t:" in raw or b"\r:" in raw or b"\\u0022" in raw:
        return False
    if b"\\u003a" in raw or b"\\u003A" in raw or _may_hide_exponent(raw, written):
        return False
    return raw.count(b'":') == written.count(b'":')


def _may_hide_exponent(raw: bytes, written: bytes) -> bool:
    """Whether a number that no exact reader takes (`1e-99999999999999999999`) may have become zero."""
    has_zero = written.startswith(b"0.0") or any(zero in written for zero in _ZEROS)
    return has_zero and _HUGE_EXPONENT.search(raw) is not None


def _parse_pairs(raw: bytes) -> Any:
    try:
        return json.loads(
            raw, object_pairs_hook=_unique, parse_float=_number, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise JsonRefused("json_invalid", f"nested deeper than {DEPTH_MAX}") from None
    except ValueError as error:
        raise JsonRefused("json_invalid", f"not strict JSON: {error}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        repeated = next(key for key, count in counts.items() if count > 1)
        raise JsonRefused("json_invalid", f"the key {repeated[:64]!r} is repeated")
    return result


def _number(written: str) -> Decimal:
    try:
        return Decimal(written)
    except InvalidOperation:
        raise JsonRefused("json_invalid", f"{written[:64]} has an exponent that no number has") from None


def _refuse_constant(word: str) -> Any:
    raise JsonRefused("json_invalid", f"{word} is not JSON")


def _refuse_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEPTH_MAX:
            raise JsonRefused("json_invalid", f"nested deeper than {DEPTH_MAX}")
        level = [child for node in level for child in _children(node) if isinstance(child, dict | list)]


def _children(node: Any) -> Any:
    return node.values() if isinstance(node, dict) else node
