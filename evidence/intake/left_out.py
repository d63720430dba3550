"""Owns `ingest-gaps.jsonl`: what an ingest could give to no incident, and whose gap that is.

`evidence ingest` writes it beside the folders of incidents. One line stands for one record that could not
be read, or for one that states nothing but a gap. What they leave open is told of every incident that may
miss it:

- it counts for the incidents with evidence of its source;
- for all, where nothing tells the source, or where no incident has evidence of it;
- where a time can be read in it, only for those within whose window that lies.

Whatever file it lay in, in what order and among what neighbours, is not asked.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evidence.errors import InputError, Place
from evidence.intake.incident_file import Time
from evidence.times import NS_PER_SECOND

INGEST_GAPS = "ingest-gaps.jsonl"
REFUSED_GAP = "records_quarantined"
_UNKNOWN = ""


class LeftOut(BaseModel):
    """One line. `source` is empty where nothing tells it; `subject` is the reason of what could not be read.

    `begin` and `end` are the times that the record itself tells, `received` is when its file arrived; ns UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    gap: str
    source: str
    subject: str
    detail: str = ""
    pointer: str = ""
    begin: Time | None = None
    end: Time | None = None
    received: Time | None = None
    sha256: Annotated[str, Field(pattern=r"\A[0-9a-f]{64}\z")]


@dataclass(frozen=True, slots=True)
class Heard:
    """Of one incident: its window, and when each of its sources was first heard of; ns UTC, ends included."""

    incident_id: str
    start: int
    end: int
    first_known: Mapping[str, int]


def read_left_out(path: Path) -> Iterator[LeftOut]:
    """The lines of the file; none where it is not there. Raises InputError for one that is none of ours."""
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield LeftOut.model_validate_json(line)
            except ValidationError as error:
                first = error.errors()[0]
                raise InputError(
                    f"is no line of evidence ingest: {first['msg']}",
                    place=Place(path, number, field="/".join(str(part) for part in first["loc"])),
                    remedy="Put back the file that evidence ingest wrote",
                ) from None


def gaps_left_out(
    lines: Iterable[LeftOut], incidents: Sequence[Heard], delays: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    """Rows of `intake.declared_gaps`. `delays` are the seconds after which each source's records arrive."""
    heard_of = {source for each in incidents for source in each.first_known}
    pooled: dict[str, _Pool] = defaultdict(_Pool)
    for line in lines:
        pooled[line.source if line.source in heard_of else _UNKNOWN].add(line)
    for source, pool in sorted(pooled.items()):
        pool.close()
        for incident in incidents:
            if source == _UNKNOWN or source in incident.first_known:
                yield from _rows(pool.of(incident), incident, delays)


@dataclass(slots=True)
class _Pool:
    """The lines of one source: the dated ones in order of their begin."""

    undated: list[LeftOut] = field(default_factory=list)
    dated: list[LeftOut] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)
    longest: int = 0

    def add(self, line: LeftOut) -> None:
        if line.begin is None:
            self.undated.append(line)
        else:
            self.dated.append(line)
            self.longest = max(self.longest, (line.end or line.begin) - line.begin)

    def close(self) -> None:
        self.dated.sort(key=lambda line: (line.begin, line.sha256))
        self.begins = [line.begin or 0 for line in self.dated]

    def of(self, incident: Heard) -> Iterator[LeftOut]:
        yield from self.undated
        first = bisect_left(self.begins, incident.start - self.longest)
        for line in self.dated[first : bisect_right(self.begins, incident.end)]:
            if (line.end or line.begin or 0) >= incident.start:
                yield line


def _rows(lines: Iterable[LeftOut], incident: Heard, delays: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """One row for all that could not be read of a source; one for each gap that a record declares."""
    refused: dict[str, list[LeftOut]] = defaultdict(list)
    for line in lines:
        if line.gap == REFUSED_GAP:
            refused[line.source].append(line)
        else:
            yield _row(incident, line, line.detail, 1, _known_at(line, incident, delays))
    for _, group in sorted(refused.items()):
        reasons = ", ".join(sorted({line.subject for line in group}))
        count = f"{len(group)} record{'' if len(group) == 1 else 's'}"
        detail = (
            f"{count} could not be read when the exports were taken in ({reasons}) and may belong to this"
            " incident; the bytes are kept in refused/"
        )
        known_at = min(_known_at(line, incident, delays) for line in group)
        first = min(group, key=lambda line: line.sha256).model_copy(update={"subject": "ingest"})
        yield _row(incident, first, detail, len(group), known_at)


def _known_at(line: LeftOut, incident: Heard, delays: Mapping[str, int]) -> int:
    """Its recorded arrival, else by its own time, else as soon as anything else of its source is known.

    What declares a gap and no event has no time of its own, as in an incident's folder.
    """
    if line.received is not None:
        return line.received
    if line.end is not None:
        return line.end + delays.get(line.source, 0) * NS_PER_SECOND
    first = incident.first_known.get(line.source) if line.gap == REFUSED_GAP else None
    return incident.end if first is None else first


def _row(incident: Heard, line: LeftOut, detail: str, count: int, known_at: int) -> dict[str, Any]:
    return {
        "incident_id": incident.incident_id,
        "source": line.source,
        "gap": line.gap,
        "subject": line.subject,
        "detail": detail,
        "known_at": known_at,
        "gap_count": count,
        "record_sha256": line.sha256,
        "pointer": line.pointer,
        "is_envelope": True,
    }
