"""Owns incident records without evidence: rows of a CSV or Parquet that state when incidents began and ended.

A mapping names the columns. What is read becomes `incident-records.parquet` beside the folders of incidents,
which intake publishes as `intake.incident_records`; the KPI tables count it, no decision is made of it.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, field_validator

from evidence.errors import InputError
from evidence.export_files import path_text
from evidence.ingest.completing import TEXTS, TIMES, UNKNOWN_SEVERITY, completed, digest_of, finished
from evidence.ingest.report import RecordsRefusal, RecordsReport, Span
from evidence.ingest.tabular_rows import Tabular, TabularRow, read_table
from evidence.intake.incident_records import RECORDS_FILE, TABLE, load_records
from evidence.placing import changed, place
from evidence.redaction import make_visible
from evidence.strict_yaml import Document, load_yaml, parse_model
from evidence.tables import table_from_rows
from evidence.times import EVENT_TIME_MAX, NS_PER_SECOND, TimeRefused, parse_rfc3339
from expectations.tables.intake import INCIDENT_TYPES, SEVERITY_WORDS

_TEXT_MAX = 200
_DIGEST_DIGITS = 16
_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Columns(_Strict):
    """Our field: the column that holds it. At least one time."""

    started_at: str | None = None
    detected_at: str | None = None
    acknowledged_at: str | None = None
    mitigated_at: str | None = None
    resolved_at: str | None = None
    title: str | None = None
    service: str | None = None
    environment: str | None = None
    severity: str | None = None
    incident_type: str | None = None


class RecordMapping(_Strict):
    """A mapping file. `words` turns the file's severities into ours; other words are flagged.

    Rows that agree in all `distinct` columns are one incident; all mapped columns where it is left out. A row
    of which all of them are empty is refused. `seconds_since` is the moment (RFC 3339) from which a file
    counts that states its times in seconds.
    """

    columns: Columns
    distinct: Annotated[list[str], Field(strict=True, min_length=1)] | None = None
    times_without_zone: Literal["utc"] | None = None
    seconds_since: str | None = None
    words: dict[str, Literal["critical", "fatal", "high", "informational", "low", "medium"]] = {}

    @field_validator("seconds_since")
    @classmethod
    def _is_a_moment(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                parse_rfc3339(value)
            except TimeRefused as refused:
                raise ValueError(f"{refused.what}, such as 2018-01-01T00:00:00Z") from None
        return value


class _RowRefused(Exception):
    def __init__(self, reason: str, column: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.column, self.detail = reason, column, detail


def load_mapping(path: Path) -> RecordMapping:
    """The mapping. Raises InputError with file, line and field."""
    document = load_yaml(path)
    _refuse_unknown_keys(document)
    mapping = parse_model(RecordMapping, document)
    if not any(getattr(mapping.columns, name) for name in TIMES):
        raise InputError(
            "names no column with a time",
            place=document.place("columns"),
            remedy=f"Name the column of one of {', '.join(TIMES)}",
        )
    return mapping


def _refuse_unknown_keys(document: Document) -> None:
    """A misspelt key is told as such, before the key that is missing for it."""
    known = RecordMapping.model_fields
    for key in document.value if isinstance(document.value, dict) else ():
        if key not in known:
            raise InputError(
                f"unknown key {str(key)[:64]!r}",
                place=document.place(key),
                remedy=f"Keys of a mapping are {', '.join(known)}",
            )


@dataclass(slots=True)
class _Taken:
    """What has been read so far. Incidents by digest: those `held` before, of which `fuller` tell more."""

    held: dict[str, dict[str, Any]]
    new: dict[str, dict[str, Any]] = field(default_factory=dict)
    fuller: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: list[RecordsRefusal] = field(default_factory=list)
    refused: list[bytes] = field(default_factory=list)
    row_count: int = 0

    def take(self, row: dict[str, Any]) -> None:
        """A row of an incident that is known already adds to it what it tells."""
        digest = row["digest"]
        known = self.fuller.get(digest) or self.held.get(digest) or self.new.get(digest)
        if known is None:
            self.new[digest] = row
        elif (both := completed(known, row)) != known:
            (self.fuller if digest in self.held else self.new)[digest] = both

    def refuse(self, path: Path, number: int, row: TabularRow, refused: _RowRefused) -> None:
        """Keep the row and why."""
        self.refused.append(row.line)
        self.refusals.append(
            RecordsRefusal(
                file=path_text(path),
                row=number,
                column=refused.column,
                reason=refused.reason,
                detail=refused.detail,
            )
        )


def take_in(paths: Iterable[Path], mapping: RecordMapping, into: Path, *, is_dry_run: bool) -> RecordsReport:
    """Read the rows and, unless it is a dry run, write them beside the incidents. Raises InputError.

    What the folder holds already stays; the same rows again are duplicates, and rows that tell more of an
    incident complete it.
    """
    held = (
        {**row, "digest": digest_of(row["record_id"])}
        for row in load_records(into / RECORDS_FILE).to_pylist()
    )
    taken = _Taken({row["digest"]: row for row in held})
    for path in paths:
        table = read_table(path, _mapped(mapping))
        for number, row in enumerate(table.rows, 1):
            taken.row_count += 1
            try:
                taken.take(_record(row, table, mapping))
            except _RowRefused as refused:
                taken.refuse(path, number, row, refused)
    if not is_dry_run:
        _write(into, taken.held | taken.fuller | taken.new, taken.refused)
    return _report(taken, into, is_dry_run=is_dry_run)


def _report(taken: _Taken, into: Path, *, is_dry_run: bool) -> RecordsReport:
    told = [*taken.new.values(), *taken.fuller.values()]
    return RecordsReport(
        is_dry_run=is_dry_run,
        into=path_text(into),
        rows=taken.row_count,
        incidents=len(taken.new),
        duplicate=taken.row_count - len(taken.refusals) - len(taken.new),
        refused=len(taken.refusals),
        completed=len(taken.fuller),
        flags=dict(sorted(Counter(flag for row in told for flag in row["flags"]).items())),
        spans=[span for span in _spans(told) if span.n],
        refusals=taken.refusals,
    )


def _mapped(mapping: RecordMapping) -> list[str]:
    named = [column for _, column in mapping.columns if column]
    return list(dict.fromkeys([*named, *(mapping.distinct or ())]))


def _record(source: TabularRow, table: Tabular, mapping: RecordMapping) -> dict[str, Any]:
    if source.fault:
        raise _RowRefused("field_invalid", "", source.fault)
    cells = source.cells
    row: dict[str, Any] = {}
    for name in TIMES:
        column = getattr(mapping.columns, name)
        row[name] = _time(cells.get(column), column, mapping, table.zoneless) if column else None
    if all(row[name] is None for name in TIMES):
        raise _RowRefused("field_missing", "", "the row states no time")
    for name in (*TEXTS, "severity"):
        column = getattr(mapping.columns, name)
        row[name] = _text(cells.get(column)) if column else None
    written = row["severity"]
    row["severity"] = mapping.words.get(written or "", written if written in SEVERITY_WORDS else None)
    if row["incident_type"] not in INCIDENT_TYPES:
        row["incident_type"] = None
    keys = [cells.get(column) for column in (mapping.distinct or _mapped(mapping))]
    if mapping.distinct and not any(key not in (None, "") for key in keys):
        detail = "all `distinct` columns are empty: nothing tells which incident it is"
        raise _RowRefused("field_missing", mapping.distinct[0], detail)
    row["digest"] = hashlib.sha256(json.dumps(keys, ensure_ascii=True).encode()).hexdigest()[:_DIGEST_DIGITS]
    is_unknown = written is not None and row["severity"] is None
    return finished(row, {UNKNOWN_SEVERITY} if is_unknown else set())


def _time(value: Any, column: str, mapping: RecordMapping, zoneless: frozenset[str]) -> int | None:
    if value is None or value == "":
        return None
    # Parquet's times without a zone are read as if they were UTC; here somebody has to say so.
    text = str(value).removesuffix("Z") if column in zoneless else str(value)
    if mapping.seconds_since:
        return _counted(text, column, mapping.seconds_since)
    try:
        return parse_rfc3339(text)
    except TimeRefused as refused:
        as_utc = _as_utc(text)
        if as_utc is None or not mapping.times_without_zone:
            hint = "" if as_utc is None else "; `times_without_zone: utc` in the mapping gives it one"
            raise _RowRefused(refused.reason, column, f"{refused}{hint}") from None
        return as_utc


def _as_utc(text: str) -> int | None:
    """The moment of a time that lacks nothing but a zone, if it is UTC's."""
    try:
        return parse_rfc3339(f"{text}Z")
    except TimeRefused:
        return None


def _counted(text: str, column: str, since: str) -> int:
    """The moment so many seconds after `since`, in nanoseconds."""
    if not _SECONDS.fullmatch(text):
        raise _RowRefused("time_invalid", column, f"{text[:64]!r} is no count of seconds")
    moment = parse_rfc3339(since) + int(Decimal(text) * NS_PER_SECOND)
    if moment >= EVENT_TIME_MAX:
        raise _RowRefused("time_outside_range", column, f"{text!r} seconds after {since} lies after 2261")
    return moment


def _text(value: Any) -> str | None:
    text = make_visible(" ".join(str(value).split())) if value is not None else ""
    return text[:_TEXT_MAX] or None


def _spans(rows: list[dict[str, Any]]) -> Iterator[Span]:
    for start, end in (
        ("started_at", "detected_at"),
        ("started_at", "mitigated_at"),
        ("detected_at", "resolved_at"),
    ):
        known = [(row[start], row[end]) for row in rows if row[start] is not None and row[end] is not None]
        spans = sorted(last - first for first, last in known if last >= first)
        n = len(spans)
        median = (spans[(n - 1) // 2] + spans[n // 2] + NS_PER_SECOND) // (2 * NS_PER_SECOND) if n else None
        yield Span(begin=start, end=end, n=n, excluded=len(known) - n, median_seconds=median)


def _write(into: Path, rows: Mapping[str, dict[str, Any]], refused: list[bytes]) -> None:
    into.mkdir(parents=True, exist_ok=True)
    sink = io.BytesIO()
    kept = ({name: value for name, value in row.items() if name != "digest"} for row in rows.values())
    pq.write_table(table_from_rows(TABLE, kept), sink, compression="zstd")
    files = {into / RECORDS_FILE: sink.getvalue()}
    if refused:
        content = b"".join(line + b"\n" for line in sorted(set(refused)))
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.jsonl"
        files[into / "refused" / name] = content
    place(changed(files.items()))
