"""A replay keeps DuckDB within bounds and leaves the connection as it found it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from evidence.tables import open_memory
from simulator.replays.memory_bounds import bounded


def setting(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    return str(connection.execute(f"select current_setting('{name}')").fetchall()[0][0])


def test_the_limit_holds_in_the_block_and_is_taken_back() -> None:
    """Also when the block ends in an error."""
    connection = open_memory()
    connection.execute("set memory_limit = '3GiB'").fetchall()
    with pytest.raises(RuntimeError), bounded(connection):
        assert setting(connection, "memory_limit") == "512.0 MiB"
        raise RuntimeError
    assert setting(connection, "memory_limit") == "3.0 GiB"


def test_a_lower_limit_stays() -> None:
    """Whoever has less memory to give has said so."""
    connection = open_memory()
    connection.execute("set memory_limit = '100MiB'").fetchall()
    with bounded(connection):
        assert setting(connection, "memory_limit") == "100.0 MiB"
    assert setting(connection, "memory_limit") == "100.0 MiB"


def test_what_is_put_aside_does_not_lie_where_one_stands() -> None:
    """Unless the connection says where."""
    connection = open_memory()
    with bounded(connection):
        folder = Path(setting(connection, "temp_directory"))
    assert folder.is_dir()
    assert folder.is_absolute()
    with bounded(connection):
        assert setting(connection, "temp_directory") == str(folder)


def test_more_than_the_limit_can_be_held(tmp_path: Path) -> None:
    """A table of 80 MB in 40 MB of memory is put aside and read back whole."""
    connection = open_memory()
    connection.execute("set threads = 1").fetchall()
    connection.execute("set memory_limit = '40MiB'").fetchall()
    connection.execute(f"set temp_directory = '{tmp_path}'").fetchall()
    with bounded(connection):
        connection.execute("create table large as select range as number from range(10_000_000)").fetchall()
        assert any(tmp_path.iterdir())
        total = connection.execute("select sum(number)::bigint from large").fetchall()
    assert total == [(49_999_995_000_000,)]
