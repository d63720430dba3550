"""Files of any size: read in pieces with the same result, and refused where one document is too large."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.export_files import FILE_BYTES_MAX
from evidence.ingest.scanned import Scanned
from evidence.ingest.scanning import WHOLE_BYTES_MAX, FileScan
from evidence.ingest.streams import ExportStream, StreamRefused
from evidence.intake.records import read_file

from ..readers.reading import SETTINGS
from .ingesting import ROOT, cloudtrail, falco, ingest, lines, put, written


def large_lines(count: int = 9000) -> bytes:
    """More lines than are read at once, some of them odd, with Windows line ends and blank lines."""
    records = []
    for number in range(count):
        record = dict(cloudtrail(number % 3000), userAgent="a" * 4000, eventID=str(number))
        if number % 1000 == 7:
            record["eventTime"] = "yesterday"
        records.append(json.dumps(record).encode() + (b"\r" if number % 3 else b""))
    records[500] = b"start-up, no JSON"
    records[501] = b""
    return lines(records) + b'{"eventName": "cut o'


def scan(path: Path) -> list[Scanned]:
    """Every record of the file."""
    return [record for batch in FileScan(path, SETTINGS).batches() for record in batch]


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_file_read_in_pieces_has_the_records_that_intake_finds(tmp_path: Path, is_packed: bool) -> None:
    """Offsets, lines, digests, reasons and identities are the same as of the file read at once."""
    content = large_lines()
    assert len(content) > WHOLE_BYTES_MAX
    path = tmp_path / "x"
    path.write_bytes(gzip.compress(content, 1) if is_packed else content)
    expected = [
        (r.start, r.length, r.line, r.sha256, r.reason, r.field, r.identity, len(r.events))
        for r in read_file(content, SETTINGS, None).records
    ]
    assert expected == [
        (r.start, r.length, r.line, r.sha256.hex(), r.reason, r.field, r.identity, len(r.events))
        for r in scan(path)
    ]


@pytest.mark.slow
def test_a_large_file_is_ingested_as_the_same_lines_in_small_ones(tmp_path: Path) -> None:
    """The same bytes are written."""
    records = [dict(cloudtrail(n % 3000), userAgent="a" * 4000, eventID=str(n)) for n in range(9000)]
    put(tmp_path / "one", {"all": lines(records)})
    put(tmp_path / "many", {str(n): lines(records[n::7]) for n in range(7)})
    ingest(tmp_path / "one", into=tmp_path / "in1")
    ingest(tmp_path / "many", into=tmp_path / "in2")
    assert written(tmp_path / "in1") == written(tmp_path / "in2")


def test_one_document_above_the_limit_is_refused(tmp_path: Path) -> None:
    """Only files of lines may be larger."""
    path = tmp_path / "x.json"
    with path.open("wb") as handle:
        handle.write(b'{\n"Records": [')
        handle.truncate(FILE_BYTES_MAX + 1)
    [record] = scan(path)
    assert ("size_exceeded", FILE_BYTES_MAX + 1) == (record.reason, record.length)


def test_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    """Beyond the limit a file may unpack to 200 times its size, and no further."""
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(bytes(FILE_BYTES_MAX + 1), 9))
    stream = ExportStream(path)
    with pytest.raises(StreamRefused, match="unpacks to more than 200 times its size"):
        for _ in stream.chunks():
            pass
    stream.close()


def test_a_damaged_gzip_file_gives_nothing(tmp_path: Path) -> None:
    """What was read of it before the damage is not taken in either."""
    packed = bytearray(gzip.compress(large_lines(), 1))
    packed[-8:-4] = b"\0\0\0\0"
    report = ingest(put(tmp_path / "a", {"x.gz": bytes(packed)}), into=tmp_path / "in", is_dry=True)
    assert (1, 1, []) == (report.records, report.refused, report.incidents)
    assert "the gzip stream is damaged" in report.refusals[0].detail


def test_a_gzip_file_that_ends_early_gives_what_there_is(tmp_path: Path) -> None:
    """The end is named as cut off."""
    packed = gzip.compress(lines([falco(0), falco(1)]))[:-12]
    report = ingest(put(tmp_path / "a", {"x.gz": packed}), into=tmp_path / "in", is_dry=True)
    assert ["truncated"] == [each.reason for each in report.refusals]


MEMORY = """
import sys, tempfile
from pathlib import Path
from evidence.ingest.pipeline import Request, read_and_group
from evidence.ingest.writing import write
from tests.readers.reading import SETTINGS
with tempfile.TemporaryDirectory() as scratch:
    done = read_and_group(Request((Path(sys.argv[1]),), Path(sys.argv[2]), SETTINGS), Path(scratch))
    report = write(done)
    done.index.close()
# ru_maxrss would begin at what the process that started this one had held.
status = Path("/proc/self/status").read_text()
peak = int(status.split("VmHWM:")[1].split()[0]) // 1024
print(report.evidence, len(report.incidents), peak)
"""


@pytest.mark.slow
def test_a_million_records_take_less_than_a_gigabyte(tmp_path: Path) -> None:
    """Of 40 accounts at once, read and written; what is counted is the peak of the whole process."""
    path = tmp_path / "trail.jsonl"
    accounts = [f"{100000000000 + n}" for n in range(40)]
    with path.open("wb") as handle:
        for number in range(1_000_000):
            record = cloudtrail(number // 100, accounts[number % 40], f"role-{number % 200}")
            record |= {"eventID": str(number), "userAgent": "a" * 300}
            handle.write(json.dumps(record, separators=(",", ":")).encode() + b"\n")
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path), str(tmp_path / "in")],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    evidence, incidents, peak_mb = map(int, done.stdout.split())
    assert (1_000_000, 40) == (evidence, incidents)
    assert peak_mb < 1000
