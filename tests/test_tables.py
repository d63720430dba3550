"""What connections over typed tables are given."""

from __future__ import annotations

import contextlib

import pytest

from evidence.tables import open_memory, spare_threads


@pytest.mark.parametrize(("row_count", "threads"), [(0, 1), (122_880, 1), (122_881, 3)])
def test_a_thread_is_spared_where_it_would_have_nothing_to_do(row_count: int, threads: int) -> None:
    """DuckDB hands out work by row groups: with no more than one of them, one thread does it all."""
    with contextlib.closing(open_memory()) as connection:
        connection.execute("set threads = 3").fetchall()
        spare_threads(connection, row_count)
        assert [(threads,)] == connection.execute("select current_setting('threads')::integer").fetchall()
