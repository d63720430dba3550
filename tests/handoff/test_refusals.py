"""The six anti-patterns of a dangerous handoff: each is produced, and each is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import HandoffRefused
from evidence.handoff.case import read_cases
from evidence.handoff.model import Package
from evidence.handoff.package import package_of
from evidence.handoff.refusals import anti_patterns

from .made import BUNDLE, ORPHAN, SETTINGS, SHELL, connected, handed_over, made

Rows = dict[str, list[dict[str, Any]]]


def decision(rows: Rows, incident_id: str = SHELL) -> dict[str, Any]:
    return next(row for row in rows["decision.decisions"] if row["incident_id"] == incident_id)


def chosen(rows: Rows, incident_id: str = SHELL) -> dict[str, Any]:
    options = rows["decision.option_scores"]
    return next(row for row in options if row["incident_id"] == incident_id and row["is_chosen"])


def without_context(rows: Rows) -> None:
    chosen(rows)["is_context_complete"] = False
    decision(rows)["missing_context"] = ["owner"]


def without_evidence(rows: Rows) -> None:
    for name in ("intake.evidence_events", "enrichment.state_evidence", "enrichment.signals"):
        rows[name] = [row for row in rows[name] if row["incident_id"] == ORPHAN]


def without_a_contact(rows: Rows) -> None:
    decision(rows)["approver_contacts"] = [" " for _ in decision(rows)["approvers"]]


def with_an_owner_of_spaces(rows: Rows) -> None:
    next(row for row in rows["enrichment.incident_states"] if row["incident_id"] == SHELL)["owner"] = " "


def with_a_mixed_title(rows: Rows) -> None:
    rows["intake.incidents"][0]["title"] = "Shell with a risk score of 84"


def under_the_floor(rows: Rows) -> None:
    decision(rows)["confidence"] = (BUNDLE.actions["isolate_workload"].floor or 0) - 1


def with_a_failed_confidence_gate(rows: Rows) -> None:
    chosen(rows)["is_confidence_sufficient"] = False


def as_if_done(rows: Rows) -> None:
    rows["intake.incidents"][0]["title"] = "The workload was isolated"


def without_approvers(rows: Rows) -> None:
    decision(rows).update(approvers=[], approver_contacts=[])


def as_if_automatic(rows: Rows) -> None:
    decision(rows).update(mode="automatic", approvers=[], approver_contacts=[])


ANTI_PATTERNS: tuple[tuple[str, Callable[[Rows], None]], ...] = (
    ("incomplete evidence package", without_context),
    ("incomplete evidence package", without_evidence),
    ("owner or approval path unclear", without_a_contact),
    ("owner or approval path unclear", with_an_owner_of_spaces),
    ("impact and confidence mixed into one figure", with_a_mixed_title),
    ("production-impacting action under its floor", under_the_floor),
    ("production-impacting action under its floor", with_a_failed_confidence_gate),
    ("wording that implies execution", as_if_done),
    ("approval requirement missing", without_approvers),
    ("approval requirement missing", as_if_automatic),
)


@pytest.mark.parametrize(("name", "change"), ANTI_PATTERNS, ids=lambda part: getattr(part, "__name__", part))
def test_an_anti_pattern_is_refused_by_name(
    name: str, change: Callable[[Rows], None], tmp_path: Path
) -> None:
    """Nothing is handed over, and the message says for which incident and why."""
    with pytest.raises(HandoffRefused, match=f"{SHELL}.*{name}"):
        handed_over(made(tmp_path), change)


def test_what_is_well_formed_is_not_refused(tmp_path: Path) -> None:
    """The same two incidents without a change."""
    assert 6 == len(handed_over(made(tmp_path)).files)


def test_all_refusals_are_told_at_once(tmp_path: Path) -> None:
    """A run names every incident that it refuses, not the first only."""

    def both(rows: Rows) -> None:
        rows["intake.incidents"][0]["title"] = "The workload was isolated"
        rows["intake.incidents"][1]["title"] = "The job was restarted"

    with pytest.raises(HandoffRefused) as refusal:
        handed_over(made(tmp_path), both)
    assert [SHELL, ORPHAN] == [line.partition(":")[0] for line in str(refusal.value).splitlines()]


def test_roles_without_as_many_contacts_are_refused(tmp_path: Path) -> None:
    """Nobody is guessed to hold a role."""

    def fewer(rows: Rows) -> None:
        decision(rows)["approver_contacts"] = []

    with pytest.raises(HandoffRefused, match="approver roles but 0 contacts"):
        handed_over(made(tmp_path), fewer)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    """A package that is not refused."""
    with connected(made(tmp_path)) as connection:
        return package_of(next(read_cases(connection)), BUNDLE, SETTINGS)


def test_a_sentence_with_a_claim_that_has_no_anchor_is_refused(package: Package) -> None:
    """Every number in the package leads to an anchor."""
    entry = package.timeline[0].model_copy(update={"claim": 999})
    found = list(anti_patterns(package.model_copy(update={"timeline": (entry,)}), BUNDLE))
    assert ["incomplete evidence package: sentences refer to claims [999] that have no anchor"] == found


def test_one_figure_in_the_place_of_another_is_refused(package: Package) -> None:
    """Confidence shown as impact is a mixture too."""
    found = list(anti_patterns(package.model_copy(update={"impact": package.confidence}), BUNDLE))
    assert ["impact and confidence mixed into one figure: confidence stands in the place of impact"] == found


def test_a_known_fact_without_a_claim_is_refused(tmp_path: Path) -> None:
    """Only that nothing had arrived may stand without an anchor; a derivation in its place is not enough."""
    with connected(made(tmp_path)) as connection:
        case = next(read_cases(connection))
        package = package_of(case, BUNDLE, SETTINGS)
    fact = package.known_facts[0].model_copy(update={"claims": (), "derived_from": "somewhere"})
    found = anti_patterns(package.model_copy(update={"known_facts": (fact,)}), BUNDLE)
    assert [f"incomplete evidence package: no claim carries the known facts ['{fact.name}']"] == list(found)
