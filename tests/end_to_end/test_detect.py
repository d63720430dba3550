"""`evidence detect` as a user calls it: on incidents, exports, Parquet files, and on wrong input."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import Result
from projects import Project
from typer.testing import CliRunner

from pipelines.cli import app
from simulator.detections.rendering import published_schema
from tests.simulator.detections.recorded_days import ROOT, call, rule, write_history, write_rules

STRATUS = ROOT.parent / "shared/real/cloudtrail-stratus"
OURS = ROOT / "playbooks/detections"
INTRUSIONS = 10  # of type security in the fixtures, with a hit of level medium or higher
STOP = {"eventName": "StopLogging"}


def run(*words: object) -> Result:
    """`evidence detect` in this process."""
    return CliRunner().invoke(app, ["detect", *(str(word) for word in words)])


def found(*words: object) -> dict[str, Any]:
    """What it says as JSON, which keeps its schema."""
    done = run(*words, "--format", "json")
    assert 0 == done.exit_code, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    jsonschema.Draft202012Validator(json.loads(published_schema())).validate(said)
    return said


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A file of one rule."""
    return write_rules(tmp_path / "rules.yml", rule(1, STOP))


@pytest.mark.golden
def test_the_published_schema_is_that_of_the_model(golden: Callable[[str, str], None]) -> None:
    """docs/schemas/detection.schema.json is generated, so that it cannot be out of date."""
    golden("docs/schemas/detection.schema.json", published_schema())


def test_our_rules_on_the_fixtures() -> None:
    """The intrusions are caught, and every incident of type security is either caught or missed."""
    said = found("--rules", OURS, "--incidents", ROOT / "fixtures")
    types = {each["incident_id"]: each["type"] for each in said["incidents"]}
    caught = [each for each in said["incidents_caught"] if types[each] == "security"]
    assert INTRUSIONS == len(caught)
    assert not set(caught) & set(said["incidents_missed"])
    assert {"security"} == {types[each] for each in said["incidents_missed"]}


@pytest.mark.skipif(not STRATUS.exists(), reason=f"{STRATUS} holds no recordings")
def test_our_rules_on_raw_exports_of_others() -> None:
    """All 35 recorded techniques are caught, straight from the folder; what is no export is named."""
    said = found("--rules", OURS, "--exports", STRATUS)
    assert (35, []) == (len(said["incidents_caught"]), said["incidents_missed"])
    refused = {each["path"] for each in said["history"]["refused_files"]}
    assert {"LICENSE.DataDog+stratus-red-team", "ground_truth.json"} == refused


def test_each_export_is_an_incident_of_its_own(tmp_path: Path, rules: Path) -> None:
    """Files need no incident.yaml; nothing is known of noise."""
    exports = tmp_path / "exports"
    exports.mkdir()
    for name, event in (("a", "StopLogging"), ("b", "GetUser")):
        (exports / f"{name}.json").write_text(json.dumps({"Records": [call(event, 1)]}))
    (exports / "note.txt").write_text("no export")
    said = found("--rules", rules, "--exports", exports)
    assert (["a.json"], ["b.json"], None) == (
        said["incidents_caught"],
        said["incidents_missed"],
        said["noise"],
    )
    assert ["note.txt"] == [each["path"] for each in said["history"]["refused_files"]]
    assert ["a.json"] == found("--rules", rules, "--exports", exports / "a.json")["incidents_caught"]


def test_what_intake_refused_is_told(tmp_path: Path, rules: Path) -> None:
    """Each refused record with reason, file and place, in text and JSON."""
    calls = [call("StopLogging", 1), {**call("GetUser", 2), "eventTime": "yesterday"}, call("GetUser", 3)]
    folder = write_history(tmp_path / "incidents", {"inc-a": ("security", calls)})
    [each] = found("--rules", rules, "--incidents", folder)["history"]["refused"]
    assert ("inc-a", "time_invalid") == (each["incident_id"], each["reason"])
    assert ("inc-a/cloudtrail.json", 1, "/eventTime") == tuple(
        each["anchor"][key] for key in ("path", "ordinal", "pointer")
    )
    raw, place = (folder / "inc-a" / "cloudtrail.json").read_bytes(), each["anchor"]
    record = raw[place["byte_offset"] :][: place["byte_length"]]
    assert "yesterday" == json.loads(record)["eventTime"]
    said = run("--rules", rules, "--exports", folder / "inc-a" / "cloudtrail.json").stdout
    assert "Records refused, which no rule sees, 1\n" in said
    assert "time_invalid at /eventTime: 'yesterday' is not a timestamp with a zone" in said
    assert "cloudtrail.json record 1, bytes" in said
    sound = tmp_path / "sound.json"
    sound.write_text(json.dumps({"Records": [call("StopLogging", 1)]}))
    assert "Records refused" not in run("--rules", rules, "--exports", sound).stdout


def test_a_new_rule_changes_the_incidents_that_it_should(tmp_path: Path, rules: Path) -> None:
    """A file dropped into the folder moves one incident from missed to caught."""
    history = {"inc-a": ("security", [call("StopLogging", 1)]), "inc-b": ("security", [call("GetUser", 1)])}
    folder = write_history(tmp_path / "incidents", history)
    assert (["inc-a"], ["inc-b"]) == _sides(found("--rules", tmp_path, "--incidents", folder))
    write_rules(tmp_path / "more.yml", rule(2, {"eventName": "GetUser"}))
    assert (["inc-a", "inc-b"], []) == _sides(found("--rules", tmp_path, "--incidents", folder))


def test_the_warehouse_and_its_tables_say_what_the_incidents_say(built: Project) -> None:
    """The same caught and missed, hits and anchors, wherever the records are read."""
    said = [
        found("--rules", OURS, *where)
        for where in (
            ("--warehouse", built.warehouse),
            ("--history", built.warehouse / "tables"),
            ("--incidents", built.incidents),
        )
    ]
    for one in said:
        del one["history"]["kind"], one["history"]["path"]
    assert said[0] == said[1] == said[2]


def _sides(said: dict[str, Any]) -> tuple[list[str], list[str]]:
    return said["incidents_caught"], said["incidents_missed"]


def test_placeholders_are_those_of_the_folder_or_the_one_above(tmp_path: Path) -> None:
    """values.yaml beside the rules or above them is read, and --values instead of it."""
    (tmp_path / "rules").mkdir()
    file = write_rules(tmp_path / "rules" / "a.yml", rule(1, {"eventName|expand": "%calls%"}))
    for name, text in (("values.yaml", "StopLogging"), ("other.yaml", "GetUser")):
        (tmp_path / name).write_text(f"calls: [{text}]\n")
    export = tmp_path / "a.json"
    export.write_text(json.dumps({"Records": [call("StopLogging", 1)]}))
    words = ("--rules", file, "--exports", export)
    assert ["a.json"] == found(*words)["incidents_caught"]
    assert [] == found(*words, "--values", tmp_path / "other.yaml")["incidents_caught"]


def test_the_answer_is_written_to_a_file(tmp_path: Path, rules: Path) -> None:
    """--out prints nothing, and holds what would have been printed."""
    (tmp_path / "one").mkdir()
    export = tmp_path / "one" / "a.json"
    export.write_text(json.dumps({"Records": [call("StopLogging", 1)]}))
    words = ("--rules", rules, "--exports", export, "--format", "json")
    written = run(*words, "--out", tmp_path / "new" / "found.json")
    assert (0, "") == (written.exit_code, written.stdout)
    assert run(*words).stdout == (tmp_path / "new" / "found.json").read_text()


def test_wrong_input_is_told(tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One message that names what is wrong and where, and exit code 2."""
    monkeypatch.chdir(tmp_path)
    for name in ("empty", "text", "one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "text" / "a.txt").write_text("no export")
    shutil.copy(rules, tmp_path / "one")
    write_rules(tmp_path / "two" / "bad.yml", {**rule(1, STOP), "logsource": {"product": "windows"}})
    for words, told in (
        (("--rules", "gone", "--exports", "text"), "gone: is not there"),
        (("--rules", "empty", "--exports", "text"), "holds no Sigma rule"),
        (("--rules", "two", "--exports", "text"), "two/bad.yml:1"),
        (("--rules", rules, "--exports", "gone"), "gone: is not there"),
        (("--rules", rules, "--exports", "empty"), "holds no file"),
        (("--rules", rules, "--exports", "text"), "no record can be read of any of 1 file"),
        (("--rules", rules, "--incidents", "gone"), "gone: is no folder"),
        (("--rules", rules, "--history", "empty"), "holds no intake.raw_records"),
        (("--rules", rules, "--warehouse", "gone"), "not published in gone"),
        (("--rules", rules, "--exports", "text", "--incidents", "text"), "exclude each other"),
        (("--rules", rules, "--exports", "text", "--rule", "Rule 2"), "Perhaps 'Rule 1'"),
        (("--rules", rules, "--exports", "text", "--values", "gone"), "gone: is no file"),
        (("--rules", rules, "--exports", "text", "--out", "text/o"), "lies in text, which is read"),
        (("--rules", rules, "--exports", "text", "--out", "one"), "is a folder"),
    ):
        done = run(*words)
        assert (2, "") == (done.exit_code, done.stdout), words
        assert told in done.stderr, words
