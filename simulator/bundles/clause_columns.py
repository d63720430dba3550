"""Says which columns of the incident states a clause reads, in either of the two bundles."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from evidence.decision import Bundle
from evidence.decision.bundle import Use
from evidence.decision.conditions import columns_read
from simulator.bundles.clauses import Clause


def columns_of(clause: Clause, bundles: tuple[Bundle, Bundle]) -> tuple[str, ...]:
    """Columns, sorted. None for a clause that reads no state, such as a mode or a list of approvers."""
    return tuple(sorted({name for bundle in bundles for name in _columns(clause, bundle)}))


def _columns(clause: Clause, bundle: Bundle) -> Iterator[str]:
    match clause.path:
        case ("rules", rule, *_):
            yield from _of_uses(bundle, lambda use: use.path[0] == "rules" and use.owner == rule)
        case ("escalations", escalation, *_):
            yield from _of_uses(bundle, lambda use: use.path[0] == "escalations" and use.owner == escalation)
        case ("actions", action, "needs" | "also", part, *_):
            yield from _of_uses(bundle, lambda use: use.owner == f"{action}.{part}")
        case ("actions", _, "floor" | "auto_from"):
            yield "confidence"
        case ("actions", _, "auto_blast"):
            yield "blast_radius"
        case ("policies", policy):
            yield from _of_policy(bundle, policy)
        case ("grading", "thresholds", column):
            yield column
        case ("grading", "severity", source, *_) | ("grading", "confidence", "source_trust", source):
            # Trust is in whoever signalled: the record to show is a signal of that source, and of no other.
            yield f"severity_{source}"
        case ("grading", "confidence", *_):
            yield "confidence"
        case ("grading", "impact", *_):
            yield "impact"


def _of_uses(bundle: Bundle, is_meant: Callable[[Use], bool]) -> Iterator[str]:
    for use in bundle.uses:
        if is_meant(use):
            yield from columns_read(use.condition)


def _of_policy(bundle: Bundle, name: str) -> Iterator[str]:
    for policy in bundle.policies:
        if policy.name == name:
            yield from (each.column for each in policy.declaration.inputs.values() if each.column)
    yield from _of_uses(bundle, lambda use: use.owner.startswith(f"{name}.") and use.path[0] == "inputs")
