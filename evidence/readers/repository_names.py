"""Owns the name of a Git repository in a URL, as the tools that deploy from it write it."""

from __future__ import annotations

import re

_OWNER_AND_NAME = re.compile(r"[:/]([^/:]+/[^/:]+?)(?:\.git)?/?$")


def repository_of_url(url: str | None) -> str | None:
    """owner/name of an HTTP or SSH URL; None where it has no such end."""
    match = _OWNER_AND_NAME.search(url) if url else None
    return match.group(1) if match else None
