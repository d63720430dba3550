"""Owns the sentences about a comparison as a whole; every layout takes them from here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evidence.handoff.words import counted
from evidence.times import duration
from simulator.comparison.model import Change, ChangeClass, ClauseChange, Comparison, StaticWeakening
from simulator.comparison.summary_model import RoleLoad, Summary, TimeShift
from simulator.weakening.findings import Finding

CLASS_MEANINGS: Mapping[ChangeClass, str] = {
    ChangeClass.APPROVAL_WEAKENING: (
        "needs less approval than the baseline demands for that same action in that state"
    ),
    ChangeClass.RISKIER: "its action reaches further or is harder to undo",
    ChangeClass.ABORTED_BY_POLICY: "policy denies what would have been chosen",
    ChangeClass.SAFER: "its action reaches less far or is easier to undo",
    ChangeClass.APPROVAL_STRENGTHENING: (
        "needs more approval than the baseline demands for that same action in that state"
    ),
    ChangeClass.LATERAL: "another action of the same reach",
    ChangeClass.TIMING: "the same at another time",
    ChangeClass.COSMETIC: "the same decision, of which something else is said",
}


def headline(summary: Summary) -> str:
    """How many decisions change, by class; how many more take another path; or that none does."""
    if not summary.incident_count:
        return "No history speaks: no incident was replayed, and so nothing is known of what would change."
    parts = [_decisions(summary)]
    if summary.path_count:
        gets = "gets" if summary.path_count == 1 else "get"
        more = " more" if summary.decision_count else ""
        parts.append(f"{summary.path_count}{more} {gets} there by another path")
    if summary.cosmetic_count:
        verb = "is" if summary.cosmetic_count == 1 else "are"
        parts.append(f"{summary.cosmetic_count} {verb} only described otherwise")
    return "; ".join(parts) + "."


def _decisions(summary: Summary) -> str:
    if not summary.decision_count:
        return f"No decision changes: {_all_of(summary.incident_count)} would be decided as before"
    verb = "changes" if summary.decision_count == 1 else "change"
    changed = f"{summary.decision_count} of {counted(summary.incident_count, 'decision')} {verb}"
    return f"{changed}: {', '.join(_class_counts(summary))}"


def _all_of(count: int) -> str:
    return "the one incident" if count == 1 else f"all {count} incidents"


def _class_counts(summary: Summary) -> Iterator[str]:
    """`4 approval-weakening` and so on, gravest first; cosmetic differences change no decision."""
    for each in ChangeClass:
        if summary.classes.get(each.value) and each is not ChangeClass.COSMETIC:
            yield f"{summary.classes[each.value]} {each.value}"


def label_sentence(comparison: Comparison) -> str:
    """What the change does to the agreement with the reviewers; empty where nothing was replayed."""
    summary, right = comparison.summary, comparison.summary.labelled_right
    if comparison.history.is_generated:
        return "Incidents and labels are invented: what is said of labels and reviewers is about no person."
    if not summary.incident_count:
        return ""
    if not right.incident_count:
        return "Unlabelled: no reviewer has said what would have been right."
    changed = f"{right.gained_count} fixed, {counted(right.lost_count, 'regression')}"
    now = f"{right.candidate_count} of {right.incident_count} decided as the reviewer says"
    sentence = f"Against the reviewers: {changed}; {now}, {right.baseline_count} before"
    return sentence + (f"; {summary.unlabelled_count} unlabelled." if summary.unlabelled_count else ".")


def is_same_bundle(comparison: Comparison) -> bool:
    """Whether both sides are one bundle, so that no figure can say anything."""
    return comparison.baseline.digest == comparison.candidate.digest


def silence_sentence(comparison: Comparison) -> str:
    """Why nothing changes, where nothing does: one bundle, or a difference that history does not touch."""
    if is_same_bundle(comparison):
        if comparison.detections and comparison.detections.rules:
            return "The rules that differ are no signals, or say the same: both bundles have one digest."
        return "Both are the same bundle: their digests are equal."
    summary = comparison.summary
    if summary.decision_count or summary.path_count or not summary.incident_count:
        return ""
    deciding = sum(clause.can_decide for clause in comparison.clauses)
    if not deciding:
        redirects = any(each.redirected for each in comparison.weakenings)
        asked = ", but somebody else is asked to approve" if redirects else ""
        return f"{_differing(len(comparison.clauses), '')}, and none that decides anything{asked}."
    differing = _differing(deciding, " that can decide")
    moved = comparison.detections.changed_count if comparison.detections else 0
    if moved:
        return f"{differing}: signals of {counted(moved, 'incident')} change by it, and no decision does."
    if comparison.policies and comparison.policies.changes:
        judged = len({(each.incident_id, each.action) for each in comparison.policies.changes})
        return f"{differing}: policies judge {counted(judged, 'proposal')} otherwise, and no decision turns."
    return f"{differing}, and no incident shows it: history does not speak about this change."


def _differing(count: int, which: str) -> str:
    return f"1 clause{which} differs" if count == 1 else f"{count} clauses{which} differ"


def clause_sentence(comparison: Comparison) -> str:
    """How far the bundles differ, and how much of it the listed changes rest on."""
    clauses = comparison.clauses
    if not clauses:
        return "The bundles do not differ in any clause."
    deciding = sum(clause.can_decide for clause in clauses)
    sentence = f"{_differing(len(clauses), '')}; {deciding} can change a decision"
    shown = len(responsible_counts(comparison.changed))
    return f"{sentence}, {shown} did so on an incident." if shown else f"{sentence}."


def undecided_words(clause: ClauseChange) -> str:
    """What a clause does that cannot change a decision; empty for one that can."""
    if clause.can_decide:
        return ""
    is_contact = clause.id.startswith(("approvers.", "fallback.")) and not clause.id.endswith(
        (".title", ".because")
    )
    return "changes who is asked" if is_contact else "decides nothing"


def responsible_counts(changed: Sequence[Change]) -> dict[str, int]:
    """Clause to the number of changed incidents in whose minimal sets it stands."""
    found: dict[str, int] = {}
    for change in changed:
        sets = change.responsible.minimal_sets if change.responsible else ()
        for clause in sorted({clause for group in sets for clause in group}):
            found[clause] = found.get(clause, 0) + 1
    return found


@dataclass(frozen=True, slots=True)
class Group:
    """Weakenings of one finding that nobody has allowed, and how they are headed."""

    finding: Finding
    items: tuple[StaticWeakening, ...]

    @property
    def title(self) -> str:
        """`approvals removed` and so on."""
        return _TITLES[self.finding]

    @property
    def is_alarm(self) -> bool:
        """Whether it is the gravest sort: less approval, or somebody else at the other end."""
        return self.finding in (Finding.APPROVAL_REMOVED, Finding.APPROVER_REDIRECTED)

    @property
    def sentence(self) -> str:
        """How many there are, and what follows where the comparison is a gate."""
        each = "it" if len(self.items) == 1 else "each"
        if not self.finding.is_approval:
            return f"{self._found}; `--fail-on safety-weakening` fails on {each}."
        return f"{self._found}. This fails until {each} is put back or allowed by name."

    @property
    def told_sentence(self) -> str:
        """How many there are, where nothing fails, and what does fail on it."""
        each = "it" if len(self.items) == 1 else "each"
        if not self.finding.is_approval:
            return f"{self._found}; `evidence compare --fail-on safety-weakening` fails on {each}."
        return f"{self._found}. `evidence compare` fails until {each} is put back or allowed by name."

    @property
    def _found(self) -> str:
        one, many = _COUNTED[self.finding]
        found = f"1 {one}" if len(self.items) == 1 else f"{len(self.items)} {many}"
        return f"{found} in the playbook itself, whether or not an incident shows it"

    def where(self, weakening: StaticWeakening) -> str:
        """A state in which it shows, in words where all do."""
        if weakening.witness:
            return weakening.witness
        return "anywhere it is asked" if self.finding is Finding.APPROVER_REDIRECTED else "in every state"


_TITLES = {
    Finding.APPROVAL_REMOVED: "approvals removed",
    Finding.APPROVER_REDIRECTED: "approvers redirected",
    Finding.SAFETY_WEAKENED: "safeties weakened",
}
_COUNTED = {
    Finding.APPROVAL_REMOVED: ("approval is removed", "approvals are removed"),
    Finding.APPROVER_REDIRECTED: (
        "approver is redirected to another address",
        "approvers are redirected to other addresses",
    ),
    Finding.SAFETY_WEAKENED: ("other safety is weakened", "other safeties are weakened"),
}


def weakening_groups(comparison: Comparison) -> tuple[Group, ...]:
    """What the candidate gives up and nobody has allowed, the gravest finding first."""
    found = [
        Group(
            finding,
            tuple(each for each in comparison.weakenings if each.finding is finding and not each.is_allowed),
        )
        for finding in Finding
    ]
    return tuple(group for group in found if group.items)


def allowed_weakenings(comparison: Comparison) -> tuple[StaticWeakening, ...]:
    """What may pass, by name."""
    return tuple(each for each in comparison.weakenings if each.is_allowed)


def time_sentence(shift: TimeShift) -> str:
    """How decisions move along the recorded evidence."""
    counts = f"{shift.earlier_count} earlier, {shift.later_count} later, {shift.same_count} at the same time"
    if shift.median_seconds is None or shift.p90_seconds is None:
        return f"{counts}."
    median = f"median shift {shift_words(shift.median_seconds)}"
    if shift.median_interval is None:
        median += " (too few for an interval)"
    else:
        ends = (int(shift.median_interval.low), int(shift.median_interval.high))
        median += f" (95 % interval {' to '.join(map(shift_words, ends))})"
    return f"{counts}; {median}; {_nine_in_ten(shift.p90_seconds)}."


def _nine_in_ten(seconds: int) -> str:
    if seconds == 0:
        return "nine in ten no later"
    return (
        f"nine in ten {duration(-seconds)} earlier or more"
        if seconds < 0
        else f"nine in ten at most {duration(seconds)} later"
    )


def moved_loads(summary: Summary) -> tuple[RoleLoad, ...]:
    """Roles that are asked more or less often than before."""
    return tuple(load for load in summary.role_loads if load.baseline_count != load.candidate_count)


def other_loads(summary: Summary) -> str:
    """What holds for the roles that are asked as often as before; empty where there is none."""
    moved = len(moved_loads(summary))
    if moved == len(summary.role_loads):
        return ""
    return f"{'the other roles' if moved else 'every role'} as often as before"


def shift_words(seconds: int) -> str:
    """`+1 min 5 s`; nought has no sign."""
    return ("+" if seconds > 0 else "") + duration(seconds)


def sides(comparison: Comparison) -> tuple[str, str]:
    """What the two bundles are called: their names, or where these are equal what was asked for."""
    baseline, candidate = comparison.baseline, comparison.candidate
    if baseline.name == candidate.name:
        return baseline.reference, candidate.reference
    return baseline.name, candidate.name


def history_words(comparison: Comparison) -> str:
    """What was replayed, in a few words."""
    history = comparison.history
    as_of = f"as of {history.as_of}" if history.as_of else "all evidence"
    horizon = "" if history.has_horizons else ", not knowing when people acted"
    invented = ", invented by `evidence generate`" if history.is_generated else ""
    return f"{counted(history.incident_count, 'incident')}, {as_of}{horizon}{invented}"


def listing_sentence(comparison: Comparison) -> str:
    """That not all changed incidents are listed, where so."""
    summary, count = comparison.summary, len(comparison.changed)
    changed = summary.decision_count + summary.path_count + (summary.cosmetic_count or 0)
    if count >= changed:
        return ""
    return f"{count} of {changed} changed incidents are listed, the gravest; the figures count all of them."
