"""Turns the rows that were read into figures: times by dimension, shares of incidents, points and marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from evidence.cut_lists import cut_list
from evidence.handoff.words import counted
from evidence.redaction import shown
from evidence.report.model import Mark, Point, Share, ShareRow, Spread, SpreadRow, Stack, Strip
from evidence.report.reading import Read, Row
from evidence.report.shares import share_interval
from evidence.times import NS_PER_SECOND, duration

ROWS_MAX = 10
"""Of a dimension with more values (services) those with most incidents are told."""
COLUMNS_MAX = 6
POINTS_MAX = 600
"""Points of a strip chart, shared out among its columns; of more, ranks at even distances are drawn."""
LABEL_MAX = 60
SPREAD_FIELDS = tuple(Spread.model_fields)
ALL = "all"

Key = tuple[str, str]


def spread(row: Row) -> Spread:
    """The figures of a row of a KPI table."""
    return Spread(**{name: row[name] for name in SPREAD_FIELDS})


def spread_rows(
    read: Read, kpi: str, dimensions: Sequence[str], always: Sequence[Key] = ()
) -> tuple[SpreadRow, ...]:
    """A row for all, then for each value of the dimensions that occurs in the trend, and for `always`."""
    week = _of_week(read, kpi)
    before = _scope(read, "before", kpi)
    rows = []
    for dimension in (ALL, *dimensions):
        here = {key for key in (*week, *before, *always) if key[0] == dimension} or {(ALL, ALL)}
        for key in sorted(here, key=_by_count(week, before))[:ROWS_MAX]:
            mine, theirs = week.get(key), before.get(key)
            rows.append(
                SpreadRow(
                    dimension=key[0],
                    label=_label(key[1]),
                    week=spread(mine) if mine else Spread(),
                    before=spread(theirs) if theirs else Spread(),
                    incidents=tuple(mine["incident_ids"]) if mine else (),
                )
            )
    return tuple(rows)


def unnamed_count(read: Read, kpi: str, dimension: str) -> int:
    """Values of the dimension that have no row of their own."""
    keys = {key for key in (*_of_week(read, kpi), *_scope(read, "before", kpi)) if key[0] == dimension}
    return max(0, len(keys) - ROWS_MAX)


def others_with_not_more(count: int, what: str = "other") -> str:
    """Of what is left out: by the week's count first, of equals by that of the weeks before, then by name."""
    return f"{counted(count, what)} with not more incidents in the week {'is' if count == 1 else 'are'}"


def _measured_count(read: Read, kpi: str, dimension: str) -> int:
    """Values of the dimension of which an incident is measured, and so could be drawn."""
    scopes = (_of_week(read, kpi), _scope(read, "before", kpi))
    return len({key for rows in scopes for key, row in rows.items() if key[0] == dimension and row["n"]})


def _by_count(week: Mapping[Key, Row], before: Mapping[Key, Row]) -> Callable[[Key], tuple[int, int, str]]:
    """Most incidents in the week first, then most before it, then by name."""

    def order(key: Key) -> tuple[int, int, str]:
        counts = [len(rows[key]["incident_ids"]) if key in rows else 0 for rows in (week, before)]
        return (-counts[0], -counts[1], key[1])

    return order


def _of_week(read: Read, kpi: str) -> dict[Key, Row]:
    """The week's own cells: as published, or as counted here where no table holds them."""
    published: dict[Key, Row] = {
        (row["dimension"], row["label"]): row
        for row in read["published"]
        if row["kpi"] == kpi and row["week"] == read.week.name
    }
    return published or _scope(read, "week", kpi)


def _scope(read: Read, scope: str, kpi: str) -> dict[Key, Row]:
    return {
        (row["dimension"], row["label"]): row
        for row in read["figures"]
        if row["scope"] == scope and row["kpi"] == kpi
    }


def share(count: int, of: int) -> Share:
    """So many of so many, with the interval where there are enough."""
    low, high = share_interval(count, of) or (None, None)
    return Share(count=count, of=of, low=low, high=high)


def share_rows(
    rows: Iterable[tuple[str, str, Callable[[Row], bool]]], week: Sequence[Row], before: Sequence[Row]
) -> tuple[ShareRow, ...]:
    """A row per label: how many of the incidents of the week, and of the weeks before, are such."""
    return tuple(
        ShareRow(
            label=label,
            meaning=meaning,
            week=share(sum(map(is_such, week)), len(week)),
            before=share(sum(map(is_such, before)), len(before)),
            incidents=tuple(row["incident_id"] for row in week if is_such(row)),
        )
        for label, meaning, is_such in rows
    )


def strip(
    read: Read,
    name: str,
    title: str,
    kpi: str,
    dimension: str,
    rows: Sequence[SpreadRow],
    urls: Mapping[str, str],
) -> Strip:
    """The trend by a dimension: a column for each of its values, within it the weeks from left to right."""
    told = [row for row in rows if row.dimension == dimension and (row.week.n or row.before.n)]
    columns = tuple(row.label for row in told[:COLUMNS_MAX])
    more = _measured_count(read, kpi, dimension) - len(columns)
    points, thinned = _points(read, kpi, columns, dimension, urls)
    return Strip(
        name=name,
        title=title,
        columns=columns,
        points=points,
        marks=tuple(Mark(column=place, spread=_wider(row)) for place, row in enumerate(told[:COLUMNS_MAX])),
        week_count=len(read.week.trend),
        left_out="; ".join([*([f"{others_with_not_more(more)} not drawn"] if more > 0 else ()), *thinned]),
    )


def _wider(row: SpreadRow) -> Spread:
    """The mark of a column is that of the weeks before, against which the week's points are seen."""
    return row.before


def strip_by_week(read: Read, name: str, title: str, kpi: str, urls: Mapping[str, str]) -> Strip:
    """The trend of all incidents: a column for each week."""
    trend = read.week.trend
    spreads = {
        row["week"]: spread(row) for row in read["published"] if row["kpi"] == kpi and row["dimension"] == ALL
    }
    points, thinned = _points(read, kpi, trend, "week", urls)
    return Strip(
        name=name,
        title=title,
        columns=trend,
        points=points,
        marks=tuple(
            Mark(column=place, spread=spreads[week]) for place, week in enumerate(trend) if week in spreads
        ),
        before=spread(before) if (before := _scope(read, "before", kpi).get((ALL, ALL))) else Spread(),
        week_count=len(trend),
        is_by_week=True,
        left_out="; ".join(thinned),
    )


def _points(
    read: Read, kpi: str, names: Sequence[str], dimension: str, urls: Mapping[str, str]
) -> tuple[tuple[Point, ...], tuple[str, ...]]:
    """The points of the columns of those names, and, where not all are drawn, a sentence that says so."""
    weeks = {week: place for place, week in enumerate(read.week.trend)}
    places = {name: place for place, name in enumerate(names)}
    columns: dict[int, list[dict[str, Any]]] = {}
    for row in read["points"]:
        if row["kpi"] == kpi and (column := places.get(_label(row[dimension]))) is not None:
            columns.setdefault(column, []).append(row)
    most = POINTS_MAX // max(1, len(names))
    thinned: tuple[str, ...] = ()
    if any(len(rows) > most for rows in columns.values()):
        thinned = (f"of more than {most} incidents in a column so many are drawn, evenly over their order",)
    points = tuple(
        _point(row, column, weeks[row["week"]], read.week.name, urls)
        for column, rows in sorted(columns.items())
        for row in _thinned(rows, most)
    )
    return points, thinned


@lru_cache(maxsize=4096)
def _label(text: str) -> str:
    return shown(text, LABEL_MAX)


def _thinned(rows: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """At most so many of the rows, even over their order by time; order as drawn is that of the weeks."""
    if len(rows) > most:
        ranked = sorted(rows, key=lambda row: (row["span_ns"], row["incident_id"]))
        rows = [ranked[place * (len(ranked) - 1) // (most - 1)] for place in range(most)]
    return sorted(rows, key=lambda row: (row["week"], row["span_ns"], row["incident_id"]))


def _point(row: Row, column: int, week: int, own: str, urls: Mapping[str, str]) -> Point:
    seconds = (2 * row["span_ns"] + NS_PER_SECOND) // (2 * NS_PER_SECOND)
    return Point(
        column=column,
        week=week,
        seconds=seconds,
        label=f"{shown(row['incident_id'], LABEL_MAX)}: {duration(seconds)} ({row['week']})",
        is_of_week=row["week"] == own,
        url=urls.get(row["incident_id"], "") if row["week"] == own else "",
    )


def by_week(read: Read, name: str) -> tuple[list[Row], list[Row]]:
    """The rows of the week, and those of the weeks before."""
    own = read.week.name
    return [row for row in read[name] if row["week"] == own], [
        row for row in read[name] if row["week"] != own
    ]


def stack(
    name: str, title: str, weeks: Sequence[str], labels: Sequence[str], counts: Counter[tuple[str, str]]
) -> Stack:
    """A stacked bar for each week; `counts` by week and label."""
    return Stack(
        name=name,
        title=title,
        weeks=tuple(weeks),
        series=tuple((label, tuple(counts[week, label] for week in weeks)) for label in labels),
    )


def named(incidents: Sequence[str], most: int) -> str:
    """Incidents in a sentence, quoted, so many of them."""
    from evidence.handoff.inert import quote

    return cut_list([quote(each) for each in incidents], most)
