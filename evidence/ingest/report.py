"""Owns what one ingest reports: what was recognised, refused and formed. Its schema is published."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from evidence.published_schemas import schema_text

REPORT_VERSION = 1


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FormatCount(_Report):
    """Records of one format; records = evidence + duplicate + unplaced + refused. Null: none was known.

    A file in which several formats were found counts in each.
    """

    format: str | None
    files: int
    records: int
    evidence: int
    duplicate: int
    unplaced: int
    refused: int


class Refusal(_Report):
    """One refused record: where it begins (offset in the unpacked bytes), which field and why.

    `held_by` is the incident whose evidence it was until a record of this ingest came ("": it was unplaced);
    null for a record of the files given.
    """

    file: str
    line: int
    byte_offset: int
    byte_length: int
    record_sha256: str
    format: str | None
    reason: str
    field: str
    detail: str
    held_by: str | None


class FormedIncident(_Report):
    """One incident that the records make. `state` compares it with what the folder held before."""

    id: str
    title: str
    type: str
    window_from: str
    window_to: str
    state: Literal["new", "restated", "unchanged"]
    records: dict[str, int]
    entities: list[str]
    merged: list[str]


class Unplaced(_Report):
    """Records that are sound and belong to no incident, by format.

    `no_incident`: what responders did while no incident was open there, or several, none of which it names.
    """

    format: str
    records: int
    why: Literal["no_signal", "no_incident", "no_time"]


class IngestReport(_Report):
    """The result of `evidence ingest`. Paths are as they were given.

    `refused` are records of the files given, `displaced` such as were held before; `refusals` names both.
    `empty_files` hold no record. `dissolved` are incidents that hold no record any more, `forgotten` are
    those whose folders somebody has deleted.
    """

    version: int = REPORT_VERSION
    is_dry_run: bool
    into: str
    gap_seconds: int
    files: int
    bytes: int
    records: int
    evidence: int
    duplicate: int
    unplaced: int
    refused: int
    displaced: int
    formats: list[FormatCount]
    refusals: list[Refusal]
    empty_files: list[str]
    incidents: list[FormedIncident]
    dissolved: list[str]
    forgotten: list[str] = []
    unplaced_records: list[Unplaced]


class RecordsRefusal(_Report):
    """One refused row (from 1) of a table of incidents: which column, and why."""

    file: str
    row: int
    column: str
    reason: str
    detail: str


class Span(_Report):
    """A time between two columns, of incidents taken in or completed; `excluded` end before they begin."""

    begin: str
    end: str
    n: int
    excluded: int
    median_seconds: int | None


class RecordsReport(_Report):
    """The result of `evidence ingest --mapping`: rows = incidents + duplicate + refused.

    `completed`: incidents held before of which these rows tell more. Flags and spans are of these
    and of the new ones.
    """

    version: int = REPORT_VERSION
    is_dry_run: bool
    into: str
    rows: int
    incidents: int
    duplicate: int
    refused: int
    completed: int
    flags: dict[str, int]
    spans: list[Span]
    refusals: list[RecordsRefusal]


def published_schema() -> str:
    """The JSON Schema of both reports as the text of docs/schemas/ingest.schema.json."""
    return schema_text("ingest", REPORT_VERSION, IngestReport | RecordsReport)
