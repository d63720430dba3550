"""What arrives after a week's end restates the week, and the report says which figures, because of what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest

from evidence.report import Report
from evidence.report.model import Restated, Spread
from evidence.report.words import spread_words

from .made import SECOND, Made, at, reported

WEEK, CUT = "2026-W10", at("2026-03-09T00:00")
TUESDAY, DAY = at("2026-03-03T09:00"), 86_400 * SECOND
KNOWN = Made("inc-known", TUESDAY)


def figures(report: Report) -> dict[str, tuple[str, str]]:
    """What each restated figure was and is."""
    return {each.figure: (each.known, each.now) for each in report.restatement.figures}


def test_a_week_in_which_all_arrived_in_time_is_not_restated() -> None:
    """And the report says so."""
    report = reported([KNOWN], WEEK)
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
    assert {"time to detect, cart", "time to detect, unknown"} == set(figures(report))
    (told,) = report.restatement.incidents
    assert ("Its service was “unknown”, and is “cart”.",) == told.reasons
    assert 1 == told.late_count


def test_a_record_that_arrives_a_nanosecond_before_the_cut_is_in_time() -> None:
    """The week ends with its last nanosecond."""
    moved = replace(KNOWN, states=((TUESDAY, None, 5), (CUT - 1, "cart", 5)))
    assert () == reported([moved], WEEK).restatement.figures


def test_a_late_record_that_changes_nothing_restates_nothing() -> None:
    """It is not named either."""
    same = replace(KNOWN, states=((TUESDAY, "cart", 5), (CUT + DAY, "cart", 5)))
    assert ((), ()) == (lambda found: (found.figures, found.incidents))(reported([same], WEEK).restatement)


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
    assert "Its decision was none, and is an active action, policy-gated." in told.reasons


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

    return replace(
        made,
        states=states,
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
            )
        )
    return incidents


@pytest.mark.parametrize("seed", range(8))
def test_what_was_known_is_what_tables_of_then_said(seed: int) -> None:
    """A report of tables that hold only what had arrived has the figures that are told as known."""
    history = random_history(seed)
    now = reported(history, WEEK)
    then = reported([made for each in history if (made := as_of_cut(each))], WEEK)
    known = {each.figure: each.known for each in now.restatement.figures if "coverage" not in each.figure}
    assert known
    assert known == {each.figure: each.now for each in _named(then, known)}


def _named(then: Report, names: Iterable[str]) -> list[Restated]:
    """The figures of those names as `then` has them, told as restated ones are."""
    found = {name: Spread() for name in names}
    for times in then.times:
        for row in times.rows:
            name = times.title.lower() + ("" if row.dimension == "all" else f", {row.label}")
            if name in found:
                found[name] = row.week
    return [Restated(figure=name, known="", now=spread_words(spread)) for name, spread in found.items()]
