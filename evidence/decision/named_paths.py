"""Owns where that lies which a playbook names relative to itself: its policies and its detections."""

from __future__ import annotations

import os
from pathlib import Path


def named_path(bundle_folder: Path, name: str) -> Path:
    """The file or folder that a playbook names, without detours (`v3/../policies` is `policies`)."""
    written = bundle_folder / name
    straight = Path(os.path.normpath(written))
    # A link on the way makes them two different places: then it stays as it is written.
    return straight if straight.exists() and straight.samefile(written) else written
