"""Owns correlations: hits of rules within a span of event time become hits of their own.

A window is what happened within the timespan up to a moment at which something happened, both ends included.
A correlation hits when its condition holds of a window and did not hold of the window before it in its group:
so an attempt that goes on is one hit, not one for every further record. Records of one incident only are
brought together, and events of one moment are looked at together, since a clock does not order them.
What more records can not undo is looked for as they arrive; a count below, or an exact one, in all of them.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from evidence.detections.arrivals import Found, hits_by_arrival, in_order, is_in_order_of_arrival
from evidence.detections.hits import Hit, Item
from evidence.detections.ordered_steps import ordered_hits
from evidence.detections.rules import NS_PER_SECOND, Correlation, CorrelationKind
from evidence.detections.tallies import Tally
from evidence.detections.values import exact_number


def correlate(correlation: Correlation, hits: Mapping[str, Sequence[Hit]]) -> list[Hit]:
    """The correlation's hits over those of the rules that it refers to, in total order."""
    groups: dict[tuple[str, ...], list[Item]] = {}
    for number, reference in enumerate(correlation.references):
        for hit in hits.get(reference, ()):
            item = Item(hit, number, _counted(correlation, reference, number, hit))
            for key in _keys(correlation, reference, hit):
                groups.setdefault(key, []).append(item)
    found = [hit for key, items in sorted(groups.items()) for hit in _group_hits(correlation, key, items)]
    return sorted(found, key=lambda hit: (hit.incident_id, hit.event_time, hit.units, hit.group))


def by_incident(streams: Mapping[str, Iterable[Hit]]) -> Iterator[Mapping[str, Sequence[Hit]]]:
    """The hits of each reference, incident by incident; each stream must be in the order of incidents."""
    labelled = [_labelled(reference, hits) for reference, hits in streams.items()]
    merged = heapq.merge(*labelled, key=lambda each: each[1].incident_id)
    for _, together in itertools.groupby(merged, key=lambda each: each[1].incident_id):
        found: dict[str, list[Hit]] = {}
        for reference, hit in together:
            found.setdefault(reference, []).append(hit)
        yield found


def _labelled(reference: str, hits: Iterable[Hit]) -> Iterator[tuple[str, Hit]]:
    return ((reference, hit) for hit in hits)


def _keys(correlation: Correlation, reference: str, hit: Hit) -> Iterator[tuple[str, ...]]:
    """Groups that a hit belongs to: one per combination of its values, none where a field is absent."""
    choices = [hit.values.get(fields[reference], ()) for _, fields in correlation.group_by]
    return ((hit.incident_id, *values) for values in itertools.product(*choices))


def _counted(correlation: Correlation, reference: str, number: int, hit: Hit) -> tuple[Hashable, ...]:
    if correlation.counted_fields is not None:
        field = correlation.counted_fields[reference]
        texts = hit.values.get(field, ())
        return _numbers(hit, field, texts) if correlation.kind.is_of_numbers else texts
    return (hit.units,) if correlation.kind is CorrelationKind.EVENT_COUNT else (number,)


def _numbers(hit: Hit, field: str, texts: Iterable[str]) -> tuple[Hashable, ...]:
    """Each different number of the records once, whichever rules they match."""
    numbers = (exact_number(text) for text in texts)
    return tuple((hit.units, field, number) for number in numbers if number is not None)


def _group_hits(correlation: Correlation, key: tuple[str, ...], items: list[Item]) -> Iterator[Hit]:
    names = [name for name, _ in correlation.group_by]
    for at, known_at, members in _found(correlation, items):
        group = tuple(zip(names, key[1:], strict=True))
        rests_on = members if not correlation.is_monotone else _known_by(known_at, members)
        units = tuple(sorted({unit for item in rests_on for unit in item.hit.units}))
        yield Hit(key[0], at, known_at, units, {name: (value,) for name, value in group}, group)


def _found(correlation: Correlation, items: list[Item]) -> Iterable[Found]:
    items.sort(key=in_order)
    is_ordered = correlation.kind is CorrelationKind.TEMPORAL_ORDERED
    if not correlation.is_monotone or is_in_order_of_arrival(items, is_moment_one=is_ordered):
        return _look(correlation, items)
    span = correlation.timespan_seconds * NS_PER_SECOND
    return hits_by_arrival(items, lambda some: _look(correlation, some), span)


def _known_by(known_at: int, members: Iterable[Item]) -> list[Item]:
    return [item for item in members if item.hit.known_at <= known_at]


def _look(correlation: Correlation, items: Sequence[Item]) -> Iterator[Found]:
    """The hits among items in order of event time, as if nothing else were to come."""
    moments = (
        (at, list(together))
        for at, together in itertools.groupby(items, key=lambda item: item.hit.event_time)
    )
    span = correlation.timespan_seconds * NS_PER_SECOND
    if correlation.kind is CorrelationKind.TEMPORAL_ORDERED:
        return ordered_hits(moments, len(correlation.references), span)
    return _counting_hits(correlation, moments, span)


def _counting_hits(
    correlation: Correlation, moments: Iterable[tuple[int, list[Item]]], span: int
) -> Iterator[tuple[int, int, list[Item]]]:
    """Windows in which what is counted meets the condition, each at its beginning."""
    window: deque[Item] = deque()
    tally = Tally(correlation)
    held = False
    for at, together in moments:
        for item in together:
            window.append(item)
            tally.add(item.counted)
        while window[0].hit.event_time < at - span:
            tally.remove(window.popleft().counted)
        holds = tally.holds()
        if holds and not held:
            yield at, _known_at(correlation, window), list(window)
        held = holds


def _known_at(correlation: Correlation, window: Iterable[Item]) -> int:
    """When enough had arrived: the earliest of each thing counted, and of these as many as are needed.

    A condition that more arrivals could undo needs the whole window.
    """
    earliest: dict[Hashable, int] = {}
    for item in window:
        for one in item.counted:
            earliest[one] = min(item.hit.known_at, earliest.get(one, item.hit.known_at))
    arrivals = sorted(item.hit.known_at for item in window)
    if not correlation.is_monotone:
        return arrivals[-1]
    needed = correlation.count + (correlation.operator == "gt")
    return sorted(earliest.values())[needed - 1] if needed > 0 else arrivals[0]
