"""The rules as Cedar policies, one permit each; a response names every policy that applies."""

from __future__ import annotations

import json
from collections.abc import Sequence

from benchmarks.closures import Leaf, closed, operator_of, render
from benchmarks.peers import MatchAll, Matched, NotInstalled, State
from evidence.decision import Bundle, Rule
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import Between, Compare, Flag, HasSignal, Known, OneOf

OPERATORS = {"=": "==", "<>": "!="}
WHO = {"principal": 'Team::"responders"', "action": 'Action::"decide"', "resource": 'Incident::"one"'}


def cedar(bundle: Bundle) -> MatchAll:
    """Cedar (cedarpy), all states in one batch over policies that are parsed once. Raises NotInstalled."""
    try:
        import cedarpy
    except ImportError:
        raise NotInstalled("cedarpy is not installed (extra: bench)") from None
    policies = cedarpy.PolicySet.from_str("\n".join(map(_policy, bundle.rules)))
    entities = cedarpy.Entities.from_json_str("[]")
    ids = [rule.id for rule in bundle.rules]

    def match(states: Sequence[State]) -> list[Matched]:
        requests = [{**WHO, "context": state} for state in states]
        answers = cedarpy.is_authorized_batch(requests, policies, entities)
        # Policies are named policy0, policy1 … in their order.
        return [
            frozenset(ids[int(reason.removeprefix("policy"))] for reason in answer.diagnostics.reasons)
            for answer in answers
        ]

    return match


def _policy(rule: Rule) -> str:
    condition = render(closed(parse_condition(rule.when)), _leaf, "&&", "||")
    return f"permit(principal, action, resource) when {{ {condition} }};"


def _leaf(leaf: Leaf) -> str:
    match leaf.test:
        case Flag(column):
            return _known(column, f"context.{column} == {'true' if leaf.is_wanted else 'false'}")
        case Known(column):
            return f"context has {column}" if leaf.is_wanted else f"!(context has {column})"
        case HasSignal(name):
            contains = f"context.signal_names.contains({json.dumps(name)})"
            return contains if leaf.is_wanted else f"!{contains}"
        case Compare(column, _, literal):
            operator = operator_of(leaf)
            return _known(column, f"context.{column} {OPERATORS.get(operator, operator)} {_text(literal)}")
        case OneOf(column, literals):
            among = f"[{', '.join(map(_text, literals))}].contains(context.{column})"
            return _known(column, among if leaf.is_wanted else f"!{among}")
        case Between(column, low, high):
            inside = f"(context.{column} >= {low} && context.{column} <= {high})"
            return _known(column, inside if leaf.is_wanted else f"!{inside}")
    raise ValueError(f"Cedar is not given patterns ({leaf.test})")


def _known(column: str, test: str) -> str:
    return f"context has {column} && {test}"


def _text(literal: int | str) -> str:
    return str(literal) if isinstance(literal, int) else json.dumps(literal)
