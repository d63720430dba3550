"""Holds the governance boundary of a run: no socket, no process, no write outside its own folders.

An audit hook sees every such attempt of the interpreter, whichever library makes it, and refuses it
before it happens. What native libraries do without asking the interpreter (DuckDB and Arrow write
their own files) is outside its sight; those two are handed paths below the warehouse only.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from evidence.errors import BoundaryError

_NETWORK = frozenset(
    {
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyaddr",
        "socket.gethostbyname",
        "socket.getnameinfo",
        "socket.sendmsg",
        "socket.sendto",
    }
)
_PROCESS = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.system",
        "pty.spawn",
        "subprocess.Popen",
    }
)


class _Write(NamedTuple):
    """Where an event that writes carries its path, and whether it acts on the path's target or its entry."""

    path_at: int
    dir_fd_at: int = -1  # -1: the event tells of none
    is_followed: bool = False  # True: a symbolic link is written through


_WRITES: dict[str, tuple[_Write, ...]] = {
    "os.chmod": (_Write(0, 2, is_followed=True),),
    "os.chown": (_Write(0, 3, is_followed=True),),
    "os.link": (_Write(1, 3),),
    "os.mkdir": (_Write(0, 2),),
    "os.remove": (_Write(0, 1),),
    "os.rename": (_Write(0, 2), _Write(1, 3)),
    "os.rmdir": (_Write(0, 1),),
    "os.symlink": (_Write(1, 2),),
    "os.truncate": (_Write(0, is_followed=True),),
    "os.utime": (_Write(0, 3, is_followed=True),),
    "sqlite3.connect": (_Write(0, is_followed=True),),
}
_WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_DEVICES = frozenset({"/dev/null", "/dev/tty"})


class _Boundary:
    """The hook's state. Process-wide, because an audit hook is: it can be added but never removed."""

    def __init__(self) -> None:
        self.folders: tuple[str, ...] | None = None
        self.is_installed = False
        self.lock = threading.Lock()

    def install(self) -> None:
        """Add the hook once; it does nothing while no boundary is active."""
        with self.lock:
            if not self.is_installed:
                sys.addaudithook(self.audit)
                self.is_installed = True

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Called by the interpreter for every audited event; raising refuses it."""
        folders = self.folders
        if folders is None:
            return
        if event in _NETWORK:
            raise BoundaryError(
                f"the run tried to use the network ({event} {_shown(arguments[1:])})", remedy=_REMEDY
            )
        if event in _PROCESS:
            raise BoundaryError(
                f"the run tried to start a process ({event} {_shown(arguments[:1])})", remedy=_REMEDY
            )
        if event == "open":
            if _is_writing(arguments[1], arguments[2]):
                _require_inside(event, _resolved(arguments[0], is_followed=True), folders)
            return
        for write in _WRITES.get(event, ()):
            dir_fd = arguments[write.dir_fd_at] if write.dir_fd_at >= 0 else -1
            path = _resolved(arguments[write.path_at], dir_fd, is_followed=write.is_followed)
            _require_inside(event, path, folders)


_REMEDY = "A run reads exports and writes its own folders; it never acts on anything else"
_BOUNDARY = _Boundary()


@contextlib.contextmanager
def boundary(*folders: Path) -> Iterator[None]:
    """While the block runs, refuse network, processes and writes outside `folders`.

    Temporary files go to a folder of the block's own, which is removed with it: the machine's temporary
    folder belongs to everybody, and whole projects may lie below it.
    Holds for all threads of the process. An attempt raises BoundaryError where it is made. Blocks do
    not nest: an inner one would have to widen or narrow what another thread relies on.
    """
    if _BOUNDARY.folders is not None:
        raise BoundaryError("a boundary is active already")
    _BOUNDARY.install()
    with _without_bytecode(), _own_temporary_folder() as temporary:
        allowed = tuple(os.path.realpath(folder) for folder in (*folders, temporary))
        _BOUNDARY.folders = allowed
        try:
            yield
        finally:
            _BOUNDARY.folders = None


@contextlib.contextmanager
def _own_temporary_folder() -> Iterator[Path]:
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="evidence-") as folder:
        tempfile.tempdir = folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = before


@contextlib.contextmanager
def _without_bytecode() -> Iterator[None]:
    # A module imported late would leave its byte code beside its source, which is not ours to write.
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _is_writing(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & _WRITING_FLAGS)


def _resolved(path: object, dir_fd: int = -1, *, is_followed: bool) -> str | None:
    """The real path; None for what has no path of its own (an open descriptor, a database in memory)."""
    if not isinstance(path, str | bytes | os.PathLike):
        return None
    text = os.fsdecode(path)
    if text in ("", ":memory:"):
        return None
    if text.startswith("file:"):
        text, _, options = text.removeprefix("file:").partition("?")
        if "mode=memory" in options.split("&"):
            return None
    if dir_fd >= 0:
        text = f"/proc/self/fd/{dir_fd}/{text}"
    folder, name = os.path.split(text)
    return os.path.realpath(text) if is_followed else f"{os.path.realpath(folder)}{os.sep}{name}"


def _require_inside(event: str, path: str | None, folders: tuple[str, ...]) -> None:
    if path is None or path in _DEVICES:
        return
    if not any(path == folder or path.startswith(folder + os.sep) for folder in folders):
        raise BoundaryError(f"the run tried to write outside its folders ({event} {path})", remedy=_REMEDY)


def _shown(arguments: tuple[Any, ...]) -> str:
    return " ".join(str(argument) for argument in arguments)[:200]
