"""A run's manifest carries its own digest, so that no byte of it changes unnoticed."""

from __future__ import annotations

import json

import pytest

from evidence.run_manifests import fault_of, is_unsealed, sealed

CONTENT = {"code_sha256": "0" * 64, "outcome": "succeeded", "problem": "schön", "tables": {"a": {"rows": 2}}}


def test_what_was_written_is_whole() -> None:
    """And says what it was given, with format and digest."""
    assert fault_of(sealed(CONTENT)) is None
    told = json.loads(sealed(CONTENT))
    assert CONTENT == {name: value for name, value in told.items() if name not in ("format", "sha256")}


def test_every_flipped_bit_is_noticed() -> None:
    """Of the digest, of its name and of the spaces too."""
    content = sealed(CONTENT)
    for at in range(len(content)):
        for bit in range(8):
            flipped = bytearray(content)
            flipped[at] ^= 1 << bit
            assert fault_of(bytes(flipped)), (at, bit)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b"{}", b"\xff", b'{"sha256": 3}', b"[" * 100_000]
)
def test_what_is_no_manifest_is_noticed(content: bytes) -> None:
    """Without a crash."""
    assert fault_of(content)


def test_an_earlier_versions_manifest_is_let_be() -> None:
    """It has neither format nor digest; one that lost only the digest is noticed."""
    assert is_unsealed(CONTENT)
    assert fault_of(json.dumps(CONTENT).encode()) is None
    told = json.loads(sealed(CONTENT))
    del told["sha256"]
    assert fault_of(json.dumps(told).encode())
