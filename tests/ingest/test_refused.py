"""What could not be read is kept by what it is: files, order, splits and packing change nothing."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from evidence.ingest import refused
from evidence.ingest.refused_records import read_records

from .ingesting import falco, ingest, intake_of, lines, put

STARTS = [b"Mon Jan 12 10:02:11 2026: Falco version: 0.41.3", b"Mon Jan 12 10:02:12 2026: Loading rules"]
SOUND = [lines([falco(second)]).strip() for second in range(6)]
ALL = [STARTS[0], SOUND[0], STARTS[1], *SOUND[1:], b'{"half": ']


def whole(*pieces: bytes) -> bytes:
    return b"".join(piece + b"\n" for piece in pieces)


LAYOUTS = {
    "one": {"falco.log": whole(*ALL)},
    "twice": {"a": whole(*ALL), "b": whole(*ALL)},
    "reversed": {"a": whole(*reversed(ALL))},
    "packed": {"a.gz": gzip.compress(whole(*ALL))},
    "split": {"a": whole(*ALL[:4]), "b": whole(*ALL[4:])},
    "each by itself": {str(number): whole(piece) for number, piece in enumerate(ALL)},
    "each packed": {str(number): gzip.compress(whole(piece)) for number, piece in enumerate(ALL)},
}


def contents(into: Path) -> dict[str, str]:
    """SHA-256 of all that a run would read below the folder, the account apart."""
    return {
        str(path.relative_to(into)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(into.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.parent != into and path.parent.name != ".ingest"
    }


def tables(into: Path) -> dict[str, str]:
    """The digest of every intake table."""
    return {name: str(table.to_pylist()) for name, table in intake_of(into).items()}


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name != "one"])
def test_the_same_bytes_in_other_files_give_the_same_tables(tmp_path: Path, name: str) -> None:
    """Refused lines among them, also where a file holds nothing else."""
    for each in ("one", name):
        ingest(put(tmp_path / each / "exports", LAYOUTS[each]), into=tmp_path / each / "in")
    assert contents(tmp_path / "one" / "in") == contents(tmp_path / name / "in")
    assert ["refused/records.txt"] == [path for path in contents(tmp_path / name / "in") if "refused" in path]
    assert tables(tmp_path / "one" / "in") == tables(tmp_path / name / "in")


@pytest.mark.slow
def test_what_is_refused_later_is_put_among_what_is_there(tmp_path: Path) -> None:
    """File by file, or all at once; a second time nothing changes."""
    ingest(put(tmp_path / "all", LAYOUTS["one"]), into=tmp_path / "at once")
    for name, content in LAYOUTS["each by itself"].items():
        for _ in range(2):
            ingest(put(tmp_path / name, {name: content}), into=tmp_path / "in")
    assert contents(tmp_path / "at once") == contents(tmp_path / "in")


def test_each_record_lies_behind_its_digest_and_length(tmp_path: Path) -> None:
    """In the order of the digests, so that lines may lie in a record."""
    soon, late = b'{"eventTime":\n "soon"}', b'{"eventTime":\n "late"}'
    pretty = b'{"Records": [\n%b,\n%b\n], "x": 1}' % (soon, late)
    sound = lines([falco(0)])
    ingest(put(tmp_path / "a", {"x": sound + b"a b\n", "y": pretty}), into=tmp_path / "in")
    found = list(read_records(tmp_path / "in" / "refused" / "records.txt"))
    assert sorted(found) == found
    assert all(digest == hashlib.sha256(data).digest() for digest, data in found)
    assert {b"a b", soon, late} == {data for _, data in found}


def test_what_is_long_is_a_file_named_by_its_digest(tmp_path: Path) -> None:
    """Of a record as of a file; what a bomb would unpack to is never kept."""
    long = b"x" * (refused.RECORD_BYTES_MAX + 1)
    files = {
        "a": lines([falco(0)]) + long + b"\n",
        "b.bin": b"\0" + long,
        "c.gz": gzip.compress(b"\0" + long),
    }
    report = ingest(put(tmp_path / "a", files), into=tmp_path / "in")
    assert 3 == report.refused
    expected = {f"{hashlib.sha256(each).hexdigest()[:16]}.txt" for each in (long, b"\0" + long)}
    assert expected == {path.name for path in (tmp_path / "in" / "refused").iterdir()}


def test_what_has_no_bytes_to_read_is_refused_and_not_kept(tmp_path: Path) -> None:
    """A link, and a damaged gzip file, which is kept as it lies."""
    damaged = gzip.compress(whole(*ALL))[:-8] + bytes(8)
    folder = put(tmp_path / "a", {"x": lines([falco(0)]), "d.gz": damaged})
    (folder / "link").symlink_to(folder / "x")
    ingest(folder, into=tmp_path / "in")
    [(_, data)] = read_records(tmp_path / "in" / "refused" / "records.txt")
    assert damaged == data
