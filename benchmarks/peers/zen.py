"""The rules as one expression node of ZEN, a boolean each; a table that collects takes twice as long."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from benchmarks.closures import Leaf, closed, operator_of, render
from benchmarks.peers import MatchAll, Matched, NotInstalled, State
from evidence.decision import Bundle
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import Between, Compare, Flag, HasSignal, Known, OneOf

OPERATORS = {"=": "==", "<>": "!="}


def zen(bundle: Bundle) -> MatchAll:
    """ZEN engine (zen-engine), all states in one batch of a compiled decision. Raises NotInstalled."""
    try:
        import zen as zen_engine
    except ImportError:
        raise NotInstalled("zen-engine is not installed (extra: bench)") from None
    content = zen_engine.ZenDecisionContent(json.dumps(_graph(bundle)))
    engine = zen_engine.ZenEngine({"loader": lambda _: content})
    ids = {f"rule_{place}": rule.id for place, rule in enumerate(bundle.rules)}

    def match(states: Sequence[State]) -> list[Matched]:
        answers = engine.evaluate_batch([{"key": "rules", "context": state} for state in states])
        return [
            frozenset(ids[key] for key, holds in answer["data"]["result"].items() if holds)
            for answer in answers
        ]

    return match


def _graph(bundle: Bundle) -> dict[str, Any]:
    expressions = [
        {
            "id": f"rule_{place}",
            "key": f"rule_{place}",
            "value": render(closed(parse_condition(rule.when)), _leaf, "and", "or"),
        }
        for place, rule in enumerate(bundle.rules)
    ]
    nodes = [
        ("in", "inputNode", {}),
        ("rules", "expressionNode", {"expressions": expressions, "passThrough": False}),
        ("out", "outputNode", {}),
    ]
    return {
        "nodes": [
            {"id": name, "type": kind, "name": name, "content": content, "position": {"x": 0, "y": 0}}
            for name, kind, content in nodes
        ],
        "edges": [
            {"id": f"{source}-{target}", "type": "edge", "sourceId": source, "targetId": target}
            for source, target in (("in", "rules"), ("rules", "out"))
        ],
    }


def _leaf(leaf: Leaf) -> str:
    match leaf.test:
        case Flag(column):
            return f"{column} == {'true' if leaf.is_wanted else 'false'}"
        case Known(column):
            return f"{column} {'!=' if leaf.is_wanted else '=='} null"
        case HasSignal(name):
            return f"{_text(name)} {'in' if leaf.is_wanted else 'not in'} signal_names"
        case Compare(column, _, literal):
            operator = operator_of(leaf)
            return f"{column} != null and {column} {OPERATORS.get(operator, operator)} {_text(literal)}"
        case OneOf(column, literals):
            among = f"[{', '.join(map(_text, literals))}]"
            return f"{column} != null and {column} {'in' if leaf.is_wanted else 'not in'} {among}"
        case Between(column, low, high):
            inside = f"{column} >= {low} and {column} <= {high}"
            return f"{column} != null and {inside if leaf.is_wanted else f'not ({inside})'}"
    raise ValueError(f"ZEN is not given patterns ({leaf.test})")


def _text(literal: int | str) -> str:
    return str(literal) if isinstance(literal, int) else json.dumps(literal)
