"""Owns where a run reads and writes: the four folders that every asset is given, and the version it makes."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import PrivateAttr

from assets.run_versions import version_of

if TYPE_CHECKING:
    import duckdb

    from evidence.drafts import Draft
    from evidence.warehouse import Warehouse


class Folders(dg.ConfigurableResource):  # type: ignore[type-arg]  # hands out itself
    """The folders of a run; relative ones are below the current folder.

    In a run of Dagster the tables are a draft that begins and ends with the run: every step sees what the
    steps before it have made, everybody else the last version until the whole run has succeeded. With a
    process for each step all of them share the draft, and the one that ends last publishes it. Outside of
    a run, as when an asset is called as a function, what is published is seen by everybody at once.
    """

    incidents: str = "fixtures"
    warehouse: str = "warehouse"
    out: str = "out"
    playbooks: str = "playbooks"
    threads: int = 0  # threads of DuckDB; 0 leaves it to DuckDB
    _draft: Draft | None = PrivateAttr(default=None)

    @contextlib.contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Folders]:
        """Begin the version of the run, and publish it when all of its steps have succeeded."""
        if context.run is None or context.instance is None:
            yield self
            return
        with version_of(context.run, context.instance, Path(self.warehouse)) as self._draft:
            yield self

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
        """The warehouse as this run sees it; cheap, holds nothing open."""
        from evidence.warehouse import Warehouse

        return self._draft or Warehouse(Path(self.warehouse))

    def look_into(self, run_id: str) -> None:
        """From now on see the tables as that run saw them, which has failed."""
        from evidence.drafts import Draft

        self._draft = Draft(Path(self.warehouse), run_id)

    @contextlib.contextmanager
    def reading(self, names: Collection[str] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """An in-memory DuckDB in which every published table, or those of `names`, are views."""
        with contextlib.closing(self.tables.connect(names)) as connection:
            if self.threads:
                connection.execute("set threads = ?", [self.threads]).fetchall()
            yield connection
