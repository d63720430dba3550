"""Finds the history and the bundles that a command was asked about."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evidence.decision import Bundle
    from simulator.history import History


@dataclass(frozen=True, slots=True)
class HistoryChoice:
    """Where history comes from: a folder of Parquet files, recorded incidents, or else the warehouse."""

    warehouse: Path
    history: Path | None = None
    incidents: Path | None = None
    as_of: str | None = None


def open_chosen(choice: HistoryChoice, bundle: Bundle) -> History:
    """The chosen history. Raises InputError when two are chosen, or the moment is no time."""
    from evidence.errors import InputError
    from evidence.times import parse_rfc3339
    from simulator.history import open_folder, open_incidents, open_warehouse

    if choice.history is not None and choice.incidents is not None:
        raise InputError("--history and --incidents are two histories", remedy="Give one of them")
    as_of = None if choice.as_of is None else parse_rfc3339(choice.as_of)
    if choice.history is not None:
        return open_folder(choice.history, as_of)
    if choice.incidents is not None:
        return open_incidents(choice.incidents, bundle.grading, as_of)
    return open_warehouse(choice.warehouse, as_of)


def print_copied(warehouse: Path, folder: Path) -> None:
    """Copy the published history into the folder and name each file."""
    from simulator.history import copy_history

    for path in copy_history(warehouse, folder):
        sys.stdout.write(f"{path}\n")
