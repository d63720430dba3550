"""Owns a PostgreSQL server for as long as a test lasts, on a socket in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

_PLACES = [
    *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
    *(Path(found).parent for name in ("initdb",) if (found := shutil.which(name))),
]
BIN = next((place for place in _PLACES if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)
PSQL = shutil.which("psql")
IS_ROOT = os.geteuid() == 0
# The server refuses to run as root.
HAS_USER = not IS_ROOT or (
    shutil.which("setpriv") is not None and any(user.pw_name == "postgres" for user in pwd.getpwall())
)
NEEDS_POSTGRES = [
    pytest.mark.slow,
    pytest.mark.skipif(BIN is None or PSQL is None, reason="needs PostgreSQL: apt-get install postgresql"),
    pytest.mark.skipif(not HAS_USER, reason="needs a user postgres: the server refuses to run as root"),
]


@dataclass(frozen=True)
class Server:
    """A running server."""

    socket: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run psql with these arguments; it stops at the first error."""
        command = [
            str(PSQL),
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            str(self.socket),
            "-U",
            "postgres",
            "-d",
            "postgres",
        ]
        return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query, in its order. Raises AssertionError with what the server says of it."""
        wrapped = f"select coalesce(json_agg(row_to_json(asked)), '[]') from (\n{sql}\n) as asked"
        done = self.run("-At", "-c", wrapped)
        assert done.returncode == 0, f"{done.stderr}\n{sql}"
        found: list[dict[str, Any]] = orjson.loads(done.stdout)
        return found


@contextmanager
def started() -> Iterator[Server]:
    """A new, empty server without a port; gone with its files at the end."""
    # The path of a socket may have no more than 107 bytes: not below pytest's own folder.
    with tempfile.TemporaryDirectory(prefix="evidence-pg-") as name:
        folder = Path(name)
        if IS_ROOT:
            shutil.chown(folder, "postgres")
        _call(
            "initdb",
            "-D",
            f"{folder}/data",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-U",
            "postgres",
            "-N",
        )
        options = f"-c listen_addresses= -k {folder} -c fsync=off"
        _call("pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield Server(folder)
        finally:
            _call("pg_ctl", "-D", f"{folder}/data", "-w", "-m", "immediate", "stop")


def _call(program: str, *arguments: str) -> None:
    command = [f"{BIN}/{program}", *arguments]
    if IS_ROOT:
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")
