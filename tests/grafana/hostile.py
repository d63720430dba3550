"""Owns texts that try to leave their place in SQL, in psql's input or in a link, and tables full of them."""

from __future__ import annotations

from typing import Any

HOSTILE = (
    "'); drop schema evidence_kpis cascade; --",
    "\\'; drop table evidence_kpis.incidents; --",
    "E'\\",
    "ends in a backslash \\",
    "line\n\\! touch /tmp/owned\n\\.\n",
    "\\.\n\\q",
    "$$; select 1; $$",
    "${service:sqlstring} $__timeFilter(x) ${__all_variables}",
    ":variable :'variable' :\"variable\"",
    "tab\tand\rreturn\x1b[2Jescape\x7f",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "ünïcode ☃ 😀 \u202egnp.exe",
    '{braces} "quotes" `ticks` ,null,',
    "NULL",
)
NUL = "before\0after"
T0 = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z
MINUTE = 60_000_000_000


def hostile_tables() -> dict[str, list[dict[str, Any]]]:
    """One incident for each text, which is its title, service, environment, type and missing context."""
    texts = [*HOSTILE, NUL]
    ids = [f"inc-{number:04d}" for number in range(len(texts))]
    pairs = list(zip(ids, texts, strict=True))
    return {
        "intake.incidents": [
            {
                "incident_id": incident_id,
                "title": text,
                "incident_type": text,
                "outcome": "succeeded",
                "action_taken": text,
                "window_start": T0,
                "window_end": T0 + 60 * MINUTE,
                "started_at": T0,
                "detected_at": T0 + place * MINUTE,
                "mitigated_at": T0 + 30 * MINUTE,
                "resolved_at": T0 + 45 * MINUTE,
            }
            for place, (incident_id, text) in enumerate(pairs)
        ],
        "enrichment.incident_context": [
            {"incident_id": incident_id, "service": text, "environment": text, "severity": 4}
            for incident_id, text in pairs
        ],
        "decision.decisions": [
            {
                "incident_id": incident_id,
                "option": "contain",
                "action": "roll_back_release",
                "mode": "approval_required",
                "approvers": ["incident_commander", text],
                "missing_context": [text],
                "rung": 3,
                "decided_at": T0 + 20 * MINUTE,
                "time_to_decision_seconds": 90,
            }
            for incident_id, text in pairs
        ],
        "quality.completeness": [
            {"incident_id": incident_id, "gap": text, "source": "falco", "subject": "-", "gap_count": 2}
            for incident_id, text in pairs
        ],
    }
