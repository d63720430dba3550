"""Publishes tables as immutable Parquet files and keeps the catalogue that people open.

A table is one Parquet file, or one per week, named by the SHA-256 of its bytes. `published.json` names
the current files of every table and is replaced atomically; the catalogue `evidence.duckdb` holds views
over the same files, is built aside and swapped in. A reader never blocks a run, a run never blocks a
reader, and a kill at any point leaves the last published version whole. What a run publishes is gathered
in a draft first: `evidence.drafts`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from evidence.errors import WarehouseError
from evidence.placing import (
    aside_of,
    changed,
    flush,
    flush_and_swap_in,
    place,
    replace_packages,
    swap_in,
    write_aside,
    write_unflushed,
)
from evidence.tables import Tables, conform, open_memory, spare_threads
from expectations.tables import TABLES

WHOLE = ""
_NO_EXTENSIONS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


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


# What publishing replaces, by table and then by part.
Changes = Mapping[str, Mapping[str, Part]]


class Warehouse:
    """A folder of published tables, raw bytes and run manifests."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    @property
    def catalogue(self) -> Path:
        """The DuckDB file that people open; holds views only."""
        return self.root / "evidence.duckdb"

    @property
    def failed_catalogue(self) -> Path:
        """The same for what the last failed run has made; there until the next version is published."""
        return self.root / "failed.duckdb"

    # --- reading

    def published(self) -> dict[str, Published]:
        """The current file of every published table, by table name."""
        return entries_of(self._parts_in(self.root / "published.json"))

    def _parts_in(self, manifest: Path) -> dict[str, dict[str, Part]]:
        """What a manifest names, none when it is not there. Raises WarehouseError when it is damaged."""
        try:
            return parts_of_json(manifest.read_bytes())
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
        spare_threads(connection, max((published[name].row_count for name in wanted), default=0))
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
        changes: dict[str, dict[str, Part]] = {}
        new_files: dict[Path, bytes] = {}
        new_file_counts: Counter[str] = Counter()
        with self.lock():
            for key, tables in sorted(parts.items()):
                for name in sorted(tables):
                    part, content = _as_file(name, tables[name])
                    path = self._path(name, part)
                    changes.setdefault(name, {})[key] = part
                    if path not in new_files and not path.exists():
                        new_files[path] = content
                        new_file_counts[name] += 1
            place(new_files.items())
            after = self._keep(changes)
        return {name: replace(after[name], new_file_count=new_file_counts[name]) for name in changes}

    def put_beside(self, name: str, content: bytes) -> None:
        """Put a file that belongs to the version beside the tables, as what `evidence verify` reads."""
        place([(self.root / name, content)])

    def read_beside(self, name: str) -> bytes | None:
        """The content of a file that lies beside the tables; None where there is none."""
        path = self.root / name
        return path.read_bytes() if path.is_file() else None

    def put_packages(self, out: Path, files: Mapping[str, bytes]) -> None:
        """Make the packages below `out` those of the version; `files` by path below it."""
        replace_packages(out, files)

    def put_reports(self, out: Path, files: Mapping[str, bytes]) -> None:
        """Put reports below `out`; `files` by path below it. Others that lie there stay."""
        place(changed((out / name, content) for name, content in files.items()))

    def _keep(self, changes: Changes) -> dict[str, Published]:
        """Make the changes part of what is published and return all that is; called under the lock."""
        before = self.published()
        after = overlaid(before, changes)
        self._swap(before, after)
        return after

    def _swap(
        self,
        before: Mapping[str, Published],
        after: Mapping[str, Published],
        placed: Iterable[tuple[Path, Path]] = (),
    ) -> None:
        """Let readers see `after`, and each file of `placed` that was written aside at its own path.

        Whatever takes time is done before the first rename, so that the renames follow at once.
        """
        manifest, stamp = self.root / "published.json", self.root / "catalogue.sha256"
        is_stale = self._is_catalogue_stale(after)
        swaps = [(write_aside(manifest, _manifest(after)), manifest)] if after != before else []
        swaps += placed
        if is_stale:
            aside = self._catalogue_aside(after, self.catalogue)
            shown = self._catalogue_stamp(after, aside.read_bytes()).encode()
            swaps += [(aside, self.catalogue), (write_aside(stamp, shown), stamp)]
        swap_in(swaps)

    def _is_catalogue_stale(self, entries: Mapping[str, Published]) -> bool:
        stamp = self.root / "catalogue.sha256"
        return not (
            self.catalogue.exists()
            and stamp.exists()
            and stamp.read_text() == self._catalogue_stamp(entries, self.catalogue.read_bytes())
        )

    def _catalogue_stamp(self, entries: Mapping[str, Published], catalogue: bytes) -> str:
        """What the catalogue shows, then the SHA-256 of its bytes and of `published.json`, one a line."""
        # The views hold absolute paths, so that they work from any folder: a moved warehouse is stale.
        manifest = _manifest(entries)
        contents = (str(self.root).encode() + b"\n" + manifest, catalogue, manifest)
        return "".join(f"{hashlib.sha256(content).hexdigest()}\n" for content in contents)

    def _catalogue_aside(self, entries: Mapping[str, Published], path: Path) -> Path:
        """Views over the entries in a file beside `path`, whose place it is to take."""
        aside = aside_of(path)
        aside.unlink(missing_ok=True)
        with contextlib.closing(duckdb.connect(str(aside), config=_NO_EXTENSIONS)) as connection:
            _create_views(connection, {name: self.paths_of(entry) for name, entry in entries.items()})
        flush(aside)
        return aside

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Serialises publishers on this machine; held for the moment of publishing only."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".publish.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    # --- raw bytes

    @contextlib.contextmanager
    def keeping(self) -> Iterator[Callable[[bytes], str]]:
        """Yields what keeps raw bytes under their SHA-256 and returns it; the same bytes are kept once.

        They are in their places, and on the disk, when the block is left.
        """
        asides: dict[Path, Path] = {}

        def keep(content: bytes) -> str:
            sha256 = hashlib.sha256(content).hexdigest()
            path = self.bytes_path(sha256)
            if path not in asides and not path.exists():
                asides[path] = write_unflushed(path, content)
            return sha256

        try:
            yield keep
        except BaseException:
            for aside in asides.values():
                aside.unlink()
            raise
        flush_and_swap_in([(aside, path) for path, aside in asides.items()])

    def bytes_path(self, sha256: str) -> Path:
        """Where raw bytes of that digest lie."""
        return self.root / "raw" / sha256[:2] / sha256


def entries_of(parts: Changes) -> dict[str, Published]:
    """One entry per table, of just these parts."""
    return {name: Published(name, named) for name, named in parts.items()}


def overlaid(below: Mapping[str, Published], changes: Changes) -> dict[str, Published]:
    """The entries with the changes laid over them, part by part.

    A part that lost its last row is no part, unless no part has any: a new warehouse would not have it.
    """
    above = {
        name: merged_parts(below[name].parts if name in below else {}, parts)
        for name, parts in changes.items()
    }
    return {**below, **{name: Published(name, _with_rows(parts)) for name, parts in above.items()}}


def merged_parts(below: Mapping[str, Part], above: Mapping[str, Part]) -> dict[str, Part]:
    """Each part from above, or else from below; the whole takes the place of all parts, and they its."""
    if WHOLE in above:
        return {WHOLE: above[WHOLE]}
    return {key: part for key, part in {**below, **above}.items() if key != WHOLE}


def _with_rows(parts: Mapping[str, Part]) -> dict[str, Part]:
    ordered = sorted(parts.items())
    return dict([(key, part) for key, part in ordered if part.row_count] or ordered[:1])


def _manifest(entries: Mapping[str, Published]) -> bytes:
    content = {name: entry.parts for name, entry in entries.items()}
    return json_of_parts(content)


def json_of_parts(parts: Changes) -> bytes:
    """Parts by table and name of part, as `published.json` has them."""
    content: dict[str, Any] = {
        name: {key: asdict(part) for key, part in named.items()} for name, named in parts.items()
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)


def parts_of_json(content: bytes) -> dict[str, dict[str, Part]]:
    """The inverse of `json_of_parts`. Raises ValueError, TypeError or AttributeError where it is damaged."""
    return {
        name: {key: Part(**part) for key, part in sorted(parts.items())}
        for name, parts in sorted(orjson.loads(content).items())
    }


def parquet_bytes(table: pa.Table) -> bytes:
    """The table as Parquet; the same rows give the same bytes, whatever the thread count."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", row_group_size=122_880, store_schema=True)
    return sink.getvalue()


def _as_file(name: str, rows: pa.Table) -> tuple[Part, bytes]:
    """The rows as one file of the table, and its bytes."""
    table = conform(name, rows)
    content = parquet_bytes(table)
    file_sha256 = hashlib.sha256(content).hexdigest()
    return Part(digest_of(name, table, file_sha256), file_sha256, table.num_rows), content


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


def _create_views(connection: duckdb.DuckDBPyConnection, paths: Mapping[str, list[Path]]) -> None:
    for name, files in sorted(paths.items()):
        # A view takes no parameters: the paths are our own, and quoted.
        quoted = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
        connection.execute(f"create schema if not exists {name.partition('.')[0]}").fetchall()
        connection.execute(f"create view {name} as from read_parquet([{quoted}])").fetchall()
