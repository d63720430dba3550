"""Owns where a command's result goes: standard output, or the file of `--out`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from pipelines.cli.histories import writing


def prepare_out(out: Path, read: Iterable[Path]) -> None:
    """Make the folder of the file; what cannot be written is told before anything of `read` is."""
    from evidence.errors import InputError

    if out.is_dir():
        raise InputError(f"--out {out} is a folder", remedy="Name a file")
    for path in read:
        if out.resolve().is_relative_to(path.resolve()):
            raise InputError(f"--out {out} lies in {path}, which is read", remedy="Name a file elsewhere")
    with writing(f"--out {out}"):
        out.parent.mkdir(parents=True, exist_ok=True)


def put_out(text: str, out: Path | None) -> None:
    """Print the text, or write it to the file."""
    if out is None:
        sys.stdout.write(text)
        sys.stdout.flush()  # what fails is said after it, also where both go into one file
        return
    with writing(f"--out {out}"):
        out.write_text(text, encoding="utf-8")
