"""Who is asked at the other end of a role is compared too: the obvious way round an approval."""

from __future__ import annotations

from typing import Any

import pytest

from evidence.decision import Bundle
from simulator.weakening.findings import Finding
from simulator.weakening.weakenings import Weakening, weakenings

from ...decision.deciding import active

FALLBACK = "incident commander on call (pagerduty schedule PSINC01)"
SECURITY = "security lead on call (pagerduty schedule PSSEC02)"


def with_role(bundle: Bundle, name: str, **fields: Any) -> Bundle:
    role = bundle.approvers.roles[name].model_copy(update=fields)
    approvers = bundle.approvers.model_copy(update={"roles": {**bundle.approvers.roles, name: role}})
    return Bundle("candidate", bundle.playbook, approvers, bundle.policies, bundle.detections)


def without_owner(bundle: Bundle, name: str, owner: str) -> Bundle:
    entries = {key: value for key, value in bundle.approvers.roles[name].by_owner.items() if key != owner}
    return with_role(bundle, name, by_owner=entries)


def with_fallback(bundle: Bundle, contact: str) -> Bundle:
    fallback = bundle.approvers.fallback.model_copy(update={"contact": contact})
    approvers = bundle.approvers.model_copy(update={"fallback": fallback})
    return Bundle("candidate", bundle.playbook, approvers, bundle.policies, bundle.detections)


def only(baseline: Bundle, candidate: Bundle) -> Weakening:
    (found,) = weakenings(baseline, candidate)
    assert found.redirection is not None
    assert (Finding.APPROVER_REDIRECTED, True) == (found.finding, found.is_approval)
    return found


def test_a_contact_that_is_exchanged_redirects_every_action_that_asks_the_role() -> None:
    """Nobody else is asked in name, and somebody else in fact."""
    found = only(active(), with_role(active(), "security_lead", contact="nobody@example.com"))
    assert "approvers.security_lead.contact" == found.id
    assert found.what.startswith(
        f"security_lead: {SECURITY} → nobody@example.com; asked by isolate_workload,"
    )
    asking = [name for name, each in active().actions.items() if "security_lead" in each.approvers]
    assert asking == found.action.split(", ")
    assert "" == found.witness


def test_an_entry_that_goes_leads_to_the_fallback() -> None:
    """For the services of its owner; the name of the entry lets it pass."""
    found = only(active(), without_owner(active(), "resource_owner", "payments-platform"))
    assert "approvers.resource_owner.by_owner.payments-platform" == found.id
    assert "owner=payments-platform" == found.witness
    assert "payments-platform approvers (pagerduty schedule PSPAY01)" == found.redirection.old
    assert f"{FALLBACK} (fallback: payments-platform names no resource_owner)" == found.redirection.new


def test_an_entry_that_comes_leads_away_from_the_fallback() -> None:
    """Who was asked before is not asked any more."""
    baseline = without_owner(active(), "app_owner", "search")
    found = only(baseline, active())
    assert "search release lead (#search)" == found.redirection.new
    assert found.redirection.old.startswith(FALLBACK)


def test_another_fallback_redirects_the_roles_that_go_by_owner() -> None:
    """Roles with one contact for all never fall back."""
    found = only(active(), with_fallback(active(), "nobody@example.com"))
    assert ("fallback.contact", ("app_owner", "resource_owner")) == (
        found.id,
        tuple(sorted(found.redirection.roles)),
    )
    assert "no owner is known, or the role has no entry for the owner" == found.witness


def test_a_contact_for_all_in_place_of_entries_redirects_every_owner_and_all_others() -> None:
    """Each owner by its entry, whoever has none by the contact."""
    candidate = with_role(active(), "app_owner", contact="nobody@example.com", by_owner={})
    found = {each.id: each.redirection for each in weakenings(active(), candidate)}
    owners = active().approvers.roles["app_owner"].by_owner
    assert {
        "approvers.app_owner.contact",
        *(f"approvers.app_owner.by_owner.{each}" for each in owners),
    } == set(found)
    assert {"nobody@example.com"} == {each.new for each in found.values()}


@pytest.mark.parametrize(
    "candidate",
    [
        with_role(active(), "security_lead", title="Another title"),
        with_role(active(), "compliance", contact="compliance desk (compliance@example.com)"),
    ],
    ids=["title", "same contact"],
)
def test_words_about_a_role_redirect_nobody(candidate: Bundle) -> None:
    """Only who is asked counts."""
    assert () == weakenings(active(), candidate)


def test_a_role_that_no_action_asks_redirects_nobody() -> None:
    """Whoever holds it decides about nothing."""
    unasked = {
        name: action.model_copy(
            update={
                "approvers": tuple(each for each in action.approvers if each != "cloud_team")
                or ("security_lead",),
                "also": (),
            }
        )
        for name, action in active().actions.items()
    }
    playbook = active().playbook.model_copy(update={"actions": unasked})
    baseline = Bundle("baseline", playbook, active().approvers, active().policies, active().detections)
    assert () == weakenings(baseline, with_role(baseline, "cloud_team", contact="nobody@example.com"))
