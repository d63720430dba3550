"""Owns `refused/records.txt`: records by their digests, each behind a line of its digest and length."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from pathlib import Path

REFUSED, RECORDS = "refused", "records.txt"


def read_records(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """(digest, bytes) of each record in a file of records, in the order of the digests."""
    if not path.exists():
        return
    with path.open("rb") as handle:
        while head := handle.readline():
            digest, _, length = head.partition(b" ")
            yield bytes.fromhex(digest.decode()), handle.read(int(length))
            handle.readline()


def merged(path: Path, fresh: dict[bytes, bytes], target: Path) -> Path:
    """The file with what is new in it, written to `target`, one record at a time; itself where nothing is."""
    for digest, _ in read_records(path):
        fresh.pop(digest, None)
    return _written(heapq.merge(read_records(path), sorted(fresh.items())), target) if fresh else path


def without(path: Path, gone: set[bytes], target: Path) -> Path:
    """The file but for those, written to `target`; itself where none of them is in it."""
    if gone and any(digest in gone for digest, _ in read_records(path)):
        return _written((each for each in read_records(path) if each[0] not in gone), target)
    return path


def _written(records: Iterable[tuple[bytes, bytes]], target: Path) -> Path:
    """`target`, which may be what is read."""
    building = target.with_suffix(".building")
    with building.open("wb") as handle:
        for digest, data in records:
            handle.write(b"%s %d\n%s\n" % (digest.hex().encode(), len(data), data))
    building.replace(target)
    return target
