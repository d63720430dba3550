"""Compression and file layouts."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from evidence.intake.layout import decompress
from evidence.intake.records import RECORD_BYTES_MAX, FileReading, read_file
from evidence.settings import Settings
from expectations.tables.intake import SOURCES

SETTINGS = Settings(delivery_delay_seconds=dict.fromkeys(SOURCES, 0), change_lookback_seconds=60)


def alert(number: int, **more: Any) -> dict[str, Any]:
    return {"rule": f"r{number}", "priority": "Notice", "output": "", "time": "2026-01-06T10:15:02Z", **more}


def read(content: bytes) -> FileReading:
    return read_file(content, SETTINGS, None)


def fates(content: bytes) -> list[tuple[int, int, int, str]]:
    """(offset, length, line, reason) of each record."""
    return [(r.start, r.length, r.line, r.reason) for r in read(content).records]


LINE = json.dumps(alert(1)).encode()


def test_line_endings_and_blank_lines_are_no_part_of_a_record() -> None:
    """CRLF, empty and indented lines, and no newline at the end."""
    size = len(LINE)
    assert fates(b"\r\n" + LINE + b"\r\n\r\n  " + LINE) == [(2, size, 2, ""), (size + 8, size, 4, "")]


def test_several_gzip_members_are_one_file() -> None:
    """As log shippers append them."""
    assert len(read(gzip.compress(LINE + b"\n") + gzip.compress(LINE)).records) == 2


def test_a_gzip_that_ends_early_keeps_what_there_is() -> None:
    """The whole records are evidence; that the file is cut off is said."""
    lines = b"\n".join(json.dumps(alert(n, output=f"{n * 7919:x}" * 9)).encode() for n in range(200))
    reasons = [record.reason for record in read(gzip.compress(lines)[:-900]).records]
    assert set(reasons[:-1]) == {""}
    assert reasons[-1] == "truncated"
    assert 20 < len(reasons) < 200


def test_a_gzip_without_its_checksum_is_cut_off_too() -> None:
    """All records are there, and yet the stream did not end."""
    assert [record.reason for record in read(gzip.compress(LINE)[:-4]).records] == ["", "truncated"]


def test_a_damaged_gzip_is_refused_whole() -> None:
    """None of it can be trusted: its bytes as they lie on disk are the record."""
    content = bytearray(gzip.compress(LINE))
    content[-6] ^= 1
    assert fates(bytes(content)) == [(0, len(content), 1, "unknown_format")]


def test_a_gzip_bomb_is_refused_before_it_unfolds() -> None:
    """The limit counts unpacked bytes, over all members."""
    bomb = gzip.compress(b" " * 1_000_000)
    assert decompress(bomb, 999_999)[:2] == (b"", "size_exceeded")
    assert decompress(bomb, 1_000_000)[1] == ""
    assert decompress(bomb + bomb, 1_500_000)[:2] == (b"", "size_exceeded")
    assert decompress(b"x" * 11, 10)[:2] == (b"", "size_exceeded")


def test_a_giant_record_is_refused_alone() -> None:
    """The next one is read."""
    giant = json.dumps(alert(1, output="x" * RECORD_BYTES_MAX)).encode()
    assert [record.reason for record in read(giant + b"\n" + LINE).records] == ["size_exceeded", ""]


def test_documents_over_several_lines_may_follow_each_other() -> None:
    """As jq prints them, with noise between."""
    pretty = json.dumps(alert(1), indent=2).encode()
    content = pretty + b"\n" + pretty + b"\nnoise here\n" + pretty
    assert [record.reason for record in read(content).records] == ["", "", "json_invalid", ""]


@pytest.mark.parametrize("cut", range(1, len(LINE), 7))
def test_a_cut_anywhere_in_the_last_line_is_truncated(cut: int) -> None:
    """Whatever the place, the last record is refused for that reason."""
    reasons = [record.reason for record in read(LINE + b"\n" + LINE[:cut]).records]
    assert reasons == ["", "truncated"]


def test_bytes_that_are_no_text_are_told_apart() -> None:
    """A line in another encoding is not UTF-8; the file is read on."""
    latin = json.dumps(alert(2, output="é"), ensure_ascii=False).encode("latin-1")
    assert [record.reason for record in read(LINE + b"\n" + latin + b"\n" + LINE).records] == [
        "",
        "not_utf8",
        "",
    ]
