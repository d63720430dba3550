"""Publishes tables as immutable Parquet files and keeps the catalogue that people open.

A table is one Parquet file, or one per week, named by the SHA-256 of its bytes. `published.json` names
the current files of every table and is replaced atomically; the catalogue `evidence.duckdb` holds views
over the same files, is built aside and swapped in. A reader never blocks a run, a run never blocks a
reader, and a kill at any point leaves the last published version whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from evidence.errors import WarehouseError
from evidence.tables import Tables, conform, open_memory
from expectations.tables import TABLES

WHOLE = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file of a table: the digest of what its rows say, the file's SHA-256 and its rows."""

    digest: str
    file_sha256: str
    row_count: int


@dataclass(frozen=True, slots=True)
class Published:
    """One table's current files by part; a table that is not split has the one part ''."""

    name: str
    parts: Mapping[str, Part]
    new_file_count: int = 0

    @property
    def digest(self) -> str:
        """Digest of what the table says: the part's own, or one over the parts in order."""
        if set(self.parts) == {WHOLE}:
            return self.parts[WHOLE].digest
        lines = [f"{key} {part.digest}\n" for key, part in sorted(self.parts.items())]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def row_count(self) -> int:
        """Rows in all parts."""
        return sum(part.row_count for part in self.parts.values())


class Warehouse:
    """A folder of published tables, raw bytes and run manifests."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    @property
    def catalogue(self) -> Path:
        """The DuckDB file that people open; holds views only."""
        return self.root / "evidence.duckdb"

    # --- reading

    def published(self) -> dict[str, Published]:
        """The current file of every published table, by table name."""
        manifest = self.root / "published.json"
        try:
            return _parse_manifest(manifest.read_bytes())
        except FileNotFoundError:
            return {}
        except (orjson.JSONDecodeError, TypeError, AttributeError) as error:
            raise WarehouseError(
                f"{manifest} is damaged: {error}", remedy="Delete it and run `evidence run`"
            ) from error

    def paths_of(self, published: Published) -> list[Path]:
        """The Parquet files of a published table, in order of part."""
        return [self._path(published.name, part) for _, part in sorted(published.parts.items())]

    def _path(self, name: str, part: Part) -> Path:
        return self.root / "tables" / name / f"{part.file_sha256}.parquet"

    def read(self, name: str) -> pa.Table:
        """The published rows of `name`, in its total order."""
        entry = self.published().get(name)
        if entry is None:
            raise WarehouseError(f"{name} is not published in {self.root}", remedy="Run `evidence run` first")
        return conform(name, pa.concat_tables(pq.read_table(path) for path in self.paths_of(entry)))

    def connect(self, names: Collection[str] | None = None) -> duckdb.DuckDBPyConnection:
        """An in-memory DuckDB with every published table, or those of `names`, as a view.

        Never touches the catalogue file. A table of `names` that is not published is no view either.
        """
        connection = open_memory()
        published = self.published()
        wanted = published.keys() if names is None else published.keys() & set(names)
        _create_views(connection, {name: self.paths_of(published[name]) for name in wanted})
        return connection

    # --- publishing

    def publish(self, tables: Tables, part: str = WHOLE) -> dict[str, Published]:
        """Publish tables together: files first, then the manifest, then the catalogue.

        With `part` (an ISO week) only that part of each table is replaced. Publishing what is
        already there writes nothing.
        """
        return self.publish_parts({part: tables})

    def publish_parts(self, parts: Mapping[str, Tables]) -> dict[str, Published]:
        """Publish several parts of tables as one version; otherwise as `publish`."""
        current: dict[str, Published] = {}
        with self._lock():
            before = self.published()
            for part, tables in sorted(parts.items()):
                for name in sorted(tables):
                    written = self._write(current.get(name, before.get(name)), name, part, tables[name])
                    earlier = current[name].new_file_count if name in current else 0
                    current[name] = replace(written, new_file_count=written.new_file_count + earlier)
            after = {**before, **current}
            if _manifest(after) != _manifest(before):
                write_atomically(self.root / "published.json", _manifest(after))
            if self._is_catalogue_stale(after):
                self._replace_catalogue(after)
        return current

    def _write(self, before: Published | None, name: str, key: str, rows: pa.Table) -> Published:
        table = conform(name, rows)
        kept = {} if before is None or key == WHOLE else dict(before.parts)
        others = {other: part for other, part in kept.items() if other not in (WHOLE, key)}
        if others and not table.num_rows:
            # A part that lost its last row is no part: a new warehouse would not have it either.
            return Published(name, others)
        content = parquet_bytes(table)
        file_sha256 = hashlib.sha256(content).hexdigest()
        part = Part(digest_of(name, table, file_sha256), file_sha256, table.num_rows)
        path = self._path(name, part)
        is_new = not path.exists()
        if is_new:
            write_atomically(path, content)
        return Published(name, {**others, key: part}, new_file_count=int(is_new))

    def _is_catalogue_stale(self, entries: Mapping[str, Published]) -> bool:
        stamp = self.root / "catalogue.sha256"
        return not (
            self.catalogue.exists() and stamp.exists() and stamp.read_text() == self._catalogue_stamp(entries)
        )

    def _catalogue_stamp(self, entries: Mapping[str, Published]) -> str:
        """What the catalogue shows, then the SHA-256 of its bytes and of `published.json`, one a line."""
        # The views hold absolute paths, so that they work from any folder: a moved warehouse is stale.
        manifest = _manifest(entries)
        contents = (str(self.root).encode() + b"\n" + manifest, self.catalogue.read_bytes(), manifest)
        return "".join(f"{hashlib.sha256(content).hexdigest()}\n" for content in contents)

    def _replace_catalogue(self, entries: Mapping[str, Published]) -> None:
        aside = self.root / f"evidence.duckdb.{os.getpid()}.aside"
        aside.unlink(missing_ok=True)
        connection = duckdb.connect(
            str(aside), config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
        )
        try:
            _create_views(connection, {name: self.paths_of(entry) for name, entry in entries.items()})
        finally:
            connection.close()
        _swap_in(aside, self.catalogue)
        write_atomically(self.root / "catalogue.sha256", self._catalogue_stamp(entries).encode())

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Serialises publishers on this machine; held for the moment of publishing only."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".publish.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    # --- raw bytes

    def keep_bytes(self, content: bytes) -> str:
        """Keep raw bytes under their SHA-256 and return it; the same bytes are kept once."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.bytes_path(sha256)
        if not path.exists():
            write_atomically(path, content)
        return sha256

    def bytes_path(self, sha256: str) -> Path:
        """Where raw bytes of that digest lie."""
        return self.root / "raw" / sha256[:2] / sha256


def _manifest(entries: Mapping[str, Published]) -> bytes:
    content: dict[str, Any] = {
        name: {key: asdict(part) for key, part in entry.parts.items()} for name, entry in entries.items()
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)


def _parse_manifest(content: bytes) -> dict[str, Published]:
    entries = orjson.loads(content)
    return {
        name: Published(name, {key: Part(**part) for key, part in sorted(parts.items())})
        for name, parts in sorted(entries.items())
    }


def parquet_bytes(table: pa.Table) -> bytes:
    """The table as Parquet; the same rows give the same bytes, whatever the thread count."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", row_group_size=122_880, store_schema=True)
    return sink.getvalue()


def digest_of(name: str, table: pa.Table, file_sha256: str) -> str:
    """SHA-256 over what the rows say: columns that only tell where bytes lie are left out."""
    contract = TABLES[name]
    content = [column.name for column in contract.columns if not column.is_location]
    if len(content) == len(contract.columns):
        return file_sha256
    return hashlib.sha256(parquet_bytes(table.select(content))).hexdigest()


def root_digest(entries: Mapping[str, Published]) -> str:
    """SHA-256 over the digests of all tables that are not mere locations, in order of name."""
    lines = [
        f"{name} {entry.digest}\n" for name, entry in sorted(entries.items()) if not TABLES[name].is_location
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write aside, flush to disk, rename, flush the folder: the file is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.aside")
    with aside.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    _swap_in(aside, path)


def _swap_in(aside: Path, path: Path) -> None:
    with aside.open("rb") as handle:
        os.fsync(handle.fileno())
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _create_views(connection: duckdb.DuckDBPyConnection, paths: Mapping[str, list[Path]]) -> None:
    for name, files in sorted(paths.items()):
        # A view takes no parameters: the paths are our own, and quoted.
        quoted = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
        connection.execute(f"create schema if not exists {name.partition('.')[0]}").fetchall()
        connection.execute(f"create view {name} as from read_parquet([{quoted}])").fetchall()
