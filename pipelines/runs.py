"""Writes the manifest of each run: what depends on the run and so is in no table and no package."""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
import sys
import tempfile
from importlib.metadata import requires, version
from pathlib import Path
from types import TracebackType
from typing import Any

from assets.code import code_digest
from assets.folders import Folders
from evidence.run_manifests import FOLDER, sealed
from evidence.warehouse import root_digest

PROJECT = "incident-evidence"


class RunRecord:
    """Records one run from its start to its end, also when it fails."""

    def __init__(self, folders: Folders, run_id: str) -> None:
        self._folders = folders
        self._run_id = run_id
        self._started_at = _now()

    def __enter__(self) -> RunRecord:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        write_numbered(self._folders.tables.root / FOLDER, self._content(error))

    def _content(self, error: BaseException | None) -> dict[str, Any]:
        published = self._folders.tables.published()
        return {
            "started_at": self._started_at,
            "ended_at": _now(),
            "outcome": "succeeded" if error is None else "failed",
            "problem": "" if error is None else str(error),
            "dagster_run_id": self._run_id,
            "folders": {
                name: str(getattr(self._folders, name))
                for name in ("incidents", "warehouse", "out", "playbooks")
            },
            "threads": self._folders.threads,
            "code_sha256": code_digest(),
            "python": sys.version.split()[0],
            "platform": platform.platform(),
            "packages": _versions(),
            "tables": {
                name: {"digest": entry.digest, "row_count": entry.row_count}
                for name, entry in published.items()
            },
            "root_sha256": root_digest(published),
        }


def write_numbered(folder: Path, content: dict[str, Any]) -> Path:
    """Write the sealed content as the next number in `folder`; two runs at once get two numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = _written_aside(folder, sealed(content))
    number = max((int(path.stem) for path in folder.glob("*.json")), default=0)
    while True:
        number += 1
        path = folder / f"{number:06d}.json"
        # A link, unlike a rename, fails where there is a file already.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(aside)
            aside.unlink()
            return path


def _written_aside(folder: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(suffix=".aside", prefix=".", dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _versions() -> dict[str, str]:
    """Installed version of each package that the project asks for by itself."""
    wanted = [text for text in requires(PROJECT) or [] if "extra ==" not in text]
    names = ["".join(_until_specifier(text)) for text in wanted]
    return {name: version(name) for name in [PROJECT, *names]}


def _until_specifier(text: str) -> str:
    return text[: next((i for i, letter in enumerate(text) if letter in "<>=!~;[ "), len(text))]


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
