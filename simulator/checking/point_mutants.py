"""Finds the least change of a rule's points that can change a decision: smaller ones decide alike."""

from __future__ import annotations

from collections.abc import Mapping

from evidence.decision import Bundle, Rule


def point_steps(bundle: Bundle, rule: Rule, action: str) -> list[int]:
    """The nearest figures below and above for which some set of matching rules would decide otherwise.

    For an active action where its sum crosses the need; for a passive one where it overtakes, or falls
    behind, what another passive action can have. Rules are taken as independent: more sets than there
    are, so that what is passed over certainly changes nothing.
    """
    points = rule.supports[action]
    totals = {points + others for others in _sums(bundle, action, without=rule.id)}
    if bundle.actions[action].is_active:
        downs = {total - bundle.need + 1 for total in totals if total >= bundle.need}
        ups = {bundle.need - total for total in totals if total < bundle.need}
    else:
        rivals = {
            total
            for name, other in bundle.actions.items()
            if name != action and not other.is_active
            for total in _sums(bundle, name)
        } - {0}
        downs = {total - rival + 1 for total in totals for rival in rivals if rival <= total}
        ups = {rival - total + 1 for total in totals for rival in rivals if rival >= total}
    figures = [points - min(downs)] if downs else []
    figures += [points + min(ups)] if ups else []
    return [figure for figure in figures if figure > 0]


def matters_sql(bundle: Bundle, gained: Mapping[str, int], factor: str = "1") -> str:
    """SQL over a row of trial_states: gaining so many points (times `factor`) may change the decision.

    An active action must become effective, or lose it, or have points at all where it had none; a passive
    one is looked at only where none that is active was chosen.
    """
    tests = ["false"]
    for name, points in gained.items():
        effect = f"effect_{list(bundle.actions).index(name)}"
        after = f"({effect} + {points} * {factor})"
        if bundle.actions[name].is_active:
            tests += [f"({after} >= {cut}) <> ({effect} >= {cut})" for cut in (bundle.need, 1)]
        else:
            tests.append("chosen = 0")
    return " or ".join(dict.fromkeys(tests))


def _sums(bundle: Bundle, action: str, without: str = "") -> set[int]:
    """Every sum that some set of the rules that support the action gives, none of them included."""
    sums = {0}
    for rule in bundle.rules:
        if action in rule.supports and rule.id != without:
            sums |= {total + rule.supports[action] for total in sums}
    return sums
