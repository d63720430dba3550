"""Owns the rules of a folder as a run loads them: with the values beside them, once for the same content."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from evidence.detections.rules import RuleSet

VALUES = "values.yaml"


def values_near(path: Path) -> Path | None:
    """`values.yaml` in the folder of the rules, or in the one above; None where neither has one."""
    folder = (path if path.is_dir() else path.parent).absolute()
    return next((each / VALUES for each in (folder, folder.parent) if (each / VALUES).is_file()), None)


def rule_files(path: Path) -> list[Path]:
    """The file, or every `*.yml` below the folder, in order of name."""
    return sorted(one for one in path.rglob("*.yml") if one.is_file()) if path.is_dir() else [path]


def load_rule_folder(path: Path) -> RuleSet:
    """The rules of a file or folder, with its values. Raises RefusedDetections, which holds every fault.

    Bundles that name the same rules share one load, as long as no file of it changes.
    """
    return _loaded(path, values_near(path), _fingerprint(path))


def _fingerprint(path: Path) -> str:
    digest = hashlib.sha256()
    for file in (*rule_files(path), *filter(None, [values_near(path)])):
        digest.update(f"{file} ".encode(errors="surrogateescape"))
        digest.update(hashlib.sha256(file.read_bytes() if file.is_file() else b"").digest())
    return digest.hexdigest()


@lru_cache(maxsize=8)
def _loaded(path: Path, values: Path | None, fingerprint: str) -> RuleSet:
    # pySigma costs a third of a second to import: what names no detections does without.
    from evidence.detections.loading import load_rules

    return load_rules(path, values)
