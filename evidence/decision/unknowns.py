"""Finds what was unknown and mattered at a decided state.

A rule that is unknown as a whole matters when a part of it is known to hold: then only the missing
value kept it from firing. Preconditions and policies matter for actions that any rule supports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from evidence.decision.bundle import Bundle, Role, Use
from evidence.decision.candidates import Candidate
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import columns_read, condition_sql, conjuncts
from evidence.decision.policies import PolicyInput


def undecided_uses(
    connection: duckdb.DuckDBPyConnection, bundle: Bundle, relation: str
) -> dict[str, frozenset[int]]:
    """Per incident of `relation` (one state each) the numbers in `bundle.uses` that are unknown there."""
    tests = ", ".join(
        f"case when {_is_half_met(use)} then {number} end" for number, use in enumerate(bundle.uses)
    )
    rows = connection.execute(
        f"select incident_id, list_filter([{tests}], lambda x: x is not null)"
        f" from {relation} order by incident_id"
    ).fetchall()
    return {incident_id: frozenset(numbers) for incident_id, numbers in rows}


def _is_half_met(use: Use) -> str:
    unknown = f"{condition_sql(use.condition)} is null"
    if use.role is not Role.RULE:
        return unknown
    held = " or ".join(f"coalesce({condition_sql(part)}, false)" for part in conjuncts(use.condition))
    return f"{unknown} and ({held})"


def unknowns(
    bundle: Bundle, undecided: frozenset[int], candidates: Sequence[Candidate], state: Mapping[str, Any]
) -> list[str]:
    """Columns, sorted, that a rule, or a gate of an action with any effect, could not read."""
    supported = {each.name for each in candidates if each.effect > 0}
    names = {
        name
        for number in undecided
        if _matters(bundle.uses[number], supported)
        for name in columns_read(bundle.uses[number].condition)
        if state[name] is None
    }
    for each in candidates:
        if each.name in supported:
            names |= _unknown_policy_inputs(each, state)
    return sorted(names)


def _matters(use: Use, supported: set[str]) -> bool:
    if use.role is Role.RULE:
        return True
    return use.role in (Role.PRECONDITION, Role.ALSO) and bool(set(use.supports) & supported)


def _unknown_policy_inputs(candidate: Candidate, state: Mapping[str, Any]) -> set[str]:
    """Columns behind the unknown inputs of policies that did not simply allow the candidate."""
    columns: set[str] = set()
    for policy, answer in candidate.answers:
        for name in answer.unknown_inputs if answer.messages else ():
            behind = columns_behind(policy.declaration.inputs[name])
            columns |= {column for column in behind if state[column] is None}
    return columns


def columns_behind(declared: PolicyInput) -> frozenset[str]:
    """The columns that a policy's input is read from."""
    if declared.column is not None:
        return frozenset({declared.column})
    return columns_read(parse_condition(declared.that)) if declared.that else frozenset()
