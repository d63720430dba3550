"""Owns the dashboard as Grafana's JSON: the same for every export, ids by place, nothing by chance."""

from __future__ import annotations

from pathlib import Path

from evidence.grafana.fields import Json, median_override, point_links, table_overrides, week_link
from evidence.grafana.panels import BARS, POINTS, SECTIONS, TABLE, Panel
from evidence.grafana.queries import VARIABLES, query, variable_query

UID = "evidence-kpis"
PATH = f"/d/{UID}"
# Grafana migrates older ones by itself; this is that of 11.6, against which it is tested.
SCHEMA_VERSION = 41
WIDTH = 24
SOURCE = {"type": "grafana-postgresql-datasource", "uid": "evidence-kpis"}
_ABOUT = Path(__file__).with_name("about.md")


def dashboard() -> Json:
    """The dashboard."""
    return {
        "uid": UID,
        "title": "Incident KPIs",
        "description": "KPIs of recorded incidents, with the incidents behind every figure.",
        "tags": ["incidents", "kpi"],
        "timezone": "utc",
        "weekStart": "monday",
        "editable": False,
        "graphTooltip": 0,
        "fiscalYearStartMonth": 0,
        "schemaVersion": SCHEMA_VERSION,
        "time": {"from": "now-1y", "to": "now"},
        "refresh": "",
        "annotations": {"list": []},
        "links": [],
        "templating": {"list": [*(_variable(name) for name in VARIABLES), _incident_variable()]},
        "panels": _panels(),
    }


def _panels() -> list[Json]:
    """Rows and panels from top to bottom; ids count from 1 in that order."""
    placed: list[Json] = []
    top = 0
    for section in SECTIONS:
        placed.append(_row(section.title, len(placed) + 1, top))
        top, left, height = top + 1, 0, 0
        for panel in section.panels:
            if left + panel.width > WIDTH:
                top, left, height = top + height, 0, 0
            place = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            placed.append(_panel(panel, len(placed) + 1, place))
            left, height = left + panel.width, max(height, panel.height)
        top += height
    return placed


def _row(title: str, number: int, top: int) -> Json:
    place = {"x": 0, "y": top, "w": WIDTH, "h": 1}
    return {"type": "row", "id": number, "title": title, "collapsed": False, "gridPos": place, "panels": []}


def _panel(panel: Panel, number: int, place: Json) -> Json:
    made = {"id": number, "title": panel.title, "gridPos": place}
    if panel.kind == POINTS:
        return made | _asked(panel) | _chart({"drawStyle": "points", **_POINT_STYLE}, _POINT_FIELDS)
    if panel.kind == BARS:
        return made | _asked(panel) | _chart({"drawStyle": "bars", **_BAR_STYLE}, _BAR_FIELDS)
    if panel.kind == TABLE:
        return made | _asked(panel) | _table()
    content = _ABOUT.read_text(encoding="utf-8")
    return made | {"type": "text", "options": {"mode": "markdown", "content": content}}


def _asked(panel: Panel) -> Json:
    """What the panel asks the database."""
    target = {
        "refId": "A",
        "datasource": SOURCE,
        "editorMode": "code",
        "format": "table",
        "rawQuery": True,
        "rawSql": query(panel.query),
    }
    return {"description": panel.description, "datasource": SOURCE, "targets": [target]}


_POINT_STYLE = {
    "pointSize": 8,
    "showPoints": "always",
    "lineInterpolation": "stepAfter",
    # A time of nothing has no place on a logarithmic axis; this one is straight below a second.
    "scaleDistribution": {"type": "symlog", "log": 10, "linearThreshold": 1},
}
_BAR_STYLE = {"fillOpacity": 70, "stacking": {"mode": "normal", "group": "A"}}
_POINT_FIELDS = ({"unit": "s", "links": point_links(PATH)}, [median_override()])
_BAR_FIELDS: tuple[Json, list[Json]] = (
    {"unit": "none", "decimals": 0, "min": 0, "links": [week_link(PATH)]},
    [],
)


def _chart(custom: Json, fields: tuple[Json, list[Json]]) -> Json:
    defaults, overrides = fields
    return {
        "type": "timeseries",
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "single", "sort": "none"},
        },
        "fieldConfig": {"defaults": {**defaults, "custom": custom}, "overrides": overrides},
    }


def _table() -> Json:
    return {
        "type": "table",
        "options": {"frameIndex": 0, "showHeader": True, "cellHeight": "sm"},
        "fieldConfig": {"defaults": {"custom": {"filterable": True}}, "overrides": table_overrides(PATH)},
    }


def _variable(name: str) -> Json:
    label, column = VARIABLES[name]
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": SOURCE,
        "query": variable_query(column),
        "refresh": 1,
        "sort": 0,
        "multi": True,
        "includeAll": True,
        "hide": 0,
        "skipUrlSync": False,
        "current": {"text": ["All"], "value": ["$__all"]},
        "options": [],
    }


def _incident_variable() -> Json:
    return {
        "type": "textbox",
        "name": "incident",
        "label": "Incident",
        "description": "Names one incident for the list at the bottom; empty shows all.",
        "query": "",
        "hide": 0,
        "skipUrlSync": False,
        "current": {"text": "", "value": ""},
        "options": [],
    }
