"""Recorded times that contradict each other are refused where they stand; what is only odd is taken."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import InputError
from evidence.intake.incident_file import load_incident
from evidence.intake.recorded_order import ORDERS, Field, Order, refuse_impossible_order
from evidence.strict_yaml import parse_all_yaml
from evidence.times import parse_rfc3339

PLAIN = {
    ("window", "from"): "2026-01-06T09:00:00Z",
    ("window", "to"): "2026-01-06T15:00:00Z",
    ("recorded", "started_at"): "2026-01-06T10:00:00Z",
    ("recorded", "detected_at"): "2026-01-06T10:05:00Z",
    ("recorded", "acknowledged_at"): "2026-01-06T10:07:00Z",
    ("recorded", "mitigated_at"): "2026-01-06T11:00:00Z",
    ("recorded", "resolved_at"): "2026-01-06T12:00:00Z",
    ("response", "taken_at"): "2026-01-06T10:30:00Z",
    ("labels", "at"): "2026-01-08T09:00:00Z",
}
ODD = {
    "it ends by itself before anybody notices": {("recorded", "mitigated_at"): "2026-01-06T10:01:00Z"},
    "taken before the alert that is named as detection": {
        ("recorded", "acknowledged_at"): "2026-01-06T10:01:00Z"
    },
    "closed before anybody takes it": {("recorded", "acknowledged_at"): "2026-01-06T13:00:00Z"},
    "acted on before it is detected": {("response", "taken_at"): "2026-01-06T10:01:00Z"},
    "acted on after it is closed": {("response", "taken_at"): "2026-01-06T12:30:00Z"},
    "begun long before the window": {("recorded", "started_at"): "2025-12-01T00:00:00Z"},
    "closed after the window": {("recorded", "resolved_at"): "2026-01-20T00:00:00Z"},
    "reviewed before it is closed": {("labels", "at"): "2026-01-06T11:30:00Z"},
}


def _declared(times: dict[Field, str]) -> str:
    """An incident.yaml with these times, each on a line of its own."""
    fixed = {"response": ["  action: a", "  outcome: succeeded"], "labels": ["  by: ann"]}
    lines = ["id: inc-1", "title: Something", "type: security"]
    for part in ("window", "recorded", "response", "labels"):
        stated = [f"  {name}: {text}" for (owner, name), text in times.items() if owner == part]
        lines += [f"{part}:", *fixed.get(part, []), *stated] if stated else []
    return "\n".join(lines) + "\n"


def _load(folder: Path, times: dict[Field, str]) -> None:
    (folder / "incident.yaml").write_text(_declared(times))
    load_incident(folder / "incident.yaml")


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order.earlier[-1]}-{order.later[-1]}")
def test_an_impossible_order_is_refused_at_the_later_time(tmp_path: Path, order: Order) -> None:
    """Its file, line, column and field, both times, the line of the other, why and what to do."""
    kept = {("window", "from"), ("window", "to"), order.earlier, order.later}
    times = {field: text for field, text in PLAIN.items() if field in kept}
    times[order.later] = "2026-01-06T09:30:00Z"
    times[order.earlier] = "2026-01-06T09:30:01Z"
    if ("window", "from") == order.earlier:
        times["window", "to"] = "2026-01-06T23:00:00Z"
    with pytest.raises(InputError) as refused:
        _load(tmp_path, times)
    lines = _declared(times).splitlines()
    line, before = (
        1 + lines.index(f"  {field[-1]}: {times[field]}") for field in (order.later, order.earlier)
    )
    place = f"{tmp_path}/incident.yaml:{line}:{len(order.later[-1]) + 5}: {'.'.join(order.later)}"
    assert (
        f"{place}: 2026-01-06T09:30:00Z lies before {'.'.join(order.earlier)} "
        f"(2026-01-06T09:30:01Z, line {before}): {order.because}. "
        "Correct one of the two; leave out a time that nobody knows"
    ) == str(refused.value)


@pytest.mark.parametrize("case", sorted(ODD))
def test_what_is_only_odd_is_taken_as_recorded(tmp_path: Path, case: str) -> None:
    """It happens, and people know better than we do."""
    _load(tmp_path, {**PLAIN, **ODD[case]})


def test_equal_times_are_in_order(tmp_path: Path) -> None:
    """What happens at once is not out of order; zones are compared as the moments they are."""
    at_once = dict.fromkeys((field for field in PLAIN if field[0] != "window"), "2026-01-06T11:00:00+01:00")
    _load(tmp_path, {**PLAIN, **at_once, ("recorded", "started_at"): "2026-01-06T10:00:00Z"})


def test_times_that_nobody_knows_break_no_order(tmp_path: Path) -> None:
    """Only the window is required."""
    _load(tmp_path, {field: text for field, text in PLAIN.items() if field[0] == "window"})


@given(st.lists(st.integers(min_value=0, max_value=9), min_size=len(PLAIN), max_size=len(PLAIN)))
def test_exactly_the_listed_orders_are_refused(numbers: list[int]) -> None:
    """Over all nine times at once: refused if and only if some listed order is broken."""
    (document,) = parse_all_yaml(_declared(PLAIN).encode(), Path("incident.yaml"))
    base = parse_rfc3339("2026-01-01T00:00:00Z")
    times = {field: base + number for field, number in zip(PLAIN, numbers, strict=True)}
    is_broken = any(times[order.later] < times[order.earlier] for order in ORDERS)
    try:
        refuse_impossible_order(document, times)
    except InputError:
        assert is_broken
    else:
        assert not is_broken
