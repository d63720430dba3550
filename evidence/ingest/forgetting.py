"""Owns what goes from the books of an ingest with an incident whose folder is gone: all that tells of it.

The books are `ingest.json` and `.ingest/`. With the incident go the identities that it alone held, and so
what lost against one of them: its bytes among what was refused, and its line of the gaps. What belongs to no
incident or to others as well stays. All takes its place by the journal, as an ingest does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from evidence.errors import InputError, Place
from evidence.export_files import walk
from evidence.ingest.account import ACCOUNT, Account, Share, SourceFile, load_account
from evidence.ingest.contested import CONFLICTS, IDENTITIES
from evidence.ingest.grouping import statement
from evidence.ingest.journal import ASIDES, Journal, carry_out, discard, is_interrupted
from evidence.ingest.refused_records import RECORDS, REFUSED, without
from evidence.intake.discovery import INCIDENT_FILE
from evidence.intake.incident_file import load_incident
from evidence.intake.left_out import INGEST_GAPS

PROVENANCE_FILES = ".ingest/records-*.parquet"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Incidents that went from the books, sorted; of records that lost against theirs how many went along."""

    incidents: tuple[str, ...] = ()
    record_count: int = 0


def gone(into: Path, account: Account) -> tuple[str, ...]:
    """Incidents of the account whose folder is not there, sorted; one that people have moved is there."""
    missing = [name for name in sorted(account.incidents) if not (into / name).exists()]
    if not missing:
        return ()
    declared = {load_incident(entry.path)[0].id for entry in walk(into) if entry.path.name == INCIDENT_FILE}
    return tuple(name for name in missing if name not in declared)


def forget(into: Path, *, is_dry_run: bool = False) -> Forgotten:
    """Take the incidents whose folders are gone out of the books; where none is, nothing is written.

    Raises InputError where an ingest was interrupted: what it has begun is to be finished first.
    """
    if not (into / ACCOUNT).is_file():
        return Forgotten()
    account = load_account(into)
    names = gone(into, account)
    if not names:
        return Forgotten()
    if is_interrupted(into):
        raise InputError(
            "holds a part of an ingest that was interrupted",
            place=Place(into),
            remedy="Run evidence ingest again, with any of the exports: it finishes what was begun",
        )
    known = {*names, *(each for name in names for each in account.incidents[name].merged)}
    with duckdb.connect() as connection:
        lost = _open(connection, into, sorted(known))
        if not is_dry_run:
            _write(connection, into, account, names, known, lost)
    return Forgotten(names, len(lost))


def _open(connection: duckdb.DuckDBPyConnection, into: Path, known: Sequence[str]) -> set[bytes]:
    """The tables `gone`, `identities` and `conflicts`; digests of the records that lost against what goes."""
    connection.register("given", pa.table({"incident_id": pa.array(known, pa.string())}))
    connection.execute("create temp table gone as from given").fetchall()
    connection.execute("set variable gone = (select list(incident_id) from gone)").fetchall()
    for name, path, columns in (
        ("identities", IDENTITIES, "null::blob as identity, null::varchar as incident_id"),
        (
            "conflicts",
            CONFLICTS,
            "null::blob as identity, null::blob as sha256, null::varchar as format, 0 as received_at",
        ),
    ):
        source = "read_parquet(?)" if (into / path).is_file() else f"(select {columns} where false)"
        values = [str(into / path)] if (into / path).is_file() else []
        connection.execute(f"create temp table {name} as from {source}", values).fetchall()
    connection.execute(statement("forgotten")).fetchall()
    return {digest for (digest,) in connection.execute("from lost").fetchall()}


def _write(
    connection: duckdb.DuckDBPyConnection,
    into: Path,
    account: Account,
    names: Sequence[str],
    known: set[str],
    lost: set[bytes],
) -> None:
    discard(into)
    (into / ASIDES).mkdir(parents=True)
    journal = Journal()
    try:
        for name, query in (
            (IDENTITIES, "from identities anti join gone using (incident_id) order by all"),
            (CONFLICTS, "from conflicts anti join lost using (sha256) order by all"),
        ):
            if (into / name).is_file():
                _copy(connection, query, into / ASIDES / Path(name).name)
                journal.take_up(name, into)
        left: set[tuple[str, str]] = set()
        emptied: set[tuple[str, str]] = set()
        for path in sorted(into.glob(PROVENANCE_FILES)):
            kept, trimmed = _trim_provenance(connection, path, into, journal)
            left |= kept
            emptied |= trimmed
        _trim_refused(into, account, lost, journal)
        _trim_gaps(into, lost, journal)
        _trim_account(account, names, known, emptied - left)
        (into / ASIDES / ACCOUNT).write_bytes(account.text().encode())
        journal.take_up(ACCOUNT, into)
    except BaseException:
        discard(into)
        raise
    carry_out(journal, into)


def _copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    quoted = str(target).replace("'", "''")
    connection.execute(f"copy ({query}) to '{quoted}' (format parquet, compression zstd)").fetchall()


def _trim_provenance(
    connection: duckdb.DuckDBPyConnection, path: Path, into: Path, journal: Journal
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Leave out the rows that tell of those incidents; the file goes under the name of its new digest.

    (path, SHA-256) of the exports of which rows stay, and of those of which rows go.
    """
    before = str(path).replace("'", "''")
    connection.execute(f"set variable provenance = '{before}'").fetchall()
    connection.execute(statement("forgotten_provenance")).fetchall()
    rows = connection.execute(
        "select path, file_sha256, is_kept, bool_or(is_changed) from trimmed group by all"
    ).fetchall()
    kept = {(name, digest) for name, digest, is_kept, _ in rows if is_kept}
    if any(is_changed for *_, is_changed in rows):
        journal.removed.append(path.relative_to(into).as_posix())
        if kept:
            _keep_provenance(connection, path, into, journal)
    return kept, {(name, digest) for name, digest, is_kept, _ in rows if not is_kept}


def _keep_provenance(connection: duckdb.DuckDBPyConnection, path: Path, into: Path, journal: Journal) -> None:
    aside = into / ASIDES / "records.parquet"
    _copy(
        connection,
        "select * exclude (is_kept, is_changed) from trimmed where is_kept"
        " order by path, file_sha256, ordinal",
        aside,
    )
    digest = hashlib.sha256(aside.read_bytes()).hexdigest()
    named = aside.with_name(f"records-{digest[:16]}.parquet")
    journal.take_up(f"{path.parent.relative_to(into).as_posix()}/{aside.rename(named).name}", into)


def _trim_refused(into: Path, account: Account, lost: set[bytes], journal: Journal) -> None:
    for digest in sorted(lost):
        name = f"{digest.hex()[:16]}.txt"
        if account.refused.pop(name, None):
            journal.removed.append(f"{REFUSED}/{name}")
    records, aside = into / REFUSED / RECORDS, into / ASIDES / RECORDS
    if without(records, lost, aside) == aside:
        journal.take_up(f"{REFUSED}/{RECORDS}", into)
        account.refused.pop(RECORDS, None)
        if content := aside.read_bytes():
            account.refused[RECORDS] = hashlib.sha256(content).hexdigest()


def _trim_gaps(into: Path, lost: set[bytes], journal: Journal) -> None:
    path = into / INGEST_GAPS
    if lost and path.is_file():
        digests = {digest.hex() for digest in lost}
        lines = path.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if json.loads(line)["sha256"] not in digests]
        (into / ASIDES / INGEST_GAPS).write_bytes(b"".join(kept))
        journal.take_up(INGEST_GAPS, into)


def _trim_account(
    account: Account, names: Sequence[str], known: set[str], emptied: set[tuple[str, str]]
) -> None:
    """Without those incidents, and without exports that held nothing else; others keep path and digest."""
    for name in names:
        del account.incidents[name]
    account.files = [
        each.model_copy(update={"shares": list(_left(each, known))})
        for each in account.files
        if (each.path, each.sha256) not in emptied
    ]


def _left(source: SourceFile, known: set[str]) -> Iterator[Share]:
    for share in source.shares:
        to = " ".join(each for each in share.to.split(" ") if each not in known)
        if to:
            yield share.model_copy(update={"to": to})
