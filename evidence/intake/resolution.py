"""Decides what becomes of each record of one incident: evidence, a duplicate or quarantine.

Nothing here looks at a file's name except to say where the bytes of equals lie, so that the same bytes
under other names, in another order or split apart otherwise give the same evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from evidence.intake.records import RawRecord
from evidence.json_strict import canonical
from evidence.readers import Reader


@dataclass(slots=True)
class Placed:
    """A raw record at its place in a file, and its fate; `declared_at` is from when its gaps count.

    `lead_ns` is by how much it happened after it had arrived, which no clock that is right would say.
    """

    path: str
    ordinal: int
    file_sha256: str
    reader: Reader | None
    record: RawRecord
    known_at: tuple[int, ...]
    basis: str
    status: str = ""
    declared_at: int = 0
    lead_ns: int = 0

    @property
    def arrival(self) -> int:
        """When the first of its events was known; 0 when it states none."""
        return min(self.known_at, default=0)


def resolve(placed: list[Placed]) -> None:
    """Set the status of every record; a loser of a conflict gets its reason.

    The same bytes: the copy that arrived first is the evidence, the others are duplicates. The same
    identity within a format: the content that arrived first (then of the least digest) is kept, other
    bytes of the same canonical content (but for what the reader says lies `beside` the thing itself) are
    duplicates, other content is quarantined. Of one call in two forms the one that arrived first is kept (of
    equals the tool's own log), and what a lake tells otherwise than the log is quarantined. A refused record
    is quarantined wherever it stands, unless a file of another format holds its bytes as evidence.
    """
    kept: dict[str, Placed] = {}
    for one in sorted((p for p in placed if not p.record.reason), key=_order):
        one.status = "duplicate" if one.record.sha256 in kept else "evidence"
        kept.setdefault(one.record.sha256, one)
    for one in placed:
        if one.record.reason:
            one.status = "duplicate" if one.record.sha256 in kept and one.record.length else "quarantined"
    losers = {loser.record.sha256: loser for loser in _settle_identities(kept.values())}
    losers |= {loser.record.sha256: loser for loser in _settle_forms(kept.values())}
    for one in placed:
        loser = losers.get(one.record.sha256)
        if loser is not None and loser.status == "quarantined":
            _quarantine(one, loser.record.detail, loser.record.field)


def _order(one: Placed) -> tuple[int, str, str, int]:
    return (one.arrival, one.record.sha256, one.path, one.ordinal)


def _settle_identities(kept: Iterable[Placed]) -> list[Placed]:
    """Among records of one identity all but the first lose: as duplicates, or to quarantine."""
    groups: dict[tuple[str, str], list[Placed]] = defaultdict(list)
    for one in kept:
        if one.record.identity is not None and one.reader is not None:
            groups[one.reader.format, one.record.identity].append(one)
    losers = []
    for (_, identity), group in groups.items():
        if len(group) == 1:
            continue
        first, *others = sorted(group, key=_order)
        beside = first.reader.beside if first.reader else ()
        content = canonical(first.record.raw, beside)
        for other in others:
            if canonical(other.record.raw, beside) == content:
                other.status = "duplicate"
            else:
                detail = (
                    f"another record with the identity {identity[:120]} says otherwise: {first.record.sha256}"
                )
                _quarantine(other, detail, "")
            losers.append(other)
    return losers


def _settle_forms(kept: Iterable[Placed]) -> list[Placed]:
    """Among a record and its other forms (a lake's) one is evidence; the others lose."""
    evidence = [one for one in kept if one.status == "evidence" and one.reader is not None]
    forms = sorted((one for one in evidence if one.record.original), key=_order)
    wanted = {one.record.original for one in forms}
    chosen = {
        key: one
        for one in evidence
        if one.reader and (key := (one.reader.format, one.record.identity or "")) in wanted
    }
    losers = []
    for form in forms:
        assert form.record.original is not None  # by the selection above
        first = chosen.setdefault(form.record.original, form)
        if first is form:
            continue
        if _said(form) != _said(first):
            detail = f"the record of which it is another form says otherwise: {first.record.sha256}"
            _quarantine(form, detail, "")
            losers.append(form)
            continue
        late = form if form.arrival >= first.arrival else first
        late.status = "duplicate"
        chosen[form.record.original] = first if late is form else form
        losers.append(late)
    return losers


def _said(one: Placed) -> list[tuple[object, ...]]:
    """Of each event what no mapping loses: what was done, and when."""
    return [(event["kind"], event["name"], event["event_time"]) for event in one.record.events]


def _quarantine(one: Placed, detail: str, field: str) -> None:
    one.status = "quarantined"
    one.record.reason, one.record.detail, one.record.field = "conflicting_identity", detail, field
