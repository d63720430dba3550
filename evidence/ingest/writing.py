"""Owns the second pass: the records' bytes, unchanged, go into folders of incidents; the account says how.

All is built aside, under names that begin with a dot, and takes its place by renaming (journal.py). What is
the same as before is left alone, so that a second ingest of the same bytes writes nothing.
"""

from __future__ import annotations

import filecmp
import hashlib
import shutil
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from evidence.errors import InputError, Place
from evidence.export_files import walk
from evidence.ingest.account import ACCOUNT, Account, HeldIncident, Share, SourceFile
from evidence.ingest.contested import keep_held
from evidence.ingest.declaration import declare
from evidence.ingest.grouping import statement
from evidence.ingest.index import in_batches
from evidence.ingest.journal import ASIDES, KEPT_ASIDE, Journal, aside_of, carry_out, discard
from evidence.ingest.left_out import keep_left_out
from evidence.ingest.pipeline import Formed, Ingest, merged_into
from evidence.ingest.raw_bytes import RawBytes
from evidence.ingest.refused import keep_refused
from evidence.ingest.refused_records import REFUSED
from evidence.ingest.report import IngestReport
from evidence.intake.discovery import INCIDENT_FILE
from evidence.intake.left_out import INGEST_GAPS
from evidence.times import format_rfc3339

PART_BYTES_MAX = 64 * 1024 * 1024
"""Largest file written; what is more goes on in the next, so that intake holds no more than this at once."""
_PIECE_BYTES = 256 * 1024
UNPLACED, PROVENANCE = "unplaced", ".ingest"


def write(ingest: Ingest) -> IngestReport:
    """Write every incident that is new or restated, what belongs to none or was refused, and the account.

    All is built aside first. Raises InputError where a folder of people is in the way, and changes nothing.
    """
    into = ingest.request.into
    into.mkdir(parents=True, exist_ok=True)
    discard(into)
    (into / ASIDES).mkdir(parents=True)
    try:
        journal = _prepare(ingest, into)
    except BaseException:
        discard(into)
        raise
    carry_out(journal, into)
    assert ingest.report is not None  # made before anything is written
    return ingest.report.model_copy(update={"is_dry_run": False})


def _prepare(ingest: Ingest, into: Path) -> Journal:
    account, journal = ingest.account, Journal()
    with RawBytes(ingest.index) as raw:
        written: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
        for incident_id, rows in groupby(_units(ingest), key=lambda row: row[0]):
            written[incident_id] = _write_exports(aside_of(into, incident_id or UNPLACED), rows, raw)
        for one in ingest.formed:
            files, received = written.get(one.derived.id, ({}, {}))
            _build_incident(one, files, received, account, into, journal)
        for name in ingest.dissolved:
            account.incidents.pop(name)
            journal.put_away.append(name)
        account.unplaced = _build_unplaced(written.get("", ({}, {}))[0], into, journal)
        _build_refused(ingest, raw, into, journal)
        keep_left_out(ingest, raw, into / ASIDES / INGEST_GAPS)
    journal.take_up(INGEST_GAPS, into)
    _build_provenance(ingest, into, journal)
    for name in keep_held(ingest.index.connection, into / ASIDES):
        journal.take_up(name, into)
    account.gap_seconds = ingest.request.gap_seconds
    account.files = _sources(ingest)
    (into / ASIDES / ACCOUNT).write_bytes(account.text().encode())
    journal.take_up(ACCOUNT, into)
    return journal


def _units(ingest: Ingest) -> Iterator[tuple[Any, ...]]:
    return in_batches(
        ingest.index.connection.execute(
            "select incident_id, format, received_at, unit, first_at, sha256, file_id, start, length"
            " from units order by incident_id, format, received_at nulls first, unit,"
            " first_at nulls last, sha256"
        )
    )


# --- exports


def _write_exports(
    aside: Path, rows: Iterator[tuple[Any, ...]], raw: RawBytes
) -> tuple[dict[str, str], dict[str, str]]:
    """({name: SHA-256}, {name: arrival}) of the files written into the folder aside."""
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    files: dict[str, str] = {}
    received: dict[str, str] = {}
    for (format_, received_at, unit), group in groupby(rows, key=lambda row: row[1:4]):
        stem = str(format_)
        if unit != "record":
            stem += "-documents" if unit == "document" else f"-broken-{unit.split()[1][:16]}"
        if received_at is not None:
            stem += f"-received-{received_at}"
        parts = {suffix: _Parts(aside, stem, suffix) for suffix in ("jsonl", "json")}
        for *_, sha256, file_id, start, length in group:
            data = raw.read(file_id, start, length, sha256)
            # Lines where a record is one, else documents one after the other: readers take both, unmixed.
            parts["json" if b"\n" in data else "jsonl"].add(data)
        for part in parts.values():
            done = part.close()
            files |= done
            if received_at is not None:
                received |= dict.fromkeys(done, format_rfc3339(received_at))
    return files, received


class _Parts:
    """Files of one name and at most PART_BYTES_MAX, one after the other."""

    def __init__(self, folder: Path, stem: str, suffix: str) -> None:
        self._folder, self._stem, self._suffix = folder, stem, suffix
        self._files: dict[str, str] = {}
        self._handle: Any = None
        self._held: list[bytes] = []
        self._size = self._written = 0

    def add(self, record: bytes) -> None:
        """Write one record and a line's end."""
        if self._handle is None or self._size + len(record) >= PART_BYTES_MAX:
            self._end()
            number = len(self._files) + 1
            tail = f"-{number}" if number > 1 else ""
            self._name = f"{self._stem}{tail}.{self._suffix}"
            self._handle = (self._folder / self._name).open("wb")
            self._digest, self._size, self._written = hashlib.sha256(), 0, 0
        self._held += (record, b"\n")
        self._size += len(record) + 1
        if self._size - self._written >= _PIECE_BYTES:
            self._put()

    def close(self) -> dict[str, str]:
        """{name: SHA-256} of all of them."""
        self._end()
        return self._files

    def _put(self) -> None:
        piece = b"".join(self._held)
        self._handle.write(piece)
        self._digest.update(piece)
        self._written += len(piece)
        self._held.clear()

    def _end(self) -> None:
        if self._handle is not None:
            self._put()
            self._handle.close()
            self._files[self._name] = self._digest.hexdigest()
            self._handle = None


# --- folders


def _build_incident(
    one: Formed,
    files: dict[str, str],
    received: dict[str, str],
    account: Account,
    into: Path,
    journal: Journal,
) -> None:
    incident_id = one.derived.id
    folder, aside = into / incident_id, aside_of(into, incident_id)
    before = account.incidents.get(incident_id)
    text = declare(one.derived, received, before, folder / INCIDENT_FILE)
    (aside / INCIDENT_FILE).write_bytes(text)
    if before is None and folder.exists() and not _is_equal(folder, aside):
        raise InputError(
            "is there already, and not from an ingest",
            place=Place(folder),
            remedy="Ingest into another folder, or name the incident in a manifest",
        )
    if folder.exists():
        _carry_over(folder, aside, set(before.files) if before else set(files))
    merged = set(before.merged) if before else set()
    for name in merged_into(one, account):
        other = account.incidents.pop(name)
        _take_in(into / name, aside, other)
        journal.removed.append(name)
        merged |= {name, *other.merged}
    _swap(incident_id, into, journal)
    account.incidents[incident_id] = HeldIncident(
        founder=one.group.founder,
        derived=one.derived.fields(),
        files=files,
        received=received,
        is_named=one.group.incident_id is not None,
        threads=list(one.group.threads),
        merged=sorted(merged),
    )


def _swap(name: str, into: Path, journal: Journal) -> None:
    """Note that what is built aside takes its place, unless the same is there."""
    if (into / name).exists() and _is_equal(into / name, aside_of(into, name)):
        shutil.rmtree(aside_of(into, name))
    else:
        journal.swap(into, name)


def _carry_over(folder: Path, aside: Path, ours: set[str]) -> None:
    """What people have put into the folder stays in it."""
    for entry in walk(folder):
        relative = entry.path.relative_to(folder)
        if relative.as_posix() not in ours | {INCIDENT_FILE}:
            target = aside / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(entry.path, target, follow_symlinks=False)


def _take_in(other: Path, aside: Path, held: HeldIncident) -> None:
    """Keep what people wrote of an incident that turned out to be part of this one."""
    if not other.is_dir():
        return
    kept = aside / KEPT_ASIDE / other.name
    kept.mkdir(parents=True, exist_ok=True)
    for entry in walk(other):
        relative = entry.path.relative_to(other)
        if relative.as_posix() not in held.files:
            # Under its own name it would declare an incident within an incident.
            name = f"{other.name}.yaml" if relative.as_posix() == INCIDENT_FILE else relative
            (kept / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(entry.path, kept / name, follow_symlinks=False)


def _is_equal(folder: Path, aside: Path) -> bool:
    names = [{entry.path.relative_to(root) for entry in walk(root)} for root in (folder, aside)]
    return names[0] == names[1] and all(
        filecmp.cmp(folder / name, aside / name, shallow=False)
        for name in names[0]
        if not (folder / name).is_symlink()
    )


def _build_unplaced(files: dict[str, str], into: Path, journal: Journal) -> dict[str, str]:
    if files:
        _swap(UNPLACED, into, journal)
    elif (into / UNPLACED).exists():
        journal.removed.append(UNPLACED)
    return files


def _build_refused(ingest: Ingest, raw: RawBytes, into: Path, journal: Journal) -> None:
    kept, fresh = keep_refused(ingest, raw, into / ASIDES)
    ingest.account.refused |= kept
    for name in fresh:
        journal.take_up(f"{REFUSED}/{name}", into)


# --- the account


def _sources(ingest: Ingest) -> list[SourceFile]:
    """Every file ever given, by path and digest; those of this ingest as they are now."""
    known = {(each.path, each.sha256): each for each in ingest.account.files}
    shares: dict[int, list[Share]] = {}
    for file_id, to, count, begin, end in ingest.index.connection.execute(
        "select file_id,"
        " case fate when 'refused' then fate else coalesce(incident_ids, 'unplaced') end as goal,"
        " count(*), min(byte_offset), max(byte_offset + byte_length)"
        " from provenance group by all order by file_id, goal"
    ).fetchall():
        shares.setdefault(file_id, []).append(Share(to=to, records=count, begin=begin, end=end))
    for file_id, (source, facts) in enumerate(zip(ingest.index.sources, ingest.index.facts, strict=True)):
        if source.held_by is None:
            known[source.name, facts.sha256] = SourceFile(
                path=source.name,
                sha256=facts.sha256,
                byte_count=facts.byte_count,
                formats=list(facts.formats),
                shares=shares.get(file_id, []),
            )
    return [known[key] for key in sorted(known)]


def _build_provenance(ingest: Ingest, into: Path, journal: Journal) -> None:
    """One row per record given, in a Parquet file named by its digest: the same again for the same ingest."""
    aside = into / ASIDES / "records.parquet"
    connection = ingest.index.connection
    connection.execute(statement("provenance")).fetchall()
    connection.execute("set preserve_insertion_order = true").fetchall()
    target = str(aside).replace("'", "''")
    connection.execute(
        "copy (select * exclude (file_id) from provenance order by path, file_sha256, ordinal)"
        f" to '{target}' (format parquet, compression zstd)"
    ).fetchall()
    with aside.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    named = aside.with_name(f"records-{digest[:16]}.parquet")
    journal.take_up(f"{PROVENANCE}/{aside.rename(named).name}", into)
