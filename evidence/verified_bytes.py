"""Owns how what is verified is read: bytes, manifests of files, and what is told when they cannot be read.

Standard library only, as all that `evidence.verify` needs. Only the rows of Parquet files take pyarrow:
without it the file's digest is proved, and each claim on a row is told of as not proved.
"""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

from evidence.anchors import MANIFEST_FORMAT
from evidence.export_files import FILE_BYTES_MAX
from evidence.parquet_pages import ParquetRefused
from evidence.parquet_rows import is_parquet, rows_as_lines

GZIP_MAGIC = b"\x1f\x8b"


class Unreadable(Exception):
    """A file that is not there or not what it must be; the message says which."""


def manifest_files(path: Path) -> dict[str, tuple[str, str]]:
    """Incident and SHA-256 by path. Raises Unreadable when it is not a manifest of files."""
    try:
        manifest = json.loads(bytes_of(path))
        if manifest["format"] != MANIFEST_FORMAT:
            raise Unreadable(f"is not a manifest of format {MANIFEST_FORMAT}")
        return {name: (entry["incident_id"], entry["sha256"]) for name, entry in manifest["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"is not a manifest: {type(error).__name__}: {error}") from error


def bytes_of(path: Path) -> bytes:
    """The file's bytes; raises Unreadable."""
    try:
        if path.is_fifo():  # would wait for a writer for ever
            raise Unreadable("is a named pipe")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise Unreadable("the file is missing") from error
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from error


def decompressed(raw: bytes) -> bytes:
    """What a gzip file holds, a Parquet file's rows as lines; other bytes as they are. Raises Unreadable."""
    if is_parquet(raw):
        return _rows(raw)
    if not raw.startswith(GZIP_MAGIC):
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"is not a whole gzip file: {error}") from error


def _rows(raw: bytes) -> bytes:
    try:
        return rows_as_lines(raw, FILE_BYTES_MAX)
    except ImportError:
        raise Unreadable("is a Parquet file: its rows cannot be read without pyarrow") from None
    except ParquetRefused as refused:
        raise Unreadable(refused.detail) from None
