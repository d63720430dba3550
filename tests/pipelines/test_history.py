"""Dagster's history is written without waiting for the disk, and is whole when the run has ended."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from sqlalchemy import Engine, NullPool, create_engine, text

from pipelines.history import quick_history

NORMAL, FULL = 1, 2


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A database with a write-ahead log that is opened and closed at each use, as Dagster does it."""
    engine = create_engine(f"sqlite:///{tmp_path / 'runs.db'}", poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("pragma journal_mode = wal"))
        connection.execute(text("create table events (id integer)"))
    return engine


def flushed(engine: Engine) -> int:
    """How often SQLite waits for the disk."""
    with engine.connect() as connection:
        return int(connection.execute(text("pragma synchronous")).scalar_one())


def test_no_commit_waits_for_the_disk(engine: Engine) -> None:
    """SQLite flushes at checkpoints only, and at every commit again afterwards."""
    with quick_history():
        during = flushed(engine)
    assert (NORMAL, FULL) == (during, flushed(engine))


def test_the_log_is_copied_at_the_end(engine: Engine, tmp_path: Path) -> None:
    """What was written stays in the log however often the database is closed, and is in it in the end."""
    log = tmp_path / "runs.db-wal"
    with quick_history():
        for event in range(3):
            with engine.begin() as connection:
                connection.execute(text(f"insert into events values ({event})"))
            assert log.stat().st_size > 0
    assert not log.exists()
    with engine.connect() as connection:
        assert [0, 1, 2] == list(connection.execute(text("select id from events order by id")).scalars())


def test_a_run_that_fails_leaves_its_history(engine: Engine, tmp_path: Path) -> None:
    """The log is copied on the way out of an error too."""
    with pytest.raises(ValueError, match="stop"), quick_history():
        with engine.begin() as connection:
            connection.execute(text("insert into events values (1)"))
        raise ValueError("stop")
    assert not (tmp_path / "runs.db-wal").exists()


class OfAServer:
    """A connection as the drivers of servers have them: what it does goes through a cursor."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:")

    def __getattr__(self, name: str) -> Any:
        if name == "execute":
            raise AttributeError(name)
        return getattr(self._connection, name)


def test_a_history_on_a_server_is_left_to_its_server() -> None:
    """Nothing of SQLite is asked of it."""
    with quick_history():
        engine = create_engine("sqlite://", poolclass=NullPool, creator=OfAServer)  # type: ignore[arg-type]
        with engine.connect() as connection:
            assert 1 == connection.execute(text("select 1")).scalar_one()


def test_dagsters_storage_is_left_as_it_was() -> None:
    """After a run, also a failed one, an engine is made for each use again."""
    before = sqlite_event_log.create_engine
    with pytest.raises(ValueError, match="stop"), quick_history():
        kept = [sqlite_event_log.create_engine("sqlite://", poolclass=NullPool) for _ in range(2)]
        raise ValueError("stop")
    assert kept[0] is kept[1]
    assert before is sqlite_event_log.create_engine
