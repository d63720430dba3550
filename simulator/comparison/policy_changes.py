"""Tells what an edit of a policy changes: its text, line by line, and its verdicts on recorded proposals."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from evidence.decision import Bundle
from evidence.decision.policies import Policy, Verdict
from simulator.comparison.model import VerdictChange

CONTEXT_LINES = 3
DIFF_LINES_MAX = 200
TAB = "    "  # a tab would be shown as one space
NOT_ASKED = Verdict.ALLOW.value  # what no policy says


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
    verdicts: Sequence[pa.Table], names: Collection[str]
) -> dict[str, tuple[VerdictChange, ...]]:
    """Per policy of `names` how its verdicts on proposals differ, each playbook's at its own decision.

    `verdicts` are `decision.policy_verdicts` of both runs. Proposals are actions that both playbooks have
    for an incident; a playbook without the policy allows them.
    """
    if not names:
        return {}
    both = frozenset.intersection(*_proposals(verdicts))
    sides = [_said(table, names) for table in verdicts]
    found: dict[str, dict[tuple[str, str, str], list[str]]] = {}
    for key in sorted({*sides[0], *sides[1]}):
        incident, action, policy = key
        old, new = (side.get(key, NOT_ASKED) for side in sides)
        if old != new and (incident, action) in both:
            found.setdefault(policy, {}).setdefault((old, new, action), []).append(incident)
    return {policy: tuple(_changes(groups)) for policy, groups in found.items()}


def denying_policies(verdicts: pa.Table) -> dict[tuple[str, str], list[str]]:
    """Names of the policies that deny an action for an incident, also with approval; sorted."""
    denied = verdicts.filter(pc.equal(verdicts["verdict"], Verdict.DENIED.value))
    found: dict[tuple[str, str], list[str]] = {}
    for row in denied.select(["incident_id", "action", "policy"]).to_pylist():
        found.setdefault((row["incident_id"], row["action"]), []).append(row["policy"])
    return {proposal: sorted(names) for proposal, names in found.items()}


def _proposals(verdicts: Sequence[pa.Table]) -> list[frozenset[tuple[str, str]]]:
    """Incident and action of every proposal; of a playbook that has no policy nothing is known of them."""
    keys = ["incident_id", "action"]
    asked = [table.group_by(keys).aggregate([]).to_pylist() for table in verdicts if table.num_rows]
    return [frozenset((row["incident_id"], row["action"]) for row in rows) for rows in asked] or [frozenset()]


def _said(table: pa.Table, names: Collection[str]) -> dict[tuple[str, str, str], str]:
    """Verdict by incident, action and policy, of these policies."""
    told = table.filter(pc.is_in(table["policy"], pa.array(sorted(names), pa.string())))
    columns = (told[name].to_pylist() for name in ("incident_id", "action", "policy", "verdict"))
    return {
        (incident, action, policy): verdict
        for incident, action, policy, verdict in zip(*columns, strict=True)
    }


def _changes(groups: Mapping[tuple[str, str, str], Sequence[str]]) -> Iterator[VerdictChange]:
    for (old, new, action), incidents in sorted(groups.items()):
        yield VerdictChange(action=action, old=Verdict(old), new=Verdict(new), incident_ids=tuple(incidents))
