"""Owns what is kept of written reports: from which tables, and the digest of each file.

Both lie beside the tables: a run that finds the same tables, and the files as they were written, has nothing
to write; `evidence verify` holds the files to their digests.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evidence.anchors import manifest_bytes, sha256_of
from evidence.published_faults import REPORT_MANIFEST
from evidence.warehouse import Published, Warehouse

INPUTS_FILE = "report_inputs.json"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What reports were written from: the code, the tables' digests, and what was recorded of each week."""

    code: str
    tables: Mapping[str, str]
    weeks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, code: str, published: Mapping[str, Published], names: Collection[str]) -> Inputs:
        """Those of now, without the weeks."""
        return cls(code, {name: published[name].digest for name in sorted(names)})

    @classmethod
    def kept(cls, tables: Warehouse) -> Inputs | None:
        """Those of the reports that were written last; None where nothing readable is kept."""
        try:
            said = json.loads(tables.read_beside(INPUTS_FILE) or b"")
            return cls(said["code"], said["tables"], said["weeks"])
        except (ValueError, KeyError, TypeError):
            return None

    def is_same(self, other: Inputs | None) -> bool:
        """Whether reports of either would be the same."""
        return other is not None and (self.code, self.tables) == (other.code, other.tables)

    def keep(self, tables: Warehouse, weeks: Mapping[str, str]) -> None:
        """Keep them, with what is recorded of each week."""
        said = {"code": self.code, "tables": dict(self.tables), "weeks": dict(weeks)}
        tables.put_beside(INPUTS_FILE, (json.dumps(said, indent=1) + "\n").encode())


def touched_weeks(before: Inputs | None, weeks: Mapping[str, str]) -> list[str]:
    """The weeks to which evidence has come since; none where nothing is kept of earlier reports."""
    if before is None:
        return []
    return [week for week, found in weeks.items() if before.weeks.get(week) != found]


def kept_digests(tables: Warehouse) -> dict[str, str]:
    """The SHA-256 of each file of a report, by its path below the output folder; none where none is kept."""
    try:
        said = json.loads(tables.read_beside(REPORT_MANIFEST) or b"")
        return {path: entry["sha256"] for path, entry in said["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def digests_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """The SHA-256 of each file."""
    return {path: sha256_of(content) for path, content in files.items()}


def manifest_of(digests: Mapping[str, str]) -> bytes:
    """What `evidence verify` holds the files to; they belong to no single incident."""
    return manifest_bytes({path: ("", sha256) for path, sha256 in digests.items()})


def are_as_written(out: Path, digests: Mapping[str, str]) -> bool:
    """Whether each file lies below `out` just as it was written."""
    return all(
        (out / path).is_file() and sha256_of((out / path).read_bytes()) == sha256
        for path, sha256 in digests.items()
    )


def note_written(tables: Warehouse, files: Mapping[str, bytes]) -> None:
    """Add files of reports to those that are kept, which stay."""
    with tables.lock():
        tables.put_beside(REPORT_MANIFEST, manifest_of({**kept_digests(tables), **digests_of(files)}))
