"""The worked example of the as-of barrier is what the recorded incident gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evidence.times import format_rfc3339

ROOT = Path(__file__).parents[2]
PAGE = "docs/explanation/as-of-barrier.md"
INCIDENT = "inc-0113-late-cloudtrail"
BEGIN = f"<!-- Written by `make golden` from {INCIDENT}; do not edit down to the end mark. -->\n"
END = "<!-- end of example -->"


def example(connection) -> str:
    """The incident's recommendations along its moments, and where its horizon lies."""
    [(horizon, action, hindsight)] = connection.execute(
        "select horizon_at, action, hindsight_action from decision.decisions where incident_id = ?",
        [INCIDENT],
    ).fetchall()
    rows = connection.execute(
        "select known_at, action, mode, is_hindsight, is_decision_of_record"
        " from decision.recommendations where incident_id = ? order by moment",
        [INCIDENT],
    ).fetchall()
    lines = ["| from | recommended | mode | |", "|---|---|---|---|"]
    for known_at, recommended, mode, is_hindsight, is_decision in rows:
        note = "hindsight" if is_hindsight else "**decision of record**" if is_decision else ""
        lines.append(f"| {format_rfc3339(known_at)} | `{recommended}` | {mode.replace('_', ' ')} | {note} |")
    return "\n".join(
        [
            "",
            *lines,
            "",
            f"The horizon lies at {format_rfc3339(horizon)}. The decision of record is `{action}`;",
            f"with all that arrived later it would have been `{hindsight}`.",
            "Both are published; only the first is a decision.",
            "",
        ]
    )


@pytest.mark.golden
def test_the_example_follows_from_the_recorded_incident(golden, recorded) -> None:
    """The page shows the incident's recommendations as they are computed."""
    between = re.compile(f"(?<={re.escape(BEGIN)}).*?(?={re.escape(END)})", re.DOTALL)
    text = (ROOT / PAGE).read_text()
    assert between.search(text)
    golden(PAGE, between.sub(lambda _: example(recorded), text))


def test_late_evidence_would_have_changed_the_example(recorded) -> None:
    """The incident shows what the page claims: hindsight recommends otherwise than the decision of record."""
    [(action, hindsight)] = recorded.execute(
        "select action, hindsight_action from decision.decisions where incident_id = ?", [INCIDENT]
    ).fetchall()
    assert action != hindsight
