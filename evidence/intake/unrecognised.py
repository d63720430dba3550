"""Owns what is said of a file that no reader recognises: what it is, where that can be told, and what to do.

A file that is no JSON at its first record is refused for that, as the record would be in a file of a known
format: what is wrong with it is the better reason than that nobody knows it.
"""

from __future__ import annotations

import csv
import re
from typing import Any

from evidence import json_strict
from evidence.json_strict import JsonRefused

UNKNOWN = "unknown_format"
_LOOKED_AT = 64 * 1024
_PARSED_BYTES_MAX = 16 * 1024 * 1024
# How an object or array begins; a log's line may begin with a bracket, too.
_JSON = re.compile(rb'\{\s*["}]|\[\s*["\[{\]0-9tfn-]')
_SEVERAL, _CUT_OFF = "unexpected content after document", "unexpected end of data"  # orjson's words
_TABLE = "a table of incidents is taken in with `evidence ingest --mapping`"
_PLAIN = "no reader recognises the file"
_LOOKUP_EVENTS = (
    "the answer of `aws cloudtrail lookup-events` holds each record as text; take them out:"
    " jq -c '.Events[].CloudTrailEvent | fromjson'"
)
# Longest first: UTF-32's mark begins with UTF-16's. Without a mark the zeros of ASCII letters tell.
_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


def why_unrecognised(data: bytes, *, is_rows: bool = False) -> tuple[str, str]:
    """(reason, detail) of the unpacked bytes, or of their beginning; `is_rows`: of a Parquet file."""
    if is_rows:
        return UNKNOWN, f"no reader recognises the rows; {_TABLE}"
    if encoding := _encoding(data):
        return "not_utf8", f"the file is {encoding}: write it in UTF-8"
    text = data.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n")
    if not _JSON.match(text):
        return UNKNOWN, f"{_PLAIN}; {_TABLE}" if _is_table(text) else _PLAIN
    return _why_json(text)


def _why_json(text: bytes) -> tuple[str, str]:
    first = text.partition(b"\n")[0].strip()
    refused: JsonRefused | None = None
    for candidate in (first, text):
        if len(candidate) > _PARSED_BYTES_MAX:
            return UNKNOWN, _PLAIN
        try:
            return UNKNOWN, _why_value(json_strict.parse(candidate))
        except JsonRefused as error:
            refused = error
    # Documents one behind another are JSON, though all of them together are none.
    if refused is None or _SEVERAL in refused.detail:
        return UNKNOWN, _PLAIN
    if _CUT_OFF in refused.detail:
        return "truncated", "the file ends within the record"
    return refused.reason, refused.detail


def _why_value(value: Any) -> str:
    if value in ([], {}):
        return f"an empty {'array' if value == [] else 'object'}: nothing tells what it is an export of"
    events = value.get("Events") if isinstance(value, dict) else None
    first = events[0] if isinstance(events, list) and events else None
    return _LOOKUP_EVENTS if isinstance(first, dict) and "CloudTrailEvent" in first else _PLAIN


def _encoding(data: bytes) -> str:
    """The encoding of two or four bytes a letter that the file is in; '' for any other."""
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if marked or len(data) < 4:
        return marked
    zeros = [byte == 0 for byte in data[:4]]
    if sum(zeros) == 3 and zeros[1:3] == [True, True]:
        return "UTF-32"
    return "UTF-16" if zeros in ([False, True, False, True], [True, False, True, False]) else ""


def _is_table(text: bytes) -> bool:
    """Whether the first lines are a header and a row of as many cells."""
    try:
        lines = text[:_LOOKED_AT].decode("utf-8", "ignore").splitlines()[:2]
        rows = list(csv.reader(lines, strict=True))
    except csv.Error:
        return False
    return len(rows) == 2 and len(rows[0]) == len(rows[1]) > 1
