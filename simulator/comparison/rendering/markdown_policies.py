"""Writes in Markdown what other policies say of proposals."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.handoff.inert import code_span
from evidence.redaction import shown
from simulator.comparison.rendering.identifiers import markdown
from simulator.comparison.rendering.markdown_changes import rest
from simulator.comparison.rendering.policy_words import (
    by_weight,
    effects_sentence,
    input_words,
    policy_words,
    record_words,
    recorded_lines,
    recorded_sentence,
    said_words,
    together_words,
    unproposed_sentence,
    verdict_words,
    when_words,
)
from simulator.comparison.rendering.venues import Venue
from simulator.policies.policy_model import PolicyComparison, ProposalChange

PROPOSALS_MAX, POLICIES_MAX, RECORDED_MAX = 20, 20, 20


def policies_lines(found: PolicyComparison, venue: Venue) -> Iterator[str]:
    """The whole section."""
    yield "### Policies"
    yield ""
    yield f"**{markdown(effects_sentence(found))}**"
    if sentence := unproposed_sentence(found):
        yield ""
        yield markdown(sentence)
    yield ""
    for policy in found.policies[:POLICIES_MAX]:
        yield f"- {code_span(shown(policy.name, 80))} {policy_words(found, policy)}"
    yield from rest(len(found.policies), POLICIES_MAX, venue)
    yield from _recorded(found)
    if not found.changes:
        return
    yield ""
    yield "| incident | proposal | policy | verdict | when |"
    yield "|---|---|---|---|---|"
    changes = by_weight(found.changes)
    yield from map(_row, changes[:PROPOSALS_MAX])
    yield from rest(len(changes), PROPOSALS_MAX, venue)
    if not venue.is_gate:
        return
    yield ""
    yield "<details><summary>What the policies saw and said</summary>"
    yield ""
    for change in changes[:PROPOSALS_MAX]:
        said = f"; {code_span(shown(said_words(change), 400))}" if said_words(change) else ""
        saw = code_span(shown(input_words(change), 300))
        yield f"- {_named(change)}: {code_span(shown(change.policy, 80))} saw {saw}{said}"
    yield ""
    yield "</details>"


def _recorded(found: PolicyComparison) -> Iterator[str]:
    if sentence := recorded_sentence(found):
        yield from ("", sentence, "")
    for what, said in recorded_lines(found, RECORDED_MAX):
        yield f"- {code_span(shown(what, 200))}: {code_span(shown(said, 400))}"


def _named(change: ProposalChange) -> str:
    return f"{code_span(shown(change.incident_id, 80))} {code_span(shown(change.action, 80))}"


def _row(change: ProposalChange) -> str:
    verdict = "; ".join(part for part in (verdict_words(change), together_words(change)) if part)
    when = markdown(shown(f"{record_words(change)}; {when_words(change)}", 300))
    return (
        f"| {code_span(shown(change.incident_id, 80))} | {code_span(shown(change.action, 80))} "
        f"| {code_span(shown(change.policy, 80))} | {verdict} | {when} |"
    )
