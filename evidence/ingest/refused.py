"""Owns `refused/`: bytes that could not be read, each kept once and named by what they are, not by file.

Records lie in one file, in the order of their digests, each behind a line with its digest and its length.
What is longer than RECORD_BYTES_MAX, and a file none of which is recognised, is a file of its own. A file of
lines that nobody recognises is its lines, unpacked where it is gzip. So the same bytes in other files, in
another order, split between lines, packed or given twice leave the same folder.
"""

from __future__ import annotations

import hashlib
import heapq
import os
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from evidence.export_files import read
from evidence.ingest.pipeline import Ingest
from evidence.ingest.raw_bytes import RawBytes
from evidence.ingest.scanned import begins_with_lines
from evidence.intake.layout import decompress
from evidence.parquet_rows import is_parquet
from evidence.placing import aside_of, place, swap_in
from evidence.record_lines import lines_of

REFUSED, RECORDS = "refused", "records.txt"
RECORD_BYTES_MAX = 1024 * 1024
_BLOCK_BYTES = 64 * 1024 * 1024


def keep_refused(ingest: Ingest, raw: RawBytes) -> dict[str, str]:
    """({name: SHA-256}) of the files that hold what was refused now; too large files stay where they are."""
    folder = ingest.request.into / REFUSED
    kept: dict[str, str] = {}
    is_packed = False
    for block in _blocks(_refused(ingest, raw)):
        small = {digest: data for digest, data in block.items() if len(data) <= RECORD_BYTES_MAX}
        for digest in block.keys() - small.keys():
            path = folder / f"{digest.hex()[:16]}.txt"
            kept[path.name] = digest.hex()
            if not path.exists():
                place([(path, block[digest])])
        if small:
            _merge(folder / RECORDS, small)
            is_packed = True
    if is_packed:
        with (folder / RECORDS).open("rb") as handle:
            kept[RECORDS] = hashlib.file_digest(handle, "sha256").hexdigest()
    return dict(sorted(kept.items()))


def read_records(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """(digest, bytes) of each record in a file of records, in the order of the digests."""
    if not path.exists():
        return
    with path.open("rb") as handle:
        while head := handle.readline():
            digest, _, length = head.partition(b" ")
            yield bytes.fromhex(digest.decode()), handle.read(int(length))
            handle.readline()


def _merge(path: Path, fresh: dict[bytes, bytes]) -> None:
    """Put what is new into the file, one record at a time; the same as before is left alone."""
    for digest, _ in read_records(path):
        fresh.pop(digest, None)
    if not fresh:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = aside_of(path)
    with aside.open("wb") as handle:
        for digest, data in heapq.merge(read_records(path), sorted(fresh.items())):
            handle.write(b"%s %d\n%s\n" % (digest.hex().encode(), len(data), data))
        handle.flush()
        os.fsync(handle.fileno())
    swap_in([(aside, path)])


def _blocks(pieces: Iterable[bytes]) -> Iterator[dict[bytes, bytes]]:
    """The pieces by digest, each once, not many at a time."""
    block: dict[bytes, bytes] = {}
    size = 0
    for piece in pieces:
        if size + len(piece) > _BLOCK_BYTES and block:
            yield block
            block, size = {}, 0
        block[hashlib.sha256(piece).digest()] = piece
        size += len(piece)
    if block:
        yield block


def _refused(ingest: Ingest, raw: RawBytes) -> Iterator[bytes]:
    rows = ingest.index.connection.execute(
        "select file_id, start, length, sha256 from input_fates"
        " where fate = 'refused' and length > 0 order by file_id, ordinal"
    ).fetchall()
    for file_id, spans in groupby(rows, key=lambda row: row[0]):
        if ingest.index.facts[file_id].is_refused:
            yield from _whole(ingest.index.sources[file_id].path)
        else:
            yield from (raw.read(*span) for span in spans)


def _whole(path: Path) -> Iterator[bytes]:
    """A file none of which can be trusted or is recognised: its lines, else all of it."""
    found = read(path)
    if found.fault:
        return  # a link, a pipe, what nobody may read or is too large: it stays where it is
    content = found.data
    unpacked, fault, _ = (b"", "", "") if is_parquet(content) else decompress(content)
    if unpacked and not fault:
        content = unpacked
        if begins_with_lines(content):
            yield from (line for _, line in lines_of(content) if line)
            return
    yield content.strip(b" \t\r\n") or content
