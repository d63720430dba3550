"""The page about *enrich* shows the decisions that the recorded incidents really got, and all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = "docs/explanation/why-enrich.md"
BEGIN = (
    "<!-- Written by `make golden` from the decisions over fixtures/. Do not edit down to the end mark. -->\n"
)
END = "<!-- end of the decisions -->"
# The best active action of each incident that was enriched, if any has points, and what came of it.
BEST = """
select
    decisions.incident_id,
    decisions.action,
    decisions.has_minimum_context,
    decisions.missing_context,
    scores.action as active_action,
    scores.effect_points,
    scores.need_points,
    scores.is_effective,
    scores.is_confidence_sufficient,
    decisions.confidence
from decision.decisions as decisions
left join (
    from decision.option_scores
    where is_active and effect_points > 0
    qualify row_number() over (partition by incident_id order by effect_points desc, action) = 1
) as scores using (incident_id)
where decisions.option = 'enrich'
order by decisions.incident_id
"""


def _why(row: dict) -> str:
    """What kept it from more, in the words of the page's list."""
    supported = (
        f"`{row['active_action']}` has {row['effect_points']} of {row['need_points']} points"
        if row["active_action"]
        else "no rule supports a change"
    )
    if not row["has_minimum_context"]:
        missing = ", ".join(each.replace("_", " ") for each in row["missing_context"])
        return f"minimum context lacks {missing}; {supported}"
    if row["is_effective"] and not row["is_confidence_sufficient"]:
        return f"confidence {row['confidence']} lies below its floor; {supported}"
    return supported


def _table(connection) -> str:
    rows = connection.sql(BEST).to_arrow_table().to_pylist()
    lines = [f"| `{row['incident_id']}` | `{row['action']}` | {_why(row)} |" for row in rows]
    return "\n".join(
        ["", "| incident | recommended | what kept it from more |", "|---|---|---|", *lines, "", ""]
    )


@pytest.mark.golden
def test_the_decisions_shown_are_those_of_the_fixtures(golden: Callable[[str, str], None], recorded) -> None:
    """One row for each incident that the active playbook enriches."""
    text = (ROOT / PAGE).read_text()
    between = re.compile(f"(?<={re.escape(BEGIN)}).*?(?={re.escape(END)})", re.DOTALL)
    assert between.search(text)
    golden(PAGE, between.sub(lambda _: _table(recorded), text))


def test_only_what_the_page_lists_leads_there(recorded) -> None:
    """An effective action that policy or a precondition refused is never answered with enrich."""
    refused = """
select distinct incident_id
from decision.option_scores
semi join (from decision.decisions where option = 'enrich') using (incident_id)
where is_active and is_effective and is_context_complete and is_confidence_sufficient
"""
    assert [] == recorded.sql(refused).fetchall()
    assert (
        recorded.sql("select count(*) from decision.decisions where option = 'enrich'").fetchall()[0][0] > 2
    )
