"""Evaluates modules in a process of its own, bounded in time and memory; what ends it ends no command."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.decision.rego.interpreter import UNDEFINED
from simulator.policies.modules import ModuleSet

SECONDS_MAX = 10  # for one question; the interpreter's own limit of steps is reached after some three
COMPILE_SECONDS_MAX = 120
MEMORY_MAX = 2 * 2**30  # bytes
_LOOK_SECONDS = 0.2
_PAGE = 4096
_STOPPED = f"it ended the interpreter, or took more than {SECONDS_MAX} s or {MEMORY_MAX >> 30} GiB"


@dataclass(frozen=True, slots=True)
class Answered:
    """What the modules say, or why they say nothing: it failed, or was stopped at a limit."""

    value: Any = UNDEFINED
    failure: str = ""
    is_stopped: bool = False


class Evaluator:
    """Asks a process that is started when it is first needed, and anew after it was lost."""

    def __init__(self, modules: ModuleSet, paths: Sequence[str]) -> None:
        self._modules = modules
        # A package at least: what is never asked about must compile, too.
        self._paths = tuple(paths) or ("/".join(modules.modules[0].package),)
        self._process: _Process | None = None

    def start(self) -> None:
        """Compile. Raises PlaybookError with file and line where the modules are refused."""
        process = _Process()
        self._process = process
        sources = {module.name: module.source for module in self._modules.modules}
        first = {"modules": sources, "paths": self._paths, "data": self._modules.data}
        said = process.ask(first, COMPILE_SECONDS_MAX)
        if said is None:
            self.close()
            raise self._modules.fault("")
        if "error" in said:
            self.close()
            raise self._modules.fault(said["error"])

    def ask(self, path: str, given: Any) -> Answered:
        """What the modules say at the path about the input."""
        if self._process is None:
            self.start()
        assert self._process is not None
        said = self._process.ask({"path": path, "input": given}, SECONDS_MAX)
        if said is None:
            self.close()
            return Answered(failure=_STOPPED, is_stopped=True)
        if "error" in said:
            return Answered(failure=_first_line(said["error"]))
        return Answered(UNDEFINED if "undefined" in said else said["value"])

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.close()
            self._process = None


@contextlib.contextmanager
def evaluator(modules: ModuleSet, paths: Sequence[str]) -> Iterator[Evaluator]:
    """An evaluator that has compiled the modules, for the time of the block."""
    made = Evaluator(modules, paths)
    try:
        made.start()
        yield made
    finally:
        made.close()


class _Process:
    def __init__(self) -> None:
        # -P: nothing in the current folder stands in for one of our modules.
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "simulator.policies.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._rest = b""

    def ask(self, question: dict[str, Any], seconds_max: float) -> dict[str, Any] | None:
        """The answer; None where the process ended, or reached a limit."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(question).encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            return None
        line = self._line(seconds_max)
        return None if line is None else dict(json.loads(line))

    def _line(self, seconds_max: float) -> bytes | None:
        assert self._child.stdout is not None
        until = time.monotonic() + seconds_max
        while b"\n" not in self._rest:
            if not select.select([self._child.stdout], [], [], _LOOK_SECONDS)[0]:
                if time.monotonic() > until or _memory(self._child.pid) > MEMORY_MAX:
                    return None
                continue
            read = os.read(self._child.stdout.fileno(), 1 << 20)
            if not read:
                return None
            self._rest += read
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def close(self) -> None:
        self._child.kill()
        self._child.communicate()


def _memory(pid: int) -> int:
    """Bytes that the process holds; 0 where nobody says."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return 0


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "") or "it failed"
