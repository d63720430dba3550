"""Lays a change and the figures out as rows of old and new, from which every format draws its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from evidence.handoff.words import role_words, to_second
from evidence.times import duration
from simulator.comparison.model import Change, Decided
from simulator.comparison.rendering.change_words import MODE_WORDS
from simulator.comparison.summary_model import PairedCount, Summary

P_SHOWN_MIN = Decimal("0.0001")  # a smaller p is said to be below it; the JSON has its digits


@dataclass(frozen=True, slots=True)
class Row:
    """One property of a decision under both bundles; names where it is a list, otherwise one text."""

    label: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    nothing: str = ""

    @property
    def is_changed(self) -> bool:
        """Whether the two differ."""
        return self.old != self.new

    @property
    def is_list(self) -> bool:
        """Whether single names may have come or gone."""
        return bool(self.nothing)

    @property
    def words(self) -> tuple[str, str]:
        """Both sides, each in one text."""
        return ", ".join(self.old) or self.nothing, ", ".join(self.new) or self.nothing


@dataclass(frozen=True, slots=True)
class Figure:
    """How many incidents have a property under both bundles; bounds in percentage points, None: too few."""

    label: str
    counted: PairedCount
    is_tested: bool

    @property
    def difference(self) -> str:
        """Candidate minus baseline; nought has no sign."""
        difference = self.counted.candidate_count - self.counted.baseline_count
        return f"{difference:+d}" if difference else "0"

    @property
    def is_moved(self) -> bool:
        """Whether any incident gains or loses it."""
        return bool(self.counted.gained_count or self.counted.lost_count)

    @property
    def moves(self) -> str:
        """How many gain and how many lose it, which the difference alone would hide."""
        if not self.is_moved:
            return "none differs"
        return f"{self.counted.gained_count} gained, {self.counted.lost_count} lost"

    @property
    def points(self) -> tuple[Decimal, Decimal] | None:
        """The interval in percentage points."""
        interval = self.counted.difference
        return None if interval is None else (_points(interval.low), _points(interval.high))

    @property
    def observed(self) -> Decimal:
        """The difference in percentage points."""
        total = self.counted.incident_count
        change = self.counted.candidate_count - self.counted.baseline_count
        return Decimal(change * 100) / total if total else Decimal(0)

    @property
    def interval(self) -> str:
        """The interval as text."""
        if self.points is None:
            return "too few"
        low, high = self.points
        return f"{low:+} to {high:+}"

    @property
    def test(self) -> str:
        """The p of the exact test, where one is asked."""
        if not self.is_tested or self.counted.p_value is None:
            return ""
        p = Decimal(self.counted.p_value)
        told = p.quantize(P_SHOWN_MIN, rounding=ROUND_HALF_EVEN).normalize()
        return f"p < {P_SHOWN_MIN}" if p < P_SHOWN_MIN else f"p = {told:f}"


def figures(summary: Summary) -> tuple[Figure, ...]:
    """Approval load first, then automation, then what reviewers say."""
    return (
        Figure("need an approval", summary.approval_required, False),
        Figure("would change a running system", summary.active, False),
        Figure("would do so unattended", summary.unattended, False),
        Figure("begin automatically", summary.automatic, False),
        Figure("decided as the reviewer says", summary.labelled_right, True),
    )


def change_rows(change: Change) -> tuple[Row, ...]:
    """What a reviewer asks about first: the decision, who is asked, when; then what is not known."""
    return tuple(_rows(change.baseline, change.candidate))


def glance_rows(change: Change) -> tuple[Row, Row]:
    """The decision, and who is asked in which mode, each in few words."""
    old, new = change.baseline, change.candidate
    return (
        _row("decision", old, new, lambda each: each.action),
        _row("asked", old, new, _asked),
    )


def _asked(decided: Decided) -> str:
    roles = ", ".join(role_words(role) for role in decided.approvers)
    words = {"automatic": "automatic", "policy_gated": "policy check", "approval_required": "approval"}
    return f"{words[decided.mode]}: {roles}" if roles else words[decided.mode]


def grade_row(change: Change) -> Row:
    """Severity, confidence and impact, each on its own scale."""
    return _row("graded", change.baseline, change.candidate, _graded)


def decision_words(decided: Decided) -> str:
    """Option and action."""
    return f"{decided.option}: {decided.action}"


def _rows(old: Decided, new: Decided) -> Iterator[Row]:
    yield _row("decision", old, new, decision_words)
    if old.target != new.target:
        yield _row("target", old, new, lambda each: each.target or "none")
    yield _row("mode", old, new, lambda each: MODE_WORDS[each.mode])
    yield Row("approvers", old.approvers, new.approvers, nothing="nobody")
    is_close = old.decided_at != new.decided_at and to_second(old.decided_at) == to_second(new.decided_at)
    yield _row("decided", old, new, lambda each: _moment(each, is_close))
    if old.missing_context or new.missing_context:
        yield Row("context missing", old.missing_context, new.missing_context, nothing="nothing")
    yield Row("unknown then", old.unknowns, new.unknowns, nothing="nothing")


def _row(label: str, old: Decided, new: Decided, words: Callable[[Decided], str]) -> Row:
    return Row(label, (words(old),), (words(new),))


def _moment(decided: Decided, is_exact: bool) -> str:
    at = decided.decided_at if is_exact else to_second(decided.decided_at)
    seconds = decided.time_to_decision_seconds
    if seconds is None:
        return at
    return f"{at} (first signal {'+' if seconds >= 0 else '-'} {duration(abs(seconds))})"


def _graded(decided: Decided) -> str:
    severity = "unknown" if decided.severity is None else decided.severity
    return f"severity {severity}, confidence {decided.confidence}, impact {decided.impact}"


def _points(share: str) -> Decimal:
    return (Decimal(share) * 100).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN)
