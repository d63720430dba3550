"""Owns what a bundle's conditions must not be: impossible, always true, or said twice.

Decided over the cells of the columns that they read, so that an accusation is certain; what cannot be
decided is let pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from evidence.decision.bundle import Bundle, Path_, Role, Rule, Use
from evidence.decision.checks import Fault
from evidence.decision.condition_text import condition_text
from evidence.decision.conditions import And, Condition, Or, conjuncts
from evidence.decision.satisfiability import (
    implies,
    is_always_true,
    is_never_false,
    is_never_true,
    measured,
)
from evidence.enrichment.grading import Thresholds

RAISING = (Role.ESCALATION, Role.ALSO)
_WITHOUT_EFFECT = {
    Role.RULE: "it never gives a point",
    Role.PRECONDITION: "its action could never be recommended",
    Role.ESCALATION: "it demands nothing unless something is unknown",
    Role.ALSO: "it adds nobody unless something is unknown",
    Role.POLICY_INPUT: "the policy asks what is settled",
}
_WITHOUT_CONDITION = {
    Role.RULE: "it tells no state from another",
    Role.PRECONDITION: "it holds nothing back",
    Role.ESCALATION: "the mode belongs into the matrix",
    Role.ALSO: "its approvers belong to the action's own",
    Role.POLICY_INPUT: "the policy asks what is settled",
}


def condition_faults(bundle: Bundle, uses: Sequence[Use], thresholds: Thresholds | None) -> Iterator[Fault]:
    """Faults, and warnings, about `uses`, the readable conditions of the bundle.

    `thresholds` are the bundle's, where they can be read: 'over policy' is then taken as the measured
    column that it stands for.
    """
    conditions = {use.path: _measured(use.condition, thresholds) for use in uses}
    impossible: set[Path_] = set()
    for use in uses:
        condition = conditions[use.path]
        if is_never_true(condition):
            impossible.add(use.path)
            yield _never_true(use, thresholds)
        elif is_never_false(condition) if use.role in RAISING else is_always_true(condition):
            what = f"{use.role} {use.owner} holds in every state: {_WITHOUT_CONDITION[use.role]}"
            yield Fault(what, use.path, policy=use.policy, is_warning=True)
        else:
            yield from _dead_alternatives(use, thresholds)
    possible = {path: condition for path, condition in conditions.items() if path not in impossible}
    yield from _excluding_preconditions(uses, possible)
    yield from _repeated_rules(bundle, possible)


def _measured(condition: Condition, thresholds: Thresholds | None) -> Condition:
    return measured(condition, thresholds) if thresholds else condition


def _never_true(use: Use, thresholds: Thresholds | None) -> Fault:
    """The impossible condition, told by the fewest of its parts that exclude each other."""
    kept = list(conjuncts(use.condition))
    for part in list(kept):
        others = [each for each in kept if each is not part]
        if others and is_never_true(*(_measured(each, thresholds) for each in others)):
            kept = others
    texts = " and ".join(_text(part, thresholds) for part in kept)
    why = f"{texts} {'exclude each other' if len(kept) > 1 else 'is never true'}"
    what = f"{use.role} {use.owner} cannot hold: {why}, so that {_WITHOUT_EFFECT[use.role]}"
    return Fault(what, use.path, offset=_offset_of(use.text, kept[0]), policy=use.policy)


def _text(part: Condition, thresholds: Thresholds | None) -> str:
    """The part as it stands and, where the grading decides about it, what that comes to."""
    text, meant = condition_text(part), condition_text(_measured(part, thresholds))
    return text if text == meant else f"{text} ({meant})"


def _dead_alternatives(use: Use, thresholds: Thresholds | None) -> Iterator[Fault]:
    for part in _alternatives(use.condition):
        if is_never_true(_measured(part, thresholds)):
            what = (
                f"{use.role} {use.owner} offers an alternative that is never true: {_text(part, thresholds)}"
            )
            offset = _offset_of(use.text, part)
            yield Fault(what, use.path, offset=offset, policy=use.policy, is_warning=True)


def _alternatives(condition: Condition) -> Iterator[Condition]:
    """What stands on either side of an 'or' that is not negated."""
    match condition:
        case Or(left, right):
            for side in (left, right):
                yield from _alternatives(side) if isinstance(side, Or) else (side,)
        case And(left, right):
            yield from _alternatives(left)
            yield from _alternatives(right)


def _offset_of(text: str, part: Condition) -> int:
    """Where the part begins in the text as people wrote it, as near as its first word tells."""
    found = re.search(r"[a-z][a-z0-9_]{3,}", condition_text(part))
    at = re.search(rf"\b{found.group()}\b", text) if found else None
    return at.start() if at else 0


def _excluding_preconditions(uses: Sequence[Use], conditions: dict[Path_, Condition]) -> Iterator[Fault]:
    """The first precondition of an action that those before it leave no state."""
    before: dict[tuple[str, ...], list[Use]] = {}
    for use in uses:
        if use.role is not Role.PRECONDITION or use.path not in conditions:
            continue
        earlier = before.setdefault(use.supports, [])
        others = [conditions[each.path] for each in earlier]
        if earlier and is_never_true(*others, conditions[use.path]):
            named = " and ".join(each.owner.partition(".")[2] for each in earlier)
            what = (
                f"precondition {use.owner} cannot hold together with {named}, "
                f"so that {use.supports[0]} could never be recommended"
            )
            yield Fault(what, use.path)
        else:
            earlier.append(use)


def _repeated_rules(bundle: Bundle, conditions: dict[Path_, Condition]) -> Iterator[Fault]:
    """Pairs of rules that support an action together and whose conditions follow from each other."""
    paths: list[Path_] = [("rules", index, "when") for index in range(len(bundle.rules))]
    for place, rule in enumerate(bundle.rules):
        for earlier, other in enumerate(bundle.rules[:place]):
            pair = paths[place], paths[earlier]
            if set(rule.supports) & set(other.supports) and all(path in conditions for path in pair):
                yield from _repetition(rule, other, paths[place], *(conditions[path] for path in pair))


def _repetition(
    rule: Rule, other: Rule, path: Path_, condition: Condition, before: Condition
) -> Iterator[Fault]:
    is_within, holds_it = implies(condition, before), implies(before, condition)
    is_same = rule.supports == other.supports
    if is_within and holds_it and is_same:
        what = f"rule {rule.id} says what rule {other.id} says: the same points in the same states"
        yield Fault(what, path, remedy="Leave one out, or give one rule the points of both")
    elif is_within and holds_it:
        what = f"rule {rule.id} holds in the same states as rule {other.id}"
        remedy = "Put their points into one rule, so that they are seen together"
        yield Fault(what, path, is_warning=True, remedy=remedy)
    elif is_same and (is_within or holds_it):
        narrow, wide = (rule, other) if is_within else (other, rule)
        what = f"rule {narrow.id} holds only where rule {wide.id} does, and gives the same points again"
        remedy = "Leave the narrower one out, unless twice the points are meant"
        yield Fault(what, path, is_warning=True, remedy=remedy)
