"""The command that writes a synthetic history: generate."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path


def print_generated(
    folder: Path, incident_count: int, seed: int, playbooks: Path, output_format: str
) -> None:
    """Write the history and print what was written. Raises InputError when the folder holds one already."""
    from evidence.decision import load_active
    from evidence.errors import InputError, Place
    from simulator.histories.generator import generate_history

    if any(folder.glob("incident*.parquet")):
        raise InputError("already holds a history", place=Place(folder), remedy="Name a new folder")
    generated = generate_history(folder, incident_count, seed, load_active(playbooks).grading)
    if output_format == "json":
        sys.stdout.write(json.dumps(dataclasses.asdict(generated), sort_keys=True) + "\n")
    else:
        sys.stdout.write(
            f"generated: {generated.incident_count} incidents with {generated.state_count} moments"
            f" in {folder} (seed {seed})\n"
        )
