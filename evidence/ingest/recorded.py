"""Owns incident records without evidence: rows of a CSV or Parquet that state when incidents began and ended.

A mapping names the columns. What is read becomes `incident-records.parquet` beside the folders of incidents,
which intake publishes as `intake.incident_records`; the KPI tables count it, no decision is made of it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, field_validator

from evidence.errors import InputError, Place
from evidence.export_files import path_text, read
from evidence.ingest.report import RecordsRefusal, RecordsReport, Span
from evidence.intake.incident_records import RECORDS_FILE, TABLE, load_records
from evidence.parquet_rows import ParquetRefused, is_parquet, rows_as_lines
from evidence.placing import swap_in, write_aside
from evidence.redaction import make_visible
from evidence.strict_yaml import load_yaml, parse_model
from evidence.tables import table_from_rows
from evidence.times import EVENT_TIME_MAX, NS_PER_SECOND, TimeRefused, format_rfc3339, parse_rfc3339
from expectations.tables.intake import INCIDENT_TYPES, SEVERITY_WORDS

TIMES = ("started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at")
_TEXTS = ("title", "service", "environment", "severity", "incident_type")
_TEXT_MAX = 200
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

    Rows that agree in all `distinct` columns are one incident; all mapped columns where it is left out.
    `seconds_since` is the moment (RFC 3339) from which a file counts that states its times in seconds.
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
    mapping = parse_model(RecordMapping, document)
    if not any(getattr(mapping.columns, name) for name in TIMES):
        raise InputError(
            "names no column with a time",
            place=document.place("columns"),
            remedy=f"Name the column of one of {', '.join(TIMES)}",
        )
    return mapping


def take_in(paths: Iterable[Path], mapping: RecordMapping, into: Path, *, is_dry_run: bool) -> RecordsReport:
    """Read the rows and, unless it is a dry run, write them beside the incidents. Raises InputError.

    What the folder holds already stays; the same rows again are duplicates.
    """
    held = load_records(into / RECORDS_FILE)
    rows = {row["record_id"]: row for row in held.to_pylist()}
    new: dict[str, dict[str, Any]] = {}
    refusals, refused_rows = [], []
    row_count = duplicates = 0
    for path in paths:
        for number, (line, cells) in enumerate(_rows_of(path, mapping), 1):
            row_count += 1
            try:
                row = _record(cells, mapping)
            except _RowRefused as refused:
                refused_rows.append(line)
                refusals.append(
                    RecordsRefusal(
                        file=path_text(path),
                        row=number,
                        column=refused.column,
                        reason=refused.reason,
                        detail=refused.detail,
                    )
                )
                continue
            known = rows.get(row["record_id"]) or new.get(row["record_id"])
            if known is None:
                new[row["record_id"]] = row
                continue
            duplicates += 1
            # Rows of one incident may differ elsewhere; which of them is kept does not hang on their order.
            (rows if row["record_id"] in rows else new)[row["record_id"]] = min(known, row, key=_content)
    if not is_dry_run:
        _write(into, rows | new, refused_rows)
    flags = Counter(flag for row in new.values() for flag in row["flags"])
    return RecordsReport(
        is_dry_run=is_dry_run,
        into=path_text(into),
        rows=row_count,
        incidents=len(new),
        duplicate=duplicates,
        refused=len(refusals),
        flags=dict(sorted(flags.items())),
        spans=[span for span in _spans(list(new.values())) if span.n],
        refusals=refusals,
    )


def _content(row: Mapping[str, Any]) -> str:
    return json.dumps(row, sort_keys=True)


def _rows_of(path: Path, mapping: RecordMapping) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """(the row as JSON, its cells by column) of a Parquet or CSV file."""
    content = read(path)
    if content.fault:
        raise InputError(content.detail or content.fault, place=Place(path))
    if is_parquet(content.data):
        try:
            lines = rows_as_lines(content.data, 4 * len(content.data) + 64 * 1024 * 1024).splitlines()
        except ParquetRefused as refused:
            raise InputError(refused.detail, place=Place(path)) from None
        rows = ((line, json.loads(line)) for line in lines)
        names = set(json.loads(lines[0])) if lines else None
    else:
        try:
            reader = csv.DictReader(io.StringIO(content.data.decode("utf-8-sig")), strict=True)
            found = list(reader)
        except (UnicodeDecodeError, csv.Error) as error:
            raise InputError(f"is neither Parquet nor CSV in UTF-8: {error}", place=Place(path)) from None
        rows = ((json.dumps(row, ensure_ascii=False).encode(), row) for row in found)
        names = set(reader.fieldnames or ())
    for column in _mapped(mapping):
        if names is not None and column not in names:
            known = ", ".join(sorted(names))
            raise InputError(f"has no column {column!r}", place=Place(path), remedy=f"It has {known}")
    yield from rows


def _mapped(mapping: RecordMapping) -> list[str]:
    named = [column for _, column in mapping.columns if column]
    return list(dict.fromkeys([*named, *(mapping.distinct or ())]))


def _record(cells: Mapping[str, Any], mapping: RecordMapping) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in TIMES:
        column = getattr(mapping.columns, name)
        row[name] = _time(cells.get(column), column, mapping) if column else None
    known = [row[name] for name in TIMES if row[name] is not None]
    if not known:
        raise _RowRefused("field_missing", "", "the row states no time")
    for name in _TEXTS:
        column = getattr(mapping.columns, name)
        row[name] = _text(cells.get(column)) if column else None
    written = row["severity"]
    row["severity"] = mapping.words.get(written or "", written if written in SEVERITY_WORDS else None)
    if row["incident_type"] not in INCIDENT_TYPES:
        row["incident_type"] = None
    keys = [cells.get(column) for column in (mapping.distinct or _mapped(mapping))]
    digest = hashlib.sha256(json.dumps(keys, ensure_ascii=True).encode()).hexdigest()
    row["record_id"] = f"rec-{format_rfc3339(min(known))[:10]}-{digest[:12]}"
    row["flags"] = sorted(_flags(row, written))
    return row


def _flags(row: Mapping[str, Any], severity: str | None) -> Iterator[str]:
    started, detected = row["started_at"], row["detected_at"]
    ended = row["mitigated_at"] if row["mitigated_at"] is not None else row["resolved_at"]
    if started is None:
        yield "missing_begin"
    if detected is None:
        yield "missing_notification"
    if ended is None:
        yield "missing_end"
    if started is not None and detected is not None and detected < started:
        yield "notified_before_begin"
    if started is not None and ended is not None and ended < started:
        yield "ended_before_begin"
    if severity is not None and row["severity"] is None:
        yield "unknown_severity"


def _time(value: Any, column: str, mapping: RecordMapping) -> int | None:
    if value is None or value == "":
        return None
    text = str(value)
    if mapping.seconds_since:
        return _counted(text, column, mapping.seconds_since)
    try:
        return parse_rfc3339(text)
    except TimeRefused as refused:
        if mapping.times_without_zone:
            try:
                return parse_rfc3339(f"{text}Z")
            except TimeRefused:
                pass
        raise _RowRefused(refused.reason, column, str(refused)) from None


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
    pq.write_table(table_from_rows(TABLE, rows.values()), sink, compression="zstd")
    files = {into / RECORDS_FILE: sink.getvalue()}
    if refused:
        content = b"".join(line + b"\n" for line in sorted(set(refused)))
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.jsonl"
        files[into / "refused" / name] = content
    swap_in(
        [
            (write_aside(path, content), path)
            for path, content in files.items()
            if not path.exists() or path.read_bytes() != content
        ]
    )
