"""Digests the code behind each stage, so that Dagster marks what a code change has made stale."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_SUFFIXES = frozenset({".py", ".sql", ".j2", ".json"})


@functools.cache
def code_version(stage: str) -> str:
    """First 16 hex digits over the stage's own code, the core modules that all share, and the contracts."""
    folder = _ROOT / "evidence"
    own = (folder / f"{stage}.py", *(folder / stage).rglob("*"), *_also(folder, stage))
    shared = (*folder.glob("*.py"), *(_ROOT / "expectations").rglob("*"))
    return digest_of_files(frozenset((*own, *shared)))[:16]


def _also(folder: Path, stage: str) -> tuple[Path, ...]:
    """Code that a stage rests on and that lies outside of its own folder."""
    beyond = {
        "intake": (folder / "readers",),
        "replay": (folder / "decision", folder / "enrichment", _ROOT / "simulator"),
    }
    return tuple(path for each in beyond.get(stage, ()) for path in each.rglob("*"))


@functools.cache
def code_digest() -> str:
    """SHA-256 over all code of this project, tests left out."""
    rooms = ("pipelines", "assets", "simulator", "evidence", "expectations")
    return digest_of_files(frozenset(path for room in rooms for path in (_ROOT / room).rglob("*")))


def digest_of_files(paths: frozenset[Path]) -> str:
    """SHA-256 over relative name and content of the code files among `paths`, in order of name."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        if path.suffix in _SUFFIXES and path.is_file():
            digest.update(f"{path.relative_to(_ROOT).as_posix()} ".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
