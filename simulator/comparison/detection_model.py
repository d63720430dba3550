"""Owns what a comparison says of detections: rules that changed, signals that come and go, incidents caught.

A *signal* is a hit of a rule of the level from which on the playbook takes hits for signals. An incident is
*caught* where it has one. Times are RFC 3339 in UTC, durations whole seconds.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

from pydantic import Field

from evidence.detections.levels import Level
from evidence.handoff.model import Digest
from simulator.record_anchors import RecordAnchor
from simulator.report_parts import Count, Frozen

Outcome: TypeAlias = Literal["decision", "path", "cosmetic"]


class RuleEdit(StrEnum):
    """What became of a rule, from what is certain to matter to what cannot."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    REWORDED = "reworded"


class RuleSetRef(Frozen):
    """The rules of one side."""

    reference: str = Field(description="As they were asked for; with a playbook's own rules, as it was.")
    from_level: Level | None = Field(description="Level from which on hits are signals; null: none is.")
    digest: Digest | None = Field(description="SHA-256 over what can change a signal; null: no rules.")
    rule_count: Count = Field(description="Rules and correlations that report by themselves.")
    signal_rule_count: Count = Field(description="Those of them whose hits are signals.")


class RuleVersion(Frozen):
    """A rule as one side has it."""

    rule_id: str
    title: str
    level: str = Field(description="As written; empty where the rule states none, which counts as medium.")
    file: str = Field(description="Below the folder that all rules of its side have in common.")
    line: Count
    is_signal: bool = Field(description="Its hits are signals to the playbook of its side.")
    hit_count: Count
    noise_count: Count = Field(description="Hits in incidents that are not of type security.")


class RuleChange(Frozen):
    """One rule or correlation that reports and in which the two sides differ."""

    clause: str = Field(description="Name of the clause that stands for it in minimal sets.")
    edit: RuleEdit
    old: RuleVersion | None = Field(description="Null where it is added.")
    new: RuleVersion | None = Field(description="Null where it is removed.")
    what: tuple[str, ...] = Field(description="What differs in it, in words; empty where it comes or goes.")
    gained_count: Count = Field(description="Hits that only the candidate's version has.")
    lost_count: Count = Field(description="Hits that only the baseline's version has.")
    incident_ids: tuple[str, ...] = Field(
        description="Incidents in which its hits, or what is said of them, differ; none: no hit changes."
    )


class Signal(Frozen):
    """One signal, as the side that has it says it."""

    clause: str
    title: str
    level: str
    event_at: str = Field(description="When it happened: of a correlation, its last record.")
    known_at: str = Field(description="When all that it needs had arrived.")
    is_in_time: bool = Field(description="Known by the horizon, so that the decision could depend on it.")
    records: tuple[RecordAnchor, ...]


class RestatedSignal(Frozen):
    """A signal of the same records that is called otherwise, or of another level."""

    clause: str
    old_title: str
    new_title: str
    old_level: str
    new_level: str
    known_at: str
    is_in_time: bool
    records: tuple[RecordAnchor, ...]


class Caught(Frozen):
    """Whether and when one side catches an incident."""

    is_caught: bool
    caught_by: tuple[str, ...] = Field(description="Titles of the rules whose hits are signals, sorted.")
    detected_event_at: str | None = Field(description="Event time of the first signal; null: not caught.")
    detected_known_at: str | None = Field(description="The first moment at which a signal was known.")
    seconds_earlier: int | None = Field(
        description="How much earlier than recorded that was; negative: later. Null where either is unknown."
    )


class IncidentSignals(Frozen):
    """One incident whose signals differ."""

    incident_id: str
    title: str
    type: str | None
    gained: tuple[Signal, ...] = Field(description="By time known, then rule.")
    lost: tuple[Signal, ...]
    restated: tuple[RestatedSignal, ...]
    old: Caught
    new: Caught
    recorded_detected_at: str | None = Field(description="As people recorded it; null where they did not.")
    event_time_shift_seconds: int | None = Field(
        description="New minus old time of the first signal, in event time; null unless both catch it."
    )
    arrival_time_shift_seconds: int | None = Field(description="The same of when a signal was first known.")
    outcome: Outcome | None = Field(
        description="What changes with it, as `kind` of `changed`: decision, path or cosmetic; null: nothing."
    )


class NoiseChange(Frozen):
    """What rules hit in incidents that are not of type security, before and now."""

    day_count: Count = Field(description="Calendar days in UTC on which an event of any tool lies.")
    old_hit_count: Count
    new_hit_count: Count
    old_signal_count: Count
    new_signal_count: Count
    old_hits_per_day: str = Field(description="Two decimals, half up.")
    new_hits_per_day: str
    old_signals_per_day: str
    new_signals_per_day: str


class DetectionComparison(Frozen):
    """What differs in the rules of the two sides, and what that does to incidents."""

    baseline: RuleSetRef
    candidate: RuleSetRef
    rules: tuple[RuleChange, ...] = Field(description="By title of the older version, then id.")
    caught_count: tuple[Count, Count] = Field(description="Incidents of type security caught before and now.")
    security_count: Count = Field(description="Incidents of type security in the history.")
    incidents_gained: tuple[str, ...] = Field(
        description="Incidents of type security that only the candidate catches."
    )
    incidents_lost: tuple[str, ...] = Field(
        description="Incidents of type security that only the baseline catches."
    )
    changed_count: Count = Field(description="Incidents whose signals differ.")
    incidents: tuple[IncidentSignals, ...] = Field(
        description="By id; of more than are to be listed those whose catch or decision changes first."
    )
    noise: NoiseChange
    unattributed: str = Field(
        description="Why no rule is held responsible for changed decisions; empty where they are."
    )
