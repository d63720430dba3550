"""Owns the options that several commands take, each with its variable of the environment and its default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.choices import Format
from pipelines.cli.completing import complete_incident
from pipelines.default_folders import DEFAULT_INCIDENTS, DEFAULT_RULES, incidents_folder, rules_folder

Incidents = Annotated[
    Path,
    typer.Option(
        help="Folder of recorded incidents, at any depth.",
        default_factory=incidents_folder,
        show_default=DEFAULT_INCIDENTS,
        envvar="EVIDENCE_INCIDENTS",
    ),
]
OneIncident = Annotated[
    str, typer.Argument(help="Incident, or the beginning of its name.", autocompletion=complete_incident)
]
OneIncidentOrAll = Annotated[
    str | None,
    typer.Argument(
        help="Incident, or the beginning of its name; all when omitted.", autocompletion=complete_incident
    ),
]
OnlyIncidents = Annotated[
    list[str] | None,
    typer.Option(
        "--incident",
        help="Only this, by name or beginning; may be repeated.",
        autocompletion=complete_incident,
    ),
]
WarehouseFolder = Annotated[
    Path,
    typer.Option("--warehouse", help="Folder of the published tables.", envvar="EVIDENCE_WAREHOUSE"),
]
Out = Annotated[Path, typer.Option(help="Folder of the handoff packages.", envvar="EVIDENCE_OUT")]
Playbooks = Annotated[
    Path,
    typer.Option(help="Folder of playbook versions with its active.yaml.", envvar="EVIDENCE_PLAYBOOKS"),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="How to print the result.")]
History = Annotated[
    Path | None,
    typer.Option("--history", help="Folder of incident_states Parquet files, instead of the warehouse."),
]
RecordedIncidents = Annotated[
    Path | None,
    typer.Option("--incidents", help="Folder of recorded incidents to read, instead of the warehouse."),
]
RecordsHistory = Annotated[
    Path | None,
    typer.Option("--history", help="Folder of Parquet files that holds intake.raw_records, too."),
]
RulesFolder = Annotated[
    Path,
    typer.Option(
        "--rules",
        help="Sigma file, or folder of them; by default that beside the playbooks (`EVIDENCE_PLAYBOOKS`).",
        default_factory=rules_folder,
        show_default=DEFAULT_RULES,
    ),
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Only what was known by then, e.g. 2026-01-14T09:20:00Z.")
]

WAREHOUSE, OUT, PLAYBOOKS = Path("warehouse"), Path("out"), Path("playbooks")
