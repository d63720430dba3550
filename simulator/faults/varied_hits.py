"""Owns the hits of a bundle's detections in variants of recorded evidence: matched once, told of each.

A hit vanishes with its record and shifts with it; a correlation is looked for anew in what is left. What a
rule says of one record is what it says of it as it was recorded: a clock that is off is not written into it.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files

import duckdb
import pyarrow as pa

from evidence.detections.matched import Matched, match_once
from evidence.detections.signalling import Detections
from evidence.detections.units import intake_units
from evidence.tables import Tables, open_memory, register

_PLACES = files("simulator.faults").joinpath("varied_places.sql").read_text(encoding="utf-8")
_READ = ("intake.evidence_events", "intake.raw_records")


@dataclass(frozen=True)
class RecordedMatches:
    """Detections, and what their rules are true of in the recorded evidence."""

    detections: Detections
    matched: Matched

    def find(self, connection: duckdb.DuckDBPyConnection, _: Detections | None) -> pa.Table:
        """The hits (schema HITS) in a connection that holds `variants` with their events."""
        connection.register("recorded_places", self.matched.places)
        try:
            return self.matched.hits(connection.sql(_PLACES).to_arrow_table())
        finally:
            connection.unregister("recorded_places")


def match_recorded(recorded: Tables, detections: Detections | None) -> RecordedMatches | None:
    """The rules whose hits are signals, matched with the records as they were recorded; None without any."""
    if detections is None or not detections.signalling.reporting():
        return None
    with closing(open_memory()) as connection:
        register(connection, {name: recorded[name] for name in _READ})
        units = intake_units(connection, detections.signalling)
        return RecordedMatches(detections, match_once(detections.signalling, units))
