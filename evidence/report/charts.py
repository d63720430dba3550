"""Draws the charts of a report as inline SVG with pygal: text stays text, colours are the page's style sheet.

The library is imported with the first chart. Its own style sheet, script, comments (one has the day's date)
and tooltips are taken out, so that the same model gives the same bytes and a page needs no script.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

from evidence.report.model import Spread, Stack, Strip
from evidence.times import duration

WIDTH, HEIGHT, BAR_HEIGHT = 400, 230, 190  # of a telephone; wider screens scale it up
COLUMN_LETTERS, ROWS_LETTERS = 50, 100  # that fit below a chart, for all columns together; in two rows
ROW_HEIGHT = 13
ROW_MARGIN = 26  # to the right, into which the last of long labels may reach
BAND = 0.8
"""How much of a column its points take; the rest keeps columns apart."""
WEEK_LABELS = 5  # every so many weeks is named
DIGITS = 3
# Seconds at which the axis of times has a line, as far as it reaches, and what stands there.
TICKS = (
    (1, "1 s"),
    (10, "10 s"),
    (60, "1 min"),
    (600, "10 min"),
    (3_600, "1 h"),
    (21_600, "6 h"),
    (86_400, "1 d"),
    (604_800, "7 d"),
    (2_592_000, "30 d"),
    (31_536_000, "1 y"),
    (315_360_000, "10 y"),
)
Line = list[tuple[float, float]]

_DROPPED = ("tooltip-overlay", "text-overlay")
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_LENGTHS = frozenset({"cx", "cy", "d", "height", "width", "x", "y"})
_LONG = re.compile(r"([0-9]\.[0-9])[0-9]+")


def strip_svg(chart: Strip) -> str:
    """A point for each incident on a logarithmic axis; the week's own are filled, earlier ones are rings."""
    import pygal

    low, high = _range(chart)
    labels = _column_labels(chart)
    is_in_rows = not chart.is_by_week and _need_rows(chart.columns)
    rows = {"margin_right": ROW_MARGIN, "margin_bottom": 2 + ROW_HEIGHT} if is_in_rows else {}
    drawn = pygal.XY(
        **{**_options(), **rows},
        height=HEIGHT + (ROW_HEIGHT if is_in_rows else 0),
        stroke=False,
        xrange=(-0.5, max(1, len(chart.columns)) - 0.5),
        range=(_place(low), _place(high)),
    )
    drawn.x_labels = [{"label": label, "value": float(place)} for place, label in labels]
    drawn.y_labels = [
        {"label": text, "value": _place(seconds)} for seconds, text in TICKS if low <= seconds <= high
    ]
    lines = list(_lines(chart))
    for _, line in lines:
        drawn.add(None, line, stroke=True, show_dots=False)
    drawn.add(None, list(_values(chart, is_of_week=False)))
    drawn.add(None, list(_values(chart, is_of_week=True)))
    drawn.add_xml_filter(lambda root: _lower_every_other(root) if is_in_rows else root)
    return _cleaned(drawn, chart.name, chart.title, _strip_words(chart), [kind for kind, _ in lines])


def stack_svg(chart: Stack) -> str:
    """A stacked bar for each week, the series from below to above in the order of the legend."""
    import pygal

    drawn = pygal.StackedBar(**_options(), height=BAR_HEIGHT)
    drawn.x_labels = [week[5:] if place % WEEK_LABELS == 0 else "" for place, week in _from_last(chart.weeks)]
    most = max((sum(counts) for counts in zip(*(each for _, each in chart.series), strict=True)), default=0)
    drawn.y_labels = _whole_steps(most)
    for label, counts in chart.series:
        drawn.add(
            None,
            [
                {"value": count, "label": f"{week}: {count} {label}"} if count else None
                for week, count in zip(chart.weeks, counts, strict=True)
            ],
        )
    return _cleaned(drawn, chart.name, chart.title, _stack_words(chart), None)


def _options() -> dict[str, Any]:
    return {
        "css": [],
        "js": [],
        "disable_xml_declaration": True,
        "no_prefix": True,
        "show_legend": False,
        "width": WIDTH,
        "margin": 2,
        "margin_right": 8,
        "spacing": 6,
        "dots_size": 3,
        "print_values": False,
        "truncate_label": -1,
    }


# --- places


def _place(seconds: int) -> float:
    """Where so many seconds lie on the axis: their logarithm, rounded, so that all machines agree."""
    return round(math.log10(max(1, seconds)), DIGITS)


def _range(chart: Strip) -> tuple[int, int]:
    """The lines of the axis between which everything lies."""
    seconds = [point.seconds for point in chart.points]
    spreads = [chart.before, *(mark.spread for mark in chart.marks)]
    seconds += [bound for spread in spreads for bound in spread.interval or ()]
    least, most = max(1, min(seconds, default=60)), max([*seconds, 1], default=3_600)
    low = max((tick for tick, _ in TICKS if tick <= least), default=1)
    high = min((tick for tick, _ in TICKS if tick >= most), default=most)
    return (low, high) if low < high else (low, next(tick for tick, _ in TICKS if tick > low))


def _values(chart: Strip, *, is_of_week: bool) -> Iterator[dict[str, Any]]:
    for point in chart.points:
        if point.is_of_week != is_of_week:
            continue
        shift = 0.0 if chart.is_by_week else BAND * (point.week / max(1, chart.week_count - 1) - 0.5)
        value: dict[str, Any] = {
            "value": (round(point.column + shift, DIGITS), _place(point.seconds)),
            "label": point.label,
        }
        if point.url:
            value["xlink"] = {"href": point.url}
        yield value


def _lines(chart: Strip) -> Iterator[tuple[str, Line]]:
    """The medians and intervals as lines, each with what it is. Where there are too few there is none."""
    half = BAND / 2
    if chart.is_by_week:
        yield from _level(chart.before, -half, len(chart.columns) - 2 + half)
    for mark in chart.marks:
        start, end = mark.column - half, mark.column + half
        if chart.is_by_week:
            yield from _upright(mark.spread, mark.column, start, end)
        else:
            yield from _level(mark.spread, start, end)


def _level(spread: Spread, start: float, end: float) -> Iterator[tuple[str, Line]]:
    if spread.interval is None or spread.median_seconds is None:
        return
    for bound in spread.interval:
        yield "interval", [(start, _place(bound)), (end, _place(bound))]
    median = _place(spread.median_seconds)
    yield "median", [(start, median), (end, median)]


def _upright(spread: Spread, column: int, start: float, end: float) -> Iterator[tuple[str, Line]]:
    if spread.interval is None or spread.median_seconds is None:
        return
    low, high = (_place(bound) for bound in spread.interval)
    yield "interval", [(float(column), low), (float(column), high)]
    median = _place(spread.median_seconds)
    yield "median", [(start, median), (end, median)]


def _column_labels(chart: Strip) -> list[tuple[int, str]]:
    if chart.is_by_week:
        return [
            (place, week[5:])
            for place, (distance, week) in enumerate(_from_last(chart.columns))
            if distance % WEEK_LABELS == 0
        ]
    return list(enumerate(_told_apart(chart.columns)))


def _need_rows(labels: Sequence[str]) -> bool:
    """Whether they would touch in one row: they stand in two then, every other one below."""
    return any(len(label) > COLUMN_LETTERS // len(labels) for label in labels)


def _told_apart(labels: Sequence[str]) -> list[str]:
    """The labels as far as there is room: names end alike and begin alike, so the middle goes.

    Those that would be the same then bear the number of their column.
    """
    length_max = ROWS_LETTERS // max(1, len(labels))
    cut = [_short(label, length_max) for label in labels]
    return [
        label if cut.count(label) == 1 else f"{place}. {_short(labels[place - 1], length_max - 3)}"
        for place, label in enumerate(cut, 1)
    ]


def _from_last(weeks: tuple[str, ...]) -> list[tuple[int, str]]:
    """Each week with its distance from the last, so that the last is always named."""
    return [(len(weeks) - 1 - place, week) for place, week in enumerate(weeks)]


def _short(label: str, length_max: int) -> str:
    if len(label) <= length_max:
        return label
    end = (length_max - 1) // 2
    return f"{label[: length_max - 1 - end]}…{label[-end:]}"


def _whole_steps(most: int) -> list[int]:
    """At most six whole numbers from nought up to the most, evenly spaced."""
    step = next(
        size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 10**9) if most <= 5 * size
    )
    return list(range(0, max(most, 1) + step, step))


# --- words, for those who do not see it


def _strip_words(chart: Strip) -> str:
    told = [
        f"{chart.columns[mark.column]}: {_spread_words(mark.spread)}"
        for mark in chart.marks
        if mark.spread.n and mark.column < len(chart.columns)
    ]
    count = len(chart.points)
    return f"{count} {'point' if count == 1 else 'points'}. {'; '.join(told)}"


def _spread_words(spread: Spread) -> str:
    return f"n {spread.n}, median {duration(spread.median_seconds or 0)}"


def _stack_words(chart: Stack) -> str:
    return "; ".join(f"{label} {sum(counts)}" for label, counts in chart.series)


# --- what the library draws, cleaned


def _cleaned(chart: Any, name: str, title: str, words: str, lines: Sequence[str] | None) -> str:
    from pygal.etree import etree

    etree.to_etree()  # the standard library's, whatever else is installed: they write other bytes
    kinds = [] if lines is None else [*lines, "earlier", "own"]
    chart.add_xml_filter(lambda root: _clean(root, name, title, words, kinds))
    return str(chart.render(is_unicode=True))


def _clean(
    root: ElementTree.Element, name: str, title: str, words: str, kinds: Sequence[str]
) -> ElementTree.Element:
    for parent in list(root.iter()):
        for child in list(parent):
            if _is_dropped(child):
                parent.remove(child)
    for node in root.iter():
        _round(node)
        if node.tag == "a":
            _link(node)
    for group in root.iter("g"):
        _describe(group)
        _rename(group, kinds)
    _entitle(root, name, title, words)
    return root


def _lower_every_other(root: ElementTree.Element) -> ElementTree.Element:
    """Every other label of the columns, so that no two touch."""
    axes = (group for group in root.iter("g") if {"axis", "x"} <= set((group.get("class") or "").split()))
    for axis in axes:
        for text in [*axis.iter("text")][1::2]:
            text.set("y", str(float(text.get("y", "0")) + ROW_HEIGHT))
    return root


def _is_dropped(node: ElementTree.Element) -> bool:
    if not isinstance(node.tag, str) or node.tag in ("defs", "title"):
        return True
    names = (node.get("class") or "").split()
    return any(name in names for name in _DROPPED) or (node.tag == "desc" and "label" not in names)


def _round(node: ElementTree.Element) -> None:
    """A tenth of a unit is less than anybody sees."""
    for name in _LENGTHS.intersection(node.attrib):
        node.set(name, _LONG.sub(r"\1", node.attrib[name]))
    if node.tag == "circle":
        node.attrib.pop("class", None)


def _link(anchor: ElementTree.Element) -> None:
    """An address of its own name, as SVG 2 has it; where it opens is the reader's to say."""
    address = anchor.attrib.get(_XLINK_HREF, "")
    anchor.attrib.clear()
    anchor.set("href", address)


def _describe(group: ElementTree.Element) -> None:
    """A point's name is what a browser shows over it."""
    for parent in [group, *group.findall("a")]:
        told = [child for child in parent if child.tag == "desc"]
        shapes = [child for child in parent if child.tag in ("circle", "rect")]
        for desc in told:
            parent.remove(desc)
        if told and shapes:
            ElementTree.SubElement(shapes[0], "title").text = told[0].text


def _rename(group: ElementTree.Element, kinds: Sequence[str]) -> None:
    """What a series is, in place of its number; series of stacks keep theirs."""
    names = (group.get("class") or "").split()
    number = next((name[6:] for name in names if name.startswith("serie-")), None)
    if number is not None and int(number) < len(kinds):
        group.set("class", f"series {kinds[int(number)]}")


def _entitle(root: ElementTree.Element, name: str, title: str, words: str) -> None:
    for attribute in ("id", "width", "height"):
        root.attrib.pop(attribute, None)
    root.set("class", "plotted")
    # What is in an image no screen reader enters; where points lead somewhere it must.
    root.set("role", "img" if root.find(".//a") is None else "group")
    root.set("aria-labelledby", f"{name}-title {name}-desc")
    for place, (tag, text) in enumerate((("title", title), ("desc", words))):
        node = ElementTree.Element(tag, {"id": f"{name}-{tag}"})
        node.text = text
        root.insert(place, node)
