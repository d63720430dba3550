r"""Owns how files below an incidents folder are found, named and opened: no link is followed, nothing hangs.

Exports come from tools and strangers. A link may lead out of the folder, a pipe never ends, a name may
hold bytes that are no text, a folder may refuse to be listed: each is told of, none ends a run.

A file is named by its path below the root in UTF-8 with `/` between, and `\xNN` for each byte of a
control character, of what is no UTF-8, and of the backslash itself, so that two files never share a name.

Standard library only: `evidence verify` opens the same files without any package.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

FILE_BYTES_MAX = 256 * 1024 * 1024
"""Largest file read, on disk and after decompression: a few kilobytes of gzip can hold gigabytes."""

NOT_REGULAR = "not_regular_file"
UNREADABLE = "unreadable"
SIZE_EXCEEDED = "size_exceeded"

_ESCAPED = re.compile("[\x00-\x1f\\\\\x7f-\x9f\udc80-\udcff]")
_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")
READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KINDS = {
    stat.S_IFIFO: "named pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFBLK: "block device",
    stat.S_IFCHR: "character device",
}


class Kind(StrEnum):
    """What an entry of a folder is, without following or opening it."""

    FILE = "file"
    LINK = "link"
    SPECIAL = "special"  # a pipe, socket or device
    FOLDER_UNREADABLE = "folder_unreadable"  # what lies in it is not known


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry below a folder; `byte_count` is None where it is no regular file."""

    path: Path
    kind: Kind
    byte_count: int | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """A file's bytes, or why there are none: `fault` is then a reason of quarantine, and `detail` a sentence.

    For what has no bytes that can be read, `data` says what it is (`link to ../x`, `named pipe`) and stands
    for them. A file over the limit has its true digest and size, and no `data`.
    """

    data: bytes
    byte_count: int
    fault: str = ""
    detail: str = ""
    unheld_sha256: str = ""

    @property
    def sha256(self) -> str:
        """Digest of the bytes; computed when asked for, because whoever keeps the bytes digests them too."""
        return self.unheld_sha256 or hashlib.sha256(self.data).hexdigest()


def walk(folder: Path) -> list[Entry]:
    """Everything below `folder` that is no folder, and the folders that cannot be listed; sorted by path."""
    found: list[Entry] = []
    pending = [folder]
    while pending:
        current = pending.pop()
        try:
            with os.scandir(current) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(Path(entry.path))
                    else:
                        found.append(_entry(entry))
        except OSError:
            found.append(Entry(current, Kind.FOLDER_UNREADABLE))
    return sorted(found, key=lambda entry: entry.path.parts)


def read(path: Path, size_max: int = FILE_BYTES_MAX) -> Content:
    """The content of one entry as `walk` lists it. Never raises for what it is, never waits for a writer."""
    try:
        mode = os.lstat(path).st_mode
        if not stat.S_ISREG(mode):
            return _stand_in(path, mode)
        return _read_regular(path, size_max)
    except OSError as error:
        return unreadable(path, error)


def unreadable(path: Path, error: OSError) -> Content:
    """What stands for an entry that the system does not let anybody read."""
    code = errno.errorcode.get(error.errno or 0, "EIO")
    # Two files that nobody can read need not be equal: the name keeps them apart.
    return _without_bytes(f"unreadable: {path_text(path.name)}", UNREADABLE, f"cannot be read ({code})")


def path_text(path: str | Path) -> str:
    """The path as tables, manifests and anchors name it; the same whatever the locale."""
    text = os.fsencode(path).decode("utf-8", "surrogateescape").replace(os.sep, "/")
    return _ESCAPED.sub(_escaped, text)


def path_from_text(text: str) -> Path:
    """The path that `path_text` has named."""
    return Path(os.fsdecode(_ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), text.encode())))


def _entry(entry: os.DirEntry[str]) -> Entry:
    path = Path(entry.path)
    if entry.is_symlink():
        return Entry(path, Kind.LINK)
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return Entry(path, Kind.SPECIAL)  # gone, or with a path longer than the system takes
    is_file = stat.S_ISREG(status.st_mode)
    return Entry(path, Kind.FILE, status.st_size) if is_file else Entry(path, Kind.SPECIAL)


def _read_regular(path: Path, size_max: int) -> Content:
    # Between a look and an opening, the file may become a link or a pipe: the flags refuse both.
    descriptor = os.open(path, READ_FLAGS)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        return _stand_in(path, status.st_mode)
    with os.fdopen(descriptor, "rb") as handle:
        if status.st_size <= size_max:
            data = handle.read()
            return Content(data, len(data))
        sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
        byte_count = handle.tell()
    detail = f"the file has {byte_count} bytes; at most {size_max} are read"
    return Content(b"", byte_count, SIZE_EXCEEDED, detail, sha256)


def _stand_in(path: Path, mode: int) -> Content:
    if stat.S_ISLNK(mode):
        target = path_text(path.readlink())
        return _without_bytes(f"link to {target}", NOT_REGULAR, "is a link, which is never followed")
    if stat.S_ISDIR(mode):
        detail = "is a folder that cannot be listed; what lies in it is not known"
        return _without_bytes(f"folder: {path_text(path.name)}", UNREADABLE, detail)
    kind = _KINDS.get(stat.S_IFMT(mode), "special file")
    return _without_bytes(kind, NOT_REGULAR, f"is a {kind}, which is never opened")


def _without_bytes(what: str, fault: str, detail: str) -> Content:
    data = what.encode()
    return Content(data, len(data), fault, detail)


def _escaped(match: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02x}" for byte in match[0].encode("utf-8", "surrogateescape"))
