"""Owns `refused/`: bytes that could not be read, each kept once and named by what they are, not by file.

Records lie in one file, in the order of their digests, each behind a line with its digest and its length.
What is longer than RECORD_BYTES_MAX, and a file none of which is recognised, is a file of its own. A file of
lines that nobody recognises is its lines, unpacked where it is gzip. So the same bytes in other files, in
another order, split between lines, packed or given twice leave the same folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from evidence.export_files import read
from evidence.ingest.index import in_batches
from evidence.ingest.pipeline import Ingest
from evidence.ingest.raw_bytes import RawBytes
from evidence.ingest.refused_records import RECORDS, REFUSED, merged, without
from evidence.ingest.scanned import begins_with_lines
from evidence.intake.layout import decompress
from evidence.parquet_rows import is_parquet
from evidence.record_lines import lines_of

RECORD_BYTES_MAX = 1024 * 1024
_BLOCK_BYTES = 64 * 1024 * 1024
_PIECE_COST_BYTES = 250
"""What a piece takes in memory beside its own bytes: many are shorter than that."""


def keep_refused(ingest: Ingest, raw: RawBytes, asides: Path) -> tuple[dict[str, str], list[str]]:
    """({name: SHA-256} of the files that hold what was refused now, names of those that are new in `asides`).

    Too large files stay where they are. What lost against another record and no longer does is left out.
    """
    folder = ingest.request.into / REFUSED
    kept: dict[str, str] = {}
    fresh: list[str] = []
    records = folder / RECORDS
    for block in _blocks(_refused(ingest, raw)):
        small = {digest: data for digest, data in block.items() if len(data) <= RECORD_BYTES_MAX}
        for digest in sorted(block.keys() - small.keys()):
            name = f"{digest.hex()[:16]}.txt"
            kept[name] = digest.hex()
            if not (folder / name).exists():
                (asides / name).write_bytes(block[digest])
                fresh.append(name)
        if small:
            records = merged(records, small, asides / RECORDS)
            kept[RECORDS] = ""
    records = without(records, _redeemed(ingest), asides / RECORDS)
    if records.parent == asides:
        fresh.append(RECORDS)
        kept[RECORDS] = ""
    if RECORDS in kept:
        with records.open("rb") as handle:
            kept[RECORDS] = hashlib.file_digest(handle, "sha256").hexdigest()
    return dict(sorted(kept.items())), fresh


def _blocks(pieces: Iterable[bytes]) -> Iterator[dict[bytes, bytes]]:
    """The pieces by digest, each once, not many at a time."""
    block: dict[bytes, bytes] = {}
    size = 0
    for piece in pieces:
        cost = len(piece) + _PIECE_COST_BYTES
        if size + cost > _BLOCK_BYTES and block:
            yield block
            block, size = {}, 0
        block[hashlib.sha256(piece).digest()] = piece
        size += cost
    if block:
        yield block


def _redeemed(ingest: Ingest) -> set[bytes]:
    return {digest for (digest,) in ingest.index.connection.execute("from redeemed").fetchall()}


def _refused(ingest: Ingest, raw: RawBytes) -> Iterator[bytes]:
    rows = ingest.index.connection.execute(
        "select file_id, start, length, sha256 from input_fates"
        " where fate = 'refused' and length > 0 and reason <> 'conflicting_identity'"
        " union all select file_id, start, length, records.sha256 from lost join records using (record_id)"
        " order by file_id, start, length"
    )
    for file_id, spans in groupby(in_batches(rows), key=lambda row: row[0]):
        if ingest.index.facts[file_id].is_refused:
            yield from pieces_of_file(ingest.index.sources[file_id].path)
        else:
            yield from (raw.read(*span) for span in spans)


def pieces_of_file(path: Path) -> Iterator[bytes]:
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
