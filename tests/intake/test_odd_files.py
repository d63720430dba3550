"""What lies in an incident's folder and is no readable file is quarantined; no run ends or waits for it."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from assets.inputs import input_files
from evidence.errors import InputError
from evidence.export_files import FILE_BYTES_MAX
from evidence.intake import build
from evidence.strict_yaml import load_yaml

from .folders import SETTINGS, built, lay_out, rows, sha256, write

ALERT = json.dumps(
    {"rule": "r", "priority": "Notice", "output": "text", "time": "2026-01-06T10:15:00Z"}
).encode()


def _folder(root: Path) -> Path:
    return lay_out(root, {"falco.jsonl": ALERT}) / "incidents" / "inc-1"


def _fates(root: Path) -> list[tuple[str, str, str]]:
    """Path in the incident's folder, reason and what stands for the bytes, of each refused record."""
    tables = built(root)
    raw = {row["record_sha256"]: row["raw"] for row in rows(tables, "raw_records")}
    return [
        (row["path"].removeprefix("incidents/inc-1/"), row["reason"], raw[row["record_sha256"]])
        for row in rows(tables, "quarantine")
    ]


def test_a_link_is_quarantined_and_not_followed(tmp_path: Path) -> None:
    """Where it leads is kept; what lies there is not read, and a link to a folder hides nothing."""
    folder = _folder(tmp_path / "root")
    write(tmp_path / "secret" / "falco.jsonl", ALERT.replace(b"text", b"secret"))
    (folder / "a.json").symlink_to("../../../secret/falco.jsonl")
    (folder / "b").symlink_to(tmp_path / "secret")
    (folder / "c.json").symlink_to("nowhere")
    assert [
        ("a.json", "not_regular_file", "link to ../../../secret/falco.jsonl"),
        ("b", "not_regular_file", f"link to {tmp_path}/secret"),
        ("c.json", "not_regular_file", "link to nowhere"),
    ] == sorted(_fates(tmp_path / "root"))
    events = rows(built(tmp_path / "root"), "evidence_events", "message")
    assert [{"message": "text"}] == events


def test_a_pipe_and_a_socket_are_quarantined_without_waiting(tmp_path: Path) -> None:
    """Opening a pipe would wait for a writer for ever."""
    folder = _folder(tmp_path)
    os.mkfifo(folder / "pipe.json")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket.json"))
        assert [
            ("pipe.json", "not_regular_file", "named pipe"),
            ("socket.json", "not_regular_file", "socket"),
        ] == sorted(_fates(tmp_path))


def test_every_odd_file_is_counted(tmp_path: Path) -> None:
    """Two links to the same place are two files, two refused records and one reason."""
    folder = _folder(tmp_path)
    for name in ("a.json", "b.json"):
        (folder / name).symlink_to("nowhere")
    counts = {
        row["path"]: (row["record_count"], row["evidence_count"], row["quarantined_count"], row["format"])
        for row in rows(built(tmp_path), "files")
    }
    assert {
        "incidents/inc-1/a.json": (1, 0, 1, None),
        "incidents/inc-1/b.json": (1, 0, 1, None),
        "incidents/inc-1/falco.jsonl": (1, 1, 0, "falco_json"),
    } == counts
    statuses = sorted(row["status"] for row in rows(built(tmp_path), "raw_records"))
    assert ["evidence", "quarantined", "quarantined"] == statuses


def test_a_folder_named_like_a_file_is_a_folder(tmp_path: Path) -> None:
    """What lies in it is read, even if the folder is called incident.yaml or ends in .json."""
    folder = _folder(tmp_path)
    for name in ("falco.json", "incident.yaml.d", "README.md.d"):
        write(folder / name / "more.jsonl", ALERT)
    write(tmp_path / "incident.yaml" / "stray.json", b"{}")
    assert [
        "incidents/inc-1/README.md.d/more.jsonl",
        "incidents/inc-1/falco.json/more.jsonl",
        "incidents/inc-1/falco.jsonl",
        "incidents/inc-1/incident.yaml.d/more.jsonl",
    ] == [row["path"] for row in rows(built(tmp_path), "files")]
    unclaimed = rows(built(tmp_path), "unclaimed_files")
    assert ["incident.yaml/stray.json"] == [row["path"] for row in unclaimed]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"two\nlines.json", r"two\x0alines.json"),
        (b"caf\xe9.json", r"caf\xe9.json"),
        (b"caf\\xe9.json", r"caf\x5cxe9.json"),
        ("\u202egpj.json".encode(), "\u202egpj.json"),
        (b"%2e%2e%2f.json", "%2e%2e%2f.json"),
        (b"x" * 255, "x" * 255),
        (b"'; drop table intake.files; --", "'; drop table intake.files; --"),
    ],
)
def test_odd_and_long_names_are_read_like_any_other(tmp_path: Path, name: bytes, text: str) -> None:
    """Formats are recognised by content; the name is written so that it can be printed and found again."""
    folder = _folder(tmp_path)
    (folder / "falco.jsonl").rename(folder / os.fsdecode(name))
    (row,) = rows(built(tmp_path), "files")
    assert (f"incidents/inc-1/{text}", "falco_json", 1) == (row["path"], row["format"], row["evidence_count"])


def test_a_tree_deeper_than_paths_may_be_is_told(tmp_path: Path) -> None:
    """The folder that can no longer be listed is a refused file of its incident."""
    folder = _folder(tmp_path)
    descriptors = [os.open(folder, os.O_RDONLY)]
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=descriptors[-1])
        descriptors.append(os.open("d" * 250, os.O_RDONLY, dir_fd=descriptors[-1]))
    for descriptor in descriptors:
        os.close(descriptor)
    ((_, reason, said),) = _fates(tmp_path)
    assert ("unreadable", "unreadable: " + "d" * 250) == (reason, said)


def test_a_file_too_large_to_hold_is_counted_and_stays_where_it_is(tmp_path: Path) -> None:
    """One refused record with its size and true digest; its bytes are not copied."""
    folder = _folder(tmp_path)
    with (folder / "core.dump").open("wb") as dump:
        dump.truncate(FILE_BYTES_MAX + 1)
    kept: list[int] = []
    tables = build(tmp_path, SETTINGS, lambda content: kept.append(len(content)) or sha256(content))
    row = rows(tables, "files")[0]
    assert (FILE_BYTES_MAX + 1, 1, None) == (row["byte_count"], row["quarantined_count"], row["format"])
    (refused,) = rows(tables, "quarantine")
    assert ("size_exceeded", row["file_sha256"]) == (refused["reason"], refused["record_sha256"])
    assert max(kept) < FILE_BYTES_MAX


def test_inputs_are_digested_as_they_were_read(tmp_path: Path) -> None:
    """The manifest that verification holds files to names odd ones too, with the digest in the tables."""
    folder = _folder(tmp_path)
    (folder / "a.json").symlink_to("nowhere")
    os.mkfifo(folder / os.fsdecode(b"p\xff"))
    write(tmp_path / "settings.yaml", b"{}")
    listed = {path: digest for path, (owner, digest) in input_files(tmp_path).items() if owner}
    expected = {row["path"]: row["file_sha256"] for row in rows(built(tmp_path), "files")}
    declaration = folder / "incident.yaml"
    expected["incidents/inc-1/incident.yaml"] = sha256(declaration.read_bytes())
    assert expected == listed


@pytest.mark.parametrize("make", ["link", "pipe"])
def test_a_declaration_is_a_file_of_its_own(tmp_path: Path, make: str) -> None:
    """People write it: a link or a pipe in its place is an error that names it, at once."""
    declaration = _folder(tmp_path) / "incident.yaml"
    declaration.rename(tmp_path / "elsewhere.yaml")
    if make == "link":
        declaration.symlink_to(tmp_path / "elsewhere.yaml")
    else:
        os.mkfifo(declaration)
    with pytest.raises(InputError, match=r"inc-1/incident\.yaml: is no regular file\. Put the declaration"):
        built(tmp_path)


def test_a_catalogue_file_that_is_none_is_named(tmp_path: Path) -> None:
    """A folder or pipe called *.yaml in the catalogue."""
    _folder(tmp_path)
    os.mkfifo(tmp_path / "catalog" / "more.yaml")
    with pytest.raises(InputError, match=r"more\.yaml: is no file"):
        built(tmp_path)
    with pytest.raises(InputError, match="is no regular file"):
        load_yaml(tmp_path / "catalog" / "more.yaml")


def test_settings_that_are_no_file_are_named(tmp_path: Path) -> None:
    """Whoever reads a pipe waits."""
    _folder(tmp_path)
    os.mkfifo(tmp_path / "settings.yaml")
    with pytest.raises(InputError, match=r"settings\.yaml: is neither a file nor a folder"):
        input_files(tmp_path)
