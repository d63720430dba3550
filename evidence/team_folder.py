"""Owns what a new team's own folder holds: inbox, catalogue, approver map, a playbook, a check in CI.

The playbook is the active one that this tool ships with, as the team's first version, with its cases,
policies and rules; who approves, and what is the house's own, are placeholders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evidence.decision.loading import ACTIVE_FILE, PLAYBOOK_FILE, active_folder
from evidence.detections.rule_folders import VALUES
from evidence.errors import InputError, Place
from evidence.placing import place

SHIPPED = Path(__file__).parents[1] / "playbooks"
_STARTERS = Path(__file__).parent / "starter"
_TEMPLATES = _STARTERS / "team"
VERSION = "v1"
_HEADER = b"# The first version of our playbook, as it came with the tool: yours from now on.\n"
# Of the templates by the name that they get.
_NAMES = {
    "README.md": "README.md",
    "gitignore.txt": ".gitignore",
    "workspace.yaml": "workspace.yaml",
    "dagster.yaml": "dagster.yaml",
    "pull_request.yml": ".github/workflows/playbooks.yml",
    "inbox.md": "incidents/README.md",
    "approvers.yaml": f"playbooks/{VERSION}/approvers.yaml",
    "values.yaml": "playbooks/detections/values.yaml",
}


@dataclass(frozen=True)
class LaidOut:
    """Paths below the folder, sorted: what was written, and what was there and is left alone."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


def lay_out(folder: Path) -> LaidOut:
    """Write a team's folder. What is there already is left alone.

    Raises InputError where a folder of playbooks is there, for two bundles cannot be one, and for a file in
    the way.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError("is no folder", place=Place(folder), remedy="Name a folder to lay out")
    playbooks = folder / "playbooks"
    if playbooks.exists() or playbooks.is_symlink():
        raise InputError(
            "is there already", place=Place(playbooks), remedy="Name another folder, or move it aside"
        )
    files = team_files()
    kept = sorted(name for name in files if _is_there(folder / name))
    written = sorted(set(files) - set(kept))
    place((folder / name, files[name]) for name in written)
    return LaidOut(tuple(written), tuple(kept))


def team_files() -> Mapping[str, bytes]:
    """Every file by its path below the folder."""
    bundle, detections = active_folder(SHIPPED), SHIPPED / "detections"
    playbook = _HEADER + _without_header((bundle / PLAYBOOK_FILE).read_bytes())
    return {
        **_below(bundle / "cases", f"playbooks/{VERSION}/cases"),
        **_below(SHIPPED / "policies", "playbooks/policies"),
        **_below(detections, "playbooks/detections"),
        # The cases of the rules speak of the house that they were written for.
        f"playbooks/detections/cases/{VALUES}": (detections / VALUES).read_bytes(),
        f"playbooks/{ACTIVE_FILE}": f"# The version that counts.\nactive: {VERSION}\n".encode(),
        f"playbooks/{VERSION}/{PLAYBOOK_FILE}": playbook,
        "settings.yaml": (_STARTERS / "settings.yaml").read_bytes(),
        "catalog/services.yaml": (_STARTERS / "services.yaml").read_bytes(),
        **{name: (_TEMPLATES / template).read_bytes() for template, name in _NAMES.items()},
    }


def _below(source: Path, target: str) -> Mapping[str, bytes]:
    """Every file of rules, policies or cases below `source`; pages about the tool's own are left out."""
    return {
        f"{target}/{path.relative_to(source).as_posix()}": path.read_bytes()
        for path in sorted(source.rglob("*"))
        if path.is_file() and path.suffix in (".rego", ".yaml", ".yml")
    }


def _without_header(text: bytes) -> bytes:
    """From the first line on that is no comment: the head tells the history of the tool's own versions."""
    lines = text.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.strip() and not line.startswith(b"#"))
    return b"".join(lines[first:])


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
