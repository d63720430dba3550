"""Owns what Grafana makes of a panel's SQL before it reaches PostgreSQL: macros and variables filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

FROM, TO = "1990-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
_VARIABLE = re.compile(r"\$\{(\w+):sqlstring\}")
_TIME_FILTER = re.compile(r"\$__timeFilter\(([\w.]+)\)")


def sqlstring(values: list[str]) -> str:
    """Grafana's format of that name: each value in quotes, those within doubled, with commas between."""
    return ",".join("'" + value.replace("'", "''") + "'" for value in values)


def filled(sql: str, chosen: Mapping[str, list[str]]) -> str:
    """The SQL as PostgreSQL gets it, over all of time: first variables, then macros wherever they stand."""
    sql = _VARIABLE.sub(lambda match: sqlstring(chosen[match[1]]), sql)
    sql = _TIME_FILTER.sub(rf"\1 BETWEEN '{FROM}' AND '{TO}'", sql)
    sql = sql.replace("$__timeFrom()", f"'{FROM}'").replace("$__timeTo()", f"'{TO}'")
    assert "$" not in sql, sql
    return sql


def queries(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Title and SQL of each panel that asks anything."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["rawSql"]


def variable_queries(dashboard: Mapping[str, Any]) -> dict[str, str]:
    """Name and SQL of each variable that asks for its values."""
    return {
        variable["name"]: variable["query"]
        for variable in dashboard["templating"]["list"]
        if variable["type"] == "query"
    }
