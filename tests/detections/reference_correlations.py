"""A second, plain reading of correlations: every window and every order is looked at by itself.

An occurrence is (rule position, second, second known, group, value); hits (second, second known, members).
"""

from __future__ import annotations

import itertools

COMPARE = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
    "eq": lambda a, b: a == b,
    "neq": lambda a, b: a != b,
    "range": lambda a, bounds: all(COMPARE[name](a, b) for name, b in bounds.items()),
}


def hits(kind, occurrences, span, operator, count, rule_count):
    """All hits of one group, in the order of time. Occurrences are numbered by their position."""
    numbered = list(enumerate(occurrences))
    result = []
    held = False
    for moment in sorted({one[1] for one in occurrences}):
        window = [(n, one) for n, one in numbered if moment - span <= one[1] <= moment]
        found = ordered(window, rule_count) if kind == "temporal_ordered" else None
        if kind != "temporal_ordered":
            things = [thing(kind, n, one) for n, one in window]
            holds = COMPARE[operator](len(set(things)), count)
            if holds and not held:
                result.append((moment, known(kind, window, operator, count), sorted(n for n, _ in window)))
        else:
            holds = found is not None
            if holds and not held:
                result.append((moment, None, None))
        held = holds
    return result


def arriving_hits(kind, occurrences, span, operator, count, rule_count):
    """The same where more can not undo a hit: every moment of arrival is looked at by itself, in their order.

    A hit counts once: not again when a late record lets it begin earlier.
    """
    result = []
    for now in sorted({one[2] for one in occurrences}):
        places = [n for n, one in enumerate(occurrences) if one[2] <= now]
        seen = [occurrences[n] for n in places]
        for at, _, found in hits(kind, seen, span, operator, count, rule_count):
            members = [places[n] for n in found]
            is_new = any(occurrences[n][2] == now for n in members)
            is_again = any(moment >= at and set(members) & set(others) for moment, _, others in result)
            if is_new and not is_again:
                result.append((at, now, members))
    return result


def thing(kind, number, occurrence):
    return {"event_count": number, "value_count": occurrence[4], "temporal": occurrence[0]}[kind]


def known(kind, window, operator, count):
    """The first moment at which what had arrived by then suffices, or all of it where more could undo it."""
    if operator not in ("gt", "gte"):
        return max(one[2] for _, one in window)
    for at in sorted({one[2] for _, one in window}):
        arrived = {thing(kind, n, one) for n, one in window if one[2] <= at}
        if COMPARE[operator](len(arrived), count):
            return at
    raise AssertionError("the window holds, but what arrived does not")


def ordered(window, rule_count):
    """Any choice of one occurrence per rule whose times do not go back, or None."""
    by_rule = [[one for one in window if one[1][0] == rule] for rule in range(rule_count)]
    for choice in itertools.product(*by_rule):
        times = [one[1] for _, one in choice]
        if times == sorted(times):
            return choice
    return None
