"""Owns the playbook versions that are compared: the active one, and variants of three changed rules each."""

from __future__ import annotations

from dataclasses import replace

from evidence.decision import Bundle, Rule
from evidence.decision.condition_parser import parse_condition

CHANGED_RULE_COUNT = 3


def variants(active: Bundle, count: int) -> list[Bundle]:
    """The active bundle, then `count` - 1 versions of it; each changes other rules than the one before."""
    return [active, *(_variant(active, number) for number in range(count - 1))]


def _variant(active: Bundle, number: int) -> Bundle:
    """One rule gives more points, two ask for more before they hold."""
    rules = list(active.rules)
    changes = (_with_more_points, _asking_for_signals, _asking_for_tools)
    for place, change in enumerate(changes, start=number * CHANGED_RULE_COUNT):
        rules[place % len(rules)] = change(rules[place % len(rules)], number)
    playbook = active.playbook.model_copy(update={"rules": tuple(rules)})
    return replace(active, name=f"{active.name}-variant-{number + 1}", playbook=playbook)


def _with_more_points(rule: Rule, number: int) -> Rule:
    points = {action: given + 5 + number for action, given in rule.supports.items()}
    return rule.model_copy(update={"supports": points})


def _asking_for_signals(rule: Rule, number: int) -> Rule:
    return _narrowed(rule, f"signal_count >= {2 + number % 3}")


def _asking_for_tools(rule: Rule, number: int) -> Rule:
    return _narrowed(rule, f"signal_source_count >= {2 + number % 2}")


def _narrowed(rule: Rule, condition: str) -> Rule:
    when = f"({rule.when}) and {condition}"
    parse_condition(when)
    return rule.model_copy(update={"when": when})
