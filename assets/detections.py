"""Owns the active playbook's rules over the records of a run: matched once, however many assets ask."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from assets.folders import Folders
from evidence.decision import Bundle
from evidence.detections.signalling import Detections
from evidence.enrichment.rule_hits import MatchedDetections, match_detections
from evidence.warehouse import Published

_READ = ("intake.raw_records", "intake.evidence_events")


def matched_detections(
    folders: Folders, connection: duckdb.DuckDBPyConnection, bundle: Bundle
) -> MatchedDetections | None:
    """The bundle's rules over the published intake, which `connection` reads; None where it names none."""
    if bundle.detections is None:
        return None
    published = folders.tables.published()
    key = (bundle.detections.digest, *(file for name in _READ for file in _files(published, name)))
    return _matched(_Asked(key, connection, bundle.detections))


def _files(published: Mapping[str, Published], name: str) -> list[str]:
    """Digests of the files themselves: places in them are told, and belong to no table's digest."""
    return [part.file_sha256 for part in published[name].parts.values()]


@dataclass(frozen=True)
class _Asked:
    """Rules and records by their digests; the rest only serves to read them."""

    key: tuple[str, ...]
    connection: duckdb.DuckDBPyConnection = field(compare=False)
    detections: Detections = field(compare=False)


@functools.lru_cache(maxsize=1)
def _matched(asked: _Asked) -> MatchedDetections | None:
    return match_detections(asked.connection, asked.detections)
