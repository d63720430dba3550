"""The export in a real PostgreSQL: it loads, says what was published, and every panel's query runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.grafana import grafana_files
from evidence.grafana.choices import choice
from evidence.grafana.dashboard import dashboard
from evidence.grafana.literals import NUL_SHOWN
from evidence.grafana.reading import exported_rows
from evidence.redaction import shown
from tests.grafana.asked import filled, queries, variable_queries
from tests.grafana.hostile import HOSTILE, MINUTE, NUL, T0, hostile_tables
from tests.grafana.servers import NEEDS_POSTGRES, Server, started

pytestmark = NEEDS_POSTGRES


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with started() as running:
        yield running


def load(server: Server, script: bytes, folder: Path) -> str:
    """What psql says, empty when all is well."""
    file = folder / "kpis.sql"
    file.write_bytes(script)
    return server.run("-f", str(file)).stderr


def answers(server: Server, incident: str = "") -> dict[str, list[dict[str, object]]]:
    """The rows of every panel, with all values of the variables chosen, by title."""
    chosen = {"incident": [incident]}
    for name, sql in variable_queries(dashboard()).items():
        chosen[name] = [str(row["__value"]) for row in server.rows(sql)]
    return {title: server.rows(filled(sql, chosen)) for title, sql in queries(dashboard())}


def test_hostile_texts_stay_texts(server: Server, opened_tables, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Loaded twice, every text is there as it was, and panels find the incidents by it."""
    connection = opened_tables(hostile_tables())
    script = grafana_files(connection)["kpis.sql"]
    assert ["", ""] == [load(server, script, tmp_path) for _ in range(2)]
    found = server.rows(
        "select service, incident_type, title from evidence_kpis.incidents order by incident_id"
    )
    expected = [*HOSTILE, NUL.replace("\0", NUL_SHOWN)]
    assert expected == [row["service"] for row in found]
    assert expected == [row["incident_type"] for row in found]
    assert [shown(text, 400) for text in [*HOSTILE, NUL]] == [row["title"] for row in found]
    told = answers(server)
    assert len(expected) == len(told["Incidents and their links"]) == len(told["Time to detect: incidents"])
    assert ["inc-0003"] == [
        row["incident"] for row in answers(server, "inc-0003")["Incidents and their links"]
    ]
    assert [choice(text) for text in expected] == [
        row["choice"]
        for row in server.rows(
            "select evidence_kpis.choice(service) from evidence_kpis.incidents order by incident_id"
        )
    ]
    assert [] == answers(server, "' or true --")["Incidents and their links"]


def as_kept(value: object, type_name: str) -> object:
    """A value as PostgreSQL keeps it and writes it as JSON."""
    if value is not None and type_name == "timestamptz":
        assert isinstance(value, int)
        return datetime.fromtimestamp(value // 1_000_000_000, UTC).isoformat()
    if isinstance(value, list):
        return [as_kept(each, "text") for each in value]
    return value.replace("\0", NUL_SHOWN) if isinstance(value, str) else value


def test_every_value_is_as_published(server: Server, opened_tables, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """All columns of all tables, read back; the times here are of whole seconds."""
    connection = opened_tables(hostile_tables())
    assert "" == load(server, grafana_files(connection)["kpis.sql"], tmp_path)
    for table, rows in exported_rows(connection):
        expected = [
            {
                column.name: as_kept(value, column.type)
                for column, value in zip(table.columns, row, strict=True)
            }
            for row in rows
        ]
        assert expected
        key = ", ".join(f'{name} collate "C"' for name in table.key)
        assert expected == server.rows(f"select * from evidence_kpis.{table.name} order by {key}")


def test_panels_say_what_was_published(server: Server, opened_tables, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Figures with n, bars that add up, points with the published median, links or the way to the row."""
    assert "" == load(server, grafana_files(opened_tables(hostile_tables()))["kpis.sql"], tmp_path)
    told = answers(server)
    [week] = [row for row in told["Time to detect: figures"] if row["by"] == "all incidents"]
    assert (16, "yes", 450) == (week["n"], week["enough?"], week["median"])
    assert {450} == {row["median of the week"] for row in told["Time to detect: incidents"]}
    assert "2025-12-29T00:00:00+00:00" == told["Coverage by week"][0]["time"]
    [bars] = told["Coverage by week"]
    assert 16 == sum(
        bars[name] for name in ("automatic", "policy-gated", "approval required", "no active action")
    )
    assert {"approval required": 16, "incident commander": 16} == {
        row["which"]: row["incidents"] for row in told["Approval load"] if row["incidents"] > 1
    }
    assert [0, 0, 0, 0] == [row["n"] for row in told["The four questions"]]
    first = told["Time to detect: incidents"][0]
    assert "/d/evidence-kpis?var-incident=inc-0000" == first["traces_url"]
    assert "https://example.pagerduty.com/incidents/inc-0000" == first["incident_url"]


def test_nothing_published_gives_panels_without_rows(
    server: Server,
    opened_tables,  # type: ignore[no-untyped-def]
    tmp_path: Path,
) -> None:
    """Every query runs over empty tables, and a choice of all is never empty."""
    assert "" == load(server, grafana_files(opened_tables({}))["kpis.sql"], tmp_path)
    assert [[{"__text": "unknown", "__value": "unknown"}]] * 4 == [
        server.rows(sql) for sql in variable_queries(dashboard()).values()
    ]
    assert {"What is lacking": 1} == {title: len(rows) for title, rows in answers(server).items() if rows}


def test_an_incident_with_an_odd_name_is_found_by_its_row(
    server: Server,
    opened_tables,  # type: ignore[no-untyped-def]
    tmp_path: Path,
) -> None:
    """One known from a table alone may be called anything; it is in the times, and in nothing decided."""
    odd = "Störung '$__timeFilter(x)' 1/2"
    record = {
        "record_id": odd,
        "service": "$__timeFrom()",
        "started_at": T0,
        "detected_at": T0 + MINUTE,
    }
    script = grafana_files(opened_tables({"intake.incident_records": [record]}))["kpis.sql"]
    assert "" == load(server, script, tmp_path)
    assert [odd] == [row["incident"] for row in answers(server)["Incidents and their links"]]
    assert [60] == [row["incident"] for row in answers(server)["Time to detect: incidents"]]
    assert [] == answers(server)["What each incident teaches"] == answers(server)["Approval load"]
    [row] = answers(server, choice(odd))["Incidents and their links"]
    assert (odd, choice(odd), "$__timeFrom()") == (row["incident"], row["row"], row["service"])


def test_a_load_that_fails_changes_nothing(server: Server, opened_tables, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """A view over a table stops the load, with its name; what was there is there."""
    script = grafana_files(opened_tables(hostile_tables()))["kpis.sql"]
    assert "" == load(server, script, tmp_path)
    assert (
        0
        == server.run("-c", "create view public.ours as select title from evidence_kpis.incidents").returncode
    )
    said = load(server, grafana_files(opened_tables({}))["kpis.sql"], tmp_path)
    assert "view ours depends on table evidence_kpis.incidents" in said
    assert [{"count": 16}] == server.rows("select count(*) from public.ours")
    assert 0 == server.run("-c", "drop view public.ours").returncode
    assert "" == load(server, script, tmp_path)


def test_a_reader_may_read_after_every_load(server: Server, opened_tables, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """What the README grants once holds for tables that are made anew."""
    grants = (
        "create role evidence_reader login; create schema if not exists evidence_kpis;"
        " grant usage on schema evidence_kpis to evidence_reader;"
        " alter default privileges in schema evidence_kpis grant select on tables to evidence_reader"
    )
    assert 0 == server.run("-c", grants).returncode
    script = grafana_files(opened_tables(hostile_tables()))["kpis.sql"]
    assert ["", ""] == [load(server, script, tmp_path) for _ in range(2)]
    read = server.run("-U", "evidence_reader", "-c", "select count(*) from evidence_kpis.incidents")
    assert (0, "") == (read.returncode, read.stderr)
    drop = server.run("-U", "evidence_reader", "-c", "drop table evidence_kpis.incidents")
    assert "must be owner" in drop.stderr
