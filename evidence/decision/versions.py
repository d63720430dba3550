"""Owns the versions of a playbook that lie beside each other: which there are, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from evidence.decision.bundle import Bundle
from evidence.decision.loading import PLAYBOOK_FILE, load_bundle
from evidence.errors import PlaybookError


@dataclass(frozen=True)
class Versions:
    """Every version of a folder of playbooks: the bundles in order, and why the others were refused."""

    bundles: tuple[Bundle, ...]
    refused: tuple[tuple[str, str], ...]


def load_versions(playbooks: Path, loaded: Iterable[Bundle] = ()) -> Versions:
    """Read every folder with a playbook in it, v2 before v10; those in `loaded` are at hand already.

    A draft that does not compile is told about and keeps none of the others from being replayed.
    """
    bundles, refused = [], []
    at_hand = {bundle.name: bundle for bundle in loaded}
    for name in version_names(playbooks):
        try:
            bundles.append(at_hand.get(name) or load_bundle(playbooks / name))
        except PlaybookError as error:
            refused.append((name, str(error)))
    return Versions(tuple(bundles), tuple(refused))


def version_names(playbooks: Path) -> list[str]:
    """Names of the folders that hold a playbook, numbers in them compared as numbers."""
    names = [path.parent.name for path in playbooks.glob(f"*/{PLAYBOOK_FILE}")]
    return sorted(names, key=lambda name: (_parts(name), name))


def _parts(name: str) -> list[tuple[int, int, str]]:
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
