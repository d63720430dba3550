"""Finds the history and the bundles that a command was asked about."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evidence.decision import Bundle
    from simulator.histories.history import History

VERSIONS_NAMED_MAX = 5
PLAYBOOKS = Path("playbooks")


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
    from simulator.histories.history import open_folder, open_incidents, open_warehouse

    if choice.history is not None and choice.incidents is not None:
        raise InputError("--history and --incidents are two histories", remedy="Give one of them")
    as_of = None if choice.as_of is None else parse_as_of(choice.as_of)
    if choice.history is not None:
        return open_folder(choice.history, as_of)
    if choice.incidents is not None:
        like = _run_with(bundle)
        return open_incidents(choice.incidents, like.grading, as_of, like.detections)
    return open_warehouse(choice.warehouse, as_of)


def open_seen(choice: HistoryChoice, bundle: Bundle) -> History:
    """The chosen history as the bundle sees it: with the hits of its own rules as signals."""
    from simulator.histories.sights import as_seen_by

    return as_seen_by(open_chosen(choice, bundle), bundle)


def _run_with(bundle: Bundle) -> Bundle:
    """The active playbook where there is one, so that the history is the one that a run publishes.

    Every replay grades anew by the bundle that decides, and sees the hits of its rules: grading and rules of
    what is stored decide nothing.
    """
    from evidence.decision import load_active
    from evidence.decision.loading import ACTIVE_FILE

    return load_active(PLAYBOOKS) if (PLAYBOOKS / ACTIVE_FILE).is_file() else bundle


def parse_as_of(text: str) -> int:
    """The moment in ns UTC. Raises InputError for what is no time with a zone."""
    from evidence.errors import InputError
    from evidence.times import TimeRefused, parse_rfc3339

    try:
        return parse_rfc3339(text)
    except TimeRefused as refused:
        raise InputError(
            f"--as-of {refused.what}", remedy="Give a time with its zone, e.g. 2026-01-14T09:20:00Z"
        ) from refused


def named_version(reference: str) -> str:
    """The reference, or the folder of the version that it names below `playbooks/`; a folder comes first.

    The file of a playbook stands for its folder.
    """
    from evidence.decision import version_names
    from evidence.decision.loading import PLAYBOOK_FILE

    if Path(reference).name == PLAYBOOK_FILE and Path(reference).is_file():
        return str(Path(reference).parent)
    is_there = (Path(reference) / PLAYBOOK_FILE).is_file()
    if not is_there and reference in version_names(PLAYBOOKS):
        return str(PLAYBOOKS / reference)
    return reference


def load_named(reference: str, beside: str | None = None) -> Bundle:
    """The bundle of a version by name, in a folder or a commit. Raises InputError as `existing` does."""
    from simulator.bundles.bundle_refs import load_tried

    return load_tried(existing(reference), beside)


def existing(reference: str) -> str:
    """The reference as `named_version` reads it.

    Raises InputError, naming what is there, where it names no commit and no folder of a playbook, or of
    playbooks of which one is active.
    """
    from evidence.decision.loading import PLAYBOOK_FILE
    from evidence.errors import InputError
    from simulator.bundles.bundle_refs import PREFIX, is_of_playbooks

    reference = named_version(reference)
    folder = Path(reference)
    is_there = (folder / PLAYBOOK_FILE).is_file() or is_of_playbooks(folder)
    if not reference.startswith(PREFIX) and not is_there:
        what = f"there is no {PLAYBOOK_FILE} in it" if folder.is_dir() else "is no folder"
        raise InputError(f"{reference or 'a playbook'}: {what}", remedy=_versions_near(folder))
    return reference


def _versions_near(folder: Path) -> str:
    """Where a playbook lies that may have been meant: below the folder, beside it, or in the usual place."""
    from evidence.cut_lists import cut_list
    from evidence.decision import version_names

    for place in (folder, folder.parent, PLAYBOOKS):
        if names := version_names(place):
            there = cut_list([place / name for name in names], VERSIONS_NAMED_MAX)
            return f"Name the folder of a version, such as {there}, or git:REF:FOLDER"
    return "Name the folder of a version, or git:REF:FOLDER"


@contextlib.contextmanager
def writing(what: str) -> Iterator[None]:
    """Turns a file that cannot be written into an InputError that names the option and the file."""
    from evidence.errors import InputError

    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise InputError(f"{what} cannot be written: {where}{error.strerror}") from error
