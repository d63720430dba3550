"""Owns what is told of records that intake refused: the reason, the file and the place in it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
from pydantic import Field

from evidence.redaction import shown
from simulator.record_anchors import RecordAnchor
from simulator.report_parts import Frozen

DETAIL_LENGTH_MAX = 500
_ANCHOR = tuple(name for name in RecordAnchor.model_fields if name != "pointer")


class RefusedRecord(Frozen):
    """A record that intake refused: no rule sees it."""

    incident_id: str
    reason: str = Field(
        description="From the list of reasons of intake.quarantine; `not_told` where the history has no such "
        "table."
    )
    detail: str = Field(description="What was found and what was expected.")
    anchor: RecordAnchor = Field(description="Its pointer is to the field at fault.")


def refused_records(
    connection: duckdb.DuckDBPyConnection, condition: str, most: int, untold: tuple[str, str]
) -> Iterator[RefusedRecord]:
    """Records of that SQL condition with intake's reason, by incident, file and place; `most` 0 is all.

    `untold` is reason and detail of what is in no quarantine.
    """
    anchor = ", ".join(_ANCHOR)
    rows = connection.execute(
        f"""
select incident_id, coalesce(reason, ?), coalesce(field, ''), coalesce(detail, ?), {anchor}
from (select incident_id, {anchor} from intake.raw_records where {condition})
left join (select incident_id, record_sha256, reason, field, detail from intake.quarantine)
using (incident_id, record_sha256)
order by incident_id, path, ordinal{f" limit {most}" if most else ""}""",
        untold,
    ).fetchall()
    for incident_id, reason, field, detail, *place in rows:
        yield RefusedRecord(
            incident_id=incident_id,
            reason=reason,
            detail=shown(detail, DETAIL_LENGTH_MAX),
            anchor=RecordAnchor(**dict(zip(_ANCHOR, place, strict=True)), pointer=field),
        )


def reason_words(reason: str, field: str, detail: str) -> str:
    """Why a record was refused, and over which field, for people."""
    return f"{shown(reason, 40)}{f' at {shown(field, 120)}' if field else ''}: {shown(detail, 200)}"


def place_words(path: str, ordinal: int, byte_offset: int, byte_length: int) -> str:
    """Where a record lies, for people."""
    return f"{shown(path, 160)} record {ordinal}, bytes {byte_offset} to {byte_offset + byte_length}"
