"""Owns where that lies which a playbook names relative to itself: its policies and its detections."""

from __future__ import annotations

import os
from pathlib import Path


def named_policies(said: object) -> str:
    """What a playbook's YAML names as its policies; empty where it names none, or is no playbook's."""
    return _text(said, "policies")


def named_rules(said: object) -> str:
    """What it names as the rules of its detections, in the same way."""
    return _text(said.get("detections"), "rules") if isinstance(said, dict) else ""


def _text(said: object, key: str) -> str:
    name = said.get(key) if isinstance(said, dict) else None
    return name if isinstance(name, str) else ""


def named_path(bundle_folder: Path, name: str) -> Path:
    """The file or folder that a playbook names, without detours (`v3/../policies` is `policies`)."""
    written = bundle_folder / name
    straight = Path(os.path.normpath(written))
    # A link on the way makes them two different places: then it stays as it is written.
    return straight if straight.exists() and straight.samefile(written) else written
