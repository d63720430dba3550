"""Lines are cut at line feeds alone, and a file of plain lines is read as if each were looked at closely."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.ingest.scanned import Scanned
from evidence.ingest.scanning import FileScan
from evidence.intake.records import read_file
from evidence.json_strict import DEPTH_MAX
from evidence.record_lines import deep_length, lines_of

from ..ingest.ingesting import cloudtrail, falco, lines
from ..readers.reading import SETTINGS

PIECES = st.sampled_from(
    [b"\n", b"\r\n", b"\r", b" ", b"\t", b"{", b"a", b"\x0b", b"\x0c", b"\x1c", b"\xc2\x85", b"\xe2\x80\xa8"]
)


@given(st.lists(PIECES, max_size=20).map(b"".join))
def test_lines_are_what_stands_between_line_feeds(data: bytes) -> None:
    """Each where it begins, without the white space around it."""
    expected, position = [], 0
    for piece in data.split(b"\n"):
        expected.append((position + len(piece) - len(piece.lstrip(b" \t\r")), piece.strip(b" \t\r")))
        position += len(piece) + 1
    said = [(start, line) for start, line in lines_of(data) if line]
    assert [(start, line) for start, line in expected if line] == said
    assert len(list(lines_of(data))) == data.count(b"\n") + bool(data and not data.endswith(b"\n"))


@given(
    st.lists(
        st.sampled_from([b"[" * 40, b"{" * 7, b"[{" * 60, b"x" * 9, b"[x" * 30, b"}" * 500]), max_size=9
    ).map(b"".join),
    st.integers(1, 400),
)
def test_no_stretch_shorter_than_the_deep_length_opens_too_many_brackets(data: bytes, length: int) -> None:
    """And one of exactly that length does, where there is one at all."""
    deep = deep_length(data)
    opened = [data[n : n + min(length, deep - 1)] for n in range(len(data))]
    assert max((each.count(b"{") + each.count(b"[") for each in opened), default=0) <= DEPTH_MAX
    counts = [data.count(b"{", n, n + deep) + data.count(b"[", n, n + deep) for n in range(len(data))]
    assert (max(counts, default=0) > DEPTH_MAX) is (deep <= len(data))


def test_brackets_are_counted_across_the_windows_of_a_large_file() -> None:
    """Also where the first lies megabytes before the last."""
    data = b"{" * 60 + b" " * 2_500_000 + b"[" * 41
    assert deep_length(data) == len(data)


class Closely(FileScan):
    """A scan that takes no line for a plain one."""

    def _plain(self, raw: bytes, start: int, is_shallow: bool) -> Scanned | None:
        return None


SOUND = st.builds(
    lambda read, second: lines([read(second)]), st.sampled_from([cloudtrail, falco]), st.integers(0, 9)
)
ODD = st.sampled_from(
    [
        b"start-up, no JSON\n",
        b"\r\n",
        b"  [1, 2]\n",
        b'{"Records": [{"eventName": "x"}]}\n',
        b'{"a": 1, "a": 2}\n',
        b"\xef\xbb\xbf{}\n",
        b'{"eventName": "cut o',
        b"[" * 200 + b"]" * 200 + b"\n",
        b'{"a":' * 101 + b"1" + b"}" * 101 + b"\n",
    ]
)
EDITS = st.lists(
    st.tuples(
        st.integers(0, 999),
        st.integers(0, 30),
        st.sampled_from([b"", b"\n", b'"', b"{", b"}", b"\xff", b",{"]),
    ),
    max_size=3,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file to write again and again."""
    yield tmp_path_factory.mktemp("lines") / "export"


@settings(max_examples=250, deadline=None)
@given(parts=st.lists(st.one_of(SOUND, SOUND, ODD), min_size=1, max_size=8), edits=EDITS)
def test_the_quick_way_through_lines_gives_what_the_close_look_gives(
    path: Path, parts: list[bytes], edits: list[tuple[int, int, bytes]]
) -> None:
    """Whatever the bytes: the same records, anchors, reasons, identities and events, and the same facts."""
    content = b"".join(parts)
    for thousandth, length, put in edits:
        place = len(content) * thousandth // 1000
        content = content[:place] + put + content[place + length :]
    path.write_bytes(content)
    quick, close = FileScan(path, SETTINGS), Closely(path, SETTINGS)
    expected = [record for batch in close.batches() for record in batch]
    assert expected == [record for batch in quick.batches() for record in batch]
    assert close.facts == quick.facts


@settings(max_examples=100, deadline=None)
@given(
    parts=st.lists(
        st.one_of(st.builds(lambda n: lines([falco(n)]), st.integers(0, 9)), st.just(b"odd\r\n")), max_size=8
    )
)
def test_intake_and_ingest_find_the_same_records_in_lines(path: Path, parts: list[bytes]) -> None:
    """Place, line, digest, reason and identity of each."""
    content = lines([falco(10)]) + b"".join(parts)
    path.write_bytes(content)
    expected = [
        (r.start, r.length, r.line, r.sha256, r.reason, r.identity)
        for r in read_file(content, SETTINGS, None).records
    ]
    found = [record for batch in FileScan(path, SETTINGS).batches() for record in batch]
    assert expected == [(r.start, r.length, r.line, r.sha256.hex(), r.reason, r.identity) for r in found]
