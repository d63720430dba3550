"""Owns the order of arrival in correlations: what was a hit when it became known stays one.

A record that arrives late may lie in the middle of others, and would move the window that hits. So hits are
looked for as of each arrival: a hit is new when a record that just arrived is in its window, unless it only
lets one begin earlier that was known before.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence

from evidence.detections.hits import Item

Found = tuple[int, int, list[Item]]
"""The moment of a hit in ns of event time, when it is known, and its records."""
Look = Callable[[Sequence[Item]], Iterable[Found]]
"""Finds the hits among items in order of event time."""


def in_order(item: Item) -> tuple[int, int, tuple[int, ...]]:
    """By event time; what happens in one moment by reference and records, which is an order and no more."""
    return item.hit.event_time, item.reference, item.hit.units


def is_in_order_of_arrival(items: Iterable[Item], *, is_moment_one: bool) -> bool:
    """Whether nothing arrived before what happened earlier; `is_moment_one`: nor in pieces of one moment."""
    latest = None
    for _, together in itertools.groupby(items, key=lambda item: item.hit.event_time):
        arrivals = [item.hit.known_at for item in together]
        if latest is not None and min(arrivals) < latest:
            return False
        if is_moment_one and min(arrivals) < max(arrivals):
            return False
        latest = max(arrivals) if latest is None else max(latest, *arrivals)
    return True


def hits_by_arrival(items: Iterable[Item], look: Look, span: int) -> Iterator[Found]:
    """The hits in order of arrival, each with the records that were known by then; `span` in ns."""
    known: list[Item] = []
    reported: dict[int, int] = {}  # per record the latest moment of a hit that it is in
    arriving = sorted(items, key=lambda item: (item.hit.known_at, in_order(item)))
    for known_at, together in itertools.groupby(arriving, key=lambda item: item.hit.known_at):
        new = list(together)
        for item in new:
            insort(known, item, key=in_order)
        arrived = set(map(id, new))
        for at, _, members in look(_around(known, new, span)):
            units = {unit for item in members for unit in item.hit.units}
            is_earlier_beginning = any(reported.get(unit, at - 1) >= at for unit in units)
            if not is_earlier_beginning and any(id(item) in arrived for item in members):
                reported |= dict.fromkeys(units, at)
                yield at, known_at, members


def _around(known: Sequence[Item], new: Sequence[Item], span: int) -> Sequence[Item]:
    """All that can be in a window with what is new, and in the whole window before the first of these."""
    first, last = min(item.hit.event_time for item in new), max(item.hit.event_time for item in new)
    place = bisect_left(known, first, key=lambda item: item.hit.event_time)
    before = known[place - 1].hit.event_time if place else first
    start = bisect_left(known, before - span, key=lambda item: item.hit.event_time)
    return known[start : bisect_right(known, last + span, key=lambda item: item.hit.event_time)]
