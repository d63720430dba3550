"""Owns what the process does with its own output: letters that a terminal does not know, and the end."""

from __future__ import annotations

import io
import os
import sys


def print_anywhere() -> None:
    """Let a terminal that knows few letters show '?' for the others rather than end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def leave_at_once() -> None:
    """End the process with success: to take apart all that a run has imported and built costs a second."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
