"""Decides what becomes of each record of one incident: evidence, a duplicate or quarantine.

Nothing here looks at a file's name except to say where the bytes of equals lie, so that the same bytes
under other names, in another order or split apart otherwise give the same evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress

from evidence.intake.records import RawRecord
from evidence.intake.stated import digest_of, without_disputed_texts
from evidence.readers import Reader

# Of one call in two forms: what was done and when is in both; by whom, and from where, a mapping may lose.
_TOLD_BY_BOTH = ("kind", "name", "event_time")
_WHO = ("account_uid", "actor", "credential_uid", "src_ip")


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

    @property
    def is_dated(self) -> bool:
        """Whether it is recorded when each of its events had arrived."""
        return self.basis == "recorded" or all("known_at" in event for event in self.record.events)


def resolve(placed: list[Placed]) -> None:
    """Set the status of every record; a loser of a conflict gets its reason.

    The same bytes: the copy that arrived first is the evidence, the others are duplicates. The same
    identity within a format: what happened first (then of the least digest) counts, and what states
    otherwise is quarantined. Of several that state the same (evidence.intake.stated) the one that arrived
    first (then of the least digest) is kept, the others are duplicates. Of one call in two forms the one that
    arrived first is kept (of equals the tool's own log), and what a lake tells otherwise than the log is
    quarantined. A refused record is quarantined wherever it stands, unless a file of another format holds its
    bytes as evidence.
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
    """Among records of one identity all but one lose: as duplicates, or to quarantine."""
    groups: dict[tuple[str, str], list[Placed]] = defaultdict(list)
    for one in kept:
        if one.record.identity is not None and one.reader is not None:
            groups[one.reader.format, one.record.identity].append(one)
    losers = []
    for (_, identity), group in groups.items():
        if len(group) == 1:
            continue
        said = _stated(min(group, key=_happened))
        alike = [_stated(one) == said for one in group]
        stays = _settle_copies(list(compress(group, alike)))
        detail = f"another record with the identity {identity[:120]} says otherwise: {stays.record.sha256}"
        for one, is_copy in zip(group, alike, strict=True):
            if not is_copy:
                _quarantine(one, detail, "")
        losers += [one for one in group if one is not stays]
    return losers


def _settle_copies(copies: Sequence[Placed]) -> Placed:
    """The one that arrived first; where nobody knows when, a text that others have otherwise is left out."""
    stays, *others = sorted(copies, key=_order)
    for other in others:
        other.status = "duplicate"
    if not stays.is_dated:
        told = [one.record.events for one in copies]
        stays.record.events = without_disputed_texts(stays.record.events, told)
    return stays


def _stated(one: Placed) -> bytes:
    assert one.reader is not None  # only what a reader read has an identity
    return digest_of(one.reader, one.record.raw, one.record.events, one.record.gaps)


def _happened(one: Placed) -> tuple[bool, int, str]:
    """In the order of what happened; what states no event comes last."""
    first_at = min((event["event_time"] for event in one.record.events), default=None)
    return first_at is None, first_at or 0, one.record.sha256


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
        if _contradicts(form, first):
            detail = f"the record of which it is another form says otherwise: {first.record.sha256}"
            _quarantine(form, detail, "")
            losers.append(form)
            continue
        late = form if form.arrival >= first.arrival else first
        late.status = "duplicate"
        chosen[form.record.original] = first if late is form else form
        losers.append(late)
    return losers


def _contradicts(one: Placed, other: Placed) -> bool:
    """Whether two forms of one call differ in what no mapping loses, or in what both of them tell."""
    events, others = one.record.events, other.record.events
    return len(events) != len(others) or any(
        event.get(column) != told.get(column)
        for event, told in zip(events, others, strict=True)
        for column in (*_TOLD_BY_BOTH, *(who for who in _WHO if event.get(who) and told.get(who)))
    )


def _quarantine(one: Placed, detail: str, field: str) -> None:
    one.status = "quarantined"
    one.record.reason, one.record.detail, one.record.field = "conflicting_identity", detail, field
