"""Owns the hits of a bundle's detections in variants of recorded evidence: matched once, told of each.

A hit vanishes with its record and shifts with it; a correlation is looked for anew in what is left. What a
rule says of one record is what it says of it as it was recorded: a clock that is off is not written into it.
"""

from __future__ import annotations

from contextlib import closing
from importlib.resources import files

import duckdb
import pyarrow as pa

from evidence.detections.signalling import Detections
from evidence.enrichment.rule_hits import FindHits, MatchedDetections, match_detections
from evidence.tables import Tables, open_memory, register

_PLACES = files("simulator.faults").joinpath("varied_places.sql").read_text(encoding="utf-8")
_READ = ("intake.evidence_events", "intake.raw_records")


def match_recorded(recorded: Tables, detections: Detections | None) -> MatchedDetections | None:
    """The rules whose hits are signals, matched with the records as they were recorded; None without any."""
    with closing(open_memory()) as connection:
        register(connection, {name: recorded[name] for name in _READ})
        return match_detections(connection, detections)


def finding(found: MatchedDetections) -> FindHits:
    """Finds the hits in a connection that holds `variants` with their events."""

    def find(connection: duckdb.DuckDBPyConnection, _: Detections | None) -> pa.Table:
        connection.register("recorded_places", found.matched.places)
        try:
            return found.matched.hits(connection.sql(_PLACES).to_arrow_table())
        finally:
            connection.unregister("recorded_places")

    return find
