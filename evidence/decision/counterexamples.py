"""Finds two states that show why a bundle is refused: alike but for one column, decided the wrong way round.

The refused bundle is run through the real kernel on states built around the action at fault, so that the
counterexample is what would have happened and not a sentence prepared in advance.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evidence.decision.bundle import Bundle, Use
from evidence.decision.bundle import Role as UseRole
from evidence.decision.cells import Values, blast_values, confidence_values, cut_values, satisfying
from evidence.decision.checks import Fault
from evidence.decision.codes import Recommendation, decode
from evidence.decision.conditions import COLUMNS, columns_read
from evidence.decision.kernel import Kernel
from evidence.decision.matrix import MODES
from evidence.decision.states import register_states
from evidence.tables import open_memory
from expectations.contracts import Role

CELLS_MAX = 200_000
# From where less may be done to where more is at stake; along ageing columns nothing may change at all.
_SAFER_TO_RISKIER = ("confidence", "blast_radius", "customer_facing_count")
State = dict[str, Any]


def counterexample(bundle: Bundle, fault: Fault) -> str:
    """Two states and their decisions, in one sentence; empty when the search finds none."""
    if not fault.check:
        return ""
    for axis in _axes(fault):
        for base in _bases(bundle, fault):
            found = _search(bundle, fault, base, axis)
            if found:
                return found
    return ""


def _axes(fault: Fault) -> list[str]:
    """Columns along which the decision is compared: the graded or ageing ones that the fault reads."""
    read = [name for name in fault.columns if COLUMNS[name].role in (Role.GRADED, Role.AGEING)]
    return sorted(read) or ["confidence"]


def _bases(bundle: Bundle, fault: Fault) -> Iterator[State]:
    """States in which the actions at fault are effective and prepared: by one rule, by all, and in pairs."""
    names = _actions_at_fault(bundle, fault)
    for name in names:
        for rule in bundle.rules:
            if rule.supports.get(name, 0) >= bundle.need:
                yield _favourable(bundle, name, [rule.id])
    wanted = [_favourable(bundle, name, [rule.id for rule in bundle.rules]) for name in names]
    yield from wanted
    for first, second in itertools.combinations(wanted, 2):
        yield {**first, **second, "signal_names": _joined(first, second)}


def _joined(first: State, second: State) -> tuple[str, ...]:
    return tuple(sorted({*first.get("signal_names", ()), *second.get("signal_names", ())}))


def _actions_at_fault(bundle: Bundle, fault: Fault) -> list[str]:
    if fault.check == 2:
        return list(bundle.ladder)
    for use in bundle.uses:
        if use.path == fault.path and use.supports and not fault.policy:
            return [name for name in use.supports if name in bundle.ladder]
    return list(bundle.ladder)


def _favourable(bundle: Bundle, name: str, rules: Sequence[str]) -> State:
    """Context, full confidence, no reach, and what these rules and the action's preconditions ask for."""
    state: State = {
        "has_minimum_context": True,
        "confidence": 100,
        "blast_radius": 0,
        "customer_facing_count": 0,
    }
    uses = [
        use
        for use in bundle.uses
        if name in use.supports and (use.role is not UseRole.RULE or use.owner in rules)
    ]
    for use in sorted(uses, key=lambda use: _points(bundle, use, name)):
        wanted = satisfying(use.condition)
        state |= {**wanted, "signal_names": _joined(state, wanted)}
    return state


def _points(bundle: Bundle, use: Use, name: str) -> int:
    """The most effective rule is applied last, so that it wins where two rules disagree."""
    return max((rule.supports.get(name, 0) for rule in bundle.rules if rule.id == use.owner), default=0)


def _search(bundle: Bundle, fault: Fault, base: State, axis: str) -> str:
    along = _values_along(bundle, axis)
    cuts = cut_values(bundle)
    varied = dict.fromkeys([*sorted(fault.columns - {axis}), *sorted(_policy_columns(bundle) - {axis})])
    others = _within_limit({name: cuts[name] for name in varied if name in cuts}, len(along))
    cells = [
        {**base, **dict(zip(others, values, strict=True)), axis: at}
        for values in itertools.product(*others.values())
        for at in along
    ]
    decided = _decide(bundle, cells)
    for start in range(0, len(cells), len(along)):
        for i, j in itertools.combinations(range(start, start + len(along)), 2):
            if not may_follow(decided[i], decided[j], axis):
                return _sentence(bundle, cells[i], cells[j], decided[i], decided[j], axis)
    return ""


def _policy_columns(bundle: Bundle) -> set[str]:
    """Columns behind the policies' inputs: a policy must let the action through before anything shows."""
    inputs = [declared for policy in bundle.policies for declared in policy.declaration.inputs.values()]
    columns = {declared.column for declared in inputs if declared.column is not None}
    for use in bundle.uses:
        if use.role is UseRole.POLICY_INPUT:
            columns |= columns_read(use.condition)
    return columns


def _values_along(bundle: Bundle, axis: str) -> Values:
    if axis == "confidence":
        return confidence_values(bundle)
    if axis in _SAFER_TO_RISKIER:
        return blast_values(bundle, axis)
    return tuple(value for value in cut_values(bundle)[axis] if value is not None)


def _within_limit(others: Mapping[str, Values], factor: int) -> dict[str, Values]:
    kept: dict[str, Values] = {}
    for name, values in others.items():
        factor *= len(values)
        if factor > CELLS_MAX:
            break
        kept[name] = values
    return kept


def _decide(bundle: Bundle, cells: list[State]) -> list[Recommendation]:
    connection = open_memory()
    try:
        register_states(connection, "cells", cells)
        Kernel.of([bundle]).run(connection, "cells")
        codes = connection.execute("select code_0 from kernel_codes order by incident_id").fetchall()
    finally:
        connection.close()
    return [decode(bundle, code) for (code,) in codes]


def may_follow(safer: Recommendation, riskier: Recommendation, axis: str) -> bool:
    """Whether the second decision may follow from the first by less confidence or a wider blast radius."""
    if axis not in _SAFER_TO_RISKIER:
        return safer == riskier
    if not riskier.is_active:
        return axis == "confidence" or not safer.is_active
    is_stronger = MODES.index(riskier.mode) >= MODES.index(safer.mode)
    return riskier.action == safer.action and is_stronger and set(safer.approvers) <= set(riskier.approvers)


def _sentence(
    bundle: Bundle, first: State, second: State, before: Recommendation, after: Recommendation, axis: str
) -> str:
    shown = {
        name: value
        for name, value in sorted(first.items())
        if name != axis and name != "has_minimum_context" and value
    }
    where = ", ".join(f"{name}={_shown(value)}" for name, value in shown.items())
    sides = ((first, before), (second, after))
    gives = ", ".join(f"{axis}={_shown(cell[axis])} gives {decision_words(each)}" for cell, each in sides)
    return f"where {where or 'nothing else is known'}: {gives}"


def decision_words(recommendation: Recommendation) -> str:
    """Action, mode and approvers."""
    by = f", {' and '.join(recommendation.approvers)}" if recommendation.approvers else ""
    return f"{recommendation.action} ({recommendation.mode}{by})"


def _shown(value: Any) -> str:
    return (
        "unknown"
        if value is None
        else "[" + ", ".join(value) + "]"
        if isinstance(value, tuple)
        else str(value)
    )
