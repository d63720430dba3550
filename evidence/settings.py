"""Owns the settings that people write once per installation: delivery delays, metric names, links."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from evidence.errors import InputError
from evidence.links import KINDS, check_template
from evidence.strict_yaml import load_yaml, parse_model
from expectations.tables.intake import SOURCES

DELAY_SECONDS_MAX = 90 * 86_400
"""90 days: recorded delays go up to 44, and 64 bits of nanoseconds end 100 days after the last event."""
LOOKBACK_SECONDS_MAX = 366 * 86_400
"""A year."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Templates = str | Annotated[list[str], Field(strict=True)] | None


class Metric(_Strict):
    """How one metric becomes a measure: value times scale, rounded half to even, in whole units."""

    name: Annotated[str, Field(min_length=1)]
    measure: Literal["error_rate", "latency", "cpu", "memory", "saturation"]
    unit: Literal["ppm", "ms", "count"]
    scale: Annotated[int, Field(ge=1)]


class Links(_Strict):
    """URL templates into the sources' own screens; None where there is no such screen.

    Placeholders: incident_id, service, namespace, cluster, application, account, region, credential
    (access key id), user (a human identity), from_ms, to_ms (Unix milliseconds). Of several templates
    the first counts whose placeholders are all known.
    """

    incident: Templates = None
    logs: Templates = None
    traces: Templates = None
    changes: Templates = None
    audit: Templates = None

    @field_validator(*KINDS, mode="before")
    @classmethod
    def _are_safe_templates(cls, value: Any) -> Any:
        if value is None:
            return None
        templates = value if isinstance(value, list) else [value]
        if not templates or not all(isinstance(template, str) for template in templates):
            raise ValueError("expected a template such as https://host/{service}, or a list of them")
        for template in templates:
            try:
                check_template(template)
            except InputError as refused:
                raise ValueError(str(refused)) from None
        return value


class Settings(_Strict):
    """All settings. `delivery_delay_seconds` names every source: without it no time of arrival is known."""

    delivery_delay_seconds: dict[str, Annotated[int, Field(ge=0, le=DELAY_SECONDS_MAX)]]
    change_lookback_seconds: Annotated[int, Field(ge=1, le=LOOKBACK_SECONDS_MAX)]
    metrics: Annotated[list[Metric], Field(strict=True)] = []
    links: Links = Links()

    @field_validator("delivery_delay_seconds")
    @classmethod
    def _names_every_source(cls, value: dict[str, int]) -> dict[str, int]:
        unknown = sorted(set(value) - set(SOURCES))
        missing = sorted(set(SOURCES) - set(value))
        if unknown:
            raise ValueError(f"unknown source {unknown[0]!r}; known are {', '.join(SOURCES)}")
        if missing:
            raise ValueError(f"no delay for {', '.join(missing)}; a source that arrives at once has 0")
        return value

    @field_validator("metrics")
    @classmethod
    def _names_each_metric_once(cls, value: list[Metric]) -> list[Metric]:
        names = [metric.name for metric in value]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"the metric {repeated[0]!r} is named twice")
        return value


def load_settings(path: Path) -> Settings:
    """The settings in a YAML file. Raises InputError with file, line and field."""
    return parse_model(Settings, load_yaml(path))
