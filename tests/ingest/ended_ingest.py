"""Ingests in a process of its own that ends itself, by the signal given, before a step of placing.

Steps are what changes a name below the folder written into, counted from the journal's own (1).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from evidence.intake.discovery import PLACING

from .ingesting import ROOT, ingest

_CHANGES = frozenset({"os.rename", "os.remove", "os.rmdir", "os.mkdir"})


def end_at(step: int, signal_number: int, source: Path, into: Path) -> int:
    """The exit code of an ingest that is ended before that step; 0 when there are not so many."""
    call = [sys.executable, "-m", __name__, str(step), str(signal_number), str(source), str(into)]
    return subprocess.run(call, cwd=ROOT, capture_output=True, check=False).returncode


class _Ending:
    """An audit hook: it sees each change before it happens."""

    def __init__(self, step: int, signal_number: int, into: str) -> None:
        self.step, self.signal_number, self.into = step, signal_number, into
        self.count = 0

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _CHANGES or not any(str(each).startswith(self.into) for each in arguments):
            return
        if self.count or (event == "os.rename" and str(arguments[1]).endswith(PLACING)):
            self.count += 1
            if self.count == self.step:
                os.kill(os.getpid(), self.signal_number)


if __name__ == "__main__":
    # A shell's background jobs ignore it, and so would what they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    number, kind, source, into = sys.argv[1:]
    sys.addaudithook(_Ending(int(number), int(kind), into))
    ingest(Path(source), into=Path(into))
