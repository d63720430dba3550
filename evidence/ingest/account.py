"""Owns `ingest.json`: what an ingest has written into a folder of incidents, and where each record came from.

It is outside of every table: the pipeline reads the incidents beside it. Paths and offsets are in it and, one
row a record, in `.ingest/*.parquet`; nowhere else, so that incidents are the same whatever files were called.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evidence.errors import InputError, Place
from evidence.times import NS_PER_SECOND, parse_rfc3339

ACCOUNT = "ingest.json"
ACCOUNT_VERSION = 1


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HeldIncident(_Part):
    """One incident as it was last written. `derived` are the values that people may have changed since.

    `founder` is the digest of its first record. `threads` are the alerts and pages that its records tell of:
    by them late records find it whenever they come. `merged` are the names of incidents that it took in:
    where their records came from is still told under these.
    """

    founder: str
    derived: dict[str, str]
    files: dict[str, str]
    received: dict[str, str] = {}
    is_named: bool = False
    threads: list[str] = []
    merged: list[str] = []

    @property
    def start(self) -> int:
        """Begin of the derived window; ns UTC."""
        return parse_rfc3339(self.derived["start"])

    @property
    def end(self) -> int:
        """End of the derived window; ns UTC."""
        return parse_rfc3339(self.derived["end"])

    def is_near(self, low: int, high: int, gap_ns: int) -> bool:
        """Whether its window is no further than the gap from that time."""
        return self.start <= high + gap_ns and self.end >= low - gap_ns


class Share(_Part):
    """Records of a file that went the same way: how many, and between which offsets of the unpacked bytes.

    `to` is an incident (several with blanks between), `unplaced` or `refused`.
    """

    to: str
    records: int
    begin: int
    end: int


class SourceFile(_Part):
    """One file that was given, by its path then and the digest of its bytes on disk."""

    path: str
    sha256: str
    byte_count: int
    formats: list[str]
    shares: list[Share]


class Account(_Part):
    """All of `ingest.json`."""

    version: Annotated[int, Field(ge=ACCOUNT_VERSION, le=ACCOUNT_VERSION)] = ACCOUNT_VERSION
    gap_seconds: int | None = None
    incidents: dict[str, HeldIncident] = {}
    unplaced: dict[str, str] = {}
    refused: dict[str, str] = {}
    files: list[SourceFile] = []

    def near(
        self,
        low: int | None,
        high: int | None,
        gap_seconds: int,
        threads: Collection[str] = (),
        named: Collection[str] = (),
    ) -> Iterator[str]:
        """Incidents that records of that time and of these threads may touch, or others through them.

        So may those `named`, wherever they lie, and what lies near them. Under another gap than the last all.
        """
        if self.gap_seconds not in (None, gap_seconds):
            yield from sorted(self.incidents)
            return
        gap_ns = gap_seconds * NS_PER_SECOND
        left = dict(sorted(self.incidents.items()))
        spans = [] if low is None or high is None else [(low, high)]
        for name in sorted(named):
            if name in left:
                held = left.pop(name)
                spans.append((held.start, held.end))
                yield name
        known = set(threads)
        is_growing = bool(spans)
        while is_growing:
            is_growing = False
            for name, held in list(left.items()):
                is_known = not known.isdisjoint(held.threads)
                touched = [n for n, span in enumerate(spans) if is_known or held.is_near(*span, gap_ns)]
                if touched:
                    low, high = spans[touched[0]]
                    spans[touched[0]] = (min(low, held.start), max(high, held.end))
                    del left[name]
                    is_growing = True
                    yield name

    def text(self) -> str:
        """The file's content."""
        content = self.model_dump(mode="json")
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def load_account(into: Path) -> Account:
    """The account of a folder, empty where nothing was ingested. Raises InputError for a broken one."""
    path = into / ACCOUNT
    if not path.exists():
        return Account()
    try:
        return Account.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(
            f"is no account of an ingest: {first['msg']}",
            place=Place(path, field="/".join(str(part) for part in first["loc"])),
            remedy="Put back the file that evidence ingest wrote, or ingest into a new folder",
        ) from None
