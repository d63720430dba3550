"""Says what became known between two states of an incident, sorted so that the eye finds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.decision.conditions import COLUMNS
from expectations.contracts import Role

State = Mapping[str, Any]

PPM = "_ppm"
NAMES = "signal_names"


def news(before: State, now: State) -> Iterator[str]:
    """Lines: new signals, values, what became true, what false; empty `before` tells all that is known."""
    signals = sorted(set(now[NAMES]) - set(before.get(NAMES, ())))
    if signals:
        yield f"  - signals: {', '.join(signals)}"
    changed = [name for name in _facts() if now[name] != before.get(name)]
    flags = [name for name in changed if isinstance(now[name], bool)]
    values = [_value_words(name, before.get(name), now[name]) for name in changed if name not in flags]
    for label, told in (
        ("known", values),
        ("true", [name for name in flags if now[name]]),
        ("false", [name for name in flags if not now[name]]),
    ):
        if told:
            yield f"  - {label}: {', '.join(told)}"
    if now["missing_context"] != before.get("missing_context"):
        missing = ", ".join(now["missing_context"])
        yield f"  - minimum context: {f'lacks {missing}' if missing else 'complete'}"


def _facts() -> list[str]:
    """The columns that rules read as facts, in the order of their declaration; signals are told apart."""
    return [name for name, column in COLUMNS.items() if column.role is Role.FEATURE and name != NAMES]


def _value_words(name: str, before: object, now: object) -> str:
    old = "" if before is None else f"{_shown(name, before)} → "
    return f"{name}={old}{_shown(name, now)}"


def _shown(name: str, value: object) -> str:
    if value is None:
        return "unknown"
    if name.endswith(PPM) and isinstance(value, int):
        tenths = (value + 500) // 1_000
        return f"{value} ({tenths // 10}.{tenths % 10}%)"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
