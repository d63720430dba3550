"""Refuses what must be constant and is not: the need (3) and the order of rungs (5), in the raw document.

They are looked at before the models are built, because there they would merely have the wrong type. A
need that names no column depends on no state: it has the wrong type, and that is all that is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evidence.decision.checks import Fault
from evidence.decision.conditions import COLUMNS, INTEGERS
from evidence.decision.matrix import SCOPES
from evidence.decision.satisfiability import bounds


def constant_faults(document: Any) -> Iterator[Fault]:
    """Faults of checks (3) and (5), each with its counterexample as `witness`."""
    if not isinstance(document, Mapping):
        return
    if _names_column(document.get("need")):
        yield Fault(
            f"need is {document['need']!r}, not one integer: what is enough must not depend on the state",
            ("need",),
            3,
            witness=_need_witness(document),
        )
    yield from _rung_faults(document.get("actions"))


def _names_column(need: object) -> bool:
    return isinstance(need, str) and any(word in COLUMNS for word in re.findall(r"\w+", need))


def _need_witness(document: Mapping[str, Any]) -> str:
    """Two values of the column that is the need, one above the other, with an action's points between."""
    need, actions = document["need"], document.get("actions")
    if need not in COLUMNS or COLUMNS[need].type not in INTEGERS or not isinstance(actions, Mapping):
        return ""
    points: dict[str, int] = {}
    for name, gained in _supports(document.get("rules")):
        if _reach(actions.get(name)) > 0:
            points[name] = points.get(name, 0) + (gained if isinstance(gained, int) else 0)
    within = [(most, name) for name, most in points.items() if 0 < most < bounds(need)[1]]
    if not within:
        return ""
    most, name = max(within)
    return (
        f"with {need} = {most} the {most} points of {name} are enough, with {most + 1} the same "
        "points for the same action are not"
    )


def _supports(rules: Any) -> Iterator[tuple[str, Any]]:
    """Every action with points in the rules, as far as they can be read."""
    for rule in rules if isinstance(rules, list) else []:
        supports = rule.get("supports") if isinstance(rule, Mapping) else None
        yield from supports.items() if isinstance(supports, Mapping) else ()


def _rung_faults(actions: Any) -> Iterator[Fault]:
    if not isinstance(actions, Mapping):
        return
    declared = {
        name: action for name, action in actions.items() if isinstance(action, Mapping) and "rung" in action
    }
    for name in declared:
        yield Fault(
            f"{name} declares its rung, which follows from scope, undo and order so that no two are equal",
            ("actions", name, "rung"),
            5,
            is_key=True,
            witness=_rung_witness(declared),
        )


def _rung_witness(declared: Mapping[str, Mapping[str, Any]]) -> str:
    for name, action in declared.items():
        for other, another in declared.items():
            if name != other and action["rung"] == another["rung"] and _reach(action) < _reach(another):
                return (
                    f"{name} (scope {action['scope']}) and {other} (scope {another['scope']}) share rung "
                    f"{action['rung']}: where both are enough, {other} can win though {name} reaches less"
                )
    return ""


def _reach(action: Any) -> int:
    """Place of the action's scope, 0 for a passive one; -1 where it cannot be read."""
    scope = action.get("scope") if isinstance(action, Mapping) else None
    return [each.value for each in SCOPES].index(scope) if scope in [each.value for each in SCOPES] else -1
