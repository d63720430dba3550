"""Reads a bundle from its folder and refuses it, with file, line and column, when it cannot be compiled."""

from __future__ import annotations

from pathlib import Path

from evidence.decision.bundle import Bundle
from evidence.decision.inspection import PLAYBOOK_FILE, inspect_bundle
from evidence.errors import PlaybookError
from evidence.strict_yaml import Document, load_yaml

ACTIVE_FILE = "active.yaml"

__all__ = ["ACTIVE_FILE", "PLAYBOOK_FILE", "load_active", "load_bundle"]


def load_active(playbooks: Path) -> Bundle:
    """The bundle in the `active_folder`. Raises PlaybookError as that and `load_bundle` do."""
    return load_bundle(active_folder(playbooks))


def active_folder(playbooks: Path) -> Path:
    """The folder of the bundle that `active.yaml` in the folder of playbooks names.

    Raises PlaybookError with file, line and column, and the names of the bundles that are there.
    """
    present = sorted(path.parent.name for path in playbooks.glob(f"*/{PLAYBOOK_FILE}"))
    remedy = f"Write `active: NAME` with one of {', '.join(present) or '(there is none yet)'}"
    try:
        document = load_yaml(playbooks / ACTIVE_FILE, error=PlaybookError)
    except PlaybookError as failure:
        raise PlaybookError(failure.what, place=failure.place, remedy=failure.remedy or remedy) from failure
    return playbooks / _active_name(document, present, remedy)


def _active_name(document: Document, present: list[str], remedy: str) -> str:
    """The name behind `active:`, which is one of the bundles present: so it cannot lead anywhere else."""
    said = document.value if isinstance(document.value, dict) else {}
    for key in said:
        if key != "active":
            raise PlaybookError(f"unknown key '{key}'", place=document.key_places[(key,)], remedy=remedy)
    if not said.get("active"):
        place = document.key_places.get(("active",), document.place())
        raise PlaybookError("names no playbook", place=place, remedy=remedy)
    name = said["active"]
    if name not in present:
        what = f"there is no playbook {name!r} in {document.path.parent}"
        raise PlaybookError(what, place=document.place("active"), remedy=remedy)
    return str(name)


def load_bundle(folder: Path, policies: Path | None = None) -> Bundle:
    """The checked bundle in `folder`. Raises PlaybookError naming file, line and column of the first fault.

    A violated compile check comes with a counterexample: two states that show what would go wrong.
    `policies` is a folder of policies to take in place of the one that the playbook names.
    """
    inspection = inspect_bundle(folder, policies)
    if inspection.bundle is None:
        raise inspection.errors[0].error()
    return inspection.bundle
