"""Writes for a terminal what other policies say of proposals."""

from __future__ import annotations

from rich.padding import Padding
from rich.text import Text

from evidence.redaction import shown
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
from simulator.comparison.rendering.text_changes import Block, hanging
from simulator.policies.policy_model import PolicyComparison, ProposalChange

RECORDED_MAX = 20


def policies_block(found: PolicyComparison, told_max: int | None) -> Block:
    """The whole section but its title."""
    yield Text(effects_sentence(found))
    if sentence := unproposed_sentence(found):
        yield Text(sentence)
    for policy in found.policies:
        yield hanging("- ", f"{shown(policy.name, 100)} {policy_words(found, policy)}")
    changes = by_weight(found.changes)
    for change in changes[:told_max]:
        yield Text()
        yield from _proposal(change)
    if told_max is not None and len(changes) > told_max:
        yield Text()
        yield Text(f"and {len(changes) - told_max} more: `--all` and `--format json` tell them too.")
    yield from _recorded(found)


def _recorded(found: PolicyComparison) -> Block:
    if sentence := recorded_sentence(found):
        yield Text()
        yield Text(sentence)
    for what, said in recorded_lines(found, RECORDED_MAX):
        yield Text(f"  {shown(what, 200)}")
        yield Padding(Text(shown(said, 500)), (0, 0, 0, 4))


def _proposal(change: ProposalChange) -> Block:
    yield Text(
        f"{shown(change.action, 100)}  {verdict_words(change)} by {shown(change.policy, 100)}"
        f"  in {shown(change.incident_id, 100)}"
    )
    lines = (together_words(change), when_words(change), record_words(change), f"saw {input_words(change)}")
    for line in (*lines, said_words(change)):
        if line:
            yield Padding(Text(shown(line, 500)), (0, 0, 0, 2))
