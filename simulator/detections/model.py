"""Owns what `evidence detect` says: which rules hit what in recorded history, as a frozen model.

Times are RFC 3339 in UTC, durations whole seconds. An *alert* is a hit of a rule of the level that counts, or
higher; a rule that states no level counts as medium.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from evidence.detections.levels import Level
from simulator.record_anchors import RecordAnchor
from simulator.refused_records import RefusedRecord
from simulator.report_parts import Count, Frozen

FORMAT: Literal["incident-evidence/detection"] = "incident-evidence/detection"
SCHEMA_VERSION: Literal["1.2.0"] = "1.2.0"
SECURITY = "security"


class HistoryKind(StrEnum):
    """Where the records came from."""

    INCIDENTS = "incidents"
    WAREHOUSE = "warehouse"
    HISTORY = "history"
    EXPORTS = "exports"


class RefusedFile(Frozen):
    """An export of which no record could be read."""

    path: str = Field(description="File below the folder of exports.")
    reason: str = Field(description="From the list of reasons of intake.quarantine.")
    detail: str


class HistoryRead(Frozen):
    """What the rules were tried on."""

    kind: HistoryKind
    path: str = Field(description="As it was asked for.")
    incident_count: Count = Field(
        description="Of exports: files of which a record was read, one incident each."
    )
    file_count: Count
    record_count: Count = Field(description="Records read, whatever became of them.")
    duplicate_count: Count = Field(description="Copies, which no rule sees.")
    refused_count: Count = Field(description="Records refused, which no rule sees.")
    seen_count: Count = Field(
        description="What these rules look at: records of their log sources, or entries of them."
    )
    first_at: str | None = Field(description="Time of the first event of any tool; null where there is none.")
    last_at: str | None
    day_count: Count = Field(description="Calendar days in UTC on which an event of any tool lies.")
    refused_files: tuple[RefusedFile, ...] = Field(description="Told of exports alone.")
    refused: tuple[RefusedRecord, ...] = Field(
        description="The first thousand of the records refused, by incident, file and place. Since 1.2.0."
    )


class Warned(Frozen):
    """What a rule says and hardly means; it is honoured as it is written."""

    file: str
    line: Count
    column: Count
    field: str = Field(description="Where in the document, e.g. detection.filter_own.")
    what: str
    remedy: str


class Hit(Frozen):
    """A rule that is true of one record, or a correlation of several."""

    rule_id: str
    incident_id: str
    event_at: str = Field(description="When it happened: of a correlation, its last record.")
    known_at: str = Field(description="When all that it needs had arrived.")
    group: str = Field(description="JSON of the values that a correlation groups by; empty for a plain rule.")
    records: tuple[RecordAnchor, ...]


class RuleResult(Frozen):
    """One rule that reports, and what it hit."""

    id: str
    title: str
    level: str = Field(description="As written; empty where the rule states none.")
    tags: tuple[str, ...]
    techniques: tuple[str, ...] = Field(description="Techniques of ATT&CK among the tags, e.g. T1098.001.")
    file: str
    line: Count
    hit_count: Count
    record_count: Count = Field(description="Distinct records that its hits name.")
    noise_count: Count = Field(description="Hits in incidents that are not of type security.")
    incident_ids: tuple[str, ...]


class IncidentResult(Frozen):
    """An incident that a rule hit, or that none caught though it is of type security."""

    incident_id: str
    title: str
    type: str | None = Field(description="Null where nobody has said: exports without incident.yaml.")
    is_caught: bool
    caught_by: tuple[str, ...] = Field(description="Ids of the rules of the level that counts, or higher.")
    hit_by: tuple[str, ...] = Field(description="Ids of all rules that hit, of whatever level.")
    first_event_at: str | None = Field(
        description="First malicious event: the earliest record that any hit of the incident names, of any "
        "level. What no rule names is not known here. Null where nothing hit."
    )
    detected_event_at: str | None = Field(description="Event time of the first alert.")
    detected_known_at: str | None = Field(description="The first moment at which an alert could be raised.")
    seconds_in_event_time: int | None = Field(
        description="From the first malicious event to the first alert."
    )
    seconds_in_arrival_time: int | None = Field(
        description="From the first malicious event to the moment at which an alert could be raised."
    )
    recorded_detected_at: str | None = Field(description="As people recorded it; null where they did not.")
    seconds_earlier: int | None = Field(
        description="How much earlier than recorded an alert could have been raised; negative: later."
    )


class Noise(Frozen):
    """Hits in incidents that are not of type security. Days without an incident are in no history."""

    hit_count: Count
    alert_count: Count
    incident_ids: tuple[str, ...]
    alerts_per_day: str = Field(
        description="Alerts divided by the days of the history, two decimals, half up."
    )


class Silence(StrEnum):
    """Why a rule never fired, from what is missing first."""

    NO_LOG_SOURCE = "no-log-source"
    NO_FIELD = "no-field"
    NO_VALUE = "no-value"
    NEVER_TOGETHER = "never-together"
    SILENT_PART = "silent-part"
    NEVER_WITHIN = "never-within"


class NeverFired(Frozen):
    """A rule without a hit, and the first thing that it lacks."""

    rule_id: str
    title: str
    reason: Silence
    detail: str
    fields: tuple[str, ...] = Field(description="The fields that are missing, or whose values are.")


class Duplicates(Frozen):
    """Rules whose hits name exactly the same records."""

    rule_ids: tuple[str, ...]
    titles: tuple[str, ...]
    record_count: Count


class Detection(Frozen):
    """The answer to: which past incidents would these rules have caught, when, and with what noise?"""

    format: Literal["incident-evidence/detection"] = FORMAT
    schema_version: Literal["1.2.0"] = SCHEMA_VERSION
    rules_path: str
    warnings: tuple[Warned, ...] = Field(
        description="Parts of rules that no condition names, by file and line. Since 1.1.0."
    )
    level: Level = Field(description="An incident is caught by a hit of a rule of this level or higher.")
    history: HistoryRead
    incidents_caught: tuple[str, ...] = Field(description="Ids, in order; of whatever type.")
    incidents_missed: tuple[str, ...] = Field(
        description="Ids of incidents of type security, or of unknown type, that no rule caught."
    )
    rules: tuple[RuleResult, ...] = Field(description="Every rule that reports, by title.")
    incidents: tuple[IncidentResult, ...] = Field(description="By id: those that were hit or missed.")
    noise: Noise | None = Field(description="Null where the types of incidents are not known.")
    never_fired: tuple[NeverFired, ...] = Field(description="By title.")
    duplicates: tuple[Duplicates, ...] = Field(description="Groups of two and more, by the first id.")
    hits: tuple[Hit, ...] = Field(description="By rule id, incident, event time and records.")
