"""Contracts of the replay tables: which replays there are, what each decided, and where two of them part."""

from __future__ import annotations

from expectations.contracts import Column, TableContract, bigint, boolean, integer, text, texts
from expectations.tables.decision import DECISIONS, MODES, OPTIONS, RECOMMENDATIONS

CHANGE_KINDS = ("cosmetic", "decision", "path")
CHANGE_CLASSES = (
    "aborted-by-policy",
    "approval-strengthening",
    "approval-weakening",
    "cosmetic",
    "lateral",
    "riskier",
    "safer",
    "timing",
)
LABEL_EFFECTS = ("fixes", "regresses", "still-right", "still-wrong", "unlabelled")

_RUN = text("run_id", "Replay: the first 16 hex digits of SHA-256 over history, moment and bundle.")

RUNS = TableContract(
    "replay.runs",
    "One row per replay: which playbook version decided which history, and the digest of what it decided.",
    (
        _RUN,
        text("playbook", "Playbook version."),
        text("bundle_digest", "SHA-256 of the bundle's content."),
        texts("policies", "Its policies, each with the first 12 digits of its digest."),
        text("history_digest", "SHA-256 over the states and incidents that were replayed."),
        bigint("as_of", "Only what was known by then; NULL: all. ns UTC.", is_nullable=True),
        integer("incident_count", "Incidents replayed."),
        integer("active_count", "Decisions that would change a running system."),
        integer("automatic_count", "Decisions that may begin automatically."),
        integer("approval_required_count", "Decisions that need an approval."),
        integer("right_count", "Labelled incidents decided as the reviewer says."),
        integer("labelled_count", "Labelled incidents."),
        text("result_digest", "SHA-256 over its decisions and recommendations."),
    ),
    key=("run_id",),
    row_count_min=1,
    once="intake.incidents",
)

DECISIONS_OF_RUNS = TableContract(
    "replay.decisions",
    "One row per replay and incident: the decision of record under that playbook version.",
    (_RUN, *DECISIONS.columns),
    key=("run_id", "incident_id"),
    row_count_min=1,
    once="intake.incidents",
)

RECOMMENDATIONS_OF_RUNS = TableContract(
    "replay.recommendations",
    "One row per replay, incident and change of the recommendation along its moments.",
    (_RUN, *RECOMMENDATIONS.columns),
    key=("run_id", "incident_id", "moment"),
    row_count_min=1,
    once="intake.incidents",
)


def _side(side: str, whose: str) -> tuple[Column, ...]:
    return (
        text(f"{side}_option", f"Option {whose}.", allowed=OPTIONS),
        text(f"{side}_action", f"Action {whose}."),
        text(f"{side}_mode", f"Mode {whose}.", allowed=MODES),
        texts(f"{side}_approvers", f"Approvers {whose}."),
        bigint(f"{side}_decided_at", f"When it was decided {whose}; ns UTC."),
    )


COMPARISONS = TableContract(
    "replay.comparisons",
    "One row per pair of playbook versions and incident that they decide, or get to decide, differently.",
    (
        text("baseline", "Playbook version that is compared against."),
        text("candidate", "Playbook version that is compared."),
        text("incident_id", "Incident."),
        text("baseline_run_id", "Replay of the baseline."),
        text("candidate_run_id", "Replay of the candidate."),
        text(
            "kind",
            "decision: another action, mode, approvers or moment; path: other recommendations on the way; "
            "cosmetic: only what is said about it.",
            allowed=CHANGE_KINDS,
        ),
        text(
            "change_class",
            "The class that names the change; NULL where only the path changed.",
            allowed=CHANGE_CLASSES,
            is_nullable=True,
        ),
        texts("classes", "All classes that fit, sorted."),
        *_side("baseline", "under the baseline"),
        *_side("candidate", "under the candidate"),
        bigint(
            "parted_at",
            "First moment at which the two recommend differently; ns UTC; NULL: never.",
            is_nullable=True,
        ),
        text("label_effect", "What it does to the agreement with the reviewer.", allowed=LABEL_EFFECTS),
        texts("responsible", "Minimal sets of clauses that turn the old decision into the new one."),
        boolean("is_exhaustive", "All such sets are named.", is_nullable=True),
    ),
    key=("baseline", "candidate", "incident_id"),
)

TABLES = (RUNS, DECISIONS_OF_RUNS, RECOMMENDATIONS_OF_RUNS, COMPARISONS)
