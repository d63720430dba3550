"""Counts how the incidents of a week were handled: automation coverage, recorded outcomes, approval load."""

from __future__ import annotations

from collections import Counter
from typing import Any

from evidence.handoff.words import role_words
from evidence.redaction import shown
from evidence.report.figures import LABEL_MAX, by_week, share_rows, stack
from evidence.report.model import Shares
from evidence.report.reading import DECISIONS, Read

OUTCOMES = ("succeeded", "escalated", "rolled_back", "aborted_by_policy", "unrecorded")
COVERAGE = (
    (
        "automated triage",
        "its minimum context was complete without a person",
        lambda row: bool(row["has_minimum_context"]),
    ),
    (
        "automated action",
        "the playbook permits the recommended action without anybody",
        lambda row: row["is_active"] and row["mode"] == "automatic",
    ),
    (
        "policy-gated",
        "the recommended action may begin while every policy allows it",
        lambda row: row["is_active"] and row["mode"] == "policy_gated",
    ),
    (
        "approval-gated",
        "the recommended action needs an approval",
        lambda row: row["is_active"] and row["mode"] == "approval_required",
    ),
    ("no active action", "watching, gathering, telling or escalating", lambda row: not row["is_active"]),
)


def coverage(read: Read) -> Shares:
    """What the active playbook permits without a person."""
    week, before = by_week(read, "recommended")
    labels = {"automated_action_count": "automatic", "policy_gated_count": "policy-gated"}
    labels |= {"approval_required_count": "approval required", "passive_count": "no active action"}
    counts = Counter(
        {(row["week"], label): row[column] for row in read["coverage"] for column, label in labels.items()}
    )
    return Shares(
        name="coverage",
        title="Automation coverage",
        meaning="What the active playbook could have triaged or proposed by itself, in the week of "
        "detection. Permitted is not done: nothing is carried out here.",
        table="kpis.weekly_coverage",
        rows=share_rows(COVERAGE, week, before),
        chart=stack("coverage", "Recommendations by week", read.week.trend, list(labels.values()), counts),
    )


def outcomes(read: Read) -> Shares:
    """How the responses ended, as recorded."""
    unfolded = [
        {"week": row["week"], "incident_id": incident_id, "outcome": row["outcome"]}
        for row in read["outcomes"]
        for incident_id in row["incident_ids"]
    ]
    own = read.week.name
    others = sorted({row["outcome"] for row in unfolded} - set(OUTCOMES))
    kinds = (*OUTCOMES, *others)
    rows = share_rows(
        [(shown(role_words(kind), LABEL_MAX), "", _is_outcome(kind)) for kind in kinds],
        sorted((row for row in unfolded if row["week"] == own), key=lambda row: row["incident_id"]),
        [row for row in unfolded if row["week"] != own],
    )
    counts = Counter((row["week"], shown(role_words(row["outcome"]), LABEL_MAX)) for row in unfolded)
    return Shares(
        name="outcomes",
        title="Playbook outcomes",
        meaning="What was recorded of how the response ended, in the week of detection.",
        table="kpis.weekly_outcomes",
        rows=rows,
        chart=stack("outcomes", "Outcomes by week", read.week.trend, [row.label for row in rows], counts),
    )


def _is_outcome(kind: str) -> Any:
    return lambda row: row["outcome"] == kind


def approvals(read: Read) -> Shares:
    """How often somebody is asked, and each role."""
    week, before = by_week(read, "recommended")
    roles = sorted({role for row in (*week, *before) for role in row["approvers"] or ()})
    rows = share_rows(
        [
            (
                "any approval",
                "the decision of record needs at least one approver",
                lambda row: row["mode"] == "approval_required",
            ),
            *((shown(role_words(role), LABEL_MAX), "", _asks(role)) for role in roles),
        ],
        week,
        before,
    )
    return Shares(
        name="approvals",
        title="Approval load",
        meaning="Whom the decisions of the active playbook ask to approve, or name as answerable, in the "
        "week of detection.",
        table=DECISIONS,
        rows=rows,
    )


def _asks(role: str) -> Any:
    return lambda row: role in (row["approvers"] or ())
