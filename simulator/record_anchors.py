"""Owns how what is said of history points to the raw bytes of a record; the digest proves them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from evidence.handoff.model import Digest
from simulator.report_parts import Count, Frozen


class RecordAnchor(Frozen):
    """Where the raw bytes of a record lie; the digest proves them."""

    path: str = Field(description="File below the folder that was read.")
    file_sha256: Digest
    ordinal: Count = Field(description="Position of the record in the file, from 0.")
    byte_offset: Count = Field(description="Offset of the record, in decompressed bytes.")
    byte_length: Count
    record_sha256: Digest = Field(description="SHA-256 of the record's raw bytes.")
    pointer: str = Field(description="JSON Pointer of what is meant in it; empty for the whole record.")


def anchor_of_hit(record: Mapping[str, Any]) -> RecordAnchor:
    """That of a record as a hit names it (`evidence.detections.detecting.HITS`)."""
    said = {name: record[name] for name in RecordAnchor.model_fields if name != "pointer"}
    return RecordAnchor(**said, pointer=record["entry"])
