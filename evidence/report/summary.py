"""Says what changed in a week, one sentence each, and what its figures cannot say."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.handoff.words import counted, listed
from evidence.report.document import standing_words
from evidence.report.figures import named
from evidence.report.model import Report, Spread
from evidence.report.weeks import WEEKS_BEFORE
from evidence.report.words import STALLS, change_words, listed_counts, share_words

NAMED_MAX = 6
RESOLUTION = "time-to-resolve"
_SAID = {"no active action": "without an active action", "automated action": "automatic"}


def changes(report: Report) -> tuple[str, ...]:
    """What a reader on Monday must know, one sentence each."""
    return tuple(_changes(report))


def _changes(report: Report) -> Iterator[str]:
    if report.standing != "over":
        yield standing_words(report)
    if report.standing == "ahead":
        return
    yield _incidents(report)
    for times in report.times:
        first = times.rows[0]
        if first.week.n or first.week.open_count or first.week.excluded_count:
            yield change_words(times.title, first.week, first.before, WEEKS_BEFORE)
    if report.detected:
        yield _coverage(report)
        yield f"Outcomes: {listed_counts([(row.week.count, row.label) for row in report.outcomes.rows])}."
        yield _stalls(report)
        yield _reviewed(report)
        yield _evidence(report)
    if report.standing == "over" or report.restatement.figures:
        yield _restated(report)


def _incidents(report: Report) -> str:
    last = f"the week before had {report.last_week_count or 'none'}"
    if not report.detected:
        return f"No incident was detected this week; {last}."
    count = counted(len(report.detected), "incident")
    return f"{count} this week ({named(report.detected, NAMED_MAX)}); {last}."


def _coverage(report: Report) -> str:
    triage, *rest = report.coverage.rows
    told = listed_counts([(row.week.count, _SAID.get(row.label, row.label)) for row in rest])
    return f"Recommended: {told}; triaged without a person: {share_words(triage.week)}."


def _stalls(report: Report) -> str:
    if not report.stalls:
        return "The playbook stalled nowhere."
    told = [f"{STALLS[each.gate]} ({named(each.incidents, NAMED_MAX)})" for each in report.stalls]
    return f"The playbook stalled where {listed(told)}."


def _reviewed(report: Report) -> str:
    review, count = report.review, len(report.detected)
    answered = count - len(review.unlabelled)
    if not answered:
        return f"No reviewer has judged a decision yet: {counted(count, 'incident')} unlabelled."
    differs = ""
    if review.differs:
        differs = f"; another option was right in {named(review.differs, NAMED_MAX)}"
    odds = sorted({each.incident_id for each in review.disputes})
    at_odds = f"; they are at odds about {named(odds, NAMED_MAX)}" if odds else ""
    return f"Reviewers have judged {answered:,} of {counted(count, 'decision')}{differs}{at_odds}."


def _evidence(report: Report) -> str:
    quality = report.quality
    refused = f"none of {counted(quality.record_count, 'record')} was quarantined"
    if quality.quarantined_count:
        refused = f"{quality.quarantined_count:,} of {counted(quality.record_count, 'record')} quarantined"
    return f"Evidence: {refused}; minimum context complete in {share_words(quality.complete)}."


def _restated(report: Report) -> str:
    restated = report.restatement
    if restated.figures:
        whose = named([each.incident_id for each in restated.incidents], NAMED_MAX)
        return (
            f"Restated since the week ended: {counted(len(restated.figures), 'figure')}, because of {whose}."
        )
    if restated.late_count:
        return f"After the week's end came {restated.arrivals}; no figure that is compared has changed."
    return "Nothing that arrived after the week's end has changed its figures."


def unsaid(report: Report) -> tuple[str, ...]:
    """What a reader might take from the figures, and cannot."""
    return tuple(_unsaid(report))


def _unsaid(report: Report) -> Iterator[str]:
    if report.standing == "running":
        yield "Whether the rest of the week was quiet: nothing that arrived after it tells."
    few = [times.title.lower() for times in report.times if _is_too_few(times.rows[0].week)]
    if few:
        yield (
            f"Whether {listed(few)} became better or worse: of fewer than six measured incidents no interval "
            "reaches 95 %."
        )
    silent = [times.title.lower() for times in report.times if not times.rows[0].week.n]
    if silent:
        yield f"Anything about {listed(silent)} of this week: none was measured."
    yield from _missing(report)
    yield "What another playbook, or none, would have saved: recorded times are observed, none is computed."
    yield "Why a time became longer or shorter: weeks differ in their incidents, not only in the response."


def _missing(report: Report) -> Iterator[str]:
    still_open = next(times.rows[0].week.open_count for times in report.times if times.name == RESOLUTION)
    if still_open:
        yield f"How long {counted(still_open, 'open incident')} will take: in no figure until resolved."
    unlabelled = len(report.review.unlabelled)
    if unlabelled:
        verb = "was" if unlabelled == 1 else "were"
        yield f"Whether {counted(unlabelled, 'decision')} {verb} right: unlabelled, and nothing is filled in."
    unrecorded = next(row.week.count for row in report.outcomes.rows if row.label == "unrecorded")
    if unrecorded:
        yield f"How {counted(unrecorded, 'incident')} ended: nobody recorded an outcome."


def _is_too_few(spread: Spread) -> bool:
    return spread.n > 0 and spread.interval is None
