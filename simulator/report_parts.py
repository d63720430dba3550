"""Owns what the parts of every report of the simulator have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]


class Frozen(BaseModel):
    """A part of a report: immutable, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
