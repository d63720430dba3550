"""The command `evidence generate`: an invented history of any size."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.choices import Format
from pipelines.cli.options import PLAYBOOKS, OutputFormat, Playbooks

EPILOG = "Example: evidence generate invented --count 100000 --seed 7"


def generate(
    folder: Annotated[Path, typer.Argument(help="New or empty folder; --history reads it.")],
    count: Annotated[
        int, typer.Option("--count", min=1, max=9_999_999, help="Incidents, about 20 moments each.")
    ] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 1,
    playbooks: Playbooks = PLAYBOOKS,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Write an invented history of any size, to measure with and to try a playbook at scale.

    States are graded and ticked by the active playbook. What it says about incidents is made up.
    """
    from evidence.decision import load_active
    from evidence.errors import InputError, Place
    from simulator.histories.generator import generate_history

    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError("is there already", place=Place(folder), remedy="Name a new or an empty folder")
    generated = generate_history(folder, count, seed, load_active(playbooks).grading)
    if output_format is Format.JSON:
        sys.stdout.write(json.dumps(dataclasses.asdict(generated), sort_keys=True) + "\n")
    else:
        sys.stdout.write(
            f"generated: {generated.incident_count} incidents with {generated.state_count} moments"
            f" in {folder} (seed {seed})\n"
        )
