"""Owns how what an ingest has prepared takes its place: a journal says all of it before anything is moved.

Folders and files are built aside and flushed. Then the journal is written and flushed, then each takes its
place, last the account, then the journal goes. A kill before the journal leaves what there was before; after
it the next ingest finishes what it says, whatever it is given. While the journal is there the folder holds a
part of an ingest, which no run may publish (evidence.intake.discovery).
"""

from __future__ import annotations

import filecmp
import hashlib
import shutil
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evidence.errors import InputError, Place
from evidence.intake.discovery import INCIDENT_FILE, PLACING
from evidence.placing import flush, flush_all, place

KEPT_ASIDE, ASIDES = ".merged", ".ingest/aside"
_VERSION = 1


class Journal(BaseModel):
    """What is to be placed. All paths are below the folder of incidents.

    `folders`: each takes the place of one of the same name, with the SHA-256 of the declaration found there.
    `files`: from where each comes, in this order. `removed` are folders and files that go, `put_away` folders
    of incidents that are none any more: nobody reads them, and what people wrote in them is kept.
    """

    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(ge=_VERSION, le=_VERSION)] = _VERSION
    folders: dict[str, str | None] = {}
    removed: list[str] = []
    put_away: list[str] = []
    files: dict[str, str] = {}

    def swap(self, into: Path, name: str) -> None:
        """Note that the folder aside of that name takes its place."""
        self.folders[name] = _declaration_digest(into / name)

    def take_up(self, name: str, into: Path) -> None:
        """Note where the file aside goes, unless the same is there; an empty one stands for none."""
        aside, target = into / ASIDES / Path(name).name, into / name
        if aside.stat().st_size == 0:
            if target.exists():
                self.removed.append(name)
        elif not (target.exists() and filecmp.cmp(aside, target, shallow=False)):
            self.files[name] = f"{ASIDES}/{aside.name}"


def aside_of(into: Path, name: str) -> Path:
    """Where the folder of that name is built."""
    return into / f".{name}.aside"


def carry_out(journal: Journal, into: Path) -> None:
    """Flush what is aside, write the journal down, and put everything in its place."""
    built = [aside_of(into, name) for name in journal.folders]
    within = [path for folder in built for path in sorted(folder.rglob("*")) if not path.is_symlink()]
    flush_all([*within, *built, *(into / aside for aside in journal.files.values()), into])
    place([(into / PLACING, journal.model_dump_json(indent=1).encode())])
    _apply(journal, into)


def recover(into: Path) -> None:
    """Finish what an interrupted ingest has written down; else take away what it has left aside."""
    path = into / PLACING
    if path.exists():
        try:
            journal = Journal.model_validate_json(path.read_bytes())
        except ValidationError:
            raise InputError(
                "is no journal of an ingest",
                place=Place(path),
                remedy="Ingest everything into a new folder",
            ) from None
        _apply(journal, into)
    discard(into)


def discard(into: Path) -> None:
    """Take away what was built and never written down."""
    for replaced in sorted(into.glob(".*.replaced")):
        # Left by a version without a journal, between two renames.
        folder = into / replaced.name.removeprefix(".").removesuffix(".replaced")
        if folder.exists():
            shutil.rmtree(replaced)
        else:
            replaced.rename(folder)
    for aside in sorted(into.glob(".*.aside")):
        shutil.rmtree(aside, ignore_errors=True)
    shutil.rmtree(into / ASIDES, ignore_errors=True)


def is_interrupted(into: Path) -> bool:
    """Whether an ingest into the folder was stopped while it was putting things in place."""
    return (into / PLACING).exists()


def _apply(journal: Journal, into: Path) -> None:
    """Each step again changes nothing, so that it does not matter at which of them the last attempt ended."""
    for name, before in journal.folders.items():
        _swap(into, name, before)
    for name in journal.put_away:
        _put_away(into, name)
    for name in journal.removed:
        _remove(into / name)
    parents = {into}
    for name, aside in journal.files.items():
        target = into / name
        if (into / aside).exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            (into / aside).replace(target)
        parents.add(target.parent)
    flush_all(sorted(parents))
    for name in journal.folders:
        shutil.rmtree(into / f".{name}.replaced", ignore_errors=True)
    (into / PLACING).unlink()
    flush((into / PLACING).parent)
    shutil.rmtree(into / ASIDES, ignore_errors=True)


def _swap(into: Path, name: str, before: str | None) -> None:
    folder, aside, replaced = into / name, aside_of(into, name), into / f".{name}.replaced"
    if not aside.exists():
        return
    if folder.exists():
        if _declaration_digest(folder) != before:
            # Somebody has written into it between the interruption and now.
            kept = aside / KEPT_ASIDE / name / f"{name}.yaml"
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / INCIDENT_FILE, kept)
        shutil.rmtree(replaced, ignore_errors=True)
        folder.rename(replaced)
    aside.rename(folder)


def _put_away(into: Path, name: str) -> None:
    if (into / name).exists():
        target = into / KEPT_ASIDE / name
        target.parent.mkdir(exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        (into / name).rename(target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _declaration_digest(folder: Path) -> str | None:
    path = folder / INCIDENT_FILE
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
