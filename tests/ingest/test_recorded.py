"""Incident records without evidence: mapped, told apart, flagged, and counted by the KPI tables."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import datetime
from itertools import permutations
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from evidence.errors import InputError
from evidence.ingest.recorded import load_mapping, take_in
from evidence.ingest.report import RecordsReport
from evidence.intake.incident_records import RECORDS_FILE, load_records
from evidence.kpis.stage import build
from evidence.tables import register
from pipelines.cli import app

from ..kpis.conftest import open_tables
from ..readers.reading import SETTINGS

REAL = Path(__file__).parents[3] / "shared" / "real" / "cloud-provider-incidents"
UPTIME = REAL.with_name("cloud-uptime-archive")
MAPPING = """\
columns: {started_at: begin, detected_at: noticed, mitigated_at: end, service: what, severity: how}
words: {major: high}
"""
ROWS = """\
begin,noticed,end,what,how
2026-01-06T12:00:00Z,2026-01-06T12:10:00Z,2026-01-06T13:00:00Z,search,major
2026-01-06T12:00:00Z,2026-01-06T12:10:00Z,2026-01-06T13:00:00Z,search,major
2026-01-07T12:00:00Z,2026-01-07T11:50:00Z,,search,odd
2026-01-08T12:00:00Z,2026-01-08T12:30:00Z,2026-01-08T11:00:00Z,cart,low
,,,cart,low
yesterday,,,cart,low
"""


@pytest.fixture
def mapped(tmp_path: Path) -> Callable[..., RecordsReport]:
    """mapped(rows, mapping): take a CSV in."""

    def run(rows: str = ROWS, mapping: str = MAPPING, *, is_dry_run: bool = False) -> RecordsReport:
        (tmp_path / "mapping.yaml").write_text(mapping)
        (tmp_path / "rows.csv").write_text(rows)
        path = tmp_path / "rows.csv"
        return take_in(
            [path], load_mapping(tmp_path / "mapping.yaml"), tmp_path / "in", is_dry_run=is_dry_run
        )

    return run


def figures(into: Path) -> dict[str, tuple[int, float]]:
    """(n, median in seconds) of each time of the KPI tables over all weeks."""
    connection = open_tables({})
    register(connection, {"intake.incident_records": load_records(into / RECORDS_FILE)})
    build(connection, SETTINGS)
    return {kpi: (len(spans), median(spans) / 10**9) for kpi, spans in _cells(connection)}


def _cells(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, list[int]]]:
    return connection.execute(
        "select kpi, flatten(list(times.spans_ns order by week)) from kpi_cells"
        " where times.spans_ns is not null"
        " and (service, severity, environment, incident_type) = ('all', 'all', 'all', 'all')"
        " group by kpi order by kpi"
    ).fetchall()


def test_every_row_is_an_incident_a_duplicate_or_refused(mapped: Callable[..., RecordsReport]) -> None:
    """What is odd is flagged and counted; what states no time, or none that a calendar knows, is refused."""
    report = mapped()
    assert (6, 3, 1, 2) == (report.rows, report.incidents, report.duplicate, report.refused)
    assert {
        "ended_before_begin": 1,
        "missing_end": 1,
        "notified_before_begin": 1,
        "unknown_severity": 1,
    } == report.flags
    assert [(5, "", "field_missing"), (6, "begin", "time_invalid")] == [
        (each.row, each.column, each.reason) for each in report.refusals
    ]


def test_the_same_rows_again_are_duplicates(mapped: Callable[..., RecordsReport], tmp_path: Path) -> None:
    """The table keeps its bytes; refused rows are kept beside it."""
    mapped()
    before = (tmp_path / "in" / RECORDS_FILE).read_bytes()
    assert (0, 4) == ((again := mapped()).incidents, again.duplicate)
    assert before == (tmp_path / "in" / RECORDS_FILE).read_bytes()
    [kept] = (tmp_path / "in" / "refused").iterdir()
    assert {"", "yesterday"} == {json.loads(line)["begin"] for line in kept.read_text().splitlines()}


def test_the_order_of_the_rows_does_not_matter(mapped: Callable[..., RecordsReport], tmp_path: Path) -> None:
    """Of rows that are one incident the same is kept."""
    head, *rows = ROWS.splitlines(keepends=True)
    mapping = MAPPING + "distinct: [begin]\n"
    mapped(head + "".join(rows), mapping)
    first = (tmp_path / "in" / RECORDS_FILE).read_bytes()
    (tmp_path / "in" / RECORDS_FILE).unlink()
    mapped(head + "".join(reversed(rows)), mapping)
    assert first == (tmp_path / "in" / RECORDS_FILE).read_bytes()


CLOSING = "columns: {started_at: b, detected_at: 'n', mitigated_at: e, service: s}\ndistinct: [b, s]\n"
OPEN = "b,n,e,s\n2026-01-01T00:00:00Z,2026-01-01T00:10:00Z,,x\n"
CLOSED = "b,n,e,s\n2026-01-01T00:00:00Z,,2026-01-01T03:00:00Z,x\n"
OTHERWISE = "b,n,e,s\n2026-01-01T00:00:00Z,2026-01-01T00:20:00Z,2026-01-01T02:00:00Z,x\n"


@pytest.mark.parametrize("tables", list(permutations([OPEN, CLOSED, OTHERWISE])))
def test_what_one_row_leaves_open_another_tells_whatever_the_order(
    tables: tuple[str, ...], mapped: Callable[..., RecordsReport], tmp_path: Path
) -> None:
    """The end stays; the latest of two and the earliest notification count, and both are flagged."""
    reports = [mapped(table, CLOSING) for table in tables]
    assert [1, 0, 0] == [report.incidents for report in reports]
    assert [0, 1, 1] == [report.duplicate for report in reports]
    [row] = load_records(tmp_path / "in" / RECORDS_FILE).to_pylist()
    begin = 1_767_225_600 * 10**9
    assert (begin, begin + 600 * 10**9, begin + 10_800 * 10**9) == (
        row["started_at"],
        row["detected_at"],
        row["mitigated_at"],
    )
    assert ["conflicting_end", "conflicting_notification"] == row["flags"]


def test_an_incident_held_before_is_completed_and_told(
    mapped: Callable[..., RecordsReport], tmp_path: Path
) -> None:
    """It is open no longer; its id stays, and the open row again changes nothing."""
    mapped(OPEN, CLOSING)
    [opened] = load_records(tmp_path / "in" / RECORDS_FILE).to_pylist()
    report = mapped(CLOSED, CLOSING)
    assert (0, 1, 1, {}) == (report.incidents, report.duplicate, report.completed, report.flags)
    before = (tmp_path / "in" / RECORDS_FILE).read_bytes()
    assert 0 == mapped(OPEN, CLOSING).completed
    assert before == (tmp_path / "in" / RECORDS_FILE).read_bytes()
    [closed] = load_records(tmp_path / "in" / RECORDS_FILE).to_pylist()
    assert (["missing_end"], []) == (opened["flags"], closed["flags"])
    assert opened["record_id"] == closed["record_id"]


def test_a_row_whose_cells_are_not_those_of_the_header_is_refused(
    mapped: Callable[..., RecordsReport], tmp_path: Path
) -> None:
    """Nobody knows which cell is missing or too much; the row is kept as it was."""
    report = mapped("b,n,e,s\n2026-01-01T00:00:00Z\n2026-01-01T00:00:00Z,,,x,extra\n", CLOSING)
    assert (2, 0, 2) == (report.rows, report.incidents, report.refused)
    assert ["the row has 1 cells, the header 4", "the row has 5 cells, the header 4"] == [
        each.detail for each in report.refusals
    ]
    [kept] = (tmp_path / "in" / "refused").iterdir()
    assert ["2026-01-01T00:00:00Z", "", "", "x", "extra"] in map(json.loads, kept.read_text().splitlines())


def test_a_column_that_is_named_twice_is_an_error(mapped: Callable[..., RecordsReport]) -> None:
    """Neither of the two is taken for the other."""
    with pytest.raises(InputError, match=r"rows\.csv:1: names the column 'b' twice"):
        mapped("b,b,n,e,s\n2026-01-01T00:00:00Z,1,,,\n", CLOSING)


def test_times_of_a_parquet_file_without_a_zone_are_refused_unless_the_mapping_says_what_they_are(
    tmp_path: Path,
) -> None:
    """As those of a CSV are: nobody but the file's owner knows where its clock stood."""
    moment = datetime(2026, 1, 1)  # noqa: DTZ001  # a time without a zone is what is tried
    columns = {
        "at": pa.array([moment], pa.timestamp("us")),
        "zoned": pa.array([moment], pa.timestamp("us", "UTC")),
    }
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet")
    counts = []
    for text in ("{started_at: at}", "{started_at: at}\ntimes_without_zone: utc", "{started_at: zoned}"):
        (tmp_path / "mapping.yaml").write_text(f"columns: {text}\n")
        mapping = load_mapping(tmp_path / "mapping.yaml")
        report = take_in([tmp_path / "rows.parquet"], mapping, tmp_path / "in", is_dry_run=True)
        counts.append((report.incidents, [each.reason for each in report.refusals]))
    assert [(0, ["time_invalid"]), (1, []), (1, [])] == counts


@pytest.mark.parametrize("option", [("--gap", "30m"), ("--manifest", "m.yaml")])
def test_what_groups_exports_means_nothing_beside_a_mapping(option: tuple[str, str], tmp_path: Path) -> None:
    """It is told, rather than passed over."""
    done = CliRunner().invoke(app, ["ingest", str(tmp_path), "--mapping", "mapping.yaml", *option])
    assert (2, True) == (done.exit_code, f"{option[0]} with --mapping" in done.stderr)


def test_a_dry_run_writes_nothing(mapped: Callable[..., RecordsReport], tmp_path: Path) -> None:
    """It reports the same."""
    assert 3 == mapped(is_dry_run=True).incidents
    assert not (tmp_path / "in").exists()


def test_the_kpi_tables_count_them_by_service_and_severity(
    mapped: Callable[..., RecordsReport], tmp_path: Path
) -> None:
    """One detection measured before its begin is excluded; the tables of reviews hold none of them."""
    mapped()
    connection = open_tables({})
    register(connection, {"intake.incident_records": load_records(tmp_path / "in" / RECORDS_FILE)})
    tables = build(connection, SETTINGS)
    rows: list[dict[str, Any]] = tables["kpis.weekly_mttd"].to_pylist()
    [search] = [row for row in rows if row["service"] == "search" and row["severity"] == "all"]
    [high] = [row for row in rows if row["severity"] == "high" and row["service"] == "all"]
    assert ((1, 1, 600), (1, 600)) == (
        (search["n"], search["excluded_count"], search["median_seconds"]),
        (high["n"], high["median_seconds"]),
    )
    assert [0, 0, 0, 0] == [
        tables[f"kpis.{name}"].num_rows
        for name in ("quality_review", "learning", "weekly_coverage", "weekly_outcomes")
    ]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("columns: {service: what}", "names no column with a time"),
        ("columns: {started_at: nowhere}", "has no column 'nowhere'"),
        ("columns: {begun: begin}", "mapping.yaml:1"),
        (
            "column: {started_at: begin}",
            "mapping.yaml:1.*unknown key 'column'. Keys of a mapping are columns,",
        ),
        ("columns: {started_at: begin}\nwords: {x: bad}", "mapping.yaml:2"),
        ("columns: {started_at: begin}\nseconds_since: monday", "mapping.yaml:2.*seconds_since"),
    ],
)
def test_a_wrong_mapping_is_an_error(
    mapping: str, message: str, mapped: Callable[..., RecordsReport]
) -> None:
    """It names what is wrong."""
    with pytest.raises(InputError, match=message):
        mapped(mapping=mapping)


def test_rows_that_nothing_tells_apart_are_refused(
    mapped: Callable[..., RecordsReport], tmp_path: Path
) -> None:
    """Empty in all `distinct` columns they would all be one incident, and their times its contradictions."""
    rows = (
        "id,begin,end\n,2026-01-05T10:00:00Z,2026-01-05T11:00:00Z\n"
        ",2026-03-07T10:00:00Z,2026-03-07T12:00:00Z\n7,2026-03-08T10:00:00Z,\n"
    )
    columns = "columns: {started_at: begin, mitigated_at: end}\n"
    report = mapped(rows, columns + "distinct: [id]\n")
    assert (3, 1, 0, 2) == (report.rows, report.incidents, report.duplicate, report.refused)
    assert {("id", "field_missing")} == {(each.column, each.reason) for each in report.refusals}
    assert 0 == mapped(rows, columns + "distinct: [id, begin]\n").refused


def test_a_table_may_be_packed(tmp_path: Path) -> None:
    """The rows are those of the plain file; a folder, or a damaged packed file, is told as what it is."""
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    mapping = load_mapping(tmp_path / "mapping.yaml")
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(ROWS.encode()))
    (tmp_path / "bad.csv.gz").write_bytes(gzip.compress(ROWS.encode())[:-9] + b"x" * 9)
    report = take_in([tmp_path / "rows.csv.gz"], mapping, tmp_path / "in", is_dry_run=True)
    assert (6, 3, 1, 2) == (report.rows, report.incidents, report.duplicate, report.refused)
    for path, told in ((tmp_path, "is a folder. Name the tables in it"), (tmp_path / "bad.csv.gz", "gzip")):
        with pytest.raises(InputError, match=told):
            take_in([path], mapping, tmp_path / "in", is_dry_run=True)


def test_the_figures_of_the_whole_history_are_a_table(
    mapped: Callable[..., RecordsReport], tmp_path: Path
) -> None:
    """The n and median of each time, for all incidents and by what they are known from."""
    mapped()
    connection = open_tables({})
    register(connection, {"intake.incident_records": load_records(tmp_path / "in" / RECORDS_FILE)})
    rows = build(connection, SETTINGS)["kpis.overall"].to_pylist()
    assert [
        ("dwell_time", "all", 1, 1, 1, 3600),
        ("dwell_time", "table", 1, 1, 1, 3600),
        ("time_to_detect", "all", 2, 0, 1, 1200),
        ("time_to_detect", "table", 2, 0, 1, 1200),
        ("time_to_resolve", "all", 0, 3, 0, None),
        ("time_to_resolve", "table", 0, 3, 0, None),
    ] == [
        (
            row["measure"],
            row["basis"],
            row["n"],
            row["open_count"],
            row["excluded_count"],
            row["median_seconds"],
        )
        for row in rows
    ]


def test_times_in_seconds_count_from_the_moment_that_the_mapping_names(
    mapped: Callable[..., RecordsReport], tmp_path: Path
) -> None:
    """To the nanosecond; what is no count, or ends after 2261, is refused."""
    rows = "begin,end\n0.0,90.5\n60,\nsoon,70\n9999999999,\n"
    mapping = "columns: {started_at: begin, resolved_at: end}\nseconds_since: 2020-01-01T00:00:00Z\n"
    report = mapped(rows, mapping)
    assert (4, 2, 2) == (report.rows, report.incidents, report.refused)
    assert ["time_invalid", "time_outside_range"] == [each.reason for each in report.refusals]
    held = load_records(tmp_path / "in" / RECORDS_FILE).to_pylist()
    first = 1_577_836_800 * 10**9
    assert [(first, first + 90_500_000_000), (first + 60 * 10**9, None)] == sorted(
        (row["started_at"], row["resolved_at"]) for row in held
    )


@pytest.mark.skipif(not REAL.is_dir(), reason="the recorded incidents are not beside the repository")
def test_the_recorded_incidents_of_a_cloud_provider_give_the_known_medians(tmp_path: Path) -> None:
    """Of 1,432 distinct rows: 23.4 min to notification (n = 1,304), 1.95 h to the end (n = 1,032)."""
    (tmp_path / "mapping.yaml").write_text(
        "columns:\n  started_at: event_start_time\n  detected_at: first_notification\n"
        "  mitigated_at: event_end_time\n  title: external_desc\n  service: service_id\n"
        "  severity: severity\n"
        "distinct: [event_start_time, first_notification, event_end_time,"
        " external_desc, service_id]\n"
    )
    mapping = load_mapping(tmp_path / "mapping.yaml")
    report = take_in([REAL / "gcp_incidents.parquet"], mapping, tmp_path, is_dry_run=False)
    assert (1768, 1432, 336, 0) == (report.rows, report.incidents, report.duplicate, report.refused)
    found = figures(tmp_path)
    assert (1304, 23.4) == (found["kpis.weekly_mttd"][0], round(found["kpis.weekly_mttd"][1] / 60, 1))
    dwell = found["kpis.weekly_dwell_time"]
    assert (1032, 1.95) == (dwell[0], round(dwell[1] / 3600, 2))
    assert (1304, 1032) == tuple(span.n for span in report.spans if span.begin == "started_at")


@pytest.mark.skipif(not REAL.is_dir(), reason="the recorded incidents are not beside the repository")
def test_the_recorded_summaries_of_another_cloud_provider_are_read_whole(tmp_path: Path) -> None:
    """774 rows with one time each, without a zone; nothing says when anything began or ended."""
    (tmp_path / "mapping.yaml").write_text(
        "columns: {detected_at: date, title: summary, service: service}\ntimes_without_zone: utc\n"
    )
    mapping = load_mapping(tmp_path / "mapping.yaml")
    report = take_in([REAL / "aws_incidents.parquet"], mapping, tmp_path, is_dry_run=True)
    assert (774, 774, 0) == (report.rows, report.incidents + report.duplicate, report.refused)
    assert report.incidents == report.flags["missing_end"] == report.flags["missing_begin"]


@pytest.mark.skipif(not UPTIME.is_dir(), reason="the archive of outages is not beside the repository")
def test_the_archive_of_outages_is_read_whole(tmp_path: Path) -> None:
    """544 outages in 14 files, in seconds from each file's first; the share of time up is no severity."""
    (tmp_path / "mapping.yaml").write_text(
        "columns: {started_at: start_time, resolved_at: end_time, service: service}\n"
        "seconds_since: 2018-01-01T00:00:00Z\n"
    )
    paths = sorted(UPTIME.glob("*.csv"))
    report = take_in(paths, load_mapping(tmp_path / "mapping.yaml"), tmp_path, is_dry_run=True)
    assert (14, 544, 544) == (len(paths), report.rows, report.incidents)
    assert (0, 0, {"missing_notification": 544}) == (report.duplicate, report.refused, report.flags)
