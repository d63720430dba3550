"""The one exception family: every message says what, where (file, line, field) and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is wrong; `line` and `column` count from 1, 0 means unknown."""

    path: Path
    line: int = 0
    column: int = 0
    field: str = ""

    def __str__(self) -> str:
        where = str(self.path)
        if self.line:
            where += f":{self.line}"
            if self.column:
                where += f":{self.column}"
        return f"{where}: {self.field}" if self.field else where


class EvidenceError(Exception):
    """Anything that this project refuses, with the place and the remedy in the message."""

    def __init__(self, what: str, *, place: Place | None = None, remedy: str = "") -> None:
        self.what = what
        self.place = place
        self.remedy = remedy
        message = f"{place}: {what}" if place else what
        super().__init__(f"{message}. {remedy}" if remedy else message)


class InputError(EvidenceError):
    """A file that people write (incident, catalogue, settings) is not what its format says."""


class PlaybookError(EvidenceError):
    """A playbook bundle that cannot be compiled."""


class DetectionError(EvidenceError):
    """A Sigma rule that cannot be honoured exactly."""


class RefusedDetections(DetectionError):
    """A file or folder of Sigma rules in which something is refused; `faults` says each, by place."""

    def __init__(self, faults: Sequence[EvidenceError]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class ContractError(EvidenceError):
    """A table that does not keep its declared contract."""


class WarehouseError(EvidenceError):
    """The warehouse's files are missing, damaged or held by another run."""


class HandoffRefused(EvidenceError):
    """A handoff package that would be unsafe to hand over."""


class BoundaryError(EvidenceError):
    """The run tried to leave its own folders, open a socket or start a process."""
