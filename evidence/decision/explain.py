"""Tells how a decision came about: what was known when, what fired, what lost and why, who must agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import duckdb

from evidence.decision.bundle import Bundle, GuardrailOf
from evidence.decision.candidates import Candidate, denials
from evidence.decision.codes import decode
from evidence.decision.decide import (
    Decision,
    decisions_of_record,
    preferred_action,
    recommendation_rows,
    target_of,
)
from evidence.decision.flip_words import would_change
from evidence.decision.flips import minimal_flips
from evidence.decision.matrix import MODE_WORDS, Mode, Option
from evidence.decision.news_words import news
from evidence.decision.open_points import MISSING_CONTEXT, OPEN_POINTS
from evidence.errors import InputError
from evidence.redaction import make_visible, redact
from evidence.times import duration, format_rfc3339, whole_seconds


def explain(connection: duckdb.DuckDBPyConnection, incident_id: str, bundle: Bundle) -> str:
    """The story of one incident's decision as plain text in Markdown's form, what is urgent first.

    Reads the same tables as `decide`. Raises InputError for an unknown incident, naming near ones.
    """
    return (
        "\n\n".join("\n".join(section) for section in explain_sections(connection, incident_id, bundle))
        + "\n"
    )


def explain_sections(
    connection: duckdb.DuckDBPyConnection, incident_id: str, bundle: Bundle
) -> list[list[str]]:
    """As `explain`: of each section its heading, with the marks of Markdown, and its lines."""
    title = _title(connection, incident_id)
    decision = next(iter(decisions_of_record(connection, bundle, incident_id)))
    sections = [
        _heading(decision, title, bundle),
        ["## Who must approve", *_approval(bundle, decision)],
        ["## Which rules fired", *_rules(bundle, decision)],
        ["## What is missing", *_missing(decision)],
        *_guardrails(bundle, decision),
        ["## Options compared", *_options(decision)],
        ["## What was known when", *_story(connection, bundle)],
        ["## What would change it", *would_change(bundle, minimal_flips(bundle, decision.row))],
    ]
    return [[_inert(line) for line in section] for section in sections]


def _title(connection: duckdb.DuckDBPyConnection, incident_id: str) -> str:
    titles = dict(
        connection.execute("select incident_id, title from intake.incidents order by incident_id").fetchall()
    )
    if incident_id not in titles:
        near = get_close_matches(incident_id, titles, n=3, cutoff=0.4)
        near += [each for each in titles if incident_id and incident_id in each and each not in near][:3]
        raise InputError(
            f"there is no incident {incident_id!r}",
            remedy=f"Did you mean {', '.join(near)}?"
            if near
            else f"There are {len(titles)} incidents in intake.incidents",
        )
    return str(titles[incident_id])


def _heading(decision: Decision, title: str, bundle: Bundle) -> list[str]:
    row, chosen = decision.row, decision.chosen
    target = target_of(chosen, row)
    on = f" on {target}" if target else ""
    close = (
        ", disposition close"
        if chosen.action.option is Option.MONITOR and _is_closing(bundle, chosen)
        else ""
    )
    basis = (
        "the first active recommendation"
        if row["basis"] == "committed"
        else "no active recommendation; the last one"
    )
    return [
        f"# {decision.incident_id}: {title}",
        f"Recommended: {chosen.action.option} / {chosen.name}{on} ({MODE_WORDS[chosen.mode]}{close}). "
        "Nothing was executed.",
        f"Decided: {_time(row['decided_at'])}, moment {row['moment']}{_since_signal(row)}; "
        f"{basis} ({row['basis']}).",
        f"Horizon: {_time(row['horizon_at'])}; what arrived later is hindsight, which recommends "
        f"{decode(bundle, row['hindsight_code']).action}.",
        *_aborted(bundle, decision),
        f"Severity {_or_unknown(row['severity'])} of 6. Confidence {row['confidence']} of 100. "
        f"Impact {row['impact']} of 100.",
        f"Playbook {bundle.name} ({bundle.digest[:12]}).",
    ]


def _aborted(bundle: Bundle, decision: Decision) -> Iterator[str]:
    preferred = preferred_action(bundle, decision)
    if preferred is not None:
        refused = next(each for each in decision.candidates if each.name == preferred)
        yield f"Aborted by policy: {preferred} would have been chosen. {'; '.join(denials(refused))}."


def _is_closing(bundle: Bundle, chosen: Candidate) -> bool:
    return any(rule.disposition for rule in bundle.rules if rule.id in chosen.matched_rules)


def _since_signal(row: Mapping[str, Any]) -> str:
    if row["first_signal_at"] is None:
        return ", before any signal"
    return f", {duration(whole_seconds(row['decided_at'] - row['first_signal_at']))} after the first signal"


# --- what was known when


def _story(connection: duckdb.DuckDBPyConnection, bundle: Bundle) -> Iterator[str]:
    """One entry per change of the recommendation, with what had become known since the one before."""
    states = connection.sql("from kernel_decided_states order by moment").to_arrow_table().to_pylist()
    rows = {row["moment"]: row for row in states}
    before: Mapping[str, Any] = {}
    for change in recommendation_rows(connection, bundle):
        row = rows[change["moment"]]
        after = " (hindsight)" if change["is_hindsight"] else ""
        yield (
            f"- {_time(change['known_at'])}, moment {change['moment']}{after}: "
            f"{change['option']} / {change['action']} ({MODE_WORDS[Mode(change['mode'])]}); "
            f"severity {_or_unknown(row['severity'])}, confidence {row['confidence']}, impact {row['impact']}"
        )
        yield from news(before, row)
        before = row


# --- rules and options


def _rules(bundle: Bundle, decision: Decision) -> Iterator[str]:
    """Those that speak for what was chosen first."""
    matched = {rule for each in decision.candidates for rule in each.matched_rules}
    if not matched:
        yield "None: no rule speaks to this state."
    chosen = decision.chosen.name
    fired = (rule for rule in bundle.rules if rule.id in matched)
    for rule in sorted(fired, key=lambda rule: chosen not in rule.supports):
        points = ", ".join(f"{name} +{gained}" for name, gained in rule.supports.items())
        yield f"- {rule.id}: {rule.because}"
        yield f"  - {points}"
        yield f"  - when {rule.when}"


def _options(decision: Decision) -> Iterator[str]:
    """The chosen action, those that a rule speaks for, and in one line all the others by option."""
    chosen = decision.chosen
    yield from _candidate(chosen)
    for each in _by_option(decision.candidates):
        if each.effect and not each.is_chosen:
            yield from _candidate(each)
    idle: dict[str, list[str]] = {}
    for each in _by_option(decision.candidates):
        if not each.effect and not each.is_chosen:
            idle.setdefault(each.action.option, []).append(each.name)
    if idle:
        named = "; ".join(f"{option} / {', '.join(names)}" for option, names in idle.items())
        yield f"- no rule speaks for: {named}"


def _by_option(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda each: list(Option).index(each.action.option))


def _candidate(each: Candidate) -> Iterator[str]:
    because = "Chosen." if each.is_chosen else each.lost_because
    yield f"- {each.action.option} / {each.name}: {because}"
    yield f"  - {_figures(each)}"
    if each.action.is_active:
        yield f"  - gates {_gates(each)}"


def _figures(each: Candidate) -> str:
    figures = f"effect {each.effect}"
    if each.action.is_active:
        figures += f" of {each.need}, rung {each.rung}, {MODE_WORDS[each.mode]}"
    return figures


def _gates(each: Candidate) -> str:
    """`failed: confidence; passed: context, preconditions, policy`."""
    gates = {
        "context": each.has_context,
        "confidence": each.is_confident,
        "preconditions": not each.failed_preconditions,
        "policy": each.is_allowed,
    }
    failed, passed = ([name for name in gates if gates[name] is is_passed] for is_passed in (False, True))
    told = (("failed", failed), ("passed", passed))
    return "; ".join(f"{verdict}: {', '.join(names)}" for verdict, names in told if names)


# --- what is missing, who approves


def _missing(decision: Decision) -> Iterator[str]:
    points = {f"minimum context, {name}": MISSING_CONTEXT[name] for name in decision.row["missing_context"]}
    said = frozenset(point.sentence for point in points.values())
    points |= {
        column: OPEN_POINTS[column]
        for column in decision.unknowns
        if OPEN_POINTS[column].sentence not in said
    }
    yield from (f"- {name}: {point.sentence} {point.advice}" for name, point in points.items())
    if not decision.row["missing_context"] and not decision.unknowns:
        yield "Nothing that a matching rule, a precondition or a policy asked for."


def _approval(bundle: Bundle, decision: Decision) -> Iterator[str]:
    chosen, owner = decision.chosen, decision.row["owner"]
    if chosen.mode is Mode.AUTOMATIC:
        yield "Nobody: the action may begin automatically."
    if chosen.mode is Mode.POLICY_GATED:
        yield "Nobody beforehand: the action may begin once every policy allows it. Answerable for it:"
    if chosen.mode is Mode.APPROVAL_REQUIRED:
        yield "Before anybody acts, all of these must approve:"
    for role in chosen.approvers:
        yield f"- {role}: {bundle.approvers.contact_of(role, owner)}"
    for reason in chosen.mode_reasons:
        yield f"- raised above {MODE_WORDS[chosen.action.mode]}: {reason}"
    for policy, answer in chosen.answers:
        if answer.messages:
            yield f"- policy {policy.name}: {'; '.join(answer.messages)}"
    if owner is None:
        fallback = bundle.approvers.fallback
        yield f"- no owner is known. {fallback.because} Contact: {fallback.contact}"


def _guardrails(bundle: Bundle, decision: Decision) -> Iterator[list[str]]:
    """The section, where the chosen action has guardrails."""
    chosen = decision.chosen
    lines = [
        _guardrail(guardrail, chosen) for guardrail in bundle.guardrails if guardrail.action == chosen.name
    ]
    if lines:
        yield [f"## Guardrails of {chosen.name}", *lines]


def _guardrail(guardrail: GuardrailOf, chosen: Candidate) -> str:
    if guardrail.not_evaluable:
        return f"- not evaluable: {guardrail.text} {guardrail.not_evaluable}"
    held = "not held" if guardrail.held_by in chosen.failed_preconditions else "held"
    return f"- {held}: {guardrail.text} ({guardrail.precondition})"


# --- words


def _inert(line: str) -> str:
    """Names in evidence are written by anyone: neither secrets nor terminal controls reach the reader."""
    return make_visible(redact(line))


def _time(nanoseconds: int) -> str:
    return format_rfc3339(nanoseconds)


def _or_unknown(value: int | None) -> str:
    return "unknown" if value is None else str(value)
