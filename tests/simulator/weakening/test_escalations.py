"""An escalation that demands less, or goes, is told for each action that it reached."""

from __future__ import annotations

from typing import Any

import pytest

from evidence.decision.matrix import Scope
from simulator.weakening.findings import Finding
from simulator.weakening.weakenings import weakenings

from ...decision.deciding import active, mini
from ..edits import with_playbook
from .test_weakenings import Said, escalation, only


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"id": "renamed"}, []),
        ({"mode": "approval_required"}, []),
        ({"when": "environment in ('production', 'staging')"}, []),
        ({"when": "environment = 'production' and is_stateful"},
         [("when", "restart", True), ("when", "drain", False)]),
        ({"scopes": ("node",)}, [("scopes", "restart", True)]),
        ({"scopes": ("pod",)}, [("scopes", "drain", False)]),
        ({"when": "criticality = 'batch'", "scopes": ("service",)},
         [("when", "restart", True), ("scopes", "restart", True),
          ("when", "drain", False), ("scopes", "drain", False)]),
    ],
)  # fmt: skip
def test_an_escalation_weakens_where_it_no_longer_reaches(
    fields: dict[str, Any], expected: list[Said]
) -> None:
    """`drain` is policy-gated by default, so that only `restart` needs the escalation."""
    candidate = with_playbook(mini(), escalations=(escalation(**fields),))
    assert [(f"escalations.production.{field}", *told) for field, *told in expected] == [
        (each.id, each.action, each.is_approval) for each in weakenings(mini(), candidate)
    ]


def test_an_escalation_that_goes_where_another_demands_as_much_is_a_safety() -> None:
    """Whichever asks all the same: the matrix, or an escalation that the baseline had as well."""
    wide = escalation(id="wide", when="environment in ('production', 'staging')")
    baseline = with_playbook(mini(), escalations=(escalation(), wide))
    found = weakenings(baseline, with_playbook(mini(), escalations=(wide,)))
    assert [
        ("escalations.production", "restart", "another escalation does all the same"),
        ("escalations.production", "drain", "the matrix does all the same"),
    ] == [(each.id, each.action, each.what.split("; ")[1]) for each in found]
    assert {Finding.SAFETY_WEAKENED} == {each.finding for each in found}


def test_an_escalation_of_the_shipped_playbook_does_not_go_untold() -> None:
    """Nothing of what it reaches begins by itself: everywhere the matrix demands at least a policy check."""
    left = tuple(each for each in active().playbook.escalations if each.id != "critical-severity")
    (found,) = weakenings(active(), with_playbook(active(), escalations=left))
    assert ("escalations.critical-severity", Finding.SAFETY_WEAKENED) == (found.id, found.finding)
    reached = [name for name, each in active().actions.items() if each.scope in (Scope.NODE, Scope.SERVICE)]
    assert reached == found.action.split(", ")


def test_a_removed_escalation_is_one_weakening_for_all_its_actions() -> None:
    """Named by its clause, with the actions that lose it."""
    baseline = with_playbook(mini(), escalations=(escalation(mode="approval_required"),))
    found = only(baseline, with_playbook(mini(), escalations=()))
    assert ("escalations.production", "restart, drain", True) == (found.id, found.action, found.is_approval)
    assert "environment=production, confidence>=60, blast_radius<=3" == found.witness


def test_unknown_counts_as_a_reason_to_ask() -> None:
    """A condition that is unknown more rarely demands less."""
    baseline = with_playbook(mini(), escalations=(escalation(when="is_stateful"),))
    candidate = with_playbook(mini(), escalations=(escalation(when="known(is_stateful) and is_stateful"),))
    found = {each.action: each for each in weakenings(baseline, candidate)}
    assert found["restart"].witness.startswith("is_stateful=unknown, confidence>=")
    assert {"restart": True, "drain": False} == {name: each.is_approval for name, each in found.items()}
