"""Owns the finding of the statements beside these modules."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def sql(name: str) -> str:
    """The statement of that name."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
