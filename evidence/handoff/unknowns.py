"""Says what is not known, why it matters and how to find out; the decisive come first, none is hidden."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.decision.bundle import Bundle
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import columns_read
from evidence.decision.open_points import MISSING_CONTEXT, OPEN_POINTS
from evidence.decision.unknowns import columns_behind
from evidence.handoff.case import Case, Row
from evidence.handoff.claims import ClaimBook
from evidence.handoff.comparison import actions_in_question
from evidence.handoff.gap_words import GAP_WORDS
from evidence.handoff.inert import quote
from evidence.handoff.model import Unknown
from evidence.handoff.words import action_title, counted, quoted_list, role_words, source_name
from evidence.times import NS_PER_SECOND, duration
from expectations.minimum_context import MINIMUM_CONTEXT

_PURPOSES = {field.name: field for field in MINIMUM_CONTEXT}
_CATALOGUE_COLUMNS = frozenset(
    {
        "owner",
        "criticality",
        "environment",
        "is_rollback_supported",
        "is_restart_safe",
        "is_quarantine_allowed",
        "is_stateful",
    }
)
# Columns that the entry of the identity or credential would say, and not that of the service.
_IDENTITY_COLUMNS = frozenset({"is_emergency_access", "are_consumers_tested"})


def unknowns(book: ClaimBook, bundle: Bundle) -> tuple[Unknown, ...]:
    """Missing context first, then what rules, preconditions and policies asked for, then gaps in exports."""
    return (
        *_missing_context(book),
        *_unknown_columns(book, bundle),
        *_gaps(book),
    )


def _missing_context(book: ClaimBook) -> Iterator[Unknown]:
    for name in book.case.decision["missing_context"]:
        field, point = _PURPOSES[name], MISSING_CONTEXT[name]
        claims = _absence_claims(book, field.columns, point.sentence)
        yield Unknown(
            name=name,
            sentence=point.sentence,
            is_decisive=True,
            why_it_matters=f"It {field.purpose}; without it no active response is recommended.",
            how_to_find_out=point.advice,
            claims=claims,
            derived_from="" if claims else _derivation(book.case, " or ".join(field.columns)),
        )


def _unknown_columns(book: ClaimBook, bundle: Bundle) -> Iterator[Unknown]:
    case = book.case
    said = {column for name in case.decision["missing_context"] for column in _PURPOSES[name].columns}
    columns = [column for column in case.decision["unknowns"] if column not in said]
    asked = {column: _asked_by(case, bundle, column) for column in columns}
    for column in sorted(columns, key=lambda column: (not asked[column], columns.index(column))):
        point = OPEN_POINTS[column]
        claims = _absence_claims(book, (column,), point.sentence)
        yield Unknown(
            name=column,
            sentence=point.sentence,
            is_decisive=bool(asked[column]),
            why_it_matters=asked[column] or "A rule of the playbook that holds in part asks for it.",
            how_to_find_out=point.advice,
            claims=claims,
            derived_from="" if claims else _derivation(case, column),
        )


def _asked_by(case: Case, bundle: Bundle, column: str) -> str:
    """Which preconditions and policies of the actions in question ask for the column."""
    asked = actions_in_question(case)
    names = [
        f"'{action_title(name)}'"
        for name, action in bundle.actions.items()
        if name in asked and any(column in columns_read(parse_condition(need.that)) for need in action.needs)
    ]
    reasons = [f"A precondition asks for it: {', '.join(names)}."] if names else []
    policies = _asking_policies(case, bundle, column)
    if policies:
        every = "every value that it could have was tried, and the strictest verdict counts"
        reasons.append(f"A policy asks for it ({quoted_list(policies)}): {every}.")
    return " ".join(reasons)


def _asking_policies(case: Case, bundle: Bundle, column: str) -> list[str]:
    """Policies that do not allow what is recommended or preferred, and that could not read the column."""
    relevant = {case.decision["action"], case.decision["preferred_action"]}
    declared = {policy.name: policy.declaration.inputs for policy in bundle.policies}
    return sorted(
        {
            verdict["policy"]
            for verdict in case.verdicts
            if verdict["action"] in relevant and verdict["verdict"] != "allow"
            for name in verdict["unknown_inputs"]
            if column in columns_behind(declared[verdict["policy"]][name])
        }
    )


def _gaps(book: ClaimBook) -> Iterator[Unknown]:
    """Every declared gap; those that came to light after the decision last, each marked as such."""
    case = book.case
    for gap in (*case.gaps, *case.later_gaps):
        is_late = gap["known_at"] > case.decided_at
        sentence, words = _gap_sentence(case, gap, is_late), GAP_WORDS[gap["gap"]]
        lowers = "The decision did not know it." if is_late else "The confidence is lower for it."
        claims: tuple[int, ...] = ()
        record = case.records.get(gap["record_sha256"] or "")
        if record is not None:
            claims = (book.of_gap(sentence, record, gap),)
        yield Unknown(
            name=f"gap-{gap['gap']}",
            sentence=sentence,
            is_decisive=False,
            is_after_decision=is_late,
            why_it_matters=f"{words.why_it_matters} {lowers}",
            how_to_find_out=words.how_to_find_out,
            claims=claims,
            derived_from="" if claims else f"quality.completeness of {case.incident_id}: {gap['gap']}",
        )


def _gap_sentence(case: Case, gap: Row, is_late: bool) -> str:
    """`Loki: entries equal limit (2 times): “…”`, and how long after the decision it came to light."""
    seconds = -((case.decided_at - gap["known_at"]) // NS_PER_SECOND)
    late = f"Seen only {duration(seconds)} after the decision: " if is_late else ""
    source = f"{source_name(gap['source'])}: " if gap["source"] else ""
    is_counted = gap["gap_count"] > 1 and gap["gap"] != "records_quarantined"  # which says how many
    times = f" ({counted(gap['gap_count'], 'time')})" if is_counted else ""
    said = f"{late}{source}{role_words(gap['gap'])}{times}: {quote(gap['detail'])}"
    return said[:1].upper() + said[1:]


def _absence_claims(book: ClaimBook, columns: tuple[str, ...], sentence: str) -> tuple[int, ...]:
    """A catalogue entry that does not say it shows the absence; nothing else does."""
    entry = None
    if _CATALOGUE_COLUMNS.intersection(columns):
        entry = book.case.service_entry
    elif _IDENTITY_COLUMNS.intersection(columns):
        entry = book.case.identity_entry
    if entry is None:
        return ()
    return (book.of_entry("unknowns", f"{sentence} The catalogue's entry does not say it.", entry),)


def _derivation(case: Case, columns: str) -> str:
    if case.is_blank:
        return f"{case.state_place}: {columns} is NULL"
    return f"enrichment.incident_states of {case.incident_id}, moment {case.moment}: {columns} is NULL"
