"""Packages of two hand-made incidents: what every package holds, and what it holds about these two."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from evidence.errors import HandoffRefused
from evidence.handoff import Handoffs, build
from evidence.handoff.schema import published_schema

from .made import BUNDLE, ORPHAN, SETTINGS, SHELL, connected, handed_over, made

HEADINGS = (
    "Recommendation",
    "Severity, confidence, impact",
    "Affected scope",
    "Timeline",
    "Known facts",
    "Unknowns",
    "Options compared",
    "Guardrails and policies",
    "Proposal",
    "If … then …",
    "Draft incident record",
    "Evidence",
    "Boundary",
)


@pytest.fixture(scope="module")
def handoffs(tmp_path_factory: pytest.TempPathFactory) -> Handoffs:
    """The two packages."""
    return handed_over(made(tmp_path_factory.mktemp("root")))


def package(handoffs: Handoffs, incident_id: str = SHELL) -> dict[str, Any]:
    """One package as its JSON file says it."""
    found: dict[str, Any] = json.loads(handoffs.files[f"handoffs/{incident_id}.json"])
    return found


def test_every_incident_has_its_three_files(handoffs: Handoffs) -> None:
    """JSON, Markdown and HTML, and nothing else."""
    expected = {f"handoffs/{name}.{end}" for name in (SHELL, ORPHAN) for end in ("json", "md", "html")}
    assert expected == set(handoffs.files)


@pytest.mark.parametrize("incident_id", [SHELL, ORPHAN])
def test_the_json_keeps_the_published_schema(handoffs: Handoffs, incident_id: str) -> None:
    """As a reader with nothing but the schema would check it."""
    schema = json.loads(published_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(package(handoffs, incident_id), schema)


@pytest.mark.parametrize("incident_id", [SHELL, ORPHAN])
def test_markdown_and_html_have_every_section(handoffs: Handoffs, incident_id: str) -> None:
    """The same sections, in the same order, in both."""
    markdown = handoffs.files[f"handoffs/{incident_id}.md"].decode()
    headings = [line[3:] for line in markdown.splitlines() if line.startswith("## ")]
    assert list(HEADINGS) == [heading.replace(" (inert text, `executed: false`)", "") for heading in headings]
    html = handoffs.files[f"handoffs/{incident_id}.html"].decode()
    in_html = [heading for heading in HEADINGS[2:] if f"<h2>{heading}" in html]
    assert list(HEADINGS[2:]) == in_html or "Guardrails and policies" not in in_html


def test_all_eight_options_are_shown(handoffs: Handoffs) -> None:
    """In their fixed order, one of them recommended."""
    options = package(handoffs)["options"]
    names = [row["option"] for row in options]
    assert ["monitor", "enrich", "escalate", "contain", "revoke", "rotate", "isolate", "notify"] == names
    assert ["isolate"] == [row["option"] for row in options if row["best"]["is_chosen"]]


def test_the_three_figures_stay_apart(handoffs: Handoffs) -> None:
    """Each with its own scale and word."""
    found = package(handoffs)
    figures = [
        (found[name]["value"], found[name]["maximum"], found[name]["word"])
        for name in ("severity", "confidence", "impact")
    ]
    assert [(5, 6, "critical"), (75, 100, "high"), (60, 100, "major")] == figures


def test_every_governance_flag_is_false(handoffs: Handoffs) -> None:
    """All fourteen."""
    assert [False] * 14 == list(package(handoffs)["governance"].values())


def test_the_proposal_is_not_executed(handoffs: Handoffs) -> None:
    """It says so in JSON, Markdown and HTML."""
    assert package(handoffs)["proposal"]["executed"] is False
    assert "executed: false" in handoffs.files[f"handoffs/{SHELL}.md"].decode()
    assert "executed: false" in handoffs.files[f"handoffs/{SHELL}.html"].decode()


def test_every_known_fact_and_timeline_entry_has_a_claim(handoffs: Handoffs) -> None:
    """No sentence about the world without an anchor."""
    found = package(handoffs)
    numbers = {claim["claim"] for claim in found["claims"]}
    facts = (*found["known_facts"], *found["affected_scope"], *found["affected_services"])
    assert facts
    assert all(fact["claims"] and set(fact["claims"]) <= numbers for fact in facts)
    assert {entry["claim"] for entry in found["timeline"]} <= numbers


def test_a_claim_points_to_the_field_that_it_states(handoffs: Handoffs) -> None:
    """Where a field reads as the value stated, the anchor is as narrow as that field."""
    by_name = {fact["name"]: fact["claims"][0] for fact in package(handoffs)["known_facts"]}
    pointers = {claim["claim"]: claim["anchor"]["pointer"] for claim in package(handoffs)["claims"]}
    assert "/priority" == pointers[by_name["severity_falco"]]
    assert "/rule" == pointers[by_name["first_signal_name"]]
    assert "/user/username" == pointers[by_name["actor"]]


def test_a_catalogue_claim_rests_on_its_yaml_document(handoffs: Handoffs) -> None:
    """Its value is the document's bytes."""
    claims = [claim for claim in package(handoffs)["claims"] if claim["source"] == "catalogue"]
    assert claims
    assert all(claim["anchor"]["value_sha256"] == claim["anchor"]["record_sha256"] for claim in claims)


def test_what_arrived_after_the_decision_is_only_in_the_draft_record(handoffs: Handoffs) -> None:
    """The package is as of its decision; the record is for afterwards."""
    found = package(handoffs)
    assert not any("PagerDuty" in entry["sentence"] for entry in found["timeline"])
    later = [entry for entry in found["incident_record"]["timeline"] if entry["is_after_decision"]]
    assert ["PagerDuty: records “resolve”"] == [entry["sentence"] for entry in later]


def test_approvers_are_named_with_their_contacts(handoffs: Handoffs) -> None:
    """The roles of the decision in their order."""
    roles = sorted(BUNDLE.actions["isolate_workload"].approvers)
    approval = package(handoffs)["approval"]
    assert roles == [approver["role"] for approver in approval["approvers"]]
    assert [f"{role} on call" for role in roles] == [
        approver["contact"] for approver in approval["approvers"]
    ]


def test_without_an_owner_the_fallback_is_addressed_and_said(handoffs: Handoffs) -> None:
    """The escalation policy's fallback, not silence."""
    owner = package(handoffs, ORPHAN)["owner"]
    assert owner["is_fallback"]
    assert BUNDLE.approvers.fallback.contact == owner["addressee"]
    assert owner["sentence"].startswith("No owner is known; addressed to the fallback")


def test_a_missing_owner_is_an_unknown_that_the_catalogue_shows(handoffs: Handoffs) -> None:
    """The entry that does not name an owner is the anchor of the absence."""
    unknown = package(handoffs, ORPHAN)["unknowns"][0]
    assert ("owner", True) == (unknown["name"], unknown["is_decisive"])
    claim = package(handoffs, ORPHAN)["claims"][unknown["claims"][0] - 1]
    assert "component:default/report-job" == claim["entity_ref"]


def test_an_absence_that_nothing_shows_names_what_it_follows_from(handoffs: Handoffs) -> None:
    """Table, incident, moment and column."""
    unknown = next(item for item in package(handoffs)["unknowns"] if item["name"] == "is_mfa")
    assert f"enrichment.incident_states of {SHELL}, moment 2: is_mfa is NULL" == unknown["derived_from"]


def test_a_declared_gap_is_a_claim_on_the_record_that_declares_it(handoffs: Handoffs) -> None:
    """With the field that says so."""
    unknown = next(item for item in package(handoffs)["unknowns"] if item["name"] == "gap-fields_masked")
    claim = package(handoffs)["claims"][unknown["claims"][0] - 1]
    assert ("/rule", None) == (claim["anchor"]["pointer"], claim["event_id"])


def test_links_are_encoded_whole(handoffs: Handoffs) -> None:
    """Only from the settings' templates; a value that is not known leaves its link out."""
    links = {link["label"]: link["url"] for link in package(handoffs)["links"]}
    assert f"https://incidents.example.com/{SHELL}" == links["Incident"]
    assert ["Incident", "Logs", "Changes"] == list(links)
    assert ["Incident", "Logs"] == [link["label"] for link in package(handoffs, ORPHAN)["links"]]


def test_packages_do_not_depend_on_threads_or_on_the_order_of_rows(tmp_path: Path) -> None:
    """Byte for byte."""
    forwards = handed_over(made(tmp_path))

    def backwards(rows: dict[str, list[dict[str, Any]]]) -> None:
        for table in rows.values():
            table.reverse()

    world = made(tmp_path)
    with connected(world, backwards) as connection:
        connection.execute("set threads = 1").fetchall()
        again = build(connection, BUNDLE, SETTINGS)
    assert forwards.files == again.files
    assert forwards.tables == again.tables


def test_the_same_bytes_elsewhere_give_the_same_content_digest(tmp_path: Path) -> None:
    """Paths, ordinals and offsets are locations; they are not content."""

    def moved(rows: dict[str, list[dict[str, Any]]]) -> None:
        for table in ("intake.evidence_events", "intake.raw_records", "intake.services"):
            for entry in rows[table]:
                entry |= {
                    "path": f"moved/{entry['path']}",
                    "ordinal": 7,
                    "byte_offset": 99,
                    "file_sha256": "0" * 64,
                }

    digests = [
        handed_over(made(tmp_path), change).tables["handoff.packages"].column("content_sha256").to_pylist()
        for change in (None, moved)
    ]
    assert digests[0] == digests[1]


def test_the_tables_say_what_the_files_say(handoffs: Handoffs) -> None:
    """One row per claim, with its sentence and anchor; one row per package."""
    claims = [
        claim for claim in handoffs.tables["handoff.claims"].to_pylist() if claim["incident_id"] == SHELL
    ]
    in_json = package(handoffs)["claims"]
    assert [claim["sentence"] for claim in in_json] == [claim["sentence"] for claim in claims]
    assert [claim["anchor"]["value_sha256"] for claim in in_json] == [
        claim["value_sha256"] for claim in claims
    ]
    assert [SHELL, ORPHAN] == handoffs.tables["handoff.packages"].column("incident_id").to_pylist()


def test_an_incident_whose_id_cannot_name_a_file_is_refused(tmp_path: Path) -> None:
    """A path in an id would write elsewhere."""

    def renamed(rows: dict[str, list[dict[str, Any]]]) -> None:
        for table in rows.values():
            for entry in table:
                if entry.get("incident_id") == ORPHAN:
                    entry["incident_id"] = "../orphan"

    with pytest.raises(HandoffRefused, match="cannot name a file"):
        handed_over(made(tmp_path), renamed)


def test_a_decision_without_a_state_is_refused(tmp_path: Path) -> None:
    """Nothing is guessed about a moment that is not there."""

    def without_states(rows: dict[str, list[dict[str, Any]]]) -> None:
        rows["enrichment.incident_states"] = [
            entry for entry in rows["enrichment.incident_states"] if entry["incident_id"] != ORPHAN
        ]

    with pytest.raises(HandoffRefused, match="no state at moment 1"):
        handed_over(made(tmp_path), without_states)


def test_what_a_policy_could_not_read_is_decisive(tmp_path: Path) -> None:
    """It names the policy, which then gave its strictest verdict."""

    def without_a_namespace(rows: dict[str, list[dict[str, Any]]]) -> None:
        rows["decision.decisions"][0]["unknowns"] = ["namespace"]

    (unknown, *_) = package(handed_over(made(tmp_path), without_a_namespace))["unknowns"]
    assert ("namespace", True) == (unknown["name"], unknown["is_decisive"])
    assert "In which namespace it runs is not known." == unknown["sentence"]
    assert "A policy asks for it (“network_policy”)" in unknown["why_it_matters"]
