"""Owns where things lie when nobody says, for the command line and for Dagster alike."""

from __future__ import annotations

import os
from pathlib import Path

DEFAULT_INCIDENTS = "fixtures, else incidents"
DEFAULT_RULES = "playbooks/detections"


def incidents_folder() -> Path:
    """Where recorded incidents lie when nobody says: `fixtures`, or `incidents` where only that is there.

    The first is this repository's, the second what `evidence ingest` and `evidence init` make.
    """
    is_teams = Path("incidents").is_dir() and not Path("fixtures").is_dir()
    return Path("incidents" if is_teams else "fixtures")


def rules_folder() -> Path:
    """Where Sigma rules lie when nobody says: in `detections` of the folder of playbooks."""
    return Path(os.environ.get("EVIDENCE_PLAYBOOKS") or "playbooks") / "detections"
