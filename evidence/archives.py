"""Owns how packed files are told from exports: what holds files of its own is refused by what it is.

Nothing is taken out of an archive: a member's name may lead anywhere, and a member may be an archive again.
"""

from __future__ import annotations

_TAR_MARK, _TAR_MARK_AT = b"ustar", 257
_KINDS = (
    (b"PK\x03\x04", "zip archive"),
    (b"PK\x05\x06", "zip archive"),  # an empty one
    (b"PK\x07\x08", "zip archive"),  # one of several parts
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"Rar!\x1a\x07", "rar archive"),
    (b"\xfd7zXZ\x00", "file packed with xz"),
    (b"\x28\xb5\x2f\xfd", "file packed with zstd"),
    (b"\x1f\x8b", "file packed with gzip twice"),
    *((b"BZh%d1AY&SY" % level, "file packed with bzip2") for level in range(1, 10)),
)


def refusal_of(data: bytes) -> str:
    """Why these bytes, plain or unpacked from gzip once, are no export; '' for what may be one."""
    kind = next((kind for magic, kind in _KINDS if data.startswith(magic)), "")
    if data.startswith(_TAR_MARK, _TAR_MARK_AT):
        kind = "tar archive"
    return f"a {kind}: unpack it, and each of its files is read" if kind else ""
