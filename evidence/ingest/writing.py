"""Owns the second pass: the records' bytes, unchanged, go into folders of incidents; the account says how.

A folder is built aside, under a name that begins with a dot, and takes its place by renaming. What is the
same as before is left alone, so that a second ingest of the same bytes writes nothing.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import shutil
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from evidence.errors import InputError, Place
from evidence.export_files import walk
from evidence.ingest.account import ACCOUNT, Account, HeldIncident, Share, SourceFile
from evidence.ingest.declaration import declare
from evidence.ingest.grouping import statement
from evidence.ingest.pipeline import Formed, Ingest, merged_into
from evidence.ingest.raw_bytes import RawBytes
from evidence.ingest.refused import keep_refused
from evidence.ingest.report import IngestReport
from evidence.intake.discovery import INCIDENT_FILE
from evidence.placing import changed, flush, place, swap_in
from evidence.times import format_rfc3339

PART_BYTES_MAX = 64 * 1024 * 1024
"""Largest file written; what is more goes on in the next, so that intake holds no more than this at once."""
_PIECE_BYTES = 256 * 1024
UNPLACED, MERGED, PROVENANCE = "unplaced", ".merged", ".ingest"


def write(ingest: Ingest) -> IngestReport:
    """Write every incident that is new or restated, what belongs to none or was refused, and the account."""
    into = ingest.request.into
    into.mkdir(parents=True, exist_ok=True)
    _recover(into)
    ingest.index.connection.execute(statement("units")).fetchall()
    account = ingest.account
    formed = {one.derived.id: one for one in ingest.formed}
    with RawBytes(ingest.index) as raw:
        written: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
        for incident_id, rows in groupby(_units(ingest), key=lambda row: row[0]):
            aside = into / f".{incident_id or UNPLACED}.aside"
            written[incident_id] = _write_exports(aside, rows, raw)
        for incident_id, one in formed.items():
            files, received = written.get(incident_id, ({}, {}))
            _place_incident(one, files, received, account, into)
        account.unplaced = _place_unplaced(written.get("", ({}, {}))[0], into)
        account.refused |= keep_refused(ingest, raw)
    _keep_provenance(ingest)
    account.gap_seconds = ingest.request.gap_seconds
    account.files = _sources(ingest)
    _write_account(account, into)
    assert ingest.report is not None  # made before anything is written
    return ingest.report.model_copy(update={"is_dry_run": False})


def _units(ingest: Ingest) -> Iterator[tuple[Any, ...]]:
    answer = ingest.index.connection.execute(
        "select incident_id, format, received_at, unit, first_at, sha256, file_id, start, length"
        " from units order by incident_id, format, received_at nulls first, unit,"
        " first_at nulls last, sha256"
    )
    while batch := answer.fetchmany(10_000):
        yield from batch


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
        """{name: SHA-256} of all of them, flushed to the disk."""
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
            self._handle.flush()
            os.fsync(self._handle.fileno())
            self._handle.close()
            self._files[self._name] = self._digest.hexdigest()
            self._handle = None


# --- folders


def _place_incident(
    one: Formed, files: dict[str, str], received: dict[str, str], account: Account, into: Path
) -> None:
    incident_id = one.derived.id
    folder, aside = into / incident_id, into / f".{incident_id}.aside"
    before = account.incidents.get(incident_id)
    if before is None and folder.exists():
        raise InputError(
            "is there already, and not from an ingest",
            place=Place(folder),
            remedy="Ingest into another folder, or name the incident in a manifest",
        )
    text = declare(one.derived, received, before, folder / INCIDENT_FILE)
    (aside / INCIDENT_FILE).write_bytes(text)
    if folder.exists():
        _carry_over(folder, aside, set(before.files) if before else set())
    for name in merged_into(one, account):
        _take_in(into / name, aside, account.incidents.pop(name))
    if folder.exists() and _is_equal(folder, aside):
        shutil.rmtree(aside)
    else:
        _swap(folder, aside)
    account.incidents[incident_id] = HeldIncident(
        founder=one.group.founder,
        derived=one.derived.fields(),
        files=files,
        received=received,
        is_named=one.group.incident_id is not None,
        threads=list(one.group.threads),
    )
    for name in one.group.held_by:
        if name and name != incident_id:
            shutil.rmtree(into / name, ignore_errors=True)


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
    kept = aside / MERGED / other.name
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


def _swap(folder: Path, aside: Path) -> None:
    replaced = folder.with_name(f".{folder.name}.replaced")
    flush(aside)
    if folder.exists():
        folder.rename(replaced)
    aside.rename(folder)
    flush(folder.parent)
    shutil.rmtree(replaced, ignore_errors=True)


def _recover(into: Path) -> None:
    """Put back what a kill between two renames has left aside."""
    for replaced in sorted(into.glob(".*.replaced")):
        folder = into / replaced.name.removeprefix(".").removesuffix(".replaced")
        if folder.exists():
            shutil.rmtree(replaced)
        else:
            replaced.rename(folder)
    for aside in sorted(into.glob(".*.aside")):
        shutil.rmtree(aside, ignore_errors=True)


def _place_unplaced(files: dict[str, str], into: Path) -> dict[str, str]:
    folder, aside = into / UNPLACED, into / f".{UNPLACED}.aside"
    if not files:
        shutil.rmtree(folder, ignore_errors=True)
    elif folder.exists() and _is_equal(folder, aside):
        shutil.rmtree(aside)
    else:
        _swap(folder, aside)
    return files


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


def _keep_provenance(ingest: Ingest) -> None:
    """One row per record given, in a Parquet file named by its digest: the same again for the same ingest."""
    folder = ingest.request.into / PROVENANCE
    folder.mkdir(exist_ok=True)
    aside = folder / "records.aside"
    connection = ingest.index.connection
    connection.execute(statement("provenance")).fetchall()
    connection.execute("set preserve_insertion_order = true").fetchall()
    target = str(aside).replace("'", "''")
    connection.execute(
        "copy (select * exclude (file_id) from provenance order by path, file_sha256, ordinal)"
        f" to '{target}' (format parquet, compression zstd)"
    ).fetchall()
    flush(aside)
    with aside.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    swap_in([(aside, folder / f"records-{digest[:16]}.parquet")])


def _write_account(account: Account, into: Path) -> None:
    content = account.text().encode()
    path = into / ACCOUNT
    place(changed([(path, content)]))
