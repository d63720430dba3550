"""Owns how a file that people write is read: a regular file only, and never more of it than people write."""

from __future__ import annotations

from pathlib import Path

from evidence.errors import EvidenceError, Place

BYTES_MAX = 4 * 1024 * 1024


def read_bounded(path: Path, error: type[EvidenceError], bytes_max: int = BYTES_MAX) -> bytes:
    """The content of the file, links followed. Raises `error` for one that is too large or not regular.

    A pipe would be waited for, and a device may have no end.
    """
    try:
        if path.exists() and not path.is_file():
            raise error("is no regular file", place=Place(path))
        with path.open("rb") as file:
            content = file.read(bytes_max + 1)
    except OSError as failure:
        raise error(f"cannot be read: {failure.strerror}", place=Place(path)) from failure
    if len(content) > bytes_max:
        raise error(f"is larger than {bytes_max // 2**20} MiB, the most that is read", place=Place(path))
    return content
