"""Owns the names that a shell completes: incidents, as the warehouse lists them, else as folders are called.

`evidence tabletop` completes none: a whole name may tell how the incident ended.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import typer

from pipelines.default_folders import incidents_folder

NAMES_MAX = 1000
"""Shown at most: a shell that is given more asks whether it may print them."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}\Z")


def complete_incident(context: typer.Context, incomplete: str) -> list[str]:
    """Names that begin so, sorted. Never raises nor prints: what it says would stand in the line."""
    try:
        found = {name for name in _names(context) if name.startswith(incomplete) and _NAME.match(name)}
    except Exception:  # a folder may be anything; a completion is a courtesy
        return []
    return sorted(found)[:NAMES_MAX]


def _names(context: typer.Context) -> Iterator[str]:
    """The names that are published; folders of incidents where nothing is, or the command reads these."""
    from evidence.verify import known_incidents

    known = None
    if context.info_name != "label":
        known = known_incidents(_folder(context, "warehouse", "EVIDENCE_WAREHOUSE", Path("warehouse")))
    yield from _folder_names(context) if known is None else known


def _folder_names(context: typer.Context) -> Iterator[str]:
    root = _folder(context, "incidents", "EVIDENCE_INCIDENTS", incidents_folder())
    for folder, inner, files in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        if "incident.yaml" in files:
            inner.clear()
            yield Path(folder).name


def _folder(context: typer.Context, option: str, variable: str, default: Path) -> Path:
    """The folder as the line names it so far, else the environment, else the default."""
    return Path(context.params.get(option) or os.environ.get(variable) or default)
