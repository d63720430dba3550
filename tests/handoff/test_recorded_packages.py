"""Packages of the recorded incidents: each is handed over, proves, and says what its story calls for."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import jsonschema
import pytest

from evidence.anchors import value_sha256
from evidence.handoff import Handoffs
from evidence.handoff.model import Proposal
from evidence.handoff.schema import published_schema
from evidence.redaction import kinds_in

from . import formats
from .recorded import FIXTURES, INCIDENTS, package, recorded_handoffs


@pytest.fixture(scope="module")
def handoffs() -> Handoffs:
    """The packages of all recorded incidents, by the active playbook."""
    return recorded_handoffs()


def test_every_recorded_incident_is_handed_over(handoffs: Handoffs) -> None:
    """Those that lack context too: none vanishes."""
    assert INCIDENTS == sorted({Path(name).stem for name in handoffs.files})
    assert 3 * len(INCIDENTS) == len(handoffs.files)


@pytest.mark.parametrize("incident", INCIDENTS)
def test_every_package_keeps_the_schema(handoffs: Handoffs, incident: str) -> None:
    """As published."""
    jsonschema.validate(package(handoffs, incident), json.loads(published_schema()))


@pytest.mark.parametrize("incident", INCIDENTS)
def test_every_claim_proves_in_the_recorded_bytes(handoffs: Handoffs, incident: str) -> None:
    """File, record and field."""
    for claim in package(handoffs, incident)["claims"]:
        anchor = claim["anchor"]
        content = (FIXTURES / anchor["path"]).read_bytes()
        assert anchor["file_sha256"] == hashlib.sha256(content).hexdigest()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
        record = content[anchor["byte_offset"] : anchor["byte_offset"] + anchor["byte_length"]]
        assert anchor["record_sha256"] == hashlib.sha256(record).hexdigest()
        assert anchor["value_sha256"] == value_sha256(record, anchor["pointer"], anchor["encoding"])


@pytest.mark.parametrize("incident", INCIDENTS)
def test_no_package_shows_a_secret(handoffs: Handoffs, incident: str) -> None:
    """In none of the three formats."""
    name = next(name for name in INCIDENTS if name.startswith(incident))
    for end in ("json", "md"):
        lines = handoffs.files[f"handoffs/{name}.{end}"].decode().splitlines()
        assert [] == [
            line for line in lines if [kind for kind in kinds_in(line) if f"[redacted: {kind}]" not in line]
        ]


def test_a_rollback_shows_its_five_guardrails(handoffs: Handoffs) -> None:
    """Four held by preconditions with their evidence, one declared not evaluable with its reason."""
    guardrails = package(handoffs, "inc-0102")["guardrails"]
    assert ["holds"] * 4 + ["not_evaluable"] == [guard["verdict"] for guard in guardrails]
    assert all(guard["claims"] or guard["derived_from"] for guard in guardrails)


def test_a_drain_that_policy_denies_is_said(handoffs: Handoffs) -> None:
    """With what would change it."""
    found = package(handoffs, "inc-0107")
    assert any(
        "denies it, whoever approves" in reason["sentence"] for reason in found["recommendation"]["reasons"]
    )
    assert any(item["condition"].startswith("the policy that denies") for item in found["contingencies"])


def test_an_exposed_resource_is_what_the_proposal_acts_on(handoffs: Handoffs) -> None:
    """The bucket, not the identity that opened it."""
    found = package(handoffs, "inc-0106")
    assert "build-artifacts" == found["proposal"]["acts_on"]
    assert "(“build-artifacts”)" in found["recommendation"]["sentence"]


def test_a_database_among_the_dependencies_is_a_blank_to_fill_in(handoffs: Handoffs) -> None:
    """Restricting egress without it would cut the workload off from its data."""
    (blank,) = package(handoffs, "inc-0109")["proposal"]["to_fill_in"]
    assert {"what": "address of “inventory-db”", "stands_as": "192.0.2.1/32"} == blank


@pytest.mark.parametrize("incident", INCIDENTS)
def test_every_proposal_is_valid_in_its_own_format(handoffs: Handoffs, incident: str) -> None:
    """As pasted, blanks included."""
    formats.hold(Proposal.model_validate(package(handoffs, incident)["proposal"]))


def test_a_rollback_names_the_folder_and_both_revisions(handoffs: Handoffs) -> None:
    """As Argo CD's history has them; nothing is left to fill in."""
    proposal = package(handoffs, "inc-0102")["proposal"]
    assert [] == proposal["to_fill_in"]
    folder = "apps/checkout-api/overlays/prod-eu1"
    restored = f"restore --source c6f5431594efa8f8c7582d2a9d71edbbf0ab0fd8 --staged --worktree -- {folder}"
    assert restored in proposal["text"]


def test_a_rollback_by_flux_puts_the_chart_back(handoffs: Handoffs) -> None:
    """In its own format, with both releases told apart and with what it does not put back."""
    proposal = package(handoffs, "inc-0122")["proposal"]
    assert [] == proposal["to_fill_in"]
    assert 'version: "2.8.1"' in proposal["text"]
    assert (
        "Helm ran identity-proxy.v38 with chart identity-proxy@2.8.1, and after it"
        " identity-proxy.v39 with chart identity-proxy@2.9.0."
    ) in proposal["text"]
    assert any("The values changed with the chart" in check for check in proposal["checks"])


@pytest.mark.parametrize(
    ("incident", "session"),
    [
        ("inc-0103", "AROADBQP57FF2AEXAMPLE:GitHubActions-release-8841"),
        ("inc-0119", "AROA1R74IPDDCEXAMPLE:i-0abcdef1234567890"),
    ],
)
def test_a_stolen_session_is_ended_and_no_other(handoffs: Handoffs, incident: str, session: str) -> None:
    """As narrow as the playbook says that the action is, and it is said whom it hits all the same."""
    proposal = package(handoffs, incident)["proposal"]
    assert f'"aws:userid": "{session}"' in proposal["text"]
    assert any("no other of the role" in check for check in proposal["checks"])
    assert (incident == "inc-0119") == any("session is a node's" in check for check in proposal["checks"])


def test_whom_pagerduty_pages_is_not_what_is_affected(handoffs: Handoffs) -> None:
    """The team's service “Storefront” is paged for cart: cart alone is affected, and nothing spreads."""
    found = package(handoffs, "inc-0121")
    assert ["“cart” is affected.", "“storefront” depends on “cart” and faces customers."] == [
        fact["sentence"] for fact in found["affected_services"]
    ]
    facts = {fact["name"]: fact for fact in found["known_facts"]}
    assert ("1", "no") == (facts["service_count"]["value"], facts["is_spreading"]["value"])
    claim = found["claims"][facts["layer"]["claims"][0] - 1]
    assert facts["layer"]["sentence"].endswith("(a node is at fault or taken out of service).")
    record = (FIXTURES / claim["anchor"]["path"]).read_bytes()[claim["anchor"]["byte_offset"] :]
    assert b"NodeNotSchedulable" in record[: claim["anchor"]["byte_length"]]


def test_what_a_credentials_entry_would_say_rests_on_no_services_entry(handoffs: Handoffs) -> None:
    """Which credential it is nobody knows, so that no record can show what is not said of it."""
    unknowns = package(handoffs, "inc-0120")["unknowns"]
    (rehearsed,) = [unknown for unknown in unknowns if unknown["name"] == "are_consumers_tested"]
    assert [] == rehearsed["claims"]
    assert "are_consumers_tested is NULL" in rehearsed["derived_from"]


def test_the_secret_that_failed_to_rotate_is_named(handoffs: Handoffs) -> None:
    """An ARN's `secret:` stands before a name, and not before a secret."""
    ticket = handoffs.files["handoffs/inc-0120-failed-secret-rotation.md"].decode()
    assert ":secret:logistics/inventory-db-" in ticket.replace("\\", "")
    assert "minimum context is incomplete: recent change data." in ticket.replace("\\", "")


def test_a_node_is_no_kind_of_workload(handoffs: Handoffs) -> None:
    """The incident is about the node; what the node's state rests on is the workload that keeps it."""
    found = package(handoffs, "inc-0107")
    scope = {fact["name"]: fact["value"] for fact in found["affected_scope"]}
    assert ("yes", "prod-eu1-general-b41d") == (scope["is_about_node"], scope["node"])
    assert "workload_kind" not in scope
    (state,) = [fact for fact in found["known_facts"] if fact["name"] == "is_stateful"]
    claim = found["claims"][state["claims"][0] - 1]
    assert "The node runs a workload that keeps state." == state["sentence"]
    assert ("kubernetes_events", None) == (claim["source"], claim["entity_ref"])


def test_customer_data_calls_for_three_readers(handoffs: Handoffs) -> None:
    """Compliance, the customer reviewer and counsel, before anything goes out."""
    found = package(handoffs, "inc-0114")
    assert ["compliance", "customer_reviewer", "legal"] == [
        approver["role"] for approver in found["approval"]["approvers"]
    ]
    assert "nothing goes out before you approve" in found["requested_action"]


def test_a_false_positive_is_suggested_for_closing(handoffs: Handoffs) -> None:
    """Suggested to people, never done."""
    found = package(handoffs, "inc-0110")
    assert "close" == found["recommendation"]["disposition"]
    assert "closing is suggested" in found["recommendation"]["sentence"]


def test_late_evidence_that_changes_the_decision_is_marked_as_hindsight(handoffs: Handoffs) -> None:
    """In the draft record, and nowhere else."""
    record = package(handoffs, "inc-0113")["incident_record"]
    assert "That is hindsight" in record["later_recommendation"]


@pytest.mark.parametrize("incident", INCIDENTS)
def test_identity_and_cloud_incidents_lead_to_their_trail(handoffs: Handoffs, incident: str) -> None:
    """Where calls of their identity are in evidence by the decision; no address has a hole in it."""
    links = {link["label"]: link["url"] for link in package(handoffs, incident)["links"]}
    told = incident.split("-")[1] in ("0103", "0104", "0105", "0106", "0114", "0119", "0125")
    assert told == ("Audit trail" in links)
    assert not any(word in url for url in links.values() for word in ("None", "{", "}"))


def test_a_client_that_passes_for_another_is_an_unknown(handoffs: Handoffs) -> None:
    """Once for the address and once for the name, each with the field that it was read from."""
    found = package(handoffs, "inc-0119")
    told = [each for each in found["unknowns"] if each["name"] == "gap-client_reported_field"]
    anchors = [found["claims"][each["claims"][0] - 1]["anchor"]["pointer"] for each in told]
    assert ["/sourceIPs/0", "/userAgent"] == anchors
    assert {
        "Ask who connected at that time: the proxy's or load balancer's own log, the network's flow log."
    } == {each["how_to_find_out"] for each in told}
