"""Refuses what must be constant and is not: the need (3) and the order of rungs (5), in the raw document.

They are looked at before the models are built, because there they would merely have the wrong type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.decision.checks import Fault
from evidence.decision.matrix import SCOPES


def constant_faults(document: Any) -> Iterator[Fault]:
    """Faults of checks (3) and (5), each with its counterexample as `witness`."""
    if not isinstance(document, Mapping):
        return
    if isinstance(document.get("need"), str):
        yield Fault(
            f"need is {document['need']!r}, not one integer: what is enough must not depend on the state",
            ("need",),
            3,
            witness=_need_witness(document),
        )
    yield from _rung_faults(document.get("actions"))


def _need_witness(document: Mapping[str, Any]) -> str:
    points: dict[str, int] = {}
    for rule in document.get("rules") or []:
        for name, gained in (rule.get("supports") or {}).items():
            points[name] = points.get(name, 0) + (gained if isinstance(gained, int) else 0)
    if not points:
        return ""
    name, most = max(points.items(), key=lambda item: (item[1], item[0]))
    return (
        f"with {document['need']} = {most} the {most} points of {name} are enough, with {most + 1} the same "
        "points for the same action are not"
    )


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


def _reach(action: Mapping[str, Any]) -> int:
    scope = action.get("scope")
    return [each.value for each in SCOPES].index(scope) if scope in [each.value for each in SCOPES] else -1
