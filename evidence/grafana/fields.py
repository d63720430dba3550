"""Owns how columns look and where they lead: units, words for links, data links."""

from __future__ import annotations

from typing import Any

from evidence.grafana.queries import INCIDENT_LINKS

Json = dict[str, Any]

SECONDS = ("median", "95 % from", "95 % to", "p90", "incident", "median of the week")
# Columns that are there for the links alone.
HIDDEN = ("from_ms", "to_ms", "row")
_LINK_WIDTH = 110
# The first is of the schema of Grafana 11.6, the second of that of 13.2.
_HIDDEN = {"custom.hidden": True, "custom.hideFrom": {"legend": True, "tooltip": True, "viz": True}}


def table_overrides(path: str) -> list[Json]:
    """Of a table: links as the word 'open', the incident and the week as ways to themselves."""
    return [
        *(_override(name, {"unit": "s"}) for name in SECONDS if name != "incident"),
        *(_link_column(name) for name in INCIDENT_LINKS),
        _override("incident", {"links": [data_link("Show in the list of incidents", _row(path), False)]}),
        _override("week", {"links": [week_link(path)]}),
        *(_override(name, _HIDDEN) for name in HIDDEN),
    ]


def point_links(path: str) -> list[Json]:
    """Of a point: the incident's row, and each tool."""
    row = data_link("${__data.fields.incident_id}: in the list of incidents", _row(path), False)
    return [row, *(data_link(name.capitalize(), of(column)) for name, column in INCIDENT_LINKS.items())]


def week_link(path: str) -> Json:
    """The same dashboard with that week as its time range; chosen values stay."""
    url = f"{path}?from={of('from_ms')}&to={of('to_ms')}&${{__all_variables}}"
    return data_link("Incidents of this week", url, False)


def median_override() -> Json:
    """The median is a line without points or links."""
    return _override(
        "median of the week",
        {"custom.drawStyle": "line", "custom.showPoints": "never", "custom.lineWidth": 2, "links": []},
    )


def data_link(title: str, url: str, is_elsewhere: bool = True) -> Json:
    """A link of a value."""
    return {"title": title, "url": url, "targetBlank": is_elsewhere}


def of(column: str) -> str:
    """The value of another column of the row, as it is: addresses are percent-encoded where they are made."""
    return f"${{__data.fields.{column}:raw}}"


def _row(path: str) -> str:
    return f"{path}?var-incident=${{__data.fields.row:percentencode}}"


def _link_column(name: str) -> Json:
    shown = {"type": "regex", "options": {"pattern": "^https://.*", "result": {"text": "open", "index": 0}}}
    url = "${__value.raw:raw}"
    return _override(
        name, {"mappings": [shown], "links": [data_link(name.capitalize(), url)], "custom.width": _LINK_WIDTH}
    )


def _override(name: str, properties: Json) -> Json:
    listed = [{"id": key, "value": value} for key, value in properties.items()]
    return {"matcher": {"id": "byName", "options": name}, "properties": listed}
