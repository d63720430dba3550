"""Keeps Dagster's history of a run without waiting for the disk at each of its thousand small writes."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


@contextlib.contextmanager
def quick_history() -> Iterator[None]:
    """While it lasts, Dagster's storage does once for all events what it does anew for each of them."""
    with _late_flush(), _one_engine_per_database():
        yield


@contextlib.contextmanager
def _late_flush() -> Iterator[None]:
    """SQLite leaves what Dagster writes in its write-ahead log, and copies it at the end.

    Dagster opens and closes a connection for each event. Every commit would flush the log to the disk,
    and every last close copy it into the database: 120 MB and seconds a run. A killed process loses
    nothing by this, a machine without power at most the last events of the history.
    """
    with contextlib.ExitStack() as stack:
        held: dict[str, sqlite3.Connection] = {}

        def relax(connection: Any, _record: object) -> None:
            if not isinstance(connection, sqlite3.Connection):
                return  # a history on a server waits for its server
            connection.execute("pragma synchronous = normal")
            for _, _, path in connection.execute("pragma database_list").fetchall():
                if path and path not in held:
                    held[path] = stack.enter_context(contextlib.closing(sqlite3.connect(path)))
                if path:
                    # Only a connection that has read since the log was begun keeps it from being closed.
                    held[path].execute("select count(*) from sqlite_master").fetchall()

        event.listen(Engine, "connect", relax)
        stack.callback(event.remove, Engine, "connect", relax)
        yield


@contextlib.contextmanager
def _one_engine_per_database() -> Iterator[None]:
    """The engine of each database is kept, and with it the statements that were compiled for it."""
    from dagster._core.storage.event_log.sqlite import sqlite_event_log  # not exported

    storage: Any = sqlite_event_log
    make = storage.create_engine
    kept: dict[str, Engine] = {}

    def engine_of(url: str, **options: Any) -> Engine:
        if url not in kept:
            kept[url] = make(url, **options)
        return kept[url]

    storage.create_engine = engine_of
    try:
        yield
    finally:
        storage.create_engine = make
