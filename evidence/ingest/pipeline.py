"""Owns the steps of one ingest: read, settle, group, name, report, write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from evidence.errors import InputError, Place
from evidence.export_files import path_text, walk
from evidence.ingest.account import Account, load_account
from evidence.ingest.contested import holders, load_held, losers
from evidence.ingest.forgetting import forget
from evidence.ingest.grouping import Group, group, settle, statement
from evidence.ingest.index import Index, Source, in_batches
from evidence.ingest.journal import is_interrupted, recover
from evidence.ingest.manifest import Manifest, claimed_sources, claims_of
from evidence.ingest.naming import Derived, derive
from evidence.ingest.report import FormatCount, FormedIncident, IngestReport, Refusal, Unplaced
from evidence.ingest.signals import IS_ANSWER, IS_SIGNAL
from evidence.intake.discovery import INCIDENT_FILE
from evidence.intake.incident_file import load_incident
from evidence.settings import Settings
from evidence.times import NS_PER_SECOND, parse_rfc3339

_NOT_EXPORTS = frozenset({INCIDENT_FILE, "README.md"})
REFUSALS_HELD_MAX = 1000
"""Refusals that a report holds; `refusals` gives all of them."""
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
    is_dry_run: bool = False

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
    dissolved: list[str] = field(default_factory=list)
    report: IngestReport | None = None


def read_and_group(
    request: Request, scratch: Path, progress: Callable[[int, int], None] = lambda files, records: None
) -> Ingest:
    """Everything but the writing. Raises InputError for a path that is not there or lies in `into`.

    What an earlier ingest was stopped at is finished first, or is an InputError in a dry run. Incidents whose
    folders are gone are forgotten first: their records are new ones if they come again.
    """
    _finish_interrupted(request)
    forgotten = forget(request.into, is_dry_run=request.is_dry_run).incidents
    given = list(sources_of(request.paths, request.into))
    if request.manifest is not None:
        given = claimed_sources(request.manifest, given)
    ingest = Ingest(request, Index(scratch, request.settings), load_account(request.into))
    for name in forgotten:
        ingest.account.incidents.pop(name, None)
    index = ingest.index
    for count in index.add(given):
        progress(len(index.sources), count)
    for _ in index.add(_held_sources(ingest, scratch)):
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
    _note_changes(ingest)
    ingest.report = _report(ingest, is_dry_run=True).model_copy(update={"forgotten": list(forgotten)})
    return ingest


def _finish_interrupted(request: Request) -> None:
    if not is_interrupted(request.into):
        return
    if request.is_dry_run:
        raise InputError(
            "holds a part of an ingest that was interrupted",
            place=Place(request.into),
            remedy="Run evidence ingest without --dry-run: it finishes what was begun",
        )
    recover(request.into)


def sources_of(paths: Iterable[Path], into: Path) -> Iterator[Source]:
    """Every file at or below the paths, each once; hidden names, declarations and `into` are left out.

    Raises InputError for a path that is not there, or that is `into` or lies in it.
    """
    seen: set[Path] = set()
    own = into.absolute()
    for path in paths:
        if into.resolve() in (path.resolve(), *path.resolve().parents):
            raise InputError(
                f"lies in {path_text(into)}, into which the incidents are written",
                place=Place(path),
                remedy="Give --into another folder, or name the exports that incidents are to be made of",
            )
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


def _held_sources(ingest: Ingest, scratch: Path) -> Iterator[Source]:
    """The exports of incidents that what is new may touch, what belonged to none before, and what lost."""
    rows = ingest.index.connection.execute("select min(first_at), max(last_at) from records").fetchall()
    low, high = rows[0]
    threads = ingest.index.connection.execute(
        "select distinct thread_kind || ' ' || thread from places where thread is not null"
    ).fetchall()
    into = ingest.request.into
    known = {thread for (thread,) in threads}
    has_identities = load_held(ingest.index.connection, into)
    again = list(losers(ingest.index.connection, into, scratch))
    # Without a word of who holds what, everything is read again, once.
    named = holders(ingest.index.connection) if has_identities else set(ingest.account.incidents)
    for incident_id in ingest.account.near(low, high, ingest.request.gap_seconds, known, named):
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
    yield from again


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
    for name in ("units", "conflicts"):
        connection.execute(statement(name)).fetchall()


def _note_changes(ingest: Ingest) -> None:
    """Say of each incident of before whether other bytes or words are in it now, or no record at all."""
    account, connection = ingest.account, ingest.index.connection
    other = {name for (name,) in connection.execute(statement("changed")).fetchall()}
    merged: set[str] = set()
    for one in ingest.formed:
        gone = merged_into(one, account)
        merged.update(gone)
        before = account.incidents.get(one.derived.id)
        if before is not None:
            is_same = not gone and one.derived.id not in other and one.derived.fields() == before.derived
            one.state = "unchanged" if is_same else "restated"
    read = connection.execute(
        "select distinct held_by from records join files using (file_id) where held_by <> '' and reason = ''"
    ).fetchall()
    named = merged | {one.derived.id for one in ingest.formed}
    ingest.dissolved = sorted({held_by for (held_by,) in read} - named)


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
        displaced=_displaced_count(ingest),
        refusals=list(islice(refusals(ingest), REFUSALS_HELD_MAX)),
        empty_files=_empty_files(ingest),
        incidents=[_incident(one, ingest.account) for one in ingest.formed],
        dissolved=ingest.dissolved,
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


def refusals(ingest: Ingest) -> Iterator[Refusal]:
    """Every refused record, however many: of the files given, and of what incidents held until now."""
    for row in in_batches(ingest.index.connection.execute(statement("refusals"))):
        yield Refusal(**dict(zip(_REFUSAL, row, strict=True)))


_REFUSAL = tuple(Refusal.model_fields)


def _displaced_count(ingest: Ingest) -> int:
    ((count,),) = ingest.index.connection.execute("select count(*) from displaced").fetchall()
    return int(count)


def _empty_files(ingest: Ingest) -> list[str]:
    rows = ingest.index.connection.execute(
        "select path from files anti join records using (file_id) where held_by is null order by path"
    ).fetchall()
    return [path for (path,) in rows]


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
