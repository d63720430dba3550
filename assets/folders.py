"""Owns where a run reads and writes: the four folders that every asset is given."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path

import dagster as dg
import duckdb

from evidence.warehouse import Warehouse


class Folders(dg.ConfigurableResource):  # type: ignore[type-arg]  # hands out itself
    """The folders of a run; relative ones are below the current folder."""

    incidents: str = "fixtures"
    warehouse: str = "warehouse"
    out: str = "out"
    playbooks: str = "playbooks"
    threads: int = 0  # threads of DuckDB; 0 leaves it to DuckDB

    @property
    def incidents_path(self) -> Path:
        """The folder with recorded incidents at any depth."""
        return Path(self.incidents)

    @property
    def out_path(self) -> Path:
        """The folder that handoff packages are written to."""
        return Path(self.out)

    @property
    def playbooks_path(self) -> Path:
        """The folder with playbook versions and `active.yaml`."""
        return Path(self.playbooks)

    @property
    def tables(self) -> Warehouse:
        """The warehouse; cheap, holds nothing open."""
        return Warehouse(Path(self.warehouse))

    @contextlib.contextmanager
    def reading(self, names: Collection[str] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """An in-memory DuckDB in which every published table, or those of `names`, are views."""
        with contextlib.closing(self.tables.connect(names)) as connection:
            if self.threads:
                connection.execute("set threads = ?", [self.threads]).fetchall()
            yield connection
