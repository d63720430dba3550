"""Writes docs/reference/settings.md: every field of settings.yaml, from the model that reads it."""

from __future__ import annotations

from pathlib import Path

from playbook_page import models_below, section

import evidence
from evidence.links import FIELDS
from evidence.settings import Settings, load_settings
from expectations.tables.intake import SOURCES

NOTE = "<!-- Written by `make golden` from the model in `evidence/settings.py`; do not edit. -->\n"
INTRODUCTION = """\
# settings.yaml

What people say once per installation of the tools that they record: how long each tool's records take to
arrive, what its metrics are called, and where its screens are. The file lies in the incidents folder or
beside it; [`evidence ingest`](../how-to/ingest-exports.md) and [`evidence
init`](../how-to/start-a-team-folder.md) write one where there is none. Where folders lie is said by options
and [variables](../how-to/run-on-a-schedule.md).

It is read strictly, as a [playbook](playbook.md) is: unknown, repeated and missing fields are errors that
name file, line and column. Thresholds and rules are the playbook's. But a delay says what had arrived by a
moment: a change of the file is a change of what a run reads, and marks the tables of `intake` as stale.
"""
DELAYS = """\
## Delays by source

What a new file begins with, in seconds. An export whose `received:` in
[incident.yaml](incident-file.md) says when it arrived needs none; [what each source is](sources.md).
"""
PLACEHOLDERS = """\
## Templates of links

A template begins with `https://` and a fixed host. A placeholder stands in braces, is filled with what the
tables say of the incident, and is percent-encoded whole; where one is unknown, there is [no link](kpis.md).
"""
MEANINGS = {
    "Settings.delivery_delay_seconds": "Seconds from event to arrival, by source; every source is named.",
    "Settings.change_lookback_seconds": "A change this many seconds before the first symptom is recent.",
    "Settings.metrics": "Metrics that are read, by the exact name of series or rule; others are a gap.",
    "Settings.links": "Where a reader looks the evidence up in the tools' own screens.",
    "Metric.name": "Name of the series or recording rule, once.",
    "Metric.measure": "What it measures; rules and policies speak of measures, not of names.",
    "Metric.unit": "Unit of the whole number that a sample becomes.",
    "Metric.scale": "What a sample is multiplied by for that; the product is rounded half to even.",
    "Links.incident": "The incident in the incident system.",
    "Links.logs": "Its logs.",
    "Links.traces": "Its traces.",
    "Links.changes": "Its changes.",
    "Links.audit": "What the identity behind it did.",
}


def settings_page() -> str:
    """The page: what the file is, each model with its fields, delays to begin with, placeholders."""
    parts = [NOTE, INTRODUCTION, *(section(model, MEANINGS) for model in models_below(Settings))]
    parts += [DELAYS, _delays(), PLACEHOLDERS]
    return "\n".join(parts) + f"\nPlaceholders: {', '.join(f'`{name}`' for name in sorted(FIELDS))}.\n"


def _delays() -> str:
    starter = load_settings(Path(evidence.__file__).parent / "starter" / "settings.yaml")
    rows = [f"| `{source}` | {starter.delivery_delay_seconds[source]} |" for source in sorted(SOURCES)]
    return "\n".join(["| source | seconds |", "|---|---|", *rows]) + "\n"
