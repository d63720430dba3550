"""Small files that would cost much: deep nesting, large records, packed bombs, archives."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import subprocess
import sys
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evidence.export_files import FILE_BYTES_MAX
from evidence.ingest.streams import ExportStream, StreamRefused
from evidence.intake.layout import decompress
from evidence.intake.records import RECORD_BYTES_MAX
from evidence.json_strict import JsonRefused, parse

from ..ingest.ingesting import ROOT, cloudtrail, falco, ingest, lines, put
from ..intake.folders import built, lay_out, rows
from ..readers.reading import reading_of

LEVELS = 100_000
CPU_SECONDS_MAX = 20  # what takes a second; before it was mended it took minutes
ALERT = json.dumps(falco(0)).encode()
# An alert, then 8 MiB of zeros in 8 KiB, one member behind the other until a file may hold no more.
MEMBER = gzip.compress(bytes(8 * 1024 * 1024), 9)
BOMB = gzip.compress(ALERT + b"\n") + MEMBER * (FILE_BYTES_MAX // (8 * 1024 * 1024))


@contextmanager
def quickly() -> Iterator[None]:
    """Processor time, not the clock: a busy machine fails nothing."""
    before = time.process_time()
    yield
    assert time.process_time() - before < CPU_SECONDS_MAX


def with_field(value: bytes) -> bytes:
    """An alert that ends with a field of this value."""
    return ALERT[:-1] + b',"hostile":' + value + b"}"


def fates(content: bytes) -> list[str]:
    """The reason of each record, '' for evidence."""
    return [record.reason for record in reading_of(content).records]


# --- nesting


@pytest.mark.parametrize(
    "deep",
    [b"[" * LEVELS + b"]" * LEVELS, b'{"a":' * LEVELS + b"1" + b"}" * LEVELS],
    ids=["arrays", "objects"],
)
def test_nesting_is_refused_wherever_it_stands(deep: bytes) -> None:
    """As the file, as a line, as a field in lines and in an array; its neighbours are read."""
    record = with_field(deep)
    with quickly():
        assert ["json_invalid"] == fates(deep)
        assert ["", "json_invalid", ""] == fates(b"\n".join((ALERT, deep, ALERT)))
        assert ["", "json_invalid", ""] == fates(b"\n".join((ALERT, record, ALERT)))
        assert ["", "json_invalid", ""] == fates(b"[" + b",".join((ALERT, record, ALERT)) + b"]")


@pytest.mark.parametrize("opened", [b"[", b'{"a":', b'[{"a":'])
def test_nesting_that_is_left_open_is_refused(opened: bytes) -> None:
    """Cut off at the deepest."""
    with quickly():
        assert ["json_invalid"] == fates(opened * LEVELS)
        assert ["", "truncated"] == fates(ALERT + b"\n" + with_field(opened * LEVELS)[:-1])


# --- size


@pytest.mark.parametrize(("more", "reason"), [(-1, ""), (0, ""), (1, "size_exceeded")])
def test_a_record_may_have_16_mebibytes_and_no_byte_more(more: int, reason: str) -> None:
    """Exactly as many are read; the neighbours of what is too large are read."""
    size = RECORD_BYTES_MAX + more
    record = with_field(b'"' + b"x" * (size - len(with_field(b'""'))) + b'"')
    assert size == len(record)
    with quickly():
        assert ["", reason, ""] == fates(b"\n".join((ALERT, record, ALERT)))
        assert ["", reason, ""] == fates(b"[" + b",".join((ALERT, record, ALERT)) + b"]")


def test_a_repeated_key_among_many_is_found_at_once() -> None:
    """Time grows with the bytes, wherever the repeat stands."""
    keys = b",".join(b'"%d":0' % number for number in range(300_000))
    with quickly(), pytest.raises(JsonRefused, match="'299999' is repeated"):
        parse(b"{" + keys + b',"299999":1}')


@pytest.mark.parametrize(
    "content",
    [
        b'{"a":"' + b'\\"' * 1_000_000,
        b"[" * 1_000_000,
        b"[\n" * 50_000,
        b'{"Records":[' + b'{"a":tru},' * 30_000,
    ],
    ids=["quotes", "brackets", "lines of brackets", "broken elements"],
)
def test_what_cannot_be_followed_is_skipped_once(content: bytes) -> None:
    """No part is looked at again and again."""
    with quickly():
        assert "" not in fates(content)


# --- packed


def test_a_gzip_bomb_is_refused_by_intake_and_ingest(tmp_path: Path) -> None:
    """A few hundred kilobytes that unpack to more than a file may hold: none of it is taken."""
    assert len(BOMB) < 300_000
    with quickly():
        assert ["size_exceeded"] == fates(BOMB)
    report = ingest(put(tmp_path / "a", {"x.gz": BOMB}), into=tmp_path / "in", is_dry=True)
    assert (1, 1, ["size_exceeded"]) == (report.records, report.refused, [r.reason for r in report.refusals])


def test_many_small_members_take_the_time_of_their_bytes(tmp_path: Path) -> None:
    """A hundred thousand empty ones, and a record behind them that is read."""
    packed = gzip.compress(b"") * 100_000 + gzip.compress(ALERT)
    with quickly():
        assert [""] == fates(packed)
    path = put(tmp_path, {"x.gz": packed}) / "x.gz"
    stream = ExportStream(path)
    with quickly():
        assert ALERT == b"".join(stream.chunks())
    stream.close()


def test_members_are_read_as_one_text() -> None:
    """A record may begin in one and end in the next."""
    parts = (ALERT[:50], ALERT[50:] + b"\n" + ALERT[:9], b"", ALERT[9:])
    assert ["", ""] == fates(b"".join(map(gzip.compress, parts)))


PACKED = gzip.compress(lines([falco(0), falco(1)]))


@pytest.mark.parametrize(
    ("content", "reasons"),
    [
        (gzip.compress(PACKED), ["unknown_format"]),
        (PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], ["unknown_format"]),
        (PACKED[:-4] + b"\0\0\0\0", ["unknown_format"]),
        (PACKED[:60] + b"\xff\xff\xff" + PACKED[63:], ["unknown_format"]),
        (PACKED + b"trailing", ["unknown_format"]),
        (PACKED[:3], ["truncated"]),
        (PACKED[:-4], ["", "", "truncated"]),
        (PACKED + PACKED[:10], ["", "", "truncated"]),
    ],
    ids=["twice", "checksum", "length", "damaged", "trailing", "head alone", "cut off", "second cut off"],
)
def test_damaged_gzip_is_refused_and_cut_off_gzip_is_said(
    tmp_path: Path, content: bytes, reasons: list[str]
) -> None:
    """What is damaged gives nothing; what ends early gives what there is. By an ingest too."""
    assert reasons == fates(content)
    report = ingest(put(tmp_path / "a", {"x": content}), into=tmp_path / "in", is_dry=True)
    assert [reason for reason in reasons if reason] == [each.reason for each in report.refusals]
    assert len(reasons) == report.records


def test_a_large_gzip_file_cut_off_between_lines_is_said_to_be(tmp_path: Path) -> None:
    """Also where the file is read in pieces and every line of it is whole."""
    line = with_field(b'"' + b"x" * (1024 * 1024) + b'"') + b"\n"
    packer = zlib.compressobj(1, wbits=31)
    packed = b"".join(packer.compress(line) for _ in range(34)) + packer.flush(zlib.Z_FULL_FLUSH)
    report = ingest(put(tmp_path / "a", {"x.gz": packed}), into=tmp_path / "in", is_dry=True)
    assert (1, 33, ["truncated"]) == (
        report.evidence,
        report.duplicate,
        [each.reason for each in report.refusals],
    )


def test_a_packed_file_is_bounded_to_the_byte() -> None:
    """As many bytes as may be are given, one more is refused."""
    assert (bytes(1000), "", "") == decompress(gzip.compress(bytes(1000)), 1000)
    assert (b"", "size_exceeded") == decompress(gzip.compress(bytes(1001)), 1000)[:2]


def test_a_bomb_streamed_is_stopped_early(tmp_path: Path) -> None:
    """No more than the limit and one piece is unpacked."""
    stream = ExportStream(put(tmp_path, {"x.gz": BOMB * 4}) / "x.gz")
    size = 0
    with pytest.raises(StreamRefused, match="unpacks to more than"):
        for piece in stream.chunks():
            size += len(piece)
    assert size <= FILE_BYTES_MAX
    stream.close()


# --- archives


def zipped() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("../../etc/falco.json", ALERT)
        archive.writestr("/etc/falco.json", ALERT)
    return sink.getvalue()


def empty_zip() -> bytes:
    sink = io.BytesIO()
    zipfile.ZipFile(sink, "w").close()
    return sink.getvalue()


def tarred() -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name in ("../../etc/falco.json", "/etc/falco.json"):
            member = tarfile.TarInfo(name)
            member.size = len(ALERT) + 2
            archive.addfile(member, io.BytesIO(b"\n" + ALERT + b"\n"))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (zipped, "a zip archive"),
        (empty_zip, "a zip archive"),
        (tarred, "a tar archive"),
        (lambda: gzip.compress(tarred()), "a tar archive"),
        (lambda: gzip.compress(zipped()), "a zip archive"),
        (lambda: bz2.compress(ALERT), "a file packed with bzip2"),
        (lambda: lzma.compress(ALERT), "a file packed with xz"),
        (lambda: b"\x28\xb5\x2f\xfd" + ALERT, "a file packed with zstd"),
        (lambda: b"7z\xbc\xaf\x27\x1c" + ALERT, "a 7z archive"),
        (lambda: b"Rar!\x1a\x07\x01\x00" + ALERT, "a rar archive"),
        (lambda: gzip.compress(gzip.compress(ALERT)), "a file packed with gzip twice"),
    ],
)
def test_an_archive_is_refused_by_what_it_is(tmp_path: Path, make: Callable[[], bytes], what: str) -> None:
    """Whatever its members are called: none is read, and nothing is written outside the folder."""
    content = make()
    root = lay_out(tmp_path / "root", {"x.json": content})
    (refused,) = rows(built(root), "quarantine", "reason", "detail")
    expected = {"reason": "unknown_format", "detail": f"{what}: unpack it, and each of its files is read"}
    assert expected == refused
    report = ingest(put(tmp_path / "a", {"x.json": content}), into=tmp_path / "in")
    assert [tuple(expected.values())] == [(each.reason, each.detail) for each in report.refusals]
    assert ["a", "in", "root"] == sorted(path.name for path in tmp_path.iterdir())


# --- numbers that no exact reader takes


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("1e-99999999999999999", "2e-99999999999999999", False),
        ("1e-400", "2e-400", False),
        ("0.1000000000000000000000000000001", "0.1000000000000000000000000000002", False),
        ('"1e0"', "1.0", False),
        ("1.50", "1.5", True),
        ("1e2", "100.0", True),
        ("0.0", "0e5", True),
    ],
)
def test_records_of_one_identity_are_compared_by_every_digit(
    tmp_path: Path, one: str, other: str, is_same: bool
) -> None:
    """Numbers that a double rounds to the same are a conflict all the same, and never an error."""
    record = json.dumps(cloudtrail(0))[:-1]
    content = "".join(f'{record},"hostile":{value}}}\n' for value in (one, other)).encode()
    (file,) = rows(built(lay_out(tmp_path / "root", {"x.jsonl": content})), "files")
    assert (1, int(is_same), int(not is_same)) == (
        file["evidence_count"],
        file["duplicate_count"],
        file["quarantined_count"],
    )
    report = ingest(put(tmp_path / "a", {"x.jsonl": content}), into=tmp_path / "in", is_dry=True)
    assert (1, int(is_same), int(not is_same)) == (report.evidence, report.duplicate, report.refused)


MEMORY = """
import sys
from pathlib import Path
from tests.readers.reading import reading_of
for name in sys.argv[1:]:
    reading_of(Path(name).read_bytes())
# ru_maxrss would begin at what the process that started this one had held.
print(int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024)
"""


@pytest.mark.slow
def test_the_largest_and_worst_of_files_take_less_than_three_gigabytes(tmp_path: Path) -> None:
    """A record of millions of empty objects, one of a million keys, a file at its limit, a bomb."""
    empty = with_field(b"[" + b",".join([b"{}"] * 5_500_000) + b"]")
    keys = with_field(b"{" + b",".join(b'"%07d":0' % number for number in range(1_200_000)) + b"}")
    many = ALERT + b"\n" + b"0\n" * ((FILE_BYTES_MAX // 256 - len(ALERT)) // 2)
    zeros = ALERT + b"\n" + bytes(FILE_BYTES_MAX - len(ALERT) - 1)
    files = {"empty": empty, "keys": keys, "many": many, "zeros": zeros, "bomb": BOMB}
    assert max(len(empty), len(keys)) <= RECORD_BYTES_MAX
    put(tmp_path, files)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, *(str(tmp_path / name) for name in files)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert int(done.stdout) < 3000
