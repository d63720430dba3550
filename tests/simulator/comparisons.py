"""Made-up comparisons: small, whole and consistent, for what writes or reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from simulator.comparison.model import (
    BundleRef,
    Change,
    ChangeClass,
    ChangeKind,
    ClauseChange,
    ClauseEvidence,
    Comparison,
    Decided,
    HistoryRef,
    LabelEffect,
    Parting,
    Responsibility,
    StaticWeakening,
)
from simulator.comparison.statistics import mcnemar_p, share_interval
from simulator.comparison.summary_model import Interval, PairedCount, RoleLoad, Summary, TimeShift
from simulator.weakening.findings import Finding
from tests.simulator.policies.compared import POLICIES

from .made_detections import ANCHOR, DETECTIONS

CLAUSES = (
    ClauseChange(
        id="actions.restart.mode", kind="matrix", old="approval_required", new="automatic", can_decide=True
    ),
    ClauseChange(
        id="rules.crash-loop", kind="rule", old=None, new="when is_crashing: restart 50", can_decide=True
    ),
    ClauseChange(
        id="rules.old-alert", kind="rule", old="when known(node): drain 60", new=None, can_decide=True
    ),
    ClauseChange(id="title", kind="title", old="First", new="Second", can_decide=False),
)
WEAKENINGS = (
    StaticWeakening(
        id="actions.restart.mode",
        action="restart",
        kind="mode",
        what="restart begins as automatic; it was approval_required",
        witness="environment=production, severity=1",
        finding=Finding.APPROVAL_REMOVED,
        redirected=None,
        is_approval=True,
        is_allowed=False,
    ),
    StaticWeakening(
        id="actions.drain.floor",
        action="drain",
        kind="floor",
        what="drain is admissible from confidence 40; it was 60",
        witness="",
        finding=Finding.SAFETY_WEAKENED,
        redirected=None,
        is_approval=False,
        is_allowed=False,
    ),
    StaticWeakening(
        id="actions.scale.approvers",
        action="scale",
        kind="approvers",
        what="scale no longer asks cloud_team",
        witness="",
        finding=Finding.APPROVAL_REMOVED,
        redirected=None,
        is_approval=True,
        is_allowed=True,
    ),
)


def decided(**fields: Any) -> Decided:
    """A restart that needs an approval, decided a minute after the first signal."""
    return Decided(
        **{
            "option": "contain",
            "action": "restart",
            "target": "cart",
            "mode": "approval_required",
            "approvers": ("app_owner",),
            "basis": "committed",
            "moment": 4,
            "decided_at": "2026-01-05T08:01:00Z",
            "time_to_decision_seconds": 60,
            "severity": 4,
            "confidence": 70,
            "impact": 40,
            "effect_points": 50,
            "matched_rules": ("crash-loop",),
            "missing_context": (),
            "unknowns": ("is_mfa",),
            "preferred_action": None,
            **fields,
        }
    )


def change(incident_id: str = "inc-1", **fields: Any) -> Change:
    """A change of the decision that weakens an approval, attributed to one clause."""
    return Change(
        **{
            "incident_id": incident_id,
            "title": "Cart crashes again and again",
            "kind": ChangeKind.DECISION,
            "classes": (ChangeClass.APPROVAL_WEAKENING,),
            "reasons": (
                "For restart in that state the baseline demands approval by app_owner;"
                " the candidate demands nothing.",
            ),
            "baseline": decided(),
            "candidate": decided(mode="automatic", approvers=(), unknowns=("is_mfa", "owner")),
            "demanded_mode": "approval_required",
            "demanded_approvers": ("app_owner",),
            "parting": Parting(
                known_at="2026-01-05T08:01:00Z",
                baseline_action="restart",
                baseline_mode="approval_required",
                baseline_approvers=("app_owner",),
                candidate_action="restart",
                candidate_mode="automatic",
                candidate_approvers=(),
                is_hindsight=False,
            ),
            "label": LabelEffect.STILL_RIGHT,
            "expected_option": "contain",
            "responsible": Responsibility(
                minimal_sets=(("actions.restart.mode",),),
                necessary=("actions.restart.mode",),
                is_exhaustive=True,
            ),
            "evidence": (
                ClauseEvidence(
                    clause="actions.restart.mode",
                    column="environment",
                    source="falco",
                    known_at="2026-01-05T08:00:30Z",
                    anchor=ANCHOR,
                ),
            ),
            **fields,
        }
    )


def paired(count: int, before: int, gained: int, lost: int) -> PairedCount:
    """As a summary counts it."""
    bounds = share_interval(gained, lost, count)
    return PairedCount(
        incident_count=count,
        baseline_count=before,
        candidate_count=before + gained - lost,
        gained_count=gained,
        lost_count=lost,
        difference=Interval(low=bounds[0], high=bounds[1]) if bounds else None,
        p_value=mcnemar_p(gained, lost),
    )


def summary(count: int = 8, **fields: Any) -> Summary:
    """Of eight incidents three decisions change, one path, and one only in what is said of it."""
    return Summary(
        **{
            "incident_count": count,
            "same_count": 3,
            "decision_count": 3,
            "path_count": 1,
            "cosmetic_count": 1,
            "classes": {"approval-weakening": 1, "safer": 1, "timing": 1, "cosmetic": 1},
            "all_classes": {"approval-weakening": 1, "safer": 1, "timing": 1, "cosmetic": 1},
            "time_to_decision": TimeShift(
                incident_count=count,
                earlier_count=0,
                later_count=1,
                same_count=count - 1,
                median_seconds=0,
                p90_seconds=90,
                median_interval=Interval(low="0", high="90"),
            ),
            "approval_required": paired(count, 3, 0, 2),
            "role_loads": (RoleLoad(role="app_owner", baseline_count=3, candidate_count=1),),
            "automatic": paired(count, 5, 2, 0),
            "active": paired(count, 4, 0, 1),
            "unattended": paired(count, 0, 1, 0),
            "labelled_right": paired(4, 3, 0, 1),
            "unlabelled_count": count - 4,
            "minimum_detectable_difference": None,
            "notes": ("too few labelled incidents: with 4 the test rejects nothing, whatever changes.",),
            **fields,
        }
    )


def changes() -> tuple[Change, ...]:
    """One of each kind, and three classes of changed decisions, in order of incident."""
    return (
        change(),
        change(
            "inc-2",
            title="Node runs hot",
            classes=(ChangeClass.SAFER,),
            reasons=("drain (reaches node, compensable) before, gather_logs (changes nothing) now.",),
            baseline=decided(option="isolate", action="drain", target="node-7", approvers=("cloud_team",)),
            candidate=decided(
                option="enrich", action="gather_logs", target="node-7", mode="automatic", approvers=()
            ),
            label=LabelEffect.REGRESSES,
            expected_option="isolate",
            responsible=Responsibility(
                minimal_sets=(("rules.old-alert",), ("actions.restart.mode", "rules.crash-loop")),
                necessary=("rules.old-alert",),
                is_exhaustive=False,
            ),
            evidence=(),
        ),
        change(
            "inc-3",
            title="Cart is slow",
            classes=(ChangeClass.TIMING,),
            reasons=("Decided 90 s later.",),
            candidate=decided(decided_at="2026-01-05T08:02:30Z", time_to_decision_seconds=150, moment=6),
            label=LabelEffect.UNLABELLED,
            expected_option=None,
            responsible=None,
            evidence=(),
        ),
        change(
            "inc-4",
            title="Search is slow",
            kind=ChangeKind.PATH,
            classes=(),
            reasons=("The same decision in the end, by another path.",),
            candidate=decided(),
            parting=Parting(
                known_at="2026-01-05T08:00:10Z",
                baseline_action=None,
                baseline_mode=None,
                baseline_approvers=(),
                candidate_action="gather_logs",
                candidate_mode="automatic",
                candidate_approvers=(),
                is_hindsight=False,
            ),
            responsible=None,
            evidence=(),
        ),
        change(
            "inc-5",
            title="Payments wait",
            kind=ChangeKind.COSMETIC,
            classes=(ChangeClass.COSMETIC,),
            reasons=("The same decision; other confidence.",),
            candidate=decided(confidence=75),
            parting=None,
            responsible=None,
            evidence=(),
        ),
    )


def comparison(**fields: Any) -> Comparison:
    """A whole comparison of two made-up bundles over eight incidents."""
    return Comparison(
        **{
            "baseline": BundleRef(
                reference="git:origin/main", name="v3", digest="c" * 64, rule_count=5, action_count=4
            ),
            "candidate": BundleRef(
                reference="playbooks/v3", name="v3", digest="d" * 64, rule_count=5, action_count=4
            ),
            "history": HistoryRef(digest="e" * 64, incident_count=8, as_of=None, has_horizons=True),
            "clauses": CLAUSES,
            "weakenings": WEAKENINGS,
            "changed": changes(),
            "summary": summary(),
            "detections": DETECTIONS,
            "policies": POLICIES,
            **fields,
        }
    )


def unchanged(**fields: Any) -> Comparison:
    """A comparison in which no incident differs."""
    nothing = summary(
        same_count=8,
        decision_count=0,
        path_count=0,
        cosmetic_count=0,
        classes={},
        all_classes={},
        time_to_decision=TimeShift(
            incident_count=8,
            earlier_count=0,
            later_count=0,
            same_count=8,
            median_seconds=0,
            p90_seconds=0,
            median_interval=Interval(low="0", high="0"),
        ),
        labelled_right=paired(4, 3, 0, 0),
    )
    same = {"detections": None, "policies": None}
    return comparison(**{"changed": (), "weakenings": (), "summary": nothing, **same, **fields})


def with_text_everywhere(made: Comparison, text: str) -> Comparison:
    """The comparison with the text in every field that takes any."""
    document = made.model_dump(mode="json")
    for place, key in list(_leaves(document)):
        before = place[key]
        place[key] = text
        try:
            Comparison.model_validate(document)
        except ValidationError:
            place[key] = before
    return Comparison.model_validate(document)


def _leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """Where texts stand in a document: the list or object, and the place in it."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, str):
            yield value, key
        elif isinstance(item, dict | list):
            yield from _leaves(item)
