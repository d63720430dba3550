"""Notices incident folders that have arrived completely: two looks in a row see the same files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from evidence.export_files import path_text

DECLARATION = "incident.yaml"


@dataclass(frozen=True, slots=True)
class Looks:
    """What earlier looks saw: the fingerprint of each folder, and the one that was last handed on."""

    seen: dict[str, str] = field(default_factory=dict)
    settled: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_cursor(cls, cursor: str | None) -> Looks:
        """The looks that `cursor` recorded; none for an empty cursor."""
        return cls(**json.loads(cursor)) if cursor else cls()

    def cursor(self) -> str:
        """These looks as text for the next tick."""
        return json.dumps({"seen": self.seen, "settled": self.settled}, sort_keys=True)

    def look(self, root: Path) -> tuple[tuple[str, ...], Looks]:
        """Folders that are complete and not yet handed on, and the looks to remember.

        A folder is complete when nothing in it has changed since the last look. A run reads all of
        them, so that none is ready while any is still being written. Whether a declaration reads is
        for the caller to ask.
        """
        now = fingerprints(root)
        is_still = all(self.seen.get(name) == mark for name, mark in now.items())
        ready = tuple(name for name, mark in now.items() if is_still and self.settled.get(name) != mark)
        return ready, Looks(now, {name: mark for name, mark in self.settled.items() if name in now})

    def with_settled(self, names: tuple[str, ...]) -> Looks:
        """The same looks with these folders handed on as they were seen."""
        return Looks(self.seen, {**self.settled, **{name: self.seen[name] for name in names}})


def fingerprints(root: Path) -> dict[str, str]:
    """Per incident folder below `root` a digest over name, size and time of change of each of its files."""
    folders = sorted(path.parent for path in root.rglob(DECLARATION) if not path.is_dir())
    return {folder.relative_to(root).as_posix(): _fingerprint(folder) for folder in folders}


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        status = path.lstat()  # of a link itself: what it leads to may be gone
        digest.update(
            f"{path_text(path.relative_to(folder))} {status.st_size} {status.st_mtime_ns}\n".encode()
        )
    return digest.hexdigest()
