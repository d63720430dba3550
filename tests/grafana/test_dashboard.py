"""The dashboard: held to Grafana's published schema, leading everywhere, and the same every time."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import common, text
from grafana_foundation_sdk.models.dashboard import Dashboard, VariableType

from evidence.grafana.dashboard import dashboard
from evidence.grafana.exported import EXPORTED, SCHEMA
from evidence.grafana.queries import INCIDENT_LINKS
from tests.grafana.asked import filled, queries, variable_queries

FOLDER = Path(__file__).parents[2] / "evidence/grafana"


def lost(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Where Grafana's own model does not say the same; what it adds are its defaults."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            yield from lost(value, theirs.get(key, "nothing"), f"{path}/{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for place, pair in enumerate(zip(ours, theirs, strict=True)):
            yield from lost(*pair, f"{path}/{place}")
    elif type(ours) is not type(theirs) or ours != theirs:
        yield f"{path}: {ours!r} became {theirs!r}"


def through_the_sdk(ours: dict[str, Any]) -> dict[str, Any]:
    """The dashboard as Grafana's generated model reads it and writes it again."""
    register_default_plugins()
    read: dict[str, Any] = json.loads(JSONEncoder().encode(Dashboard.from_json(ours)))
    return read


def test_grafanas_schema_knows_all_of_it() -> None:
    """Read and written by the model that Grafana Labs generates from it, nothing is lost or changed."""
    ours = dashboard()
    assert [] == list(lost(ours, through_the_sdk(ours)))


def test_what_the_schema_does_not_know_would_be_seen() -> None:
    """The control: a misspelt field is lost on the way."""
    ours = dashboard()
    ours["panels"][4]["fieldConfig"]["defaults"]["custom"]["pointsize"] = 3
    ours["panels"][4]["gridpos"] = {}
    found = list(lost(ours, through_the_sdk(ours)))
    assert ["/panels/4/fieldConfig/defaults/custom/pointsize", "/panels/4/gridpos"] == [
        each.partition(":")[0] for each in found
    ]


ENUMS: dict[str, type[enum.Enum]] = {
    "drawStyle": common.GraphDrawStyle,
    "showPoints": common.VisibilityMode,
    "lineInterpolation": common.LineInterpolation,
    "cellHeight": common.TableCellHeight,
    "displayMode": common.LegendDisplayMode,
}


def test_words_are_of_the_schemas_lists() -> None:
    """The model takes any word for one of a list; here they are looked up."""
    ours = json.dumps(dashboard())
    for key, allowed in ENUMS.items():
        found = set(re.findall(rf'"(?:custom\.)?{key}", "value": "(\w+)"|"{key}": "(\w+)"', ours))
        words = {one or other for one, other in found}
        assert words
        assert words <= {each.value for each in allowed}, key
    panels = dashboard()["panels"]
    charts = [each["fieldConfig"]["defaults"]["custom"] for each in panels if each["type"] == "timeseries"]
    scales = {each["scaleDistribution"]["type"] for each in charts if "scaleDistribution" in each}
    assert scales == {common.ScaleDistribution.SYMLOG.value}
    modes = {each["options"]["mode"] for each in panels if each["type"] == "text"}
    assert modes == {text.TextMode.MARKDOWN.value}
    kinds = {each["type"] for each in dashboard()["templating"]["list"]}
    assert kinds <= {each.value for each in VariableType}


def test_ids_and_places_are_unique() -> None:
    """No panel lies on another, and each has an id of its own."""
    panels = dashboard()["panels"]
    assert list(range(1, len(panels) + 1)) == [panel["id"] for panel in panels]
    places = [panel["gridPos"] for panel in panels]
    for one, other in combinations(places, 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y, (one, other)
    assert max(place["x"] + place["w"] for place in places) == 24


def test_points_and_rows_lead_to_every_tool() -> None:
    """The incident, its logs, traces, changes and audit trail, wherever an incident is shown."""
    for panel in dashboard()["panels"]:
        [sql] = [each["rawSql"] for each in panel.get("targets", ())] or [""]
        if "i.logs_url" not in sql:
            continue
        config = json.dumps(panel["fieldConfig"])
        for name, column in INCIDENT_LINKS.items():
            assert f"i.{column}" in sql, panel["title"]
            assert f'"title": "{name.capitalize()}"' in config, panel["title"]


def test_addresses_are_not_encoded_again() -> None:
    """They are percent-encoded where they are made; Grafana would turn %20 into %2520."""
    for url in re.findall(r'"url": "([^"]*)"', json.dumps(dashboard())):
        for variable in re.findall(r"\$\{([^}]*)\}", url):
            is_own = variable in ("__all_variables", "__data.fields.row:percentencode")
            assert variable.endswith(":raw") or is_own, url


def test_panels_read_exported_tables_alone() -> None:
    """Every table that a query names is exported."""
    known = {f"{SCHEMA}.{table.name}" for table in EXPORTED}
    chosen = {name: ["a"] for name in ("service", "severity", "environment", "type", "incident")}
    for title, sql in [*queries(dashboard()), *variable_queries(dashboard()).items()]:
        assert set(re.findall(r"(?:from|join) (\w+\.\w+)", filled(sql, chosen))) <= known, title
        assert "/*" not in sql, title


def test_only_points_in_time_are_called_time() -> None:
    """Grafana's data source converts a column of that name, and refuses the query where it is a text."""
    kinds = {panel["title"]: panel["type"] for panel in dashboard()["panels"]}
    for title, sql in queries(dashboard()):
        assert ('as "time"' in sql) == (kinds[title] == "timeseries"), title


def test_no_file_holds_a_secret_or_the_day() -> None:
    """Grafana fills in its own environment; all that is written is the same every time."""
    source = yaml.safe_load((FOLDER / "provisioning/datasources.yaml").read_text())["datasources"][0]
    assert source["secureJsonData"] == {"password": "$EVIDENCE_KPIS_PASSWORD"}
    assert {"type": source["type"], "uid": source["uid"]} == dashboard()["panels"][4]["datasource"]
    provider = yaml.safe_load((FOLDER / "provisioning/dashboards.yaml").read_text())["providers"][0]
    assert provider["options"] == {"path": "$EVIDENCE_KPIS_DASHBOARDS"}
    assert json.dumps(dashboard()) == json.dumps(dashboard())
