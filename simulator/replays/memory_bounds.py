"""Owns how much memory a replay takes: a limit for DuckDB, and a folder of our own for what exceeds it."""

from __future__ import annotations

import atexit
import contextlib
import shutil
import tempfile
from collections.abc import Iterator

import duckdb

MEMORY_BYTES = 512 * 2**20  # enough for a million incidents in their order; of any other order it spills
UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
UNSET_FOLDER = ".tmp"  # DuckDB's own choice for a database in memory: in whatever folder one stands


@contextlib.contextmanager
def bounded(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Keep DuckDB below MEMORY_BYTES for the time of the block; a lower limit that is already set holds.

    What does not fit is put aside in a temporary folder, unless the connection has one of its own.
    """
    limit, folder = connection.execute(
        "select current_setting('memory_limit'), current_setting('temp_directory')"
    ).fetchall()[0]
    if folder == UNSET_FOLDER:
        # Once used it cannot be changed any more: it has to live as long as the connection may.
        folder = tempfile.mkdtemp(prefix="evidence-spill-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _set(connection, "temp_directory", folder)
    if _bytes_of(limit) <= MEMORY_BYTES:
        yield
        return
    _set(connection, "memory_limit", f"{MEMORY_BYTES // 2**20}MiB")
    try:
        yield
    finally:
        _set(connection, "memory_limit", limit)


def _bytes_of(limit: str) -> float:
    """A limit as DuckDB says it, such as 18.8 GiB."""
    figure, unit = limit.split()
    return float(figure) * UNITS[unit]


def _set(connection: duckdb.DuckDBPyConnection, name: str, value: str) -> None:
    quoted = value.replace("'", "''")
    connection.execute(f"set {name} = '{quoted}'").fetchall()
