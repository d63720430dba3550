"""The command `evidence detect`: what Sigma rules would have caught in recorded history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evidence.detections.levels import Level
from pipelines.cli.choices import Format
from pipelines.cli.options import (
    WAREHOUSE,
    OutputFormat,
    RecordedIncidents,
    RecordsHistory,
    RulesFolder,
    WarehouseFolder,
)

EPILOG = "Example: evidence detect --rules playbooks/detections --exports exports/"


def detect(
    rules: RulesFolder,
    incidents: RecordedIncidents = None,
    exports: Annotated[
        Path | None,
        typer.Option(help="File or folder of raw exports without incident.yaml: one incident a file."),
    ] = None,
    history: RecordsHistory = None,
    warehouse: WarehouseFolder = WAREHOUSE,
    values: Annotated[
        Path | None,
        typer.Option(
            help="YAML file of placeholders; values.yaml of the rules' folder or the one above, when omitted."
        ),
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", help="Only the rule of this id or title; may be repeated.")
    ] = None,
    level: Annotated[
        Level, typer.Option("--level", help="Level from which on a rule catches an incident.")
    ] = Level.MEDIUM,
    output_format: OutputFormat = Format.TEXT,
    out: Annotated[Path | None, typer.Option("--out", help="File to write instead of printing.")] = None,
) -> None:
    """Say which past incidents Sigma rules would have caught, how soon, and with what noise.

    Rules that never fire are told with the reason, and those that catch the same. Exits with 0 whatever the
    rules catch, with 2 when a rule or the call is wrong.
    """
    from contextlib import closing

    from pipelines.cli.out_files import prepare_out, put_out
    from pipelines.cli.wrapping import wrapped
    from simulator.detections.chosen_rules import load_chosen
    from simulator.detections.recorded import open_chosen
    from simulator.detections.rendering import render_json, render_text
    from simulator.detections.replay import replay

    if out is not None:
        read = [path for path in (incidents, exports, history) if path is not None]
        prepare_out(out, [rules, *(read or [warehouse])])
    loaded = load_chosen(rules, values, rule or ())
    recorded = open_chosen(warehouse, incidents, exports, history)
    with closing(recorded.connection):
        detection = replay(loaded, recorded, str(rules), level)
    if output_format is Format.JSON:
        put_out(render_json(detection), out)
    else:
        text = render_text(detection)
        put_out(wrapped(text) if out is None else text, out)
