"""Owns how files come to their place whole: written aside, flushed to the disk, renamed.

What is aside has the name of its target, the process and `.aside`; nobody takes it for the real file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

PACKAGES = "handoffs"


def write_aside(path: Path, content: bytes) -> Path:
    """Write the content beside `path`, whose place it is to take, and flush it to the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = aside_of(path)
    with aside.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    return aside


def aside_of(path: Path) -> Path:
    """Where this process writes what is to take the place of `path`."""
    return path.with_name(f"{path.name}.{os.getpid()}.aside")


def swap_in(swaps: Iterable[tuple[Path, Path]]) -> None:
    """Rename each file that was written and flushed aside to its place, in this order; flush the folders."""
    folders: dict[Path, None] = {}
    for aside, path in swaps:
        aside.replace(path)
        folders[path.parent] = None
    for folder in folders:
        flush(folder)


def flush(path: Path) -> None:
    """Return when the file, or the list of names of the folder, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_packages(out: Path, files: Mapping[str, bytes]) -> None:
    """Make `out/handoffs` hold exactly these files, by path below `out`; equal ones are left alone."""
    swap_in(list(written_packages(out, files.items())))
    remove_other_packages(out, files)


def written_packages(out: Path, files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[Path, Path]]:
    """Write aside what differs from the file of its path below `out`; yields what to rename to what."""
    for name, content in files:
        path = out / name
        if not path.exists() or path.read_bytes() != content:
            yield write_aside(path, content), path


def remove_other_packages(out: Path, names: Iterable[str]) -> None:
    """Remove what lies in `out/handoffs` under another name, such as what a kill has left aside."""
    kept = {out / name for name in names}
    for path in sorted(set((out / PACKAGES).glob("*")) - kept):
        path.unlink()
