"""Owns how files come to their place whole: written aside, flushed to the disk, renamed.

What is aside has the name of its target, the process and `.aside`; nobody takes it for the real file.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PACKAGES, REPORTS = "handoffs", "kpis"
# A flush waits for the disk, which takes several at once in little more time than one.
_FLUSHES_AT_ONCE = 4


def place(files: Iterable[tuple[Path, bytes]]) -> None:
    """Put each content in its place: it is there whole or not at all, and all are on the disk on return."""
    swap_in(write_all_aside(files))


def changed(files: Iterable[tuple[Path, bytes]]) -> Iterator[tuple[Path, bytes]]:
    """Those of which the place does not hold just this content already."""
    for path, content in files:
        if not path.exists() or path.read_bytes() != content:
            yield path, content


def write_all_aside(files: Iterable[tuple[Path, bytes]]) -> list[tuple[Path, Path]]:
    """Write each content beside its place and flush them together; returns what to rename to what."""
    swaps = [(write_unflushed(path, content), path) for path, content in files]
    flush_all([aside for aside, _ in swaps])
    return swaps


def write_aside(path: Path, content: bytes) -> Path:
    """Write the content beside `path`, whose place it is to take, and flush it to the disk."""
    aside = write_unflushed(path, content)
    flush(aside)
    return aside


def write_unflushed(path: Path, content: bytes) -> Path:
    """Write the content beside `path`; it may take its place only when it has been flushed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = aside_of(path)
    aside.write_bytes(content)
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
    flush_all(folders)


def flush_and_swap_in(swaps: Collection[tuple[Path, Path]]) -> None:
    """As `swap_in`, for files that were written aside and not flushed yet."""
    flush_all([aside for aside, _ in swaps])
    swap_in(swaps)


def flush_all(paths: Collection[Path]) -> None:
    """Return when all of them are on the disk."""
    if len(paths) < 2:
        for path in paths:
            flush(path)
        return
    with ThreadPoolExecutor(_FLUSHES_AT_ONCE) as pool:
        for _ in pool.map(flush, paths):
            pass  # a flush that failed raises here


def flush(path: Path) -> None:
    """Return when the file, or the list of names of the folder, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_packages(out: Path, files: Mapping[str, bytes]) -> None:
    """Make `out/handoffs` hold exactly these files, by path below `out`; equal ones are left alone."""
    place(changed((out / name, content) for name, content in files.items()))
    remove_other_packages(out, files)


def remove_other_packages(out: Path, names: Iterable[str]) -> None:
    """Remove what lies in `out/handoffs` under another name, such as what a kill has left aside."""
    kept = {out / name for name in names}
    for path in sorted(set((out / PACKAGES).glob("*")) - kept):
        path.unlink()
