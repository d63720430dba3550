"""Predicts from the definition which incidents an edit of the action matrix changes, in plain Python."""

from __future__ import annotations

import contextlib
import copy
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from evidence.decision import Bundle
from evidence.decision.matrix import Action, Mode, Undo
from simulator.comparison.model import ChangeKind
from simulator.histories.history import INCIDENTS, STATES, History
from tests.decision.deciding import PLAYBOOKS
from tests.decision.reference import Reference, policies_of

from .worlds import edited

Recommended = tuple[str, str, tuple[str, ...]]  # action, mode, approvers
Path = list[tuple[int, Recommended]]  # known_at in ns UTC, in order
Edit = Mapping[str, Any]  # as `worlds.edited` takes it

_ENDS = ("action_taken_at", "mitigated_at", "window_end")


class Predictor:
    """Decides every moment of a history by the plain model of a playbook version."""

    def __init__(self, history: History, version: str) -> None:
        """The history is graded and ticked by the version, and the edits leave the grading alone."""
        self._model = Reference(PLAYBOOKS / version, policies_of(version))
        self._moments = _moments(history)
        self._unedited = self._decided(self._model)

    def changed(self, edit: Edit) -> dict[str, ChangeKind]:
        """The incidents that the edit changes, and whether it is the decision or only the path."""
        model = copy.copy(self._model)
        model.actions = copy.deepcopy(self._model.actions)
        model.answers = {}
        for path, value in edit.items():
            _set(model.actions, path.split("__")[1:], value)
        now = self._decided(model)
        return {
            incident_id: kind
            for incident_id, before in self._unedited.items()
            if (kind := _kind(before, now[incident_id])) is not None
        }

    def _decided(self, model: Reference) -> dict[str, tuple[tuple[Recommended, int], Path]]:
        found = {}
        for incident_id, states in self._moments.items():
            path = [(state["known_at"], model.decide(state)) for state in states]
            found[incident_id] = (_of_record(path, model), _steps(path))
        return found


def candidate(baseline: Bundle, edit: Edit) -> Bundle:
    """The baseline with the same edit."""
    return edited(baseline, **edit)


def cells(bundle: Bundle) -> Iterator[Edit]:
    """Edits of one cell of the matrix each, over every cell of every active action; those that compile."""
    for name in bundle.ladder:
        for path, value in _values(bundle.actions[name]):
            edit = {f"actions__{name}__{path}": value}
            with contextlib.suppress(ValidationError):
                candidate(bundle, edit)
                yield edit


def _values(action: Action) -> Iterator[tuple[str, Any]]:
    yield from (("mode", each.value) for each in Mode if each is not action.mode)
    yield from (("undo", each.value) for each in Undo if each is not action.undo)
    yield from (("scope", scope) for scope in ("pod", "account") if scope != action.scope)
    yield "approvers", [*action.approvers, "legal"]
    if len(action.approvers) > 1:
        yield from (
            ("approvers", [each for each in action.approvers if each != one]) for one in action.approvers
        )
    yield from (("floor", value) for value in (0, action.auto_from))
    yield from (("auto_from", value) for value in (action.floor, 100))
    yield from (("auto_blast", value) for value in (0, 1000))
    for place, need in enumerate(action.needs):
        yield f"needs__{place}", None
        yield f"needs__{place}__that", f"not ({need.that})"
    yield from ((f"also__{place}", None) for place in range(len(action.also)))


def _moments(history: History) -> dict[str, list[dict[str, Any]]]:
    """Per incident its states up to the horizon; those before the first signal are not decided."""
    rows = history.connection.sql(f"from {INCIDENTS} order by incident_id").to_arrow_table().to_pylist()
    horizons = {row["incident_id"]: min(row[end] for end in _ENDS if row[end] is not None) for row in rows}
    states = history.connection.sql(f"from {STATES} order by incident_id, moment").to_arrow_table()
    found: dict[str, list[dict[str, Any]]] = {incident_id: [] for incident_id in horizons}
    for state in states.to_pylist():
        if state["signal_count"] > 0 and state["known_at"] <= horizons[state["incident_id"]]:
            found[state["incident_id"]].append(state)
    assert all(found.values()), "an incident without a signal by its horizon is decided otherwise"
    return found


def _of_record(path: Path, model: Reference) -> tuple[Recommended, int]:
    """The first active recommendation, or else the last one, dated at its last change."""
    for known_at, recommended in path:
        if model.actions[recommended[0]]["scope"] != "none":
            return recommended, known_at
    known_at, recommended = _steps(path)[-1]
    return recommended, known_at


def _steps(path: Path) -> Path:
    """Each recommendation once, from the moment at which it began to hold."""
    return [next(group) for _, group in itertools.groupby(path, key=lambda moment: moment[1])]


def _kind(before: Any, now: Any) -> ChangeKind | None:
    if before[0] != now[0]:
        return ChangeKind.DECISION
    return ChangeKind.PATH if before[1] != now[1] else None


def _set(place: Any, path: list[str], value: Any) -> None:
    *steps, last = (int(key) if key.isdigit() else key for key in path)
    for key in steps:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
