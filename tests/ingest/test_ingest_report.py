"""The report of an ingest: its schema, the command line's exit codes, text and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.ingest.report import IngestReport, published_schema
from pipelines.cli import app

from .ingesting import cloudtrail, falco, lines, put


@pytest.mark.golden
def test_the_published_schema_is_the_models(golden: Callable[[Path | str, str], None]) -> None:
    """docs/schemas/ingest.schema.json is generated, so that it cannot be out of date."""
    golden("docs/schemas/ingest.schema.json", published_schema())


def test_the_command_prints_the_report_and_writes_nothing_in_a_dry_run(tmp_path: Path) -> None:
    """JSON is the report; text and JSON exit with 0 although something was refused."""
    source = put(tmp_path / "a", {"x": lines([falco(0), cloudtrail(5), b"{]"])})
    into = tmp_path / "in"
    call = ["ingest", str(source), "--into", str(into), "--dry-run"]
    done = CliRunner().invoke(app, [*call, "--format", "json"])
    report = IngestReport.model_validate(json.loads(done.stdout))
    assert (0, 3, 2, 1, True) == (
        done.exit_code,
        report.records,
        len(report.incidents),
        report.refused,
        report.is_dry_run,
    )
    text = CliRunner().invoke(app, call)
    assert (0, True) == (text.exit_code, "x:3: json_invalid: not strict JSON" in text.stdout)
    assert not into.exists()


def test_a_wrong_gap_is_wrong_use(tmp_path: Path) -> None:
    """It exits with 2 and says how a duration is written."""
    done = CliRunner().invoke(app, ["ingest", str(tmp_path), "--gap", "soon"])
    assert (2, True) == (done.exit_code, "30m" in done.stderr)


def test_records_further_apart_than_the_gap_are_of_different_incidents(tmp_path: Path) -> None:
    """The gap is the only difference."""
    source = put(tmp_path / "a", {"x": lines([falco(0), falco(600)])})
    counts = []
    for gap in ("599s", "10m"):
        call = ["ingest", str(source), "--into", str(tmp_path / "in"), "--gap", gap, "--dry-run"]
        done = CliRunner().invoke(app, [*call, "--format", "json"])
        counts.append(len(json.loads(done.stdout)["incidents"]))
    assert [2, 1] == counts


def test_json_holds_every_refusal_and_text_the_first(tmp_path: Path) -> None:
    """However many: the report that Python holds has the first thousand, the command prints them all."""
    source = put(tmp_path / "a", {"x": lines([falco(0), *(b"{]" for _ in range(1200))])})
    call = ["ingest", str(source), "--into", str(tmp_path / "in"), "--dry-run"]
    found = json.loads(CliRunner().invoke(app, [*call, "--format", "json"]).stdout)
    assert [*range(2, 1202)] == [
        each["line"] for each in IngestReport.model_validate(found).model_dump()["refusals"]
    ]
    assert "refused: and 1,180 more" in CliRunner().invoke(app, call).stdout


def test_empty_files_are_named(tmp_path: Path) -> None:
    """Without bytes, of blanks alone, and an export in which there is no record."""
    files = {"a": b"", "b": b" \n\n", "c.json": b'{"Records": []}', "x": lines([falco(0)])}
    source = put(tmp_path / "a", files)
    call = ["ingest", str(source), "--into", str(tmp_path / "in"), "--dry-run"]
    found = json.loads(CliRunner().invoke(app, [*call, "--format", "json"]).stdout)
    assert ["a", "b", "c.json"] == [Path(name).name for name in found["empty_files"]]
    assert f"empty: {source / 'b'} holds no record\n" in CliRunner().invoke(app, call).stdout


@pytest.mark.parametrize("path", ["", "in", "in/sub", "."])
def test_no_path_and_a_path_in_the_folder_written_into_are_wrong_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """They end with 2 and write nothing; a folder around the one written into is right."""
    put(tmp_path / "in" / "sub", {"x": lines([falco(0)])})
    put(tmp_path, {"y": lines([falco(0)])})
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["ingest", path, "--into", "in"])
    assert (0 if path == "." else 2) == done.exit_code
    assert (path == ".") == (tmp_path / "in" / "ingest.json").exists()


def test_what_was_evidence_until_now_is_told_in_text(tmp_path: Path) -> None:
    """With the incident that held it, under what is refused."""
    held = cloudtrail(60, name="DeleteTrail")
    forged = {**cloudtrail(59, name="ListTrails"), "eventID": held["eventID"]}
    into = tmp_path / "in"
    sources = [put(tmp_path / str(n), {"x": lines([each])}) for n, each in enumerate((held, forged))]
    first, second = (CliRunner().invoke(app, ["ingest", str(each), "--into", str(into)]) for each in sources)
    [incident] = [path.parent.name for path in (into / ".merged").glob("*/incident.yaml")]
    assert (0, 0) == (first.exit_code, second.exit_code)
    assert f"(until now evidence of {incident})\n1 of them were held before this ingest\n" in second.stdout
    assert f"{incident} (gone)  it holds no record any more" in second.stdout
