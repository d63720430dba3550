"""Owns tabletop exercises: a recorded incident as steps, each holding only what had become known by then.

Nothing that was written afterwards (title, type, outcome, labels, what responders did) is part of a step,
and no step knows of a later one. Moments at which nothing that a person sees has changed are quiet: they
belong to the step before them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

import duckdb

from evidence.decision import Bundle
from evidence.decision.codes import Recommendation, decode
from evidence.decision.conditions import COLUMNS
from evidence.decision.decide import Decision, decisions_of_record
from evidence.decision.matrix import Option
from evidence.errors import InputError
from evidence.times import whole_seconds
from expectations.contracts import Role
from simulator.histories.excerpts import graded_excerpt
from simulator.histories.history import INCIDENTS

State: TypeAlias = Mapping[str, Any]
FIGURES = ("severity", "confidence", "impact")
# Descriptive columns that tell a person something that no feature tells.
_TOLD = (
    "actor",
    "change_branch",
    "change_commit",
    "change_initiator",
    "change_previous_revision",
    "change_revision",
    "change_source",
    "cluster",
    "credential_uid",
    "hot_dependency",
    "layer_reason",
    "signal_sources",
)
# Features that other lines of a step tell: the figures, the names of signals, counts of what is named.
_TOLD_ELSEWHERE = (*FIGURES, "signal_names", "signal_count", "signal_source_count", "source_count")
FACTS = tuple(
    name
    for name, column in COLUMNS.items()
    if (column.role in (Role.FEATURE, Role.GRADED) or name in _TOLD)
    and name not in _TOLD_ELSEWHERE
    and not name.startswith("severity_")
)


@dataclass(frozen=True, slots=True)
class News:
    """A fact that became known or changed at a step; None is unknown."""

    name: str
    before: Any
    now: Any

    @property
    def is_first(self) -> bool:
        """Nothing was known of it before."""
        return not _is_known(self.before)


@dataclass(frozen=True, slots=True)
class Step:
    """A moment at which a person saw something new; `known_at` in ns UTC.

    `signals` and `news` are what is new; `known` are all facts known by then, by column. `figures` are
    severity (1 to 6, None is unknown), confidence and impact (0 to 100). `recommended` is the
    playbook's and not for the person's eyes.
    """

    number: int
    known_at: int
    after_seconds: int | None
    signals: tuple[str, ...]
    news: tuple[News, ...]
    missing_context: tuple[str, ...]
    is_context_news: bool
    figures: Mapping[str, int | None]
    known: Mapping[str, Any]
    all_signals: tuple[str, ...]
    recommended: Recommendation


@dataclass(frozen=True)
class Exercise:
    """One incident to be stepped through. All but the steps is for afterwards; times in ns UTC.

    `horizon_at` is when people had acted, the harm had stopped or the record ends.
    """

    bundle: Bundle
    incident: Mapping[str, Any]
    steps: tuple[Step, ...]
    decision: Decision
    first_signal_at: int | None

    @property
    def incident_id(self) -> str:
        """The incident."""
        return str(self.incident["incident_id"])

    @property
    def horizon_at(self) -> int:
        """Until when there are steps."""
        return int(self.decision.row["horizon_at"])

    def after_seconds(self, moment: int | None) -> int | None:
        """Seconds from the first signal; None where one of the two is not known."""
        return _seconds(self.first_signal_at, moment)


class Command(Enum):
    """What a person may say instead of an option."""

    KEEP = ""
    HELP = "?"
    QUIT = "q"


def known_incidents(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The incidents of a history, sorted."""
    rows = connection.execute(f"select incident_id from {INCIDENTS} order by incident_id").fetchall()
    return [incident_id for (incident_id,) in rows]


def open_exercise(connection: duckdb.DuckDBPyConnection, bundle: Bundle, incident_id: str) -> Exercise:
    """The exercise of an incident that the history has; graded and decided by the bundle."""
    with graded_excerpt(connection, bundle.grading, [incident_id]) as excerpt:
        (decision,) = decisions_of_record(excerpt, bundle, incident_id)
        states = excerpt.sql(_STATES_SQL).to_arrow_table().to_pylist()
        (incident,) = excerpt.sql(f"from {INCIDENTS}").to_arrow_table().to_pylist()
    return Exercise(bundle, incident, tuple(_steps(bundle, states)), decision, states[-1]["first_signal_at"])


_STATES_SQL = """
select states.*, code_0 as code
from kernel_decided_states as states
join kernel_codes using (incident_id, moment)
join kernel_horizons using (incident_id)
where states.known_at <= horizon_at
order by moment"""


def _steps(bundle: Bundle, states: Sequence[State]) -> Iterator[Step]:
    """A step per moment at which something visible changed; the first one is always a step."""
    before: State | None = None
    number = 0
    for state in states:
        if before is None or _visible(state) != _visible(before):
            number += 1
            yield _step(bundle, number, before or {}, state)
            before = state


def _visible(state: State) -> tuple[Any, ...]:
    return tuple(state[name] for name in (*FACTS, *FIGURES, "signal_names", "missing_context"))


def _step(bundle: Bundle, number: int, before: State, state: State) -> Step:
    seen = before.get("signal_names", ())
    return Step(
        number=number,
        known_at=state["known_at"],
        after_seconds=_seconds(state["first_signal_at"], state["known_at"]),
        signals=tuple(name for name in state["signal_names"] if name not in seen),
        news=tuple(_news(before, state)),
        missing_context=tuple(state["missing_context"]),
        is_context_news=state["missing_context"] != before.get("missing_context"),
        figures={name: state[name] for name in FIGURES},
        known={name: state[name] for name in FACTS if _is_known(state[name])},
        all_signals=tuple(state["signal_names"]),
        recommended=decode(bundle, state["code"]),
    )


def _news(before: State, now: State) -> Iterator[News]:
    for name in FACTS:
        old = before.get(name)
        if now[name] != old and (_is_known(now[name]) or _is_known(old)):
            yield News(name, old, now[name])


def _is_known(value: Any) -> bool:
    """Neither unknown nor a count or list of nothing."""
    return value is not None and value != [] and (value != 0 or value is False)


def _seconds(start: int | None, end: int | None) -> int | None:
    return None if start is None or end is None else whole_seconds(end - start)


def parse_answer(text: str) -> Option | Command:
    """An option by name, the beginning of one name, or its number from 1; or a command.

    Raises InputError, which says what may be written.
    """
    word = text.strip().lower()
    options = tuple(Option)
    if word in [command.value for command in Command]:
        return Command(word)
    if word.isdecimal() and 1 <= int(word) <= len(options):
        return options[int(word) - 1]
    found = [option for option in options if option.value.startswith(word)]
    if len(found) == 1:
        return found[0]
    what = f"{text.strip()!r} is no option" if not found else f"{word!r} may be {' or '.join(found)}"
    raise InputError(what, remedy=f"Write one of {', '.join(options)}, the beginning of one, or 1 to 8")
