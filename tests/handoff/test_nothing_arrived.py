"""An incident of which nothing had arrived by its horizon gets a package that says so, and ends no run."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from evidence import enrichment, quality
from evidence.decision import decide
from evidence.handoff import Handoffs, build
from evidence.handoff.schema import published_schema
from evidence.intake import build as read_incidents
from evidence.settings import load_settings
from evidence.tables import open_memory, register
from expectations.minimum_context import MINIMUM_CONTEXT

from .made import BUNDLE, ROOT

FIXTURES = ROOT / "fixtures"
EVIDENCE = Path(sys.executable).with_name("evidence")
GOOD, LATE, EMPTY = "inc-0101-checkout-shell", "inc-late", "inc-empty"
ODD = (LATE, EMPTY)
HORIZON = "2026-01-12T13:00:00Z"
SAID = f"No evidence had arrived by the horizon, {HORIZON}."
ALERT = {
    "time": "2026-03-02T10:00:00.000000000Z",
    "rule": "Terminal shell in container",
    "priority": "Notice",
    "output": "A shell was spawned",
    "output_fields": {"k8s.ns.name": "payments", "k8s.pod.name": "checkout-api-1"},
}


def place(folder: Path, incident_id: str) -> None:
    """Declare an incident of January; the late one has one alert, of March."""
    incident = folder / "incidents" / incident_id
    incident.mkdir(parents=True)
    window = f"window: {{from: 2026-01-12T08:00:00Z, to: {HORIZON}}}"
    declaration = f"id: {incident_id}\ntitle: Nothing came in time\ntype: security\n{window}\n"
    (incident / "incident.yaml").write_text(declaration)
    if incident_id == LATE:
        (incident / "falco.jsonl").write_text(json.dumps(ALERT) + "\n")


def with_catalogue(folder: Path) -> Path:
    """The folder with the recorded catalogue and settings, and no incident yet."""
    folder.mkdir(parents=True)
    shutil.copytree(FIXTURES / "catalog", folder / "catalog")
    shutil.copy(FIXTURES / "settings.yaml", folder)
    return folder


@pytest.fixture(scope="module")
def handoffs(tmp_path_factory: pytest.TempPathFactory) -> Handoffs:
    """What the stages make of both, from intake to handoff."""
    folder = with_catalogue(tmp_path_factory.mktemp("odd") / "input")
    for incident_id in ODD:
        place(folder, incident_id)
    settings = load_settings(folder / "settings.yaml")
    with open_memory() as connection:
        register(connection, read_incidents(folder, settings, lambda raw: hashlib.sha256(raw).hexdigest()))
        register(connection, quality.build_completeness(connection))
        register(connection, enrichment.build(connection, settings, BUNDLE.grading, BUNDLE.detections))
        register(connection, quality.build_minimum_context(connection))
        register(connection, decide(connection, BUNDLE))
        return build(connection, BUNDLE, settings)


def package(handoffs: Handoffs, incident_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(handoffs.files[f"handoffs/{incident_id}.json"])
    return found


@pytest.mark.parametrize("incident_id", ODD)
def test_what_had_not_arrived_bounds_the_decision(handoffs: Handoffs, incident_id: str) -> None:
    """Enrich or escalate at the horizon, every field of the minimum context missing and decisive."""
    found = package(handoffs, incident_id)
    assert found["recommendation"]["option"] in ("enrich", "escalate")
    assert "2026-01-12T13:00:00" == found["as_of"][:19]
    decisive = {unknown["name"] for unknown in found["unknowns"] if unknown["is_decisive"]}
    assert {field.name for field in MINIMUM_CONTEXT} <= decisive


@pytest.mark.parametrize("incident_id", ODD)
def test_the_facts_say_that_nothing_had_arrived(handoffs: Handoffs, incident_id: str) -> None:
    """With the horizon's time, as a derivation, in all three formats."""
    (fact,) = package(handoffs, incident_id)["known_facts"]
    assert (SAID, []) == (fact["sentence"], fact["claims"])
    assert fact["derived_from"].startswith(f"decision.decisions of {incident_id}, moment ")
    for kind in ("md", "html"):
        assert SAID in handoffs.files[f"handoffs/{incident_id}.{kind}"].decode()


def test_late_evidence_is_hindsight(handoffs: Handoffs) -> None:
    """It stands in the draft record with its claim, marked as later, and not in the timeline."""
    found = package(handoffs, LATE)
    assert 0 == found["recommendation"]["moment"]
    assert [] == found["timeline"]
    (entry,) = found["incident_record"]["timeline"]
    assert (True, "2026-03-02") == (entry["is_after_decision"], entry["known_at"][:10])
    assert [(1, True)] == [(claim["claim"], claim["is_after_decision"]) for claim in found["claims"]]


def test_the_blank_state_is_not_said_to_be_in_a_table(handoffs: Handoffs) -> None:
    """Derivations name the blank state, and an ungraded impact does not count the unknown as the worst."""
    found = package(handoffs, LATE)
    assert "enrichment.incident_states" not in json.dumps(found)
    assert ["Nothing that adds to impact is known."] == [
        part["sentence"] for part in found["impact"]["basis"]
    ]


def test_no_record_at_all_gives_no_claim(handoffs: Handoffs) -> None:
    """Nothing is cited, and the lists are empty rather than the package missing."""
    found = package(handoffs, EMPTY)
    assert ([], [], []) == (found["claims"], found["timeline"], found["incident_record"]["timeline"])


@pytest.mark.parametrize("incident_id", ODD)
def test_such_a_package_holds_to_the_published_schema(handoffs: Handoffs, incident_id: str) -> None:
    """Readers of the JSON need no exception."""
    jsonschema.validate(package(handoffs, incident_id), json.loads(published_schema()))


@pytest.mark.slow
@pytest.mark.parametrize("odd", ODD)
def test_one_odd_incident_does_not_end_a_run(tmp_path: Path, odd: str) -> None:
    """Beside a good one: exit code 0, two packages, and all of it verifies."""
    folder = with_catalogue(tmp_path / "input")
    shutil.copytree(FIXTURES / "incidents" / GOOD, folder / "incidents" / GOOD)
    place(folder, odd)
    for arguments in (
        ("run", "--incidents", "input", "--playbooks", str(ROOT / "playbooks")),
        ("verify", "--incidents", "input"),
        ("verify", odd, "--incidents", "input"),
    ):
        done = subprocess.run([str(EVIDENCE), *arguments], cwd=tmp_path, capture_output=True, text=True)
        assert 0 == done.returncode, done.stderr
    assert sorted([GOOD, odd]) == sorted(path.stem for path in (tmp_path / "out/handoffs").glob("*.json"))
