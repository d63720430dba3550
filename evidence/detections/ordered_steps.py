"""Owns hits in order: one of each rule, none before that of the rule before it, all within the timespan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evidence.detections.hits import Item


@dataclass(frozen=True)
class _Chain:
    """One hit of each of the first rules, in order."""

    start: int
    items: tuple[Item, ...]

    def units(self) -> tuple[int, ...]:
        """Records of its last hit."""
        return self.items[-1].hit.units


def ordered_hits(
    moments: Iterable[tuple[int, list[Item]]], rule_count: int, span: int
) -> Iterator[tuple[int, int, list[Item]]]:
    """Moments at which a whole chain lies within the span and none did at the moment before in the group.

    Hits of one moment may follow each other either way, for a clock does not order them; but one record is
    not two neighbouring steps. Of several chains the one that begins latest is taken.
    """
    best: list[list[_Chain]] = [[] for _ in range(rule_count)]
    held = False
    for at, together in moments:
        for item in together:
            _extend(best, item, at)
        whole = best[-1][0] if best[-1] and best[-1][0].start >= at - span else None
        if whole and not held:
            yield at, max(item.hit.known_at for item in whole.items), list(whole.items)
        held = whole is not None


def _extend(best: list[list[_Chain]], item: Item, at: int) -> None:
    """Adds the chain that ends with the item; the last two of different records are enough to go on from."""
    if item.reference == 0:
        chain = _Chain(at, (item,))
    else:
        before = [one for one in best[item.reference - 1] if one.units() != item.hit.units]
        if not before:
            return
        chain = _Chain(before[0].start, (*before[0].items, item))
    rivals = sorted([chain, *best[item.reference]], key=lambda one: -one.start)
    others = [one for one in rivals[1:] if one.units() != rivals[0].units()]
    best[item.reference] = [rivals[0], *others[:1]]
