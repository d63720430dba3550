"""Digests the code behind each stage, so that Dagster marks what a code change has made stale."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_SUFFIXES = frozenset({".py", ".sql", ".j2", ".css", ".json"})

# Rooms that the code of a stage rests on beside its own folder, in turn with what these rest on.
_RESTS_ON = {
    "intake": ("evidence/readers",),
    "enrichment": ("evidence/detections",),
    "decision": ("evidence/detections", "evidence/enrichment"),
    "handoff": ("evidence/decision", "evidence/detections", "evidence/enrichment"),
    "report": (
        "evidence/decision",
        "evidence/detections",
        "evidence/enrichment",
        "evidence/handoff",
        "evidence/kpis",
    ),
    "replay": ("evidence", "simulator"),
}


@functools.cache
def code_version(stage: str) -> str:
    """First 16 hex digits over the stage's own code, what it rests on, what all share, and the contracts."""
    return digest_of_files(files_of(stage))[:16]


def files_of(stage: str) -> frozenset[Path]:
    """All that an edit of can change what the stage publishes, other files beside them."""
    rooms = (f"evidence/{stage}", "expectations", *_RESTS_ON.get(stage, ()))
    own = (path for room in rooms for path in (_ROOT / room).rglob("*"))
    return frozenset((*own, *(_ROOT / "evidence").glob("*.py")))


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
