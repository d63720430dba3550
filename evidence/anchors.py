"""Evidence anchors: what it takes to find a statement's raw bytes again and to prove that they still say it.

An anchor names a file, a record in it (ordinal, byte offset, byte length, SHA-256 of the raw bytes) and a
field of the record (JSON Pointer, RFC 6901) with the SHA-256 of the field's *canonical JSON*:

- objects with their keys sorted by code point, no spaces, UTF-8, every character as itself but `"`, `\\`
  and controls;
- **numbers exactly as the record writes them** (`1.10` stays `1.10`, `1e400` stays `1e400`, 30 digits stay
  30 digits), so that no reader's idea of a float or of a big integer enters the digest;
- `\\u` escapes in texts are resolved, so that only the text counts, not its spelling.

A record that is not JSON (a YAML document of the catalogue) has the encoding `raw`: the value is all of its
bytes and its digest equals the record's. Offsets in a gzip file count in the decompressed bytes.

Standard library only: whoever doubts a package can check it with a bare Python.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring
from typing import Any, Literal

JSON: Literal["json"] = "json"
RAW: Literal["raw"] = "raw"
MANIFEST_FORMAT = 1
_WORDS = {None: "null", True: "true", False: "false"}


class NumberToken(str):
    """A JSON number as the record writes it."""

    __slots__ = ()


def parse_record(record: bytes) -> Any:
    """The record's JSON value with numbers as NumberToken. ValueError when it is not strict JSON."""
    try:
        return json.loads(
            record.decode("utf-8"),
            parse_int=NumberToken,
            parse_float=NumberToken,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object_without_repeats,
        )
    except RecursionError as error:
        raise ValueError("the record is nested too deeply") from error


def canonical_json(value: Any) -> bytes:
    """The value's canonical JSON, as the module's docstring defines it. Takes int but no float."""
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts).encode("utf-8", "surrogatepass")


def sha256_of(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def value_at(value: Any, pointer: str) -> Any:
    """The part of a JSON value that an RFC 6901 pointer names. ValueError when there is none."""
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"the JSON Pointer {pointer!r} does not begin with '/'")
    for token in pointer.split("/")[1:]:
        value = _member(value, token.replace("~1", "/").replace("~0", "~"), pointer)
    return value


def value_sha256(record: bytes, pointer: str, encoding: str = JSON) -> str:
    """Digest of the field that the pointer names in the record's bytes. ValueError when it is not there."""
    if encoding == RAW:
        if pointer:
            raise ValueError("a raw record has no fields to point to")
        return sha256_of(record)
    return sha256_of(canonical_json(value_at(parse_record(record), pointer)))


def find_text(value: Any, wanted: str, below: str = "") -> str | None:
    """Pointer of the shallowest, then first field from `below` on that reads as `wanted`, or None."""
    level = [(below, value_at(value, below))]
    while level:
        deeper: list[tuple[str, Any]] = []
        for pointer, part in level:
            if isinstance(part, str) and str(part) == wanted:
                return pointer
            deeper += [(f"{pointer}/{_escape(key)}", child) for key, child in _children(part)]
        level = deeper
    return None


def manifest_bytes(files: Mapping[str, tuple[str, str]]) -> bytes:
    """The manifest that `evidence verify` holds files on disk to, as bytes that the same files always give.

    `files` maps a path to the incident it belongs to ('' for all) and its SHA-256. The manifest is
    `{"format": 1, "files": {path: {"incident_id": …, "sha256": …}}}`.
    """
    entries = {path: {"incident_id": files[path][0], "sha256": files[path][1]} for path in sorted(files)}
    content = {"format": MANIFEST_FORMAT, "files": entries}
    return json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"


def _write(value: Any, parts: list[str]) -> None:
    """Append the value's canonical JSON; one frame a level, so that deep records fit."""
    if isinstance(value, NumberToken):
        parts.append(str(value))
    elif isinstance(value, str):
        parts.append(encode_basestring(value))
    elif value is None or isinstance(value, bool):
        parts.append(_WORDS[value])
    elif isinstance(value, int):
        parts.append(str(value))
    elif isinstance(value, Mapping):
        mark = "{"
        for key in sorted(value):
            parts += (mark, encode_basestring(key), ":")
            _write(value[key], parts)
            mark = ","
        parts.append("}" if value else "{}")
    elif isinstance(value, list | tuple):
        mark = "["
        for item in value:
            parts.append(mark)
            _write(item, parts)
            mark = ","
        parts.append("]" if value else "[]")
    else:
        raise TypeError(f"{type(value).__name__} has no canonical JSON here")


def _member(value: Any, key: str, pointer: str) -> Any:
    if isinstance(value, dict) and key in value:
        return value[key]
    # RFC 6901 indices are ASCII digits without a leading zero; int() would take more.
    is_index = key.isascii() and key.isdigit() and (key == "0" or key[0] != "0")
    if isinstance(value, list) and is_index and int(key) < len(value):
        return value[int(key)]
    raise ValueError(f"the record has nothing at the JSON Pointer {pointer!r}")


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from ((str(index), item) for index, item in enumerate(value))


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _object_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("an object repeats a key")
    return result
