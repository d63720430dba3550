"""Owns which records make one incident: by the entities that they share and the gap between them in time.

Without a manifest, two records belong together when they share an entity key (place_keys.sql) and lie within
the gap of each other, and so does whatever is tied to them in the same way. Nothing here depends on file
names, on the order of files or on how lines are split over them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from evidence.ingest.index import Index
from evidence.intake.stated import content_digest
from evidence.readers.registry import READERS

_SQL = {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.sql"))}
_SERVICES = pa.schema(
    [
        (name, pa.string())
        for name in (
            "name",
            "kubernetes_namespace",
            "kubernetes_id",
            "argocd_app",
            "github_slug",
            "pagerduty_service",
        )
    ]
)
_IDENTITIES = pa.schema([("cloud_uid", pa.string()), ("service", pa.string())])
_VERBATIM = pa.table({"format": [reader.format for reader in READERS if reader.is_verbatim]})
_CONTENTS = pa.schema([("sha256", pa.binary()), ("content", pa.binary())])
_ROWS_AT_ONCE = 10_000
_CLAIMS = pa.schema([("kept_id", pa.int64()), ("incident_id", pa.string())])
Claims = Iterable[tuple[int, str]]
"""Kept records and the incidents that claim them."""
_FOUNDERS = pa.schema([("incident_id", pa.string()), ("founder", pa.binary())])
_COMPONENTS = pa.schema([("chain_id", pa.int64()), ("component", pa.int64())])


@dataclass(frozen=True, slots=True)
class Group:
    """One incident to be: its times (ns UTC), the digest of its first record, and what it is about.

    `held_by` are the incidents that hold its records already, the earliest first. `threads` are the alerts
    and pages that its records tell of.
    """

    name: str
    incident_id: str | None
    begin_at: int
    end_at: int
    founder: str
    signal_name: str
    flags: int
    entities: tuple[tuple[str, str, int], ...]
    formats: Mapping[str, int] = field(default_factory=dict)
    held_by: tuple[str, ...] = ()
    threads: tuple[str, ...] = ()


def settle(index: Index) -> None:
    """Say of every record what becomes of it: kept, a copy of what is kept, or refused."""
    connection = index.connection
    connection.execute(_SQL["fates"]).fetchall()
    _replace(connection, "verbatim", _VERBATIM)
    _replace(connection, "contents", pa.Table.from_batches(_contents(index), schema=_CONTENTS))
    for name in ("rivals_settled", "settled"):
        connection.execute(_SQL[name]).fetchall()


def _contents(index: Index) -> Iterator[pa.RecordBatch]:
    """Of each rival of a verbatim format the digest of what it says; many take little in columns."""
    from evidence.ingest.raw_bytes import RawBytes

    verbatim = "select sha256, record_id from rivals semi join verbatim using (format)"
    with RawBytes(index) as raw:
        found = raw.digests(verbatim, content_digest)
        while batch := list(islice(found, _ROWS_AT_ONCE)):
            yield pa.record_batch([list(column) for column in zip(*batch, strict=True)], schema=_CONTENTS)


def group(
    index: Index,
    gap_ns: int,
    services: Sequence[Mapping[str, Any]],
    claims: Callable[[], Claims] = tuple,
    founders: Mapping[str, str] | None = None,
    dependencies: Iterable[tuple[str, str]] = (),
) -> list[Group]:
    """The groups in order of time; the tables `members` and `claims` say which records they hold.

    `claims` is asked once the entities of the records are known. `founders` are the incidents that there are
    already, with the digest of the first record of each. `dependencies` are pairs of the catalogue's entries.
    """
    connection = index.connection
    _replace(connection, "services", _service_table(services))
    _replace(connection, "identities", _identity_table(services, dependencies))
    connection.execute(_SQL["place_keys"]).fetchall()
    claimed = [{"kept_id": kept_id, "incident_id": incident_id} for kept_id, incident_id in claims()]
    _replace(connection, "claims", pa.Table.from_pylist(claimed, schema=_CLAIMS))
    connection.execute(f"set variable gap = {int(gap_ns)}::bigint").fetchall()
    connection.execute(_SQL["chains"]).fetchall()
    _replace(connection, "components", _components(connection))
    held = [{"incident_id": name, "founder": bytes.fromhex(sha)} for name, sha in (founders or {}).items()]
    _replace(connection, "founders", pa.Table.from_pylist(held, schema=_FOUNDERS))
    for name in ("groups", "answers", "formed"):
        connection.execute(_SQL[name]).fetchall()
    return _groups(connection)


def _groups(connection: duckdb.DuckDBPyConnection) -> list[Group]:
    entities: dict[str, list[tuple[str, str, int]]] = {}
    for name, kind, entity, count in connection.execute(
        "select group_name, kind, entity, record_count from group_entities"
        " order by group_name, is_loose, record_count desc, kind, entity"
    ).fetchall():
        entities.setdefault(name, []).append((kind, entity, count))
    formats: dict[str, dict[str, int]] = {}
    for name, format_, count in connection.execute(
        "select group_name, format, count(*) from group_records group by all order by all"
    ).fetchall():
        formats.setdefault(name, {})[format_] = count
    threads: dict[str, list[str]] = {}
    for name, thread in connection.execute("from group_threads order by all").fetchall():
        threads.setdefault(name, []).append(thread)
    held: dict[str, list[str]] = {}
    for held_by, name in connection.execute(
        "select held_by, group_name from held_groups order by all"
    ).fetchall():
        held.setdefault(name, []).append(held_by)
    return [
        Group(
            name,
            incident_id,
            begin,
            end,
            founder.hex(),
            signal or "",
            flags,
            tuple(entities.get(name, ())),
            formats.get(name, {}),
            tuple(held.get(name, ())),
            tuple(threads.get(name, ())),
        )
        for name, incident_id, begin, end, founder, signal, flags in connection.execute(
            _SQL["facts"]
        ).fetchall()
    ]


def _service_table(services: Iterable[Mapping[str, Any]]) -> pa.Table:
    rows = [
        {name: row.get(name) for name in _SERVICES.names} for row in services if row["kind"] == "component"
    ]
    return pa.Table.from_pylist(rows, schema=_SERVICES)


def _identity_table(
    services: Iterable[Mapping[str, Any]], dependencies: Iterable[tuple[str, str]]
) -> pa.Table:
    """The cloud identities of which the catalogue says that one component alone depends on them."""
    rows = {row["entity_ref"]: row for row in services}
    users: dict[str, set[str]] = {}
    for user, used in dependencies:
        if rows.get(user, {}).get("kind") == "component" and rows.get(used, {}).get("cloud_uid"):
            users.setdefault(rows[used]["cloud_uid"], set()).add(rows[user]["name"])
    found = [
        {"cloud_uid": uid, "service": min(names)} for uid, names in sorted(users.items()) if len(names) == 1
    ]
    return pa.Table.from_pylist(found, schema=_IDENTITIES)


def _components(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Chains that are tied to each other, by the least number of each set."""
    (count,) = connection.execute("select count(*) from chains").fetchall()[0]
    parents = list(range(count + 1))
    for one, other in connection.execute("from edges order by all").fetchall():
        low, high = sorted((_root(parents, one), _root(parents, other)))
        parents[high] = low
    roots = [_root(parents, chain) for chain in range(1, count + 1)]
    return pa.table({"chain_id": range(1, count + 1), "component": roots}, schema=_COMPONENTS)


def _root(parents: list[int], chain: int) -> int:
    while parents[chain] != chain:
        parents[chain] = parents[parents[chain]]
        chain = parents[chain]
    return chain


def _replace(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    connection.register("given", table)
    connection.execute(f"create or replace temp table {name} as from given").fetchall()
    connection.unregister("given")


def statement(name: str) -> str:
    """The SQL of that name in this folder."""
    return _SQL[name]
