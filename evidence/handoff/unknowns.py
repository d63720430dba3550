"""Says what is not known, why it matters and how to find out; the decisive come first, none is hidden."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.decision.bundle import Bundle
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import columns_read
from evidence.handoff.case import Case, Row
from evidence.handoff.claims import ClaimBook
from evidence.handoff.comparison import actions_in_question
from evidence.handoff.fact_kinds import LABELS
from evidence.handoff.inert import quote
from evidence.handoff.model import Unknown
from evidence.handoff.words import action_title, counted, quoted_list, role_words, source_name
from expectations.minimum_context import MINIMUM_CONTEXT

_PURPOSES = {field.name: field for field in MINIMUM_CONTEXT}
_FIND_OUT = {
    "service_or_workload": "Ask the sender of the first signal which service it means, and enter it.",
    "severity": "Ask the on-call of the affected service to state a severity in the paging tool.",
    "environment": "Look up the cluster or account in the catalogue, and enter its environment there.",
    "recent_change_data": "Export the service's history from Argo CD, or its deployments from GitHub.",
    "owner": "Ask the escalation policy's fallback who owns the service; enter the owner in the catalogue.",
}
# First letters of a column to where its value would come from.
_SOURCES_OF = (
    ("change_", "the change history in Argo CD or GitHub"),
    ("is_change", "the change history in Argo CD or GitHub"),
    ("has_previous", "the change history in Argo CD or GitHub"),
    ("release_", "the catalogue's release annotation"),
    ("seconds_since_change", "the change history in Argo CD or GitHub"),
    ("severity", "the signals' own severity"),
    ("detection_", "the detection's own severity"),
    ("error_", "Prometheus, or the error share of traces"),
    ("latency_", "Prometheus, or the durations of traces"),
    ("resource_", "Prometheus"),
    ("is_error_rate", "Prometheus, or the error share of traces"),
    ("is_latency", "Prometheus, or the durations of traces"),
    ("is_resource", "Prometheus"),
    ("impacted_", "traces or access logs"),
    ("hot_", "traces"),
    ("is_dependency", "traces"),
    ("actor", "CloudTrail or the Kubernetes audit log"),
    ("credential_", "CloudTrail"),
    ("is_source_network", "the catalogue's known networks and CloudTrail's source address"),
    ("is_mfa", "CloudTrail's session context"),
    ("is_emergency", "the catalogue's entry of the identity"),
    ("consumer_", "the catalogue's dependencies on the credential"),
    ("are_consumers", "the catalogue's entry of the credential"),
    ("is_public", "CloudTrail"),
    ("is_image", "the image policy's decision log"),
    ("is_policy", "the policy decision log"),
    ("has_approval", "the Kubernetes audit log"),
    ("is_spreading", "Kubernetes events and metrics of the neighbouring services"),
    ("blast_", "the catalogue's dependencies"),
    ("customer_", "the catalogue's dependencies"),
    ("", "the catalogue's entry of the affected service"),
)
_CATALOGUE_COLUMNS = frozenset(
    {
        "owner",
        "criticality",
        "environment",
        "is_rollback_supported",
        "is_restart_safe",
        "is_quarantine_allowed",
        "is_stateful",
        "is_emergency_access",
        "are_consumers_tested",
    }
)


def unknowns(book: ClaimBook, bundle: Bundle) -> tuple[Unknown, ...]:
    """Missing context first, then what rules, preconditions and policies asked for, then gaps in exports."""
    return (
        *_missing_context(book),
        *_unknown_columns(book, bundle),
        *_policy_inputs(book),
        *_gaps(book),
    )


def _missing_context(book: ClaimBook) -> Iterator[Unknown]:
    for name in book.case.decision["missing_context"]:
        field = _PURPOSES[name]
        sentence = f"The {role_words(name)} is not known."
        claims = _absence_claims(book, field.columns, sentence)
        yield Unknown(
            name=name,
            sentence=sentence,
            is_decisive=True,
            why_it_matters=f"It {field.purpose}; without it no active response is recommended.",
            how_to_find_out=_FIND_OUT[name],
            claims=claims,
            derived_from="" if claims else _derivation(book.case, " or ".join(field.columns)),
        )


def _unknown_columns(book: ClaimBook, bundle: Bundle) -> Iterator[Unknown]:
    case = book.case
    said = {column for name in case.decision["missing_context"] for column in _PURPOSES[name].columns}
    columns = [column for column in case.decision["unknowns"] if column not in said]
    asked = {column: _asked_by(case, bundle, column) for column in columns}
    for column in sorted(columns, key=lambda column: (not asked[column], columns.index(column))):
        label = LABELS.get(column, role_words(column))
        sentence = f"{label}: not known."
        claims = _absence_claims(book, (column,), sentence)
        yield Unknown(
            name=column,
            sentence=sentence,
            is_decisive=bool(asked[column]),
            why_it_matters=asked[column] or "A rule of the playbook asks for it.",
            how_to_find_out=f"Look at {_source_of(column)}.",
            claims=claims,
            derived_from="" if claims else _derivation(case, column),
        )


def _asked_by(case: Case, bundle: Bundle, column: str) -> str:
    """Which of the actions in question have a precondition on the column."""
    asked = actions_in_question(case)
    names = [
        action_title(name)
        for name, action in bundle.actions.items()
        if name in asked and any(column in columns_read(parse_condition(need.that)) for need in action.needs)
    ]
    return f"A precondition asks for it: {', '.join(names)}." if names else ""


def _policy_inputs(book: ClaimBook) -> Iterator[Unknown]:
    case = book.case
    relevant = {case.decision["action"], case.decision["preferred_action"]}
    found: dict[str, list[Row]] = {}
    for verdict in case.verdicts:
        if verdict["action"] in relevant and verdict["verdict"] != "allow":
            for name in verdict["unknown_inputs"]:
                found.setdefault(name, []).append(verdict)
    for name, verdicts in sorted(found.items()):
        policies = quoted_list(sorted({verdict["policy"] for verdict in verdicts}))
        yield Unknown(
            name=f"policy-input-{name}",
            sentence=f"What policies call {quote(name)} is not known.",
            is_decisive=True,
            why_it_matters=f"Every value it could have was tried; the strictest verdict counts: {policies}.",
            how_to_find_out=f"Look at {_source_of(name)}.",
            derived_from=f"decision.policy_verdicts of {case.incident_id}: unknown_inputs",
        )


def _gaps(book: ClaimBook) -> Iterator[Unknown]:
    case = book.case
    for gap in case.gaps:
        source = source_name(gap["source"]) if gap["source"] else "No source"
        times = f" ({counted(gap['gap_count'], 'time')})" if gap["gap_count"] > 1 else ""
        sentence = f"{source}: {role_words(gap['gap'])}{times}: {quote(gap['detail'])}"
        claims: tuple[int, ...] = ()
        record = case.records.get(gap["record_sha256"] or "")
        if record is not None:
            claims = (book.of_record("unknowns", sentence, record, gap["pointer"] or "", gap["source"]),)
        yield Unknown(
            name=f"gap-{gap['gap']}",
            sentence=sentence,
            is_decisive=False,
            why_it_matters="What the export leaves out may say otherwise; the confidence is lower for it.",
            how_to_find_out="Export again without the limit, or ask the source directly for the window.",
            claims=claims,
            derived_from="" if claims else f"quality.completeness of {case.incident_id}: {gap['gap']}",
        )


def _absence_claims(book: ClaimBook, columns: tuple[str, ...], sentence: str) -> tuple[int, ...]:
    """A catalogue entry that does not say it shows the absence; nothing else does."""
    entry = book.case.service_entry
    if entry is None or not _CATALOGUE_COLUMNS.intersection(columns):
        return ()
    return (book.of_entry("unknowns", f"{sentence} The catalogue's entry does not say it.", entry),)


def _source_of(column: str) -> str:
    return next(source for start, source in _SOURCES_OF if column.startswith(start))


def _derivation(case: Case, columns: str) -> str:
    return f"enrichment.incident_states of {case.incident_id}, moment {case.moment}: {columns} is NULL"
