"""Owns the form of a run's manifest: JSON that carries the SHA-256 of all the rest of itself.

The digest is over the same JSON without its member `sha256`. It tells an accident, a torn write or a
careless edit; against somebody who computes it anew nothing in the same folder helps.

Standard library only, as all that `evidence.verify` needs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

FOLDER = "runs"
FORMAT = 1


def sealed(content: Mapping[str, Any]) -> bytes:
    """The manifest with its format and its digest, as bytes that the same content always gives."""
    told = {"format": FORMAT, **content}
    return _text({**told, "sha256": hashlib.sha256(_text(told)).hexdigest()})


def fault_of(manifest: bytes) -> str | None:
    """What is wrong with a manifest's bytes, or None; nothing can be said of an unsealed one."""
    try:
        told = json.loads(manifest)
        if is_unsealed(told):
            return None
        digest = told.pop("sha256")
        # Spaces, too, must be as they were written.
        is_whole = _text({**told, "sha256": digest}) == manifest
        if is_whole and hashlib.sha256(_text(told)).hexdigest() == digest:
            return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    return "the run's manifest is not the one that was written"


def is_unsealed(told: Any) -> bool:
    """Whether it is the JSON of a manifest as earlier versions wrote it, with neither format nor digest."""
    return isinstance(told, dict) and "code_sha256" in told and not {"format", "sha256"} & set(told)


def _text(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()
