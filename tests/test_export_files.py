"""Files below an incidents folder are found, named and opened without following links or waiting."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.export_files import Kind, path_from_text, path_text, read, walk

MAKE: dict[str, Callable[[Path], object]] = {
    "named pipe": os.mkfifo,
    "socket": lambda path: socket.socket(socket.AF_UNIX).bind(str(path)),
}


def test_a_regular_file_is_its_bytes(tmp_path: Path) -> None:
    """With digest and size, and no fault."""
    (tmp_path / "a.json").write_bytes(b"{}")
    found = read(tmp_path / "a.json")
    assert (b"{}", hashlib.sha256(b"{}").hexdigest(), 2, "") == (
        found.data,
        found.sha256,
        found.byte_count,
        found.fault,
    )


@pytest.mark.parametrize("what", sorted(MAKE))
def test_what_is_no_regular_file_is_not_opened(tmp_path: Path, what: str) -> None:
    """A pipe without a writer would be waited for; what it is stands for its bytes."""
    MAKE[what](tmp_path / "a.json")
    found = read(tmp_path / "a.json")
    assert (what.encode(), "not_regular_file") == (found.data, found.fault)
    assert what in found.detail


def test_a_folder_is_told_as_one_that_nobody_can_list(tmp_path: Path) -> None:
    """It is given as an entry only where what lies in it is not known; its name keeps two of them apart."""
    (tmp_path / "closed").mkdir()
    found = read(tmp_path / "closed")
    assert (b"folder: closed", "unreadable") == (found.data, found.fault)
    assert "cannot be listed" in found.detail


@pytest.mark.parametrize("target", ["../secret", "/etc/passwd", "a.json", "nowhere", "x\n\x1b[31m"])
def test_a_link_is_told_and_not_followed(tmp_path: Path, target: str) -> None:
    """Out of the folder, to itself, to nowhere: where it points is all that is kept, and it is inert."""
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").symlink_to(target)
    found = read(tmp_path / "in" / "a.json")
    assert (f"link to {path_text(target)}".encode(), "not_regular_file") == (found.data, found.fault)
    assert found.data.decode().isprintable()


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    """A file that is gone since it was listed is unreadable, with the system's own word for it."""
    found = read(tmp_path / "gone.json")
    assert (b"unreadable: gone.json", "unreadable") == (found.data, found.fault)
    assert "ENOENT" in found.detail


def test_a_file_over_the_limit_has_its_digest_and_stays_where_it_is(tmp_path: Path) -> None:
    """It is not held in memory."""
    (tmp_path / "big").write_bytes(b"x" * 11)
    found = read(tmp_path / "big", size_max=10)
    assert (b"", hashlib.sha256(b"x" * 11).hexdigest(), 11, "size_exceeded") == (
        found.data,
        found.sha256,
        found.byte_count,
        found.fault,
    )
    assert "" == read(tmp_path / "big", size_max=11).fault


def test_a_walk_lists_what_is_no_folder_and_follows_nothing(tmp_path: Path) -> None:
    """Sorted by path; a folder that is named like a file is a folder; a link to a folder is a link."""
    (tmp_path / "b" / "incident.yaml").mkdir(parents=True)
    (tmp_path / "b" / "incident.yaml" / "x").write_text("x")
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert [
        ("a.json", Kind.FILE, 2),
        ("b/incident.yaml/x", Kind.FILE, 1),
        ("loop", Kind.LINK, None),
        ("pipe", Kind.SPECIAL, None),
    ] == [
        (entry.path.relative_to(tmp_path).as_posix(), entry.kind, entry.byte_count)
        for entry in walk(tmp_path)
    ]


def test_a_folder_that_cannot_be_listed_is_an_entry(tmp_path: Path) -> None:
    """Here because its path is longer than the system takes: what lies in it is not known, nor lost."""
    descriptors = [os.open(tmp_path, os.O_RDONLY)]
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=descriptors[-1])
        descriptors.append(os.open("d" * 250, os.O_RDONLY, dir_fd=descriptors[-1]))
    for descriptor in descriptors:
        os.close(descriptor)
    (found,) = walk(tmp_path)
    assert Kind.FOLDER_UNREADABLE == found.kind
    assert ("unreadable", True) == (read(found.path).fault, "ENAMETOOLONG" in read(found.path).detail)


@contextlib.contextmanager
def _without_privileges() -> Iterator[Path]:
    """A folder, and a user to whom permissions mean something: root may open everything."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        before = os.geteuid()
        (Path(folder) / "shut.json").touch(mode=0)
        (Path(folder) / "closed").mkdir(mode=0)
        os.seteuid(before or 65534)
        try:
            yield Path(folder)
        finally:
            os.seteuid(before)


def test_a_file_that_is_not_ours_to_read_is_told() -> None:
    """No permission on a file, or on a folder: both are entries, and neither ends the walk."""
    with _without_privileges() as folder:
        found = {entry.path.name: entry.kind for entry in walk(folder)}
        faults = [read(folder / name).fault for name in ("shut.json", "closed")]
    assert {"shut.json": Kind.FILE, "closed": Kind.FOLDER_UNREADABLE} == found
    assert ["unreadable", "unreadable"] == faults


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"falco.json", "falco.json"),
        ("größe.json".encode(), "größe.json"),
        (b"a/b.json", "a/b.json"),
        (b"caf\xe9.json", r"caf\xe9.json"),
        (b"caf\\xe9.json", r"caf\x5cxe9.json"),
        (b"two\nlines\t\x1b[31m\x7f", r"two\x0alines\x09\x1b[31m\x7f"),
        (b"\xc2\x85next", r"\xc2\x85next"),
    ],
)
def test_odd_names_are_written_plainly(name: bytes, text: str) -> None:
    """Control characters, bytes that are no UTF-8 and backslashes as `\\xNN`; everything else as it is."""
    assert text == path_text(os.fsdecode(name))


@given(st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name))
def test_every_name_comes_back_from_its_text(name: bytes) -> None:
    """The text is UTF-8, on one line, and leads back to exactly this file: no two files share one."""
    path = Path(os.fsdecode(name))
    text = path_text(path)
    assert text.encode().decode() == text
    assert not any(letter < " " or "\x7f" <= letter < "\xa0" for letter in text)
    assert path == path_from_text(text)
