"""The command `evidence init`: a new team's own folder, and what to do first in it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.choices import Format
from pipelines.cli.options import OutputFormat

EPILOG = "Example: evidence init our-incidents && cd our-incidents && evidence check playbooks/v1"


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to lay out; made where there is none.")],
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Lay out a new team's folder: inbox, catalogue, approver map, a playbook with its cases, a check for CI.

    What is there already is left alone, and named. Where a folder of playbooks is there, nothing is written.
    """
    import orjson

    from evidence.team_folder import lay_out
    from pipelines.cli.histories import writing

    with writing(str(folder)):
        done = lay_out(folder)
    if output_format is Format.JSON:
        said = {"folder": str(folder), "written": done.written, "kept": done.kept}
        sys.stdout.write(orjson.dumps(said, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    sys.stdout.write(f"{len(done.written)} files written below {folder}\n")
    for name in done.kept:
        sys.stdout.write(f"left as it was: {name}\n")
    sys.stdout.write(f"Begin with {folder / 'README.md'}; put names where it says so.\n")
