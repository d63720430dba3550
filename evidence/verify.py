"""Proves published handoffs and tables against the raw bytes, with the standard library alone.

What is proved, and against what:

- every claim of `out/handoffs/*.json`, in the original file below the incidents folder *and* in the kept
  copy `warehouse/raw/<2 hex>/<sha256>`: file digest, record digest at its offset, ordinal's field digest;
- every package's `claims_sha256` against its own claims, and every handoff file against
  `warehouse/handoff_files.json`;
- every weekly report in `out/kpis/` against `warehouse/report_files.json`;
- every input (exports, incident.yaml, catalogue, settings) against `warehouse/intake_files.json`: changed,
  missing and additional files are named, so that one flipped byte is found even where no claim uses it;
- every published Parquet file against the SHA-256 that names it in `warehouse/published.json`, and that
  list and the catalogue `evidence.duckdb` against `catalogue.sha256`;
- every run's manifest in `runs/` against the digest that it carries;
- every package against the tables that are published now: a run that was killed while it put them in place
  leaves packages that tell of others.

`python -S -m evidence.verify ROOT WAREHOUSE OUT [INCIDENT]` does the same without any package installed.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.anchors import (
    JSON,
    canonical_json,
    parse_record,
    sha256_of,
    value_at,
)
from evidence.export_files import path_from_text, path_text, read, walk
from evidence.findings import NOT_AS_CLAIMED, Fault, Finding, findings_of
from evidence.published_faults import HANDOFF_INPUTS, notes, published_faults, report_faults
from evidence.verified_bytes import Unreadable, bytes_of, decompressed, manifest_files

INPUT_MANIFEST = "intake_files.json"
HANDOFF_MANIFEST = "handoff_files.json"
# Beside the exports; says nothing that a decision or a package rests on.
UNLISTED_NAMES = frozenset({"README.md"})

__all__ = ["HANDOFF_INPUTS", "HANDOFF_MANIFEST", "INPUT_MANIFEST", "known_incidents", "notes", "verify"]


def verify(root: Path, warehouse: Path, out: Path, incident_id: str | None = None) -> list[Finding]:
    """Everything that does not prove, one finding per file in order of path; empty when all does.

    `root` is the incidents folder that the run read, `out` holds `handoffs/` and `kpis/`. With an incident
    only its package, its files and the catalogue are checked.
    """
    reader = _Reader(root, warehouse)
    faults = [*_inputs(reader, incident_id), *_handoff_files(reader, out, incident_id)]
    packages = [_package(reader, path) for path in _package_paths(out, incident_id)]
    faults += [fault for found in packages for fault in found]
    if incident_id is None:
        faults += [*published_faults(warehouse), *report_faults(warehouse, out)]
    elif not packages:
        faults.append(Fault(f"handoffs/{incident_id}.json", incident_id, 0, "there is no package"))
    return findings_of(faults, reader.claim_counts)


def known_incidents(warehouse: Path) -> list[str] | None:
    """The incidents that a run has read or handed over, sorted; None where the warehouse cannot tell."""
    try:
        listed = [manifest_files(warehouse / name) for name in (INPUT_MANIFEST, HANDOFF_MANIFEST)]
    except Unreadable:
        return None
    return sorted({owner for files in listed for owner, _ in files.values()} - {""})


@dataclass
class _Reader:
    """Reads each file once; remembers digests, decompressed bytes and parsed records."""

    root: Path
    warehouse: Path
    _digests: dict[Path, str] = field(default_factory=dict)
    _contents: dict[Path, bytes] = field(default_factory=dict)
    _records: dict[str, Any] = field(default_factory=dict)
    claim_counts: Counter[str] = field(default_factory=Counter)

    def original(self, path: str) -> Path:
        return self.root / path_from_text(path)

    def kept(self, sha256: str) -> Path:
        return self.warehouse / "raw" / sha256[:2] / sha256

    def digest(self, path: Path) -> str:
        if path not in self._digests:
            self._digests[path] = sha256_of(bytes_of(path))
        return self._digests[path]

    def content(self, path: Path) -> bytes:
        """The file's bytes, decompressed when it is a gzip file."""
        if path not in self._contents:
            raw = bytes_of(path)
            self._digests.setdefault(path, sha256_of(raw))
            self._contents[path] = decompressed(raw)
        return self._contents[path]

    def record(self, sha256: str, record: bytes) -> Any:
        if sha256 not in self._records:
            self._records[sha256] = parse_record(record)
        return self._records[sha256]


# --- inputs


def _inputs(reader: _Reader, incident_id: str | None) -> Iterator[Fault]:
    try:
        listed = manifest_files(reader.warehouse / INPUT_MANIFEST)
    except Unreadable as error:
        yield Fault(INPUT_MANIFEST, "", 0, str(error))
        return
    for path, (owner, sha256) in listed.items():
        # What belongs to no incident (catalogue, settings) concerns them all.
        if incident_id is None or owner in ("", incident_id):
            yield from _changed(reader, path, owner, sha256)
    yield from _additional(reader, listed, incident_id)


def _changed(reader: _Reader, path: str, owner: str, sha256: str) -> Iterator[Fault]:
    original = reader.original(path)
    try:
        # What lies in an incident's folder was recorded as what it is there: a link and not what it leads to.
        is_entry = bool(owner) and os.path.lexists(original)
        found = read(original).sha256 if is_entry else reader.digest(original)
    except Unreadable as error:
        yield Fault(path, "", 0, str(error))
        return
    if found != sha256:
        yield Fault(path, "", 0, f"the file is not what was read: SHA-256 {found}, recorded {sha256}")


def _additional(
    reader: _Reader, listed: dict[str, tuple[str, str]], incident_id: str | None
) -> Iterator[Fault]:
    for path, (owner, _) in listed.items():
        if not path.endswith("incident.yaml") or incident_id not in (None, owner):
            continue
        folder = reader.original(path).parent
        for entry in walk(folder):
            found = path_text(entry.path.relative_to(reader.root))
            if found not in listed and not _is_unlisted(entry.path.relative_to(folder)):
                yield Fault(found, owner, 0, "the file was not there when the evidence was read")
    if incident_id is None:
        for entry in walk(reader.root):
            found = path_text(entry.path.relative_to(reader.root))
            if entry.path.name == "incident.yaml" and found not in listed:
                yield Fault(found, "", 0, "the incident was not there when the evidence was read")


def _is_unlisted(relative: Path) -> bool:
    """Whether it is no input: its name is one of ours, or begins with a dot as the editor's files do."""
    return relative.name in UNLISTED_NAMES or any(part.startswith(".") for part in relative.parts)


# --- packages


def _handoff_files(reader: _Reader, out: Path, incident_id: str | None) -> Iterator[Fault]:
    try:
        listed = manifest_files(reader.warehouse / HANDOFF_MANIFEST)
    except Unreadable as error:
        yield Fault(HANDOFF_MANIFEST, "", 0, str(error))
        return
    for path, (owner, sha256) in listed.items():
        if incident_id not in (None, owner):
            continue
        try:
            if reader.digest(out / path) != sha256:
                yield Fault(path, owner, 0, "the handoff file is not the one that was written")
        except Unreadable as error:
            yield Fault(path, owner, 0, str(error))
    if incident_id is None:
        for found in sorted((out / "handoffs").glob("*")):
            path = found.relative_to(out).as_posix()
            if path not in listed:
                yield Fault(path, "", 0, "no run wrote this handoff file")


def _package_paths(out: Path, incident_id: str | None) -> list[Path]:
    paths = sorted((out / "handoffs").glob("*.json"))
    return [path for path in paths if incident_id in (None, path.stem)]


def _package(reader: _Reader, path: Path) -> Iterator[Fault]:
    name = f"handoffs/{path.name}"
    try:
        package = parse_record(bytes_of(path))
        claims, declared = package["claims"], package["claims_sha256"]
        if sha256_of(canonical_json(claims)) != declared:
            yield Fault(name, path.stem, 0, "the claims are not those that claims_sha256 names")
        for claim in claims:
            yield from _claim(reader, path.stem, claim)
    except (Unreadable, ValueError, KeyError, TypeError, AttributeError) as error:
        yield Fault(name, path.stem, 0, f"is not a handoff package: {type(error).__name__}: {error}")


def _claim(reader: _Reader, incident_id: str, claim: dict[str, Any]) -> Iterator[Fault]:
    anchor, number = claim["anchor"], int(claim["claim"])
    kept = reader.kept(anchor["file_sha256"])
    for file, shown in (
        (reader.original(anchor["path"]), anchor["path"]),
        (kept, kept.relative_to(reader.warehouse).as_posix()),
    ):
        reader.claim_counts[shown] += 1
        try:
            content = reader.content(file)
            if reader.digest(file) != anchor["file_sha256"]:
                yield Fault(shown, incident_id, 0, NOT_AS_CLAIMED)
            _prove(reader, content, anchor)
        except Unreadable as error:
            yield Fault(shown, incident_id, 0, str(error))
        except ValueError as error:
            yield Fault(shown, incident_id, number, str(error))


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


def main(arguments: list[str]) -> int:
    """Prints a line per finding to stderr; 0 when everything proves, 1 when not, 2 for a wrong call."""
    if len(arguments) not in (3, 4):
        sys.stderr.write("usage: python -m evidence.verify ROOT WAREHOUSE OUT [INCIDENT]\n")
        return 2
    root, warehouse, out = (Path(argument) for argument in arguments[:3])
    incident_id = arguments[3] if len(arguments) == 4 else None
    known = known_incidents(warehouse)
    if incident_id is not None and known is not None and incident_id not in known:
        sys.stderr.write(f"there is no incident {incident_id}\n")
        return 2
    findings = verify(root, warehouse, out, incident_id)
    for finding in findings:
        sys.stderr.write(f"{finding}\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
