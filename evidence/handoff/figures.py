"""The three figures, each on its own scale with its own word and basis; they are never put together."""

from __future__ import annotations

from evidence.decision.open_points import OPEN_POINTS
from evidence.handoff.claims import ClaimBook
from evidence.handoff.model import Figure, Statement
from evidence.handoff.words import (
    CONFIDENCE_WORDS,
    IMPACT_WORDS,
    SEVERITY_WORDS,
    counted,
    figure_word,
    listed,
)

_SEVERITY_COLUMNS = ("alertmanager", "falco", "pagerduty", "event_envelope", "opa", "watch")
# Column behind impact, and the column that says whether it adds to it.
_IMPACT_COLUMNS = {
    "criticality": "criticality",
    "environment": "environment",
    "customer_facing_count": "customer_facing_count",
    "error_rate_ppm": "is_error_rate_over_policy",
    "latency_ms": "is_latency_over_policy",
    "resource_pressure_ppm": "is_resource_pressure_over_policy",
    "impacted_route_count": "impacted_route_count",
    "hot_dependency": "is_dependency_hot",
}


def severity(book: ClaimBook) -> Figure:
    """How grave the sources say it is, 1 to 6."""
    value = book.case.decision["severity"]
    columns = tuple(f"severity_{source}" for source in _SEVERITY_COLUMNS)
    return Figure(
        name="severity",
        value=value,
        maximum=6,
        word=SEVERITY_WORDS.get(value, "not stated"),
        meaning="How grave the sources themselves say it is.",
        basis=_carried(book, columns) or (_derived(book, "No source stated a severity.", "severity"),),
    )


def confidence(book: ClaimBook) -> Figure:
    """How far the evidence carries, 0 to 100."""
    case = book.case
    state, value = case.state, case.decision["confidence"]
    spoken = (
        _derived(
            book,
            f"{counted(state['signal_source_count'], 'independent tool')} signalled, with "
            f"{counted(state['signal_count'], 'distinct signal')}.",
            "signal_source_count",
        ),
    )
    doubted = (_derived(book, _doubts(state["gap_count"], state["contradiction_count"]), "gap_count"),)
    return Figure(
        name="confidence",
        value=value,
        maximum=100,
        word=figure_word(value, CONFIDENCE_WORDS),
        meaning="How far the evidence carries: trust in sources, corroboration, level of detections.",
        # The blank state counts no gaps: there is nothing that they could lower.
        basis=spoken if case.is_blank else (*spoken, *doubted),
    )


def impact(book: ClaimBook) -> Figure:
    """How much is at stake, 0 to 100."""
    state, value = book.case.state, book.case.decision["impact"]
    columns = tuple(column for column, adds in _IMPACT_COLUMNS.items() if state[adds])
    return Figure(
        name="impact",
        value=value,
        maximum=100,
        word=figure_word(value, IMPACT_WORDS),
        meaning="What is at stake: criticality, environment, customer-facing reach, telemetry.",
        basis=(*_carried(book, columns), *_assumed(book))
        or (_derived(book, "Nothing that adds to impact is known.", "impact"),),
    )


def _assumed(book: ClaimBook) -> tuple[Statement, ...]:
    """What is not known counts as the worst that it could be."""
    return tuple(
        _derived(book, f"{OPEN_POINTS[column].what} is not known, and counts as the worst.", column)
        for column in ("criticality", "environment", "customer_facing_count")
        if book.case.state[column] is None and not book.case.is_blank  # which is not graded
    )


def _doubts(gap_count: int, contradiction_count: int) -> str:
    found = [counted(gap_count, "gap") + " in the evidence"] if gap_count else []
    found += (
        [counted(contradiction_count, "contradiction") + " between sources"] if contradiction_count else []
    )
    if not found:
        return "No gap in the evidence and no contradiction between sources is known."
    return f"Lowered by {listed(found)}."


def _carried(book: ClaimBook, columns: tuple[str, ...]) -> tuple[Statement, ...]:
    claims = [book.by_column[column] for column in columns if column in book.by_column]
    return tuple(Statement(sentence=book.claims[number - 1].sentence, claims=(number,)) for number in claims)


def _derived(book: ClaimBook, sentence: str, column: str) -> Statement:
    return Statement(sentence=sentence, derived_from=f"{book.case.state_place}: {column}")
