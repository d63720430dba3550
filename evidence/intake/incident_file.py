"""Owns the model of `incident.yaml`: what people recorded about an incident beside its exports."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from evidence.errors import InputError, Place
from evidence.intake.recorded_order import refuse_impossible_order
from evidence.strict_yaml import Document, load_yaml, parse_model
from evidence.times import TimeRefused, parse_rfc3339

OptionName = Literal["monitor", "enrich", "escalate", "contain", "revoke", "rotate", "isolate", "notify"]
ActionName = Annotated[str, StringConstraints(pattern=r"\A[a-z][a-z0-9_]*\z")]
# Becomes a file name of the handoff: nothing that a path could misread.
IncidentId = Annotated[str, StringConstraints(pattern=r"\A[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?\z")]


def _nanoseconds(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError("expected a time such as 2026-01-14T09:00:00Z")
    try:
        return parse_rfc3339(value)
    except TimeRefused as refused:
        raise ValueError(str(refused)) from None


Time = Annotated[int, BeforeValidator(_nanoseconds)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Window(_Strict):
    """The recorded window, both ends included."""

    start: Annotated[Time, Field(alias="from")]
    end: Annotated[Time, Field(alias="to")]

    @model_validator(mode="after")
    def _is_forward(self) -> Window:
        if self.end <= self.start:
            raise ValueError("the window ends before it begins")
        return self


class Recorded(_Strict):
    """Times that people established; each optional."""

    started_at: Time | None = None
    detected_at: Time | None = None
    acknowledged_at: Time | None = None
    mitigated_at: Time | None = None
    resolved_at: Time | None = None


class Response(_Strict):
    """What responders did: hindsight, never read by a rule."""

    action: ActionName
    taken_at: Time
    outcome: Literal["aborted_by_policy", "escalated", "rolled_back", "succeeded"]


class Labels(_Strict):
    """A reviewer's answers to the four questions, and the option, or the very action, that was right."""

    by: str
    at: Time
    signal_high_confidence: bool | None = None
    enrichment_narrowed: bool | None = None
    least_risky_effective: bool | None = None
    responder_understood: bool | None = None
    expected_option: OptionName | None = None
    expected_action: ActionName | None = None

    @model_validator(mode="after")
    def _has_an_option_for_its_action(self) -> Labels:
        if self.expected_action is not None and self.expected_option is None:
            raise ValueError("expected_action without expected_option; name the option that it belongs to")
        return self


class IncidentFile(_Strict):
    """One `incident.yaml`. `received` gives the time at which an export file, by its name, arrived."""

    id: IncidentId
    title: Annotated[str, Field(min_length=1)]
    type: Literal["dependency", "infrastructure", "rollout", "security"]
    window: Window
    recorded: Recorded = Recorded()
    detected_by: str | None = None
    response: Response | None = None
    labels: Labels | None = None
    received: dict[str, Time] = {}


def load_incident(path: Path) -> tuple[IncidentFile, Document]:
    """The incident and its document. Raises InputError with file, line and field."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise InputError("is no regular file", place=Place(path), remedy="Put the declaration itself there")
    document = load_yaml(path)
    incident = parse_model(IncidentFile, document)
    refuse_impossible_order(document, _times(incident))
    return incident, document


def _times(incident: IncidentFile) -> dict[tuple[str, ...], int | None]:
    """Every recorded time by its path in the file."""
    return {
        ("window", "from"): incident.window.start,
        ("window", "to"): incident.window.end,
        **{("recorded", name): value for name, value in incident.recorded},
        ("response", "taken_at"): incident.response.taken_at if incident.response else None,
        ("labels", "at"): incident.labels.at if incident.labels else None,
    }


def check_received(incident: IncidentFile, document: Document, names: set[str]) -> None:
    """Refuse an arrival of a file that is not there: a misspelt name would change what was known when."""
    for name in incident.received:
        if name not in names:
            raise InputError(
                f"received names {name}, which is no export of this incident",
                place=document.place("received", name),
                remedy=f"Exports are {', '.join(sorted(names)) or 'none'}",
            )


def incident_row(incident: IncidentFile, labels: Mapping[str, Any]) -> dict[str, Any]:
    """The row of `intake.incidents`; `labels` are its label columns, none where nobody reviewed it."""
    response = incident.response
    return {
        "incident_id": incident.id,
        "title": incident.title,
        "incident_type": incident.type,
        "window_start": incident.window.start,
        "window_end": incident.window.end,
        **incident.recorded.model_dump(),
        "action_taken": response.action if response else None,
        "action_taken_at": response.taken_at if response else None,
        "outcome": response.outcome if response else None,
        "detected_by": incident.detected_by,
        **labels,
    }
