"""Owns the steps of one ingest: read, settle, group, name, report, write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from evidence.errors import InputError, Place
from evidence.export_files import path_text, walk
from evidence.ingest.account import Account, load_account
from evidence.ingest.grouping import Group, group, settle, statement
from evidence.ingest.index import IS_ANSWER, IS_SIGNAL, Index, Source
from evidence.ingest.manifest import Manifest, claimed_sources, claims_of
from evidence.ingest.naming import Derived, derive
from evidence.ingest.report import FormatCount, FormedIncident, IngestReport, Refusal, Unplaced
from evidence.intake.discovery import INCIDENT_FILE
from evidence.intake.incident_file import load_incident
from evidence.settings import Settings
from evidence.times import NS_PER_SECOND, parse_rfc3339

_NOT_EXPORTS = frozenset({INCIDENT_FILE, "README.md"})
_WRITTEN = pa.schema([("group_name", pa.string()), ("incident_id", pa.string())])


@dataclass(frozen=True, slots=True)
class Request:
    """What to ingest and how."""

    paths: tuple[Path, ...]
    into: Path
    settings: Settings
    services: Sequence[Mapping[str, Any]] = ()
    dependencies: Collection[tuple[str, str]] = ()
    gap_seconds: int = 1800
    manifest: Manifest | None = None

    @property
    def gap_ns(self) -> int:
        """The gap in nanoseconds."""
        return self.gap_seconds * NS_PER_SECOND


@dataclass(slots=True)
class Formed:
    """A group that is an incident, with what is derived about it."""

    group: Group
    derived: Derived
    state: str = "new"


@dataclass(slots=True)
class Ingest:
    """One ingest up to the point of writing; `index` has to be closed."""

    request: Request
    index: Index
    account: Account
    formed: list[Formed] = field(default_factory=list)
    report: IngestReport | None = None


def read_and_group(
    request: Request, scratch: Path, progress: Callable[[int, int], None] = lambda files, records: None
) -> Ingest:
    """Everything but the writing. Raises InputError for a path that is not there."""
    given = list(sources_of(request.paths, request.into))
    if request.manifest is not None:
        given = claimed_sources(request.manifest, given)
    ingest = Ingest(request, Index(scratch, request.settings), load_account(request.into))
    index = ingest.index
    for count in index.add(given):
        progress(len(index.sources), count)
    for _ in index.add(_held_sources(ingest)):
        pass
    settle(index)
    groups = group(
        index,
        request.gap_ns,
        request.services,
        lambda: claims_of(request.manifest, index.connection, ingest.account),
        {name: held.founder for name, held in ingest.account.incidents.items()},
        request.dependencies,
    )
    ingest.formed = list(_formed(groups, ingest))
    _note_written(ingest)
    ingest.report = _report(ingest, is_dry_run=True)
    return ingest


def sources_of(paths: Iterable[Path], into: Path) -> Iterator[Source]:
    """Every file at or below the paths, each once; hidden names, declarations and `into` are left out."""
    seen: set[Path] = set()
    own = into.absolute()
    for path in paths:
        if not (path.exists() or path.is_symlink()):
            raise InputError("is not there", place=Place(path), remedy="Name files or folders of exports")
        for found in _below(path):
            absolute = found.absolute()
            if absolute not in seen and own not in absolute.parents:
                seen.add(absolute)
                yield Source(found, path_text(found), received_at=_arrival(found))


def _arrival(path: Path) -> int | None:
    """When the file arrived, where it lies in the folder of a recorded incident that says so."""
    for folder in path.parents:
        declaration = folder / INCIDENT_FILE
        if declaration.is_file():
            incident, _ = load_incident(declaration)
            return incident.received.get(path_text(path.relative_to(folder)))
    return None


def _below(path: Path) -> Iterator[Path]:
    """The files; a link is never followed, also where it is what people name: a shell's `*` names it, too."""
    if path.is_symlink() or not path.is_dir():
        yield path
        return
    for entry in walk(path):
        parts = entry.path.relative_to(path).parts
        if not any(part.startswith(".") for part in parts) and entry.path.name not in _NOT_EXPORTS:
            yield entry.path


def _held_sources(ingest: Ingest) -> Iterator[Source]:
    """The exports of incidents that what is new may touch, and what belonged to none before."""
    rows = ingest.index.connection.execute("select min(first_at), max(last_at) from records").fetchall()
    low, high = rows[0]
    threads = ingest.index.connection.execute(
        "select distinct thread_kind || ' ' || thread from places where thread is not null"
    ).fetchall()
    into = ingest.request.into
    known = {thread for (thread,) in threads}
    for incident_id in ingest.account.near(low, high, ingest.request.gap_seconds, known):
        for name in ingest.account.incidents[incident_id].files:
            path = into / incident_id / name
            if path.is_file():
                at = ingest.account.incidents[incident_id].received.get(name)
                received = parse_rfc3339(at) if at else None
                yield Source(path, path_text(path), held_by=incident_id, received_at=received)
    for name in ingest.account.unplaced:
        path = into / "unplaced" / name
        if path.is_file():
            yield Source(path, path_text(path), held_by="")


def _formed(groups: list[Group], ingest: Ingest) -> Iterator[Formed]:
    taken: set[str] = set()
    for each in groups:
        if not (each.incident_id or each.flags & IS_SIGNAL):
            continue
        derived = derive(each, ingest.request.gap_ns)
        known = each.incident_id or next(iter(_by_age(each.held_by, ingest.account)), None)
        if ingest.request.manifest is not None and each.incident_id:
            derived = ingest.request.manifest.renamed(derived, each.incident_id)
        identifier = known or derived.id
        number = 2
        while identifier in taken:
            identifier, number = f"{derived.id}-{number}", number + 1
        taken.add(identifier)
        yield Formed(each, replace(derived, id=identifier))


def _by_age(held_by: tuple[str, ...], account: Account) -> list[str]:
    """The incidents that held its records, the earliest first: the first keeps its name."""
    return sorted((each for each in held_by if each), key=lambda name: (account.incidents[name].start, name))


def merged_into(one: Formed, account: Account) -> list[str]:
    """The incidents that are this one from now on."""
    return [name for name in _by_age(one.group.held_by, account) if name != one.derived.id]


def _note_written(ingest: Ingest) -> None:
    """The table `written`: which incident each kept record goes to; '' for what belongs to none."""
    connection = ingest.index.connection
    rows = [{"group_name": f.group.name, "incident_id": f.derived.id} for f in ingest.formed]
    connection.register("given", pa.Table.from_pylist(rows, schema=_WRITTEN))
    connection.execute("create or replace temp table group_ids as from given").fetchall()
    connection.unregister("given")
    connection.execute(statement("written")).fetchall()
    connection.execute(statement("fates_of_input")).fetchall()
    fresh = {
        name
        for (name,) in connection.execute(
            "select distinct incident_id from written join settled using (kept_id) anti join ("
            " select settled.sha256, held_by as incident_id from settled join files using (file_id)"
            ") as held using (sha256, incident_id)"
        ).fetchall()
    }
    for one in ingest.formed:
        if one.derived.id in ingest.account.incidents:
            is_touched = one.derived.id in fresh or bool(merged_into(one, ingest.account))
            one.state = "restated" if is_touched else "unchanged"


# --- the report


def _report(ingest: Ingest, *, is_dry_run: bool) -> IngestReport:
    formats = list(_format_counts(ingest))
    totals = {name: sum(getattr(each, name) for each in formats) for name in _COUNTS}
    given = [n for n, source in enumerate(ingest.index.sources) if source.held_by is None]
    return IngestReport(
        is_dry_run=is_dry_run,
        into=path_text(ingest.request.into),
        gap_seconds=ingest.request.gap_seconds,
        files=len(given),
        bytes=sum(ingest.index.facts[n].byte_count for n in given),
        **totals,
        formats=formats,
        refusals=list(_refusals(ingest)),
        incidents=[_incident(one, ingest.account) for one in ingest.formed],
        unplaced_records=list(_unplaced(ingest)),
    )


_COUNTS = ("records", "evidence", "duplicate", "unplaced", "refused")


def _format_counts(ingest: Ingest) -> Iterator[FormatCount]:
    rows = ingest.index.connection.execute(
        "select format, count(distinct file_id), count(*), count(*) filter (where fate = 'evidence'),"
        " count(*) filter (where fate = 'duplicate'), count(*) filter (where fate = 'unplaced'),"
        " count(*) filter (where fate = 'refused') from input_fates group by 1 order by 1 nulls last"
    ).fetchall()
    names = ("format", "files", *_COUNTS)
    for row in rows:
        yield FormatCount(**dict(zip(names, row, strict=True)))


def _refusals(ingest: Ingest) -> Iterator[Refusal]:
    rows = ingest.index.connection.execute(
        "select files.path, line, start, length, input_fates.sha256, format, reason, field, detail"
        " from input_fates join files using (file_id) where fate = 'refused'"
        " order by files.path, ordinal, file_id"
    )
    while batch := rows.fetchmany(10_000):
        for path, line, start, length, sha256, format_, reason, pointer, detail in batch:
            yield Refusal(
                file=path,
                line=line,
                byte_offset=start,
                byte_length=length,
                record_sha256=sha256.hex(),
                format=format_,
                reason=reason,
                field=pointer,
                detail=detail,
            )


def _incident(one: Formed, account: Account) -> FormedIncident:
    return FormedIncident(
        id=one.derived.id,
        title=one.derived.title,
        type=one.derived.type,
        window_from=one.derived.start,
        window_to=one.derived.end,
        state=one.state,  # type: ignore[arg-type]
        records=dict(one.group.formats),
        entities=[f"{kind} {name}".strip() for kind, name, _ in one.group.entities if kind != "nothing"],
        merged=merged_into(one, account),
    )


def _unplaced(ingest: Ingest) -> Iterator[Unplaced]:
    rows = ingest.index.connection.execute(
        "select input_fates.format, count(*), records.first_at is null, records.flags & ? <> 0"
        " from input_fates join records using (record_id) where fate = 'unplaced' group by all order by all",
        [IS_ANSWER],
    ).fetchall()
    for format_, count, is_timeless, is_answer in rows:
        why = "no_time" if is_timeless else "no_incident" if is_answer else "no_signal"
        yield Unplaced(format=format_, records=count, why=why)  # type: ignore[arg-type]
