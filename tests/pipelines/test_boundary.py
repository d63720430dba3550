"""The run's boundary refuses network, processes and writes outside its own folders."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.boundary import boundary
from evidence.errors import BoundaryError


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the run's own, with a temporary folder that is not an ancestor of it."""
    own, temporary = tmp_path / "own", tmp_path / "temporary"
    own.mkdir()
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return own


NETWORK: dict[str, Callable[[], object]] = {
    "connect": lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
    "resolve": lambda: socket.getaddrinfo("localhost", 80),
    "bind": lambda: socket.socket().bind(("127.0.0.1", 0)),
    "unix": lambda: socket.socket(socket.AF_UNIX).connect("/nowhere"),
    "datagram": lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
}


@pytest.mark.parametrize("attempt", NETWORK.values(), ids=NETWORK.keys())
def test_network_is_refused(own: Path, attempt: Callable[[], object]) -> None:
    """Neither a connection nor a name look-up nor a listening socket comes about."""
    with boundary(own), pytest.raises(BoundaryError, match="use the network"):
        attempt()


PROCESSES: dict[str, Callable[[], object]] = {
    "popen": lambda: subprocess.run([sys.executable, "-c", ""], check=False),
    "system": lambda: os.system("true"),
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "fork": lambda: os.fork(),
    "spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
}


@pytest.mark.parametrize("attempt", PROCESSES.values(), ids=PROCESSES.keys())
def test_processes_are_refused(own: Path, attempt: Callable[[], object]) -> None:
    """No way to start a process works."""
    with boundary(own), pytest.raises(BoundaryError, match="start a process"):
        attempt()


WRITES: dict[str, Callable[[Path], object]] = {
    "write": lambda path: (path / "new").write_text("x"),
    "append": lambda path: (path / "file").open("a"),
    "update": lambda path: (path / "file").open("r+b"),
    "descriptor": lambda path: os.open(path / "new", os.O_CREAT | os.O_WRONLY),
    "rename away": lambda path: (path / "file").rename(path / "other"),
    "remove": lambda path: (path / "file").unlink(),
    "make folder": lambda path: (path / "folder").mkdir(),
    "remove folder": lambda path: (path / "empty").rmdir(),
    "remove tree": lambda path: shutil.rmtree(path / "empty"),
    "symlink": lambda path: (path / "link").symlink_to("file"),
    "hard link": lambda path: (path / "link").hardlink_to(path / "file"),
    "mode": lambda path: (path / "file").chmod(0o600),
    "truncate": lambda path: os.truncate(path / "file", 0),
    "database": lambda path: sqlite3.connect(path / "state.db"),
}


@pytest.mark.parametrize("attempt", WRITES.values(), ids=WRITES.keys())
def test_writes_outside_are_refused(own: Path, tmp_path: Path, attempt: Callable[[Path], object]) -> None:
    """Beside its own folders nothing is written, renamed, linked or removed, and nothing changes."""
    outside = tmp_path / "outside"
    (outside / "empty").mkdir(parents=True)
    (outside / "file").write_text("kept")
    with boundary(own), pytest.raises(BoundaryError, match="outside its folders"):
        attempt(outside)
    assert [("empty", True), ("file", False)] == sorted((p.name, p.is_dir()) for p in outside.iterdir())
    assert "kept" == (outside / "file").read_text()


@pytest.mark.parametrize(
    "name", ["write", "descriptor", "rename away", "remove folder", "make folder", "symlink", "database"]
)
def test_writes_inside_go_through(own: Path, name: str) -> None:
    """What the run does in its own folder is not hindered."""
    (own / "empty").mkdir()
    (own / "file").write_text("x")
    with boundary(own):
        WRITES[name](own)


def test_a_link_does_not_lead_out(own: Path, tmp_path: Path) -> None:
    """A symbolic link inside the own folder is followed before it is judged."""
    (tmp_path / "outside").mkdir()
    (own / "way-out").symlink_to(tmp_path / "outside")
    with boundary(own), pytest.raises(BoundaryError, match="outside its folders"):
        (own / "way-out" / "file").write_text("x")


def test_a_folder_with_the_same_beginning_is_not_inside(own: Path) -> None:
    """`own-else` is not below `own`."""
    with boundary(own), pytest.raises(BoundaryError, match="outside its folders"):
        Path(f"{own}-else").write_text("x")


def test_reading_is_free(own: Path, tmp_path: Path) -> None:
    """The boundary holds writes; exports are read from wherever they lie."""
    (tmp_path / "export.json").write_text("{}")
    with boundary(own):
        assert "{}" == (tmp_path / "export.json").read_text()


def test_it_holds_for_other_threads(own: Path) -> None:
    """A thread started before the boundary is held by it too."""
    found: list[BaseException] = []
    go = threading.Event()

    def attempt() -> None:
        go.wait(10)
        try:
            socket.getaddrinfo("localhost", 80)
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    with boundary(own):
        go.set()
        thread.join(10)
    assert [BoundaryError] == [type(error) for error in found]


def test_it_ends_with_the_block(own: Path, tmp_path: Path) -> None:
    """After the block everything is as before, also after an error."""
    before = sys.dont_write_bytecode
    with pytest.raises(BoundaryError), boundary(own):
        (tmp_path / "file").write_text("x")
    (tmp_path / "file").write_text("x")
    assert 0 == subprocess.run([sys.executable, "-c", ""], check=False).returncode
    assert before == sys.dont_write_bytecode


def test_a_second_boundary_is_refused(own: Path) -> None:
    """Blocks do not nest: the outer one stays in force."""
    with boundary(own):
        with pytest.raises(BoundaryError, match="active already"), boundary(own.parent):
            pass
        with pytest.raises(BoundaryError, match="outside its folders"):
            (own.parent / "file").write_text("x")


def test_the_shared_temporary_folder_is_outside(own: Path) -> None:
    """A run may write temporary files of its own, but not into the temporary folder that all share."""
    shared = Path(tempfile.gettempdir())
    with boundary(own), tempfile.TemporaryFile() as handle, pytest.raises(BoundaryError):
        handle.write(b"kept to itself")
        (shared / "left-behind").write_text("for everybody to see")
    assert [] == list(shared.iterdir())


def test_a_named_database_in_memory_is_no_write(own: Path) -> None:
    """A database that lives in memory is allowed, however it is named; the same name as a file is not."""
    with boundary(own):
        sqlite3.connect("file:runs?mode=memory&cache=shared", uri=True).close()
        with pytest.raises(BoundaryError):
            sqlite3.connect("file:runs?mode=rwc", uri=True)
