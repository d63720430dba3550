"""Proves published handoffs and tables against the raw bytes, with the standard library alone.

What is proved, and against what:

- every claim of `out/handoffs/*.json`, in the original file below the incidents folder *and* in the kept
  copy `warehouse/raw/<2 hex>/<sha256>`: file digest, record digest at its offset, ordinal's field digest;
- every package's `claims_sha256` against its own claims, and every handoff file against
  `warehouse/handoff_files.json`;
- every input (exports, incident.yaml, catalogue, settings) against `warehouse/intake_files.json`: changed,
  missing and additional files are named, so that one flipped byte is found even where no claim uses it;
- every published Parquet file against the SHA-256 that names it in `warehouse/published.json`, and that
  list and the catalogue `evidence.duckdb` against `catalogue.sha256`;
- every package against the tables that are published now: a run that was killed between two tables
  leaves packages that tell of others.

`python -S -m evidence.verify ROOT WAREHOUSE OUT [INCIDENT]` does the same without any package installed.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.anchors import (
    JSON,
    MANIFEST_FORMAT,
    canonical_json,
    parse_record,
    sha256_of,
    value_at,
)
from evidence.export_files import path_from_text, path_text, read, walk

INPUT_MANIFEST = "intake_files.json"
HANDOFF_MANIFEST = "handoff_files.json"
HANDOFF_INPUTS = "handoff_inputs.json"
GZIP_MAGIC = b"\x1f\x8b"
# Beside the exports; says nothing that a decision or a package rests on.
UNLISTED_NAMES = frozenset({"README.md"})


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is not as published: the file, the claim (0 for the file itself) and what is wrong."""

    path: str
    incident_id: str
    claim: int
    what: str

    def __str__(self) -> str:
        claim = f" (claim {self.claim} of {self.incident_id})" if self.claim else ""
        return f"{self.path}{claim}: {self.what}"


def verify(root: Path, warehouse: Path, out: Path, incident_id: str | None = None) -> list[Finding]:
    """Everything that does not prove, sorted; empty when all does.

    `root` is the incidents folder that the run read, `out` holds `handoffs/`. With an incident only its
    package, its files and the catalogue are checked.
    """
    reader = _Reader(root, warehouse)
    findings = [*_inputs(reader, incident_id), *_handoff_files(reader, out, incident_id)]
    packages = [_package(reader, path) for path in _package_paths(out, incident_id)]
    findings += [finding for found in packages for finding in found]
    if incident_id is None:
        findings += [*_tables(warehouse), *_catalogue(warehouse), *_handoff_inputs(warehouse)]
    elif not packages:
        findings.append(Finding(f"handoffs/{incident_id}.json", incident_id, 0, "there is no package"))
    return sorted(set(findings))


class _Unreadable(Exception):
    """A file that is not there or not what it must be; the message says which."""


@dataclass
class _Reader:
    """Reads each file once; remembers digests, decompressed bytes and parsed records."""

    root: Path
    warehouse: Path
    _digests: dict[Path, str] = field(default_factory=dict)
    _contents: dict[Path, bytes] = field(default_factory=dict)
    _records: dict[str, Any] = field(default_factory=dict)

    def original(self, path: str) -> Path:
        return self.root / path_from_text(path)

    def kept(self, sha256: str) -> Path:
        return self.warehouse / "raw" / sha256[:2] / sha256

    def digest(self, path: Path) -> str:
        if path not in self._digests:
            self._digests[path] = sha256_of(_bytes(path))
        return self._digests[path]

    def content(self, path: Path) -> bytes:
        """The file's bytes, decompressed when it is a gzip file."""
        if path not in self._contents:
            raw = _bytes(path)
            self._digests.setdefault(path, sha256_of(raw))
            self._contents[path] = _decompressed(raw)
        return self._contents[path]

    def record(self, sha256: str, record: bytes) -> Any:
        if sha256 not in self._records:
            self._records[sha256] = parse_record(record)
        return self._records[sha256]


# --- inputs


def _inputs(reader: _Reader, incident_id: str | None) -> Iterator[Finding]:
    try:
        listed = _manifest(reader.warehouse / INPUT_MANIFEST)
    except _Unreadable as error:
        yield Finding(INPUT_MANIFEST, "", 0, str(error))
        return
    for path, (owner, sha256) in listed.items():
        # What belongs to no incident (catalogue, settings) concerns them all.
        if incident_id is None or owner in ("", incident_id):
            yield from _changed(reader, path, owner, sha256)
    yield from _additional(reader, listed, incident_id)


def _changed(reader: _Reader, path: str, owner: str, sha256: str) -> Iterator[Finding]:
    original = reader.original(path)
    try:
        # What lies in an incident's folder was recorded as what it is there: a link and not what it leads to.
        is_entry = bool(owner) and os.path.lexists(original)
        found = read(original).sha256 if is_entry else reader.digest(original)
    except _Unreadable as error:
        yield Finding(path, "", 0, str(error))
        return
    if found != sha256:
        yield Finding(path, "", 0, f"the file is not what was read: SHA-256 {found}, recorded {sha256}")


def _additional(
    reader: _Reader, listed: dict[str, tuple[str, str]], incident_id: str | None
) -> Iterator[Finding]:
    for path, (owner, _) in listed.items():
        if not path.endswith("incident.yaml") or incident_id not in (None, owner):
            continue
        folder = reader.original(path).parent
        for entry in walk(folder):
            found = path_text(entry.path.relative_to(reader.root))
            if found not in listed and not _is_unlisted(entry.path.relative_to(folder)):
                yield Finding(found, owner, 0, "the file was not there when the evidence was read")
    if incident_id is None:
        for entry in walk(reader.root):
            found = path_text(entry.path.relative_to(reader.root))
            if entry.path.name == "incident.yaml" and found not in listed:
                yield Finding(found, "", 0, "the incident was not there when the evidence was read")


def _is_unlisted(relative: Path) -> bool:
    """Whether it is no input: its name is one of ours, or begins with a dot as the editor's files do."""
    return relative.name in UNLISTED_NAMES or any(part.startswith(".") for part in relative.parts)


# --- packages


def _handoff_files(reader: _Reader, out: Path, incident_id: str | None) -> Iterator[Finding]:
    try:
        listed = _manifest(reader.warehouse / HANDOFF_MANIFEST)
    except _Unreadable as error:
        yield Finding(HANDOFF_MANIFEST, "", 0, str(error))
        return
    for path, (owner, sha256) in listed.items():
        if incident_id not in (None, owner):
            continue
        try:
            if reader.digest(out / path) != sha256:
                yield Finding(path, owner, 0, "the handoff file is not the one that was written")
        except _Unreadable as error:
            yield Finding(path, owner, 0, str(error))
    if incident_id is None:
        for found in sorted((out / "handoffs").glob("*")):
            path = found.relative_to(out).as_posix()
            if path not in listed:
                yield Finding(path, "", 0, "no run wrote this handoff file")


def _package_paths(out: Path, incident_id: str | None) -> list[Path]:
    paths = sorted((out / "handoffs").glob("*.json"))
    return [path for path in paths if incident_id in (None, path.stem)]


def _package(reader: _Reader, path: Path) -> Iterator[Finding]:
    name = f"handoffs/{path.name}"
    try:
        package = parse_record(_bytes(path))
        claims, declared = package["claims"], package["claims_sha256"]
        if sha256_of(canonical_json(claims)) != declared:
            yield Finding(name, path.stem, 0, "the claims are not those that claims_sha256 names")
        for claim in claims:
            yield from _claim(reader, path.stem, claim)
    except (_Unreadable, ValueError, KeyError, TypeError, AttributeError) as error:
        yield Finding(name, path.stem, 0, f"is not a handoff package: {type(error).__name__}: {error}")


def _claim(reader: _Reader, incident_id: str, claim: dict[str, Any]) -> Iterator[Finding]:
    anchor, number = claim["anchor"], int(claim["claim"])
    kept = reader.kept(anchor["file_sha256"])
    for file, shown in (
        (reader.original(anchor["path"]), anchor["path"]),
        (kept, kept.relative_to(reader.warehouse).as_posix()),
    ):
        try:
            content = reader.content(file)
            if reader.digest(file) != anchor["file_sha256"]:
                yield Finding(shown, incident_id, 0, "the file's SHA-256 is not the one that claims name")
            _prove(reader, content, anchor)
        except _Unreadable as error:
            yield Finding(shown, incident_id, 0, str(error))
        except ValueError as error:
            yield Finding(shown, incident_id, number, str(error))


def _prove(reader: _Reader, content: bytes, anchor: dict[str, Any]) -> None:
    """Raises ValueError unless the anchor's bytes are in the file and say what the anchor's digests say."""
    start, length = int(anchor["byte_offset"]), int(anchor["byte_length"])
    record = content[start : start + length]
    if len(record) != length or sha256_of(record) != anchor["record_sha256"]:
        raise ValueError(f"bytes {start} to {start + length} are not the record that the claim names")
    value = record
    if anchor["encoding"] == JSON:
        value = canonical_json(value_at(reader.record(anchor["record_sha256"], record), anchor["pointer"]))
    if sha256_of(value) != anchor["value_sha256"]:
        raise ValueError(f"the field {anchor['pointer'] or '(the whole record)'} is not what the claim says")


# --- tables


def _tables(warehouse: Path) -> Iterator[Finding]:
    try:
        published = json.loads(_bytes(warehouse / "published.json"))
        files = sorted((name, sha256) for name, entry in published.items() for sha256 in _file_digests(entry))
    except (_Unreadable, ValueError, AttributeError) as error:
        yield Finding("published.json", "", 0, str(error))
        return
    for name, sha256 in files:
        path = f"tables/{name}/{sha256}.parquet"
        try:
            if sha256_of(_bytes(warehouse / path)) != sha256:
                yield Finding(path, "", 0, "the table's bytes are not those that its name says")
        except _Unreadable as error:
            yield Finding(path, "", 0, str(error))


def _handoff_inputs(warehouse: Path) -> Iterator[Finding]:
    """Whether the packages tell of the tables that are published now."""
    try:
        read = json.loads(_bytes(warehouse / HANDOFF_INPUTS))
        published = json.loads(_bytes(warehouse / "published.json"))
        changed = [name for name, digest in sorted(read.items()) if published[name][""]["digest"] != digest]
    except (_Unreadable, ValueError, KeyError, TypeError, AttributeError) as error:
        yield Finding(HANDOFF_INPUTS, "", 0, f"does not say what the packages were written from: {error}")
        return
    for name in changed:
        what = f"the packages were written from another version of {name}: a run did not come to its end"
        yield Finding("handoffs", "", 0, what)


def _catalogue(warehouse: Path) -> Iterator[Finding]:
    """The file that people open and the list of what is published, against the digests kept beside them."""
    try:
        _, catalogue, listed = _bytes(warehouse / "catalogue.sha256").decode().split()
        if sha256_of(_bytes(warehouse / "evidence.duckdb")) != catalogue:
            yield Finding("evidence.duckdb", "", 0, "the catalogue is not the one that was published")
        if sha256_of(_bytes(warehouse / "published.json")) != listed:
            yield Finding("published.json", "", 0, "the list of tables is not the one that was published")
    except (_Unreadable, ValueError) as error:
        yield Finding("evidence.duckdb", "", 0, str(error))


def _file_digests(entry: Any) -> Iterator[str]:
    """Every `file_sha256` in a table's entry, which may hold one file or one per week."""
    if isinstance(entry, dict):
        for key, value in entry.items():
            if key == "file_sha256":
                yield value
            else:
                yield from _file_digests(value)
    elif isinstance(entry, list):
        for value in entry:
            yield from _file_digests(value)


# --- bytes


def _manifest(path: Path) -> dict[str, tuple[str, str]]:
    """Incident and SHA-256 by path."""
    try:
        manifest = json.loads(_bytes(path))
        if manifest["format"] != MANIFEST_FORMAT:
            raise _Unreadable(f"is not a manifest of format {MANIFEST_FORMAT}")
        return {name: (entry["incident_id"], entry["sha256"]) for name, entry in manifest["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _Unreadable(f"is not a manifest: {type(error).__name__}: {error}") from error


def _bytes(path: Path) -> bytes:
    try:
        if path.is_fifo():  # would wait for a writer for ever
            raise _Unreadable("is a named pipe")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise _Unreadable("the file is missing") from error
    except OSError as error:
        raise _Unreadable(f"cannot be read: {error.strerror}") from error


def _decompressed(raw: bytes) -> bytes:
    if not raw.startswith(GZIP_MAGIC):
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise _Unreadable(f"is not a whole gzip file: {error}") from error


def main(arguments: list[str]) -> int:
    """Prints one line per finding to stderr; 0 when everything proves, 1 when not, 2 for a wrong call."""
    if len(arguments) not in (3, 4):
        sys.stderr.write("usage: python -m evidence.verify ROOT WAREHOUSE OUT [INCIDENT]\n")
        return 2
    root, warehouse, out = (Path(argument) for argument in arguments[:3])
    findings = verify(root, warehouse, out, arguments[3] if len(arguments) == 4 else None)
    for finding in findings:
        sys.stderr.write(f"{finding}\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
