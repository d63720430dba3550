"""What arrives after a week's end restates the week, and the report says which figures, because of what."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from random import Random

import pytest

from evidence.report import Report, parse_week
from evidence.report.model import Spread
from evidence.report.reading import prepare, read
from evidence.report.sides import NOW, THEN, Key
from evidence.report.sides import figures as sided_figures

from .made import SECOND, Made, at, opened, reported, window_end

WEEK, CUT = "2026-W10", at("2026-03-09T00:00")
TUESDAY, DAY = at("2026-03-03T09:00"), 86_400 * SECOND
KNOWN = Made("inc-known", TUESDAY)
ONE = "n = 1, too few for an interval"
RECORDS = ("data quality, records", "data quality, evidence")


def figures(report: Report) -> dict[str, tuple[str, str]]:
    """What each restated figure was and is."""
    return {each.figure: (each.known, each.now) for each in report.restatement.figures}


def test_a_week_in_which_all_arrived_in_time_is_not_restated() -> None:
    """And the report says so."""
    report = reported([KNOWN, Made("inc-next", CUT + DAY)], WEEK)
    assert ((), ()) == (report.restatement.figures, report.restatement.incidents)
    assert "Nothing that arrived after the week's end has changed its figures." in report.changes


def test_an_incident_of_which_nothing_had_arrived_is_added() -> None:
    """Its exports came four days after the week: every figure without it was known, with it is now."""
    late = Made("inc-late", TUESDAY, states=((CUT + 4 * DAY, "checkout-api", 5),))
    report = reported([KNOWN, late], WEEK)
    found = figures(report)
    assert ("1", "2") == found["coverage, incidents"]
    assert "n = 1" in found["time to detect"][0]
    assert "n = 2" in found["time to detect"][1]
    (told,) = report.restatement.incidents
    assert ("inc-late", ("Nothing of it had arrived when the week ended.",)) == (
        told.incident_id,
        told.reasons,
    )
    assert (1, 1) == (told.late_count, len(told.records))
    assert (
        "Falco “Terminal shell” of 2026-03-03T09:00:00Z, known only at 2026-03-13T00:00:00Z: record 0 of "
        "“inc-late/falco.jsonl”." == told.records[0]
    )


def test_a_late_record_that_says_another_service_moves_the_incident() -> None:
    """Both services' figures are restated, the week's is not; the first record was in time."""
    moved = replace(KNOWN, states=((TUESDAY, None, 5), (CUT, "cart", 5)))
    report = reported([moved], WEEK)
    assert {"time to detect, cart", "time to detect, unknown", *RECORDS} == set(figures(report))
    (told,) = report.restatement.incidents
    assert "Its service was “unknown”, and is “cart”." == told.reasons[0]
    assert 1 == told.late_count


def test_a_record_that_arrives_a_nanosecond_before_the_cut_is_in_time() -> None:
    """The week ends with its last nanosecond."""
    moved = replace(KNOWN, states=((TUESDAY, None, 5), (CUT - 1, "cart", 5)))
    assert () == reported([moved], WEEK).restatement.figures


def test_a_late_record_that_decides_nothing_restates_the_records_alone() -> None:
    """It is counted and told: how many, of which tool, known when, and that the decision stays."""
    same = replace(KNOWN, states=((TUESDAY, "cart", 5), (CUT + DAY, "cart", 5)))
    report = reported([same, Made("inc-other", TUESDAY)], WEEK)
    assert dict.fromkeys(RECORDS, ("2", "3")) == figures(report)
    assert {("inc-known",)} == {each.incidents for each in report.restatement.figures}
    (told,) = report.restatement.incidents
    assert ("Records of it came late; its decision stays what it was.",) == told.reasons
    assert "1 record of Falco, known at 2026-03-10T00:00:00Z" == told.arrivals == report.restatement.arrivals
    assert 1 == report.restatement.late_count


def test_a_late_export_that_decides_otherwise_restates_every_section() -> None:
    """Watching was recommended when the week ended; a late record let the playbook act, and ask for it."""
    late = replace(
        KNOWN,
        states=((TUESDAY, "cart", 5), (CUT + DAY, "cart", 5)),
        first_action="gather_logs_and_traces",
        mode="approval_required",
        decided_after=0,
        mitigated_after=None,
        gaps=((TUESDAY, "clock_skewed"), (CUT, "partial_result")),
    )
    assert {
        "time to decision": (f"0 s, {ONE}", f"159 h, {ONE}"),
        "time to decision, approval required": ("none", f"159 h, {ONE}"),
        "time to decision, automatic": (f"0 s, {ONE}", "none"),
        "coverage, approval-gated": ("0", "1"),
        "coverage, no active action": ("1", "0"),
        "approval load, any approval": ("0", "1"),
        "approval load, app owner": ("0", "1"),
        "known gap, partial result": ("0", "1"),
        **dict.fromkeys(RECORDS, ("1", "2")),
    } == figures(reported([late], WEEK))
    (told,) = reported([late], WEEK).restatement.incidents
    assert (
        "Its decision was “gather logs and traces” (no active action), and is “roll back the release” "
        "(approval required, asking “app owner”)." == told.reasons[0]
    )


def test_an_outcome_of_a_later_action_was_not_recorded_then() -> None:
    """The action was taken on the Monday after; by the week's end nobody could know how it ended."""
    later = replace(KNOWN, acted_after=7 * 86_400)
    found = figures(reported([later], WEEK))
    assert {"outcomes, succeeded": ("0", "1"), "outcomes, unrecorded": ("1", "0")} == found


def test_an_incident_resolved_later_was_open_then() -> None:
    """It counted as open in this week, and counts in the week of its resolution now."""
    slow = Made("inc-slow", TUESDAY, resolved_after=7 * 86_400)
    report = reported([KNOWN, slow], WEEK)
    assert ("1 h, n = 1 (1 open), too few for an interval", "1 h, n = 1, too few for an interval") == figures(
        report
    )["time to resolve"]
    (told,) = report.restatement.incidents
    assert (
        "It was resolved after the week's end, at 2026-03-10T09:00:00Z, and counts in 2026-W11 for that.",
    ) == told.reasons
    assert (0, ()) == (told.late_count, told.records)


def test_a_decision_of_late_evidence_restates_the_coverage() -> None:
    """When the week ended nothing was recommended yet; the incident was known."""
    late = replace(KNOWN, decided_after=10 * 86_400)
    report = reported([late], WEEK)
    found = figures(report)
    assert ("0", "1") == found["coverage, policy-gated"]
    assert ("1", "0") == found["coverage, no active action"]
    (told,) = report.restatement.incidents
    assert (
        "Its decision was none, and is “roll back the release” (policy-gated, asking “app owner”)."
        in told.reasons
    )


def test_a_review_restates_nothing() -> None:
    """Reviewers answer when the week is over; the quality review says so."""
    reviewed = replace(KNOWN, answer=True, labelled_at=CUT + DAY)
    report = reported([reviewed], WEEK)
    assert () == report.restatement.figures
    assert ("inc-known",) == report.review.after_cut


def as_of_cut(made: Made) -> Made | None:
    """The incident as tables would hold it that were built when the week ended; None: it was not there."""
    states = tuple(state for state in made.known if state[0] < CUT)
    if not states:
        return None

    def past(seconds: int | None) -> int | None:
        return seconds if seconds is not None and made.detected_at + seconds * SECOND < CUT else None

    is_acted = made.acted_after is None or past(made.acted_after) is not None
    is_decided = made.first_action == "" or len(states) == len(made.known)
    return replace(
        made,
        states=states,
        outcome=made.outcome if is_acted else None,
        acted_after=past(made.acted_after),
        action=made.action if is_decided else made.first_action,
        mode=made.mode if is_decided else "automatic",
        first_action=made.first_action if is_decided else "",
        gaps=tuple(gap for gap in made.gaps if gap[0] < CUT),
        refused_count=made.refused_count if window_end(made) < CUT else 0,
        mitigated_after=past(made.mitigated_after),
        resolved_after=past(made.resolved_after),
    )


def random_history(seed: int) -> list[Made]:
    """Incidents of the week and the one before, records of which arrive within a fortnight."""
    draw = Random(seed)
    incidents = []
    for number in range(25):
        detected = CUT - draw.randrange(1, 10 * 86_400) * SECOND
        arrivals = sorted(
            detected + draw.randrange(14 * 86_400) * SECOND for _ in range(draw.randrange(1, 4))
        )
        states = tuple(
            (known, draw.choice([None, "cart", "search"]), draw.choice([None, 3, 5])) for known in arrivals
        )
        incidents.append(
            Made(
                f"inc-{number:02d}",
                detected,
                started_before=draw.randrange(3000),
                mitigated_after=draw.choice([None, 60, 86_400, 500_000]),
                resolved_after=draw.choice([None, 3600, 200_000, 900_000]),
                incident_type=draw.choice(["rollout", "security"]),
                states=states,
                decided_after=0,
                first_action=draw.choice(["", "gather_logs_and_traces"])
                if arrivals[-1] > arrivals[0]
                else "",
                mode=draw.choice(["automatic", "policy_gated", "approval_required"]),
                outcome=draw.choice([None, "succeeded", "escalated"]),
                acted_after=draw.choice([None, 0, 500_000]),
                has_context=draw.random() < 0.8,
                gaps=tuple(
                    (detected + draw.randrange(14 * 86_400) * SECOND, kind)
                    for kind in ("clock_skewed", "partial_result")
                ),
                refused_count=draw.randrange(2),
            )
        )
    return incidents


@pytest.mark.parametrize("seed", range(5))
def test_what_was_known_is_what_tables_of_then_said(seed: int) -> None:
    """Tables that hold only what had arrived give every figure, of every section, that is told as known."""
    history = random_history(seed)
    known, now = both_sides(history)
    _, of_then = both_sides([made for each in history if (made := as_of_cut(each))])
    assert of_then == known
    assert now != known


def both_sides(history: list[Made]) -> list[dict[Key, Spread | int]]:
    """The figures of the week as known at its end and now; those of nothing are left out."""
    connection = opened(history)
    prepare(connection)
    rows, nothing = read(connection, parse_week(WEEK)), (0, Spread())
    return [
        {
            key: figure.value
            for key, figure in sided_figures(rows, side).items()
            if figure.value not in nothing
        }
        for side in (THEN, NOW)
    ]


def test_restated_figures_stand_in_the_order_of_the_report() -> None:
    """All of one thing together, whether it is one of then, of now or of both."""
    moved = Made(
        "inc-2",
        at("2026-03-03T10:00"),
        states=((at("2026-03-03T10:00"), "cart", 5), (at("2026-03-12T10:00"), "search", 2)),
        first_action="gather_logs_and_traces",
    )
    late = Made("inc-1", at("2026-03-03T09:00"), states=((at("2026-03-12T09:00"), "checkout-api", 5),))
    heads = [each.figure.partition(",")[0] for each in reported([moved, late], WEEK).restatement.figures]
    assert [head for head, _ in groupby(heads)] == list(dict.fromkeys(heads))
    assert {"time to detect", "time to decision", "coverage", "outcomes", "data quality"} <= set(heads)
