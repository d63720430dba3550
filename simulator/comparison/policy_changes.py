"""Tells what an edit of a policy changes: its text, line by line, and its verdicts on recorded proposals."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from evidence.decision import Bundle
from evidence.decision.policies import Policy, Verdict
from simulator.comparison.model import VerdictChange

CONTEXT_LINES = 3
DIFF_LINES_MAX = 200
TAB = "    "  # a tab would be shown as one space
NOT_ASKED = Verdict.ALLOW.value  # what no policy says

Row = Mapping[str, Any]


def policy_diff(bundles: tuple[Bundle, Bundle], name: str) -> tuple[str, ...]:
    """A unified diff of the policy's module and declared inputs; what is beyond the limit is counted."""
    before, now = (_text(_policy(bundle, name)) for bundle in bundles)
    found = list(
        difflib.unified_diff(before, now, f"{name} before", f"{name} now", n=CONTEXT_LINES, lineterm="")
    )
    more = len(found) - DIFF_LINES_MAX
    return tuple(found[:DIFF_LINES_MAX] + ([f"… and {more} lines more"] if more > 0 else []))


def _policy(bundle: Bundle, name: str) -> Policy | None:
    return next((each for each in bundle.policies if each.name == name), None)


def _text(policy: Policy | None) -> list[str]:
    if policy is None:
        return []
    declared = policy.declaration.model_dump(mode="json", exclude={"cases"}, exclude_defaults=True)
    inputs = [f"# input {name}: {_listed(each)}" for name, each in declared.get("inputs", {}).items()]
    return [f"# {policy.declaration.because}", *inputs, *policy.source.expandtabs(len(TAB)).splitlines()]


def _listed(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in fields.items())


def verdict_changes(
    verdicts: Sequence[Iterable[Row]], names: Iterable[str]
) -> dict[str, tuple[VerdictChange, ...]]:
    """Per policy of `names` how its verdicts on proposals differ, each playbook's at its own decision.

    `verdicts` are the rows of `decision.policy_verdicts` of both runs. Proposals are actions that both
    playbooks have for an incident; a playbook without the policy allows them.
    """
    wanted = set(names)
    sides = [
        {(row["incident_id"], row["action"], row["policy"]): row["verdict"] for row in rows}
        for rows in verdicts
    ]
    both = {key[:2] for key in sides[0]} & {key[:2] for key in sides[1]}
    found: dict[str, dict[tuple[str, str, str], list[str]]] = {}
    for incident, action, policy in sorted({*sides[0], *sides[1]}):
        key = (incident, action, policy)
        old, new = (side.get(key, NOT_ASKED) for side in sides)
        if policy in wanted and key[:2] in both and old != new:
            found.setdefault(policy, {}).setdefault((old, new, action), []).append(incident)
    return {policy: tuple(_changes(groups)) for policy, groups in found.items()}


def _changes(groups: Mapping[tuple[str, str, str], Sequence[str]]) -> Iterator[VerdictChange]:
    for (old, new, action), incidents in sorted(groups.items()):
        yield VerdictChange(action=action, old=Verdict(old), new=Verdict(new), incident_ids=tuple(incidents))
