"""Owns the version that a run is making: seen by the run alone until it is published in one swap.

A draft is a folder `drafts/<name>` of the warehouse: the list of tables as published when it was begun, the
parts that the run has replaced since, and the files that go with the tables. The tables' own files are
immutable and named by their content, so they are written where they stay. Everything else takes its place
when the draft is committed. A run that ends before that leaves its draft, from which the same run can go on,
until the next version is published.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from evidence.placing import PACKAGES, changed, place, remove_other_packages, swap_in, write_all_aside
from evidence.warehouse import (
    Changes,
    Published,
    Warehouse,
    entries_of,
    json_of_parts,
    merged_parts,
    overlaid,
)

FOLDER = "drafts"


class Draft(Warehouse):
    """The warehouse as a run sees it: what it has made so far, over what was published when it began.

    What other runs publish meanwhile is not seen, so that all that a run reads is of one version.
    """

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(root)
        self.folder = self.root / FOLDER / name
        self._base, self._changes = self.folder / "base.json", self.folder / "changes.json"
        self._beside, self._packages = self.folder / "beside", self.folder / "packages"
        self._out = self.folder / "out.txt"
        self._reports, self._reports_out = self.folder / "reports", self.folder / "reports_out.txt"

    @contextlib.contextmanager
    def opened(self) -> Iterator[Draft]:
        """Begin the draft, or go on with the one of this name; while it is open nobody clears it away."""
        with contextlib.ExitStack() as stack:
            with self.lock():
                self.folder.mkdir(parents=True, exist_ok=True)
                held = stack.enter_context((self.folder / "lock").open("w"))
                fcntl.flock(held, fcntl.LOCK_SH)
                if not self._base.exists():
                    place([(self._base, _content(self.root / "published.json"))])
            yield self

    # --- as the run sees it

    def published(self) -> dict[str, Published]:
        """The current files of every table: the draft's own, or else those published when it was begun."""
        return overlaid(entries_of(self._parts_in(self._base)), self._parts_in(self._changes))

    def _keep(self, changes: Changes) -> dict[str, Published]:
        before = self._parts_in(self._changes)
        merged = {name: merged_parts(before.get(name, {}), parts) for name, parts in changes.items()}
        place([(self._changes, json_of_parts({**before, **merged}))])
        return self.published()

    def put_beside(self, name: str, content: bytes) -> None:
        """Keep a file that is to lie beside the tables."""
        place([(self._beside / name, content)])

    def read_beside(self, name: str) -> bytes | None:
        """The run's own, or else the one that was published last."""
        own = self._beside / name
        return own.read_bytes() if own.is_file() else super().read_beside(name)

    def put_packages(self, out: Path, files: Mapping[str, bytes]) -> None:
        """Keep the packages that are to be all of those below `out`."""
        self._out.unlink(missing_ok=True)  # until they are all there, there are none
        shutil.rmtree(self._packages, ignore_errors=True)
        (self._packages / PACKAGES).mkdir(parents=True)
        for name, content in files.items():
            (self._packages / name).write_bytes(content)
        place([(self._out, os.fsencode(out.absolute()))])

    def put_reports(self, out: Path, files: Mapping[str, bytes]) -> None:
        """Keep reports that are to lie below `out`, beside those of earlier runs."""
        place((self._reports / name, content) for name, content in files.items())
        place([(self._reports_out, os.fsencode(out.absolute()))])

    # --- its end

    def commit(self) -> None:
        """Publish the draft in one swap and remove it.

        It is laid over what is published by now, part by part, so that of two runs at once neither loses
        its tables; of a part that both have made the later stays. Drafts that nobody is at work on are
        cleared away: there is a newer version than the one they began with.
        """
        with self.lock():
            changes, before = self._parts_in(self._changes), Warehouse.published(self)
            packages = self._kept_packages()
            if changes or packages or self._beside.exists() or self._reports_out.exists():
                self._swap(before, overlaid(before, changes), write_all_aside(self._to_place(packages)))
                self.failed_catalogue.unlink(missing_ok=True)
            self._clear_asides()
            for out, names in packages.items():
                (out / PACKAGES).mkdir(parents=True, exist_ok=True)  # also where there is none to put into it
                remove_other_packages(out, names)
            shutil.rmtree(self.folder)
            _clear_abandoned(self.root / FOLDER)

    def _kept_packages(self) -> dict[Path, list[str]]:
        """The folder that packages are kept for, if any, and their paths below it."""
        if not self._out.exists():
            return {}
        found = (path.relative_to(self._packages).as_posix() for path in self._packages.glob("*/*"))
        return {Path(os.fsdecode(self._out.read_bytes())): sorted(found)}

    def _to_place(self, packages: Mapping[Path, list[str]]) -> Iterator[tuple[Path, bytes]]:
        """The packages, the files beside the tables and the reports: the place of each, and its content."""
        for out, names in packages.items():
            yield from changed((out / name, (self._packages / name).read_bytes()) for name in names)
        for path in sorted(self._beside.glob("*")):
            yield self.root / path.name, path.read_bytes()
        yield from changed((target, path.read_bytes()) for path, target in self._kept_reports())

    def _kept_reports(self) -> list[tuple[Path, Path]]:
        """The reports, where they are kept and where they are to lie."""
        if not self._reports_out.exists():
            return []
        out = Path(os.fsdecode(self._reports_out.read_bytes()))
        return [(path, out / path.relative_to(self._reports)) for path in sorted(self._reports.glob("*/*"))]

    def _clear_asides(self) -> None:
        """Remove what a kill has left beside the places of the reports."""
        for _, target in self._kept_reports():
            for path in target.parent.glob(f"{target.name}.*.aside"):
                path.unlink()

    def show_as_failed(self) -> None:
        """Let people look into what a failed run has made: a catalogue of its own, as the run saw it."""
        with self.lock():
            aside = self._catalogue_aside(self.published(), self.failed_catalogue)
            swap_in([(aside, self.failed_catalogue)])


def _content(manifest: Path) -> bytes:
    return manifest.read_bytes() if manifest.exists() else b"{}"


def _clear_abandoned(drafts: Path) -> None:
    for folder in sorted(drafts.iterdir()):
        if not is_open(folder):
            shutil.rmtree(folder)
    with contextlib.suppress(OSError):  # others are at work
        drafts.rmdir()


def is_open(folder: Path) -> bool:
    """Whether a run is at work on the draft in that folder."""
    with (folder / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
