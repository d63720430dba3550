"""The command `evidence history`: a copy of the published history that is replayed without the warehouse."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.choices import Format
from pipelines.cli.options import WAREHOUSE, OutputFormat, WarehouseFolder

EPILOG = "Example: evidence history /media/copy && evidence replay --history /media/copy"


def history(
    folder: Annotated[str, typer.Argument(help="Folder to write the Parquet files into.")],
    warehouse: WarehouseFolder = WAREHOUSE,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Copy the published history, with its evidence, so that it can be replayed without the warehouse."""
    from evidence.errors import InputError
    from pipelines.cli.histories import writing
    from simulator.histories.history import copy_history

    # An empty name is what an unset variable leaves: it would stand for the current folder.
    if not folder:
        raise InputError("the folder has no name", remedy="Name a folder; . is the current one")
    with writing(folder):
        copied = [str(path) for path in copy_history(warehouse, Path(folder))]
    if output_format is Format.JSON:
        sys.stdout.write(json.dumps({"files": copied}, indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"{path}\n" for path in copied))
