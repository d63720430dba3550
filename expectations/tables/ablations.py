"""Contract of the ablation table: what would have been decided without each source of evidence."""

from __future__ import annotations

from expectations.contracts import Column, TableContract, bigint, boolean, text, texts
from expectations.tables.decision import MODES, OPTIONS
from expectations.tables.intake import SOURCES

CATALOGUE = "service_catalogue"
DIFFERENCES = (
    "action",  # another action
    "approval",  # the same action, in another mode or with other approvers
    "moment",  # the same decision, earlier or later
    "none",
)


def _side(prefix: str, how: str) -> tuple[Column, ...]:
    return (
        text(f"{prefix}option", f"Option {how}.", allowed=OPTIONS),
        text(f"{prefix}action", f"Action {how}."),
        text(f"{prefix}mode", f"Mode {how}.", allowed=MODES),
        texts(f"{prefix}approvers", f"Approvers {how}."),
        bigint(f"{prefix}decided_at", f"When it is decided {how}; ns UTC."),
    )


ABLATIONS = TableContract(
    "replay.ablations",
    "One row per incident and source of its evidence: the active playbook's decision of record with all "
    "evidence, and as it would have been without that source.",
    (
        text("incident_id", "Incident."),
        text(
            "source",
            "Tool whose evidence is left out, with its gaps and refused records; service_catalogue: nothing "
            "is catalogued.",
            allowed=(*SOURCES, CATALOGUE),
        ),
        bigint("event_count", "Events that are left out; NULL for the catalogue.", is_nullable=True),
        text("difference", "The first of these that holds.", allowed=DIFFERENCES),
        boolean(
            "is_riskier",
            "Without the source it would reach further, or be the same action with less approval.",
        ),
        *_side("", "with all evidence"),
        *_side("without_", "without the source"),
        bigint("later_seconds", "By how much it is decided later without the source; negative: earlier."),
        text("bundle_digest", "SHA-256 of the content of the playbook that decided both."),
    ),
    key=("incident_id", "source"),
)

TABLES = (ABLATIONS,)
