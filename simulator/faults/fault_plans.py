"""Owns what a seed does to the evidence of each incident: which sources fail, and how.

A plan follows from seed, incident and source alone: each number is SHA-256 of these and a counter. So
one incident of one seed is altered as it is among all others, on any machine and version of Python
(`random` promises that for no method but `random()`), and no two plans share any state.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from evidence.incident_names import find_incident
from evidence.tables import Tables
from simulator.faults.variants import Alteration, Kind, Variant

T = TypeVar("T")

# From least to most, both included; a dropped source has no amount.
RANGES: dict[Kind, tuple[int, int]] = {
    Kind.DROPPED: (0, 0),
    Kind.HEAD_CUT: (10, 90),  # percent of an export
    Kind.TAIL_CUT: (10, 90),
    Kind.SKEWED: (-3600, 3600),  # seconds
    Kind.DELAYED: (1, 14_400),
    Kind.REORDERED: (0, 2**31),  # picks one order of very many
    Kind.DUPLICATED: (0, 600),
}


class Draws:
    """Integers that follow from a key, one after the other."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._count = 0

    def between(self, least: int, most: int) -> int:
        """The next integer from `least` to `most`, both included."""
        self._count += 1
        digest = hashlib.sha256(f"{self._key}/{self._count}".encode()).digest()
        # Of 2^64 values: small ones are favoured by less than one in a billion.
        return least + int.from_bytes(digest[:8], "big") % (most - least + 1)

    def one_of(self, values: Sequence[T]) -> T:
        """The next of some values."""
        return values[self.between(0, len(values) - 1)]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a plan knows of an incident: its sources, sorted, and when evidence arrived before its end."""

    incident_id: str
    sources: tuple[str, ...]
    arrivals: tuple[int, ...]


def incidents_of(recorded: Tables, only: Collection[str] = ()) -> tuple[Recorded, ...]:
    """The incidents, or only those named (a beginning will do), by id. Raises InputError for unknown ones."""
    sources: dict[str, set[str]] = {}
    arrivals: dict[str, set[int]] = {}
    for event in recorded["intake.evidence_events"].select(["incident_id", "source", "known_at"]).to_pylist():
        sources.setdefault(event["incident_id"], set()).add(event["source"])
        arrivals.setdefault(event["incident_id"], set()).add(event["known_at"])
    ends = recorded["intake.incidents"].select(["incident_id", "window_end"]).to_pylist()
    found = {
        row["incident_id"]: Recorded(
            row["incident_id"],
            tuple(sorted(sources.get(row["incident_id"], ()))),
            # Absence counts from the end of the window, so that later moments are not safe from what is lost.
            tuple(sorted(at for at in arrivals.get(row["incident_id"], ()) if at < row["window_end"])),
        )
        for row in sorted(ends, key=lambda row: str(row["incident_id"]))
    }
    named = {find_incident(text, list(found)) for text in only}
    return tuple(each for name, each in found.items() if name in named or not only)


def plan(seed: int, incident: Recorded) -> Variant:
    """What `seed` does to the incident: two sources in five fail, at least one does.

    Every other plan touches only what arrives after some moment of the incident. That shows whether
    later evidence leaves the states before it as they were.
    """
    draws = Draws(f"{seed}/{incident.incident_id}")
    is_late = draws.between(1, 2) == 1 and bool(incident.arrivals)
    after = draws.one_of(incident.arrivals) if is_late else None
    alterations = [
        each
        for source in incident.sources
        for each in _alterations(Draws(f"{seed}/{incident.incident_id}/{source}"), source)
    ]
    if not alterations and incident.sources:
        alterations = [_alteration(draws, draws.one_of(incident.sources), tuple(Kind))]
    return Variant(incident.incident_id, str(seed), tuple(alterations), after)


def _alterations(draws: Draws, source: str) -> Iterator[Alteration]:
    """Mostly none, else one, sometimes two of different kinds."""
    if draws.between(1, 5) > 2:
        return
    first = _alteration(draws, source, tuple(Kind))
    yield first
    if first.kind is not Kind.DROPPED and draws.between(1, 3) == 1:
        others = tuple(kind for kind in Kind if kind not in (first.kind, Kind.DROPPED))
        yield _alteration(draws, source, others)


def _alteration(draws: Draws, source: str, kinds: tuple[Kind, ...]) -> Alteration:
    kind = draws.one_of(kinds)
    return Alteration(source, kind, draws.between(*RANGES[kind]))
