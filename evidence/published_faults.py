"""Proves published files: tables, their list, the catalogue, the manifests of runs and the weekly reports.

Standard library only, as all that `evidence.verify` needs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidence.anchors import sha256_of
from evidence.findings import Fault
from evidence.run_manifests import FOLDER as RUNS
from evidence.run_manifests import fault_of, is_unsealed
from evidence.verified_bytes import Unreadable, bytes_of, manifest_files

HANDOFF_INPUTS = "handoff_inputs.json"
REPORT_MANIFEST = "report_files.json"
REPORTS = ("kpis/*.html", "kpis/*.md")  # below the output folder


def published_faults(warehouse: Path) -> Iterator[Fault]:
    """Everything in the warehouse that is not as it was published; the kept raw bytes are not looked at."""
    yield from _tables(warehouse)
    yield from _catalogue(warehouse)
    yield from _handoff_inputs(warehouse)
    yield from _run_manifests(warehouse)


def report_faults(warehouse: Path, out: Path) -> Iterator[Fault]:
    """The weekly reports below `out` that are not as they were written; one removed whole is no fault."""
    found = sorted(path.relative_to(out).as_posix() for pattern in REPORTS for path in out.glob(pattern))
    if not found:
        return
    try:
        listed = manifest_files(warehouse / REPORT_MANIFEST)
    except Unreadable as error:
        yield Fault(REPORT_MANIFEST, "", 0, f"{error}; `evidence run` writes it and the reports anew")
        return
    for path in found:
        try:
            if path not in listed:
                yield Fault(path, "", 0, "neither a run nor `evidence report` wrote this report")
            elif sha256_of(bytes_of(out / path)) != listed[path][1]:
                yield Fault(path, "", 0, "the report is not the one that was written")
        except Unreadable as error:
            yield Fault(path, "", 0, str(error))
    halves = {str(Path(path).with_suffix("")) for path in found}
    for path in sorted(set(listed) - set(found)):
        if str(Path(path).with_suffix("")) in halves:
            yield Fault(path, "", 0, "this half of the report is missing; `evidence report` writes both")


def notes(warehouse: Path) -> list[str]:
    """What a reader should know though nothing is wrong with it, one sentence each."""
    unsealed = sum(map(_is_unsealed, _run_paths(warehouse)))
    if not unsealed:
        return []
    return [
        f"run manifests without a digest, which an earlier version wrote and nothing can prove: {unsealed}"
    ]


def _tables(warehouse: Path) -> Iterator[Fault]:
    try:
        published = json.loads(bytes_of(warehouse / "published.json"))
        files = sorted((name, sha256) for name, entry in published.items() for sha256 in _file_digests(entry))
    except (Unreadable, ValueError, AttributeError) as error:
        yield Fault("published.json", "", 0, str(error))
        return
    for name, sha256 in files:
        path = f"tables/{name}/{sha256}.parquet"
        try:
            if sha256_of(bytes_of(warehouse / path)) != sha256:
                yield Fault(path, "", 0, "the table's bytes are not those that its name says")
        except Unreadable as error:
            yield Fault(path, "", 0, str(error))


def _handoff_inputs(warehouse: Path) -> Iterator[Fault]:
    """Whether the packages tell of the tables that are published now."""
    try:
        read = json.loads(bytes_of(warehouse / HANDOFF_INPUTS))
        published = json.loads(bytes_of(warehouse / "published.json"))
        changed = [name for name, digest in sorted(read.items()) if published[name][""]["digest"] != digest]
    except (Unreadable, ValueError, KeyError, TypeError, AttributeError) as error:
        yield Fault(HANDOFF_INPUTS, "", 0, f"does not say what the packages were written from: {error}")
        return
    if changed:
        other = f"another version of {', '.join(changed)}"
        yield Fault(
            "handoffs", "", 0, f"the packages were written from {other}: a run did not come to its end"
        )


def _catalogue(warehouse: Path) -> Iterator[Fault]:
    """The file that people open and the list of what is published, against the digests kept beside them."""
    try:
        _, catalogue, listed = bytes_of(warehouse / "catalogue.sha256").decode().split()
        if sha256_of(bytes_of(warehouse / "evidence.duckdb")) != catalogue:
            yield Fault("evidence.duckdb", "", 0, "the catalogue is not the one that was published")
        if sha256_of(bytes_of(warehouse / "published.json")) != listed:
            yield Fault("published.json", "", 0, "the list of tables is not the one that was published")
    except (Unreadable, ValueError) as error:
        yield Fault("evidence.duckdb", "", 0, str(error))


def _run_manifests(warehouse: Path) -> Iterator[Fault]:
    for path in _run_paths(warehouse):
        try:
            what = fault_of(bytes_of(path))
        except Unreadable as error:
            what = str(error)
        if what:
            yield Fault(f"{RUNS}/{path.name}", "", 0, what)


def _is_unsealed(path: Path) -> bool:
    try:
        return is_unsealed(json.loads(bytes_of(path)))
    except (Unreadable, ValueError, RecursionError):
        return False


def _run_paths(warehouse: Path) -> list[Path]:
    return sorted(path for path in (warehouse / RUNS).glob("*.json") if not path.name.startswith("."))


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
