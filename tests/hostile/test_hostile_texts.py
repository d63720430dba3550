"""Hostile texts in every field of every format: as names they lead nowhere, as texts they stay texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app

from ..handoff.inert_pages import (
    acting_texts,
    foreign_addresses,
    foreign_elements,
    foreign_tokens,
    hidden_characters,
    parsed,
    tokens,
)
from ..ingest.ingesting import cloudtrail, falco, ingest, intake_of, lines, put
from ..intake.folders import rows, write
from ..readers.recorded import ALERT_FILE, CATALOGUE, INCIDENT, through_all_stages
from ..readers.samples import FILES
from .texts import NAMES, TEXT, hostile_files

LONG = INCIDENT.replace("2026-01-14T08:00:00Z", "2026-01-01T00:00:00Z").replace(
    "2026-01-14T12:00:00Z", "2026-12-31T00:00:00Z"
)


def incident_of(name: str) -> str:
    return name.replace("_", "-").replace(" ", "-")


@pytest.fixture(scope="module")
def hostile() -> dict[str, bytes]:
    """The samples with hostile text."""
    return hostile_files()


@pytest.fixture(scope="module")
def handed_over(tmp_path_factory: pytest.TempPathFactory, hostile: dict[str, bytes]) -> dict[str, bytes]:
    """The files of one incident per sample, each with a plain alert beside it."""
    root = tmp_path_factory.mktemp("hostile")
    write(root / "catalog" / "all.yaml", CATALOGUE.encode())
    for name, content in hostile.items():
        folder = root / "incidents" / incident_of(name)
        write(folder / "incident.yaml", LONG.replace("inc-1", incident_of(name)).encode())
        for file, body in {"hostile.json": content, **ALERT_FILE}.items():
            write(folder / file, body)
    return through_all_stages(root)[1]


def test_hostile_text_stands_in_every_format(hostile: dict[str, bytes]) -> None:
    """In at least one field; the rest of the record is read as before."""
    assert set(FILES) == set(hostile)
    assert [name for name, content in hostile.items() if b"<script>" not in content] == []


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_handoff_of_hostile_records_is_inert(handed_over: dict[str, bytes], name: str) -> None:
    """No element, handler, address, markup, mention or hidden character of theirs, in any of the files."""
    page, text, package = (
        handed_over[f"handoffs/{incident_of(name)}.{kind}"] for kind in ("html", "md", "json")
    )
    assert set() == foreign_elements(parsed(page))
    assert [] == foreign_addresses(parsed(page))
    for may_hold_html in (True, False):
        assert [] == foreign_tokens(tokens(text, may_hold_html))
    assert [] == acting_texts(tokens(text))
    for content in (page, text, package):
        assert set() == hidden_characters(content)


def test_hostile_text_is_shown_all_the_same(handed_over: dict[str, bytes]) -> None:
    """It is evidence: most packages quote it, so that the checks above have something to find."""
    quoting = [name for name, content in handed_over.items() if name.endswith(".md") and b"script" in content]
    assert len(quoting) > len(FILES) // 2


def test_names_lead_nowhere(tmp_path: Path) -> None:
    """As a rule, pod, namespace, actor, account and id: folders keep to a few characters, and read again."""
    alerts = [falco(60 * n, name, name) | {"rule": name, "hostname": name} for n, name in enumerate(NAMES)]
    calls = [
        cloudtrail(60 * n, account=name, actor=name, name=name) | {"eventID": name}
        for n, name in enumerate(NAMES)
    ]
    source = put(tmp_path / "a", {"x.jsonl": lines([*alerts, *calls])})
    report = ingest(source, into=tmp_path / "in")
    assert (2 * len(NAMES), 2 * len(NAMES), 0) == (report.records, report.evidence, report.refused)
    assert ["a", "in"] == sorted(path.name for path in tmp_path.iterdir())
    allowed = {*(each.id for each in report.incidents), "ingest.json", ".ingest"}
    assert allowed == {path.name for path in (tmp_path / "in").iterdir()}
    assert all(set(each.id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for each in report.incidents)
    assert {"unchanged"} == {each.state for each in ingest(source, into=tmp_path / "in").incidents}
    tables = intake_of(tmp_path / "in")
    assert {each.id: each.title for each in report.incidents} == {
        row["incident_id"]: row["title"] for row in rows(tables, "incidents")
    }
    assert set(NAMES) == {row["name"] for row in rows(tables, "evidence_events")}


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory, hostile: dict[str, bytes]) -> Path:
    """A folder of all hostile samples, and of records that are refused for a hostile text."""
    broken = [{**falco(0), "time": TEXT}, {**falco(0), "priority": [TEXT]}, [TEXT], TEXT]
    refused = {"refused.jsonl": lines([falco(0), *broken])}
    return put(tmp_path_factory.mktemp("exports"), {**hostile, **refused})


def test_an_ingest_takes_hostile_texts_in(tmp_path: Path, exports: Path) -> None:
    """All formats, each record accounted for; what is written can be read."""
    report = ingest(exports, into=tmp_path / "in")
    sums = report.evidence + report.duplicate + report.unplaced + report.refused
    assert report.records == sums
    assert {name.partition(" ")[0] for name in FILES} <= {each.format for each in report.formats}
    titles = [row["title"] for row in rows(intake_of(tmp_path / "in"), "incidents")]
    assert sorted(each.title for each in report.incidents) == sorted(titles)


@pytest.mark.parametrize("output", ["text", "json"])
def test_what_an_ingest_prints_moves_no_terminal(tmp_path: Path, exports: Path, output: str) -> None:
    """Titles, entities and reasons of refusals without escape sequences or characters that hide."""
    into = ["--into", str(tmp_path / "in"), "--format", output]
    done = CliRunner().invoke(app, ["ingest", str(exports), *into])
    assert "script" in done.stdout
    assert set() == hidden_characters(done.stdout.encode())
