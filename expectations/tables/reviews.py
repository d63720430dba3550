"""Contract of the reviews of incidents, which people add beside what tools export."""

from __future__ import annotations

from expectations.contracts import TableContract, bigint, boolean, text

REVIEWS = TableContract(
    "intake.reviews",
    "One row per review of an incident by a person. None is ever changed: of several the latest answer to "
    "each question counts. Hindsight to rules.",
    (
        text("incident_id", "Incident."),
        text("reviewed_by", "Who."),
        bigint("reviewed_at", "When; ns UTC."),
        boolean("signal_high_confidence", "Was the signal high-confidence?", is_nullable=True),
        boolean("enrichment_narrowed", "Did the enrichment narrow the decision correctly?", is_nullable=True),
        boolean("least_risky_effective", "Was the least risky effective action chosen?", is_nullable=True),
        boolean("responder_understood", "Could the responder understand why?", is_nullable=True),
        text("expected_option", "The option that would have been right.", is_nullable=True),
        text("expected_action", "The very action that would have been right.", is_nullable=True),
    ),
    key=("incident_id", "reviewed_by", "reviewed_at"),
)
