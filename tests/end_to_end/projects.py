"""Owns projects as a user has them: a folder, recorded incidents, and the command line as a process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

ROOT = Path(__file__).parents[2]
EVIDENCE = Path(sys.executable).with_name("evidence")
RUN_SECONDS_MAX = 240


@dataclass(frozen=True)
class Project:
    """A folder to run in, with its own incidents or those of the repository."""

    folder: Path
    incidents: Path = ROOT / "fixtures"
    playbooks: Path = ROOT / "playbooks"

    @property
    def warehouse(self) -> Path:
        """Where a run without options publishes."""
        return self.folder / "warehouse"

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """`evidence` with these arguments, its output kept apart."""
        return subprocess.Popen(
            [str(EVIDENCE), *arguments],
            cwd=self.folder,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """`evidence` with these arguments, to its end."""
        process = self.start(*arguments, environment=environment)
        out, err = process.communicate(timeout=RUN_SECONDS_MAX)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    @property
    def run_arguments(self) -> tuple[str, ...]:
        """The call that builds everything."""
        return ("run", "--incidents", str(self.incidents), "--playbooks", str(self.playbooks))

    def run(self, *more: str, environment: Mapping[str, str] | None = None) -> str:
        """A run that must go through; its standard output."""
        done = self.call(*self.run_arguments, *more, environment=environment)
        assert 0 == done.returncode, done.stderr
        return done.stdout

    def verify(self, *more: str) -> subprocess.CompletedProcess[str]:
        """`evidence verify` against this project's incidents."""
        return self.call("verify", *more, "--incidents", str(self.incidents))

    def digest(self) -> str:
        """What `evidence digest` prints."""
        done = self.call("digest")
        assert 0 == done.returncode, done.stderr
        return done.stdout

    def tables(self) -> dict[str, int]:
        """Rows of each table that the catalogue shows, each row really read."""
        with duckdb.connect(str(self.warehouse / "evidence.duckdb"), read_only=True) as connection:
            names = connection.execute(
                "select table_schema || '.' || table_name from information_schema.tables order by 1"
            ).fetchall()
            return {name: len(connection.execute(f"from {name}").fetchall()) for (name,) in names}

    def table_files(self) -> dict[str, int]:
        """Time of last change of each Parquet file, by path."""
        return {
            path.relative_to(self.warehouse).as_posix(): path.stat().st_mtime_ns
            for path in self.warehouse.rglob("*.parquet")
        }


def until(condition: Callable[[], object], seconds_max: float, what: str, every: float = 0.01) -> None:
    """Return as soon as the condition holds, asked `every` so many seconds; fail when it does not in time."""
    deadline = time.monotonic() + seconds_max
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"in {seconds_max} s never: {what}"
        pause.wait(every)
