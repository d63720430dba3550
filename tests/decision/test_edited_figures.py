"""No edit of one figure keeps a check from ending: each is accepted, or refused with its reason and place."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.decision.counterexamples import STATES_MAX
from evidence.decision.inspection import Inspection, inspect_bundle

from .editing import Figure, edited, figures, other_values

EDITED = ("v2", "v3")
# One of each sort, those that raise or lower a floor against its neighbours among them.
CHEAP = (
    ("need",),
    ("grading", "thresholds", "latency_ms"),
    ("actions", "restart_stateless_pod", "floor"),
    ("actions", "isolate_workload", "floor"),
    ("actions", "change_network_policy", "floor"),
    ("actions", "revoke_broad_permissions", "floor"),
    ("actions", "roll_back_release", "auto_blast"),
    ("rules", 0, "supports", "isolate_workload"),
)


def senseless(inspection: Inspection) -> list[str]:
    """What an inspection must not answer: too many states tried, no place, a broken proof without a word."""
    found = [] if inspection.states_tried <= STATES_MAX else [f"{inspection.states_tried} states tried"]
    found += [] if (inspection.bundle is None) == bool(inspection.errors) else ["refused without an error"]
    for finding in inspection.findings:
        is_shown = not finding.check or "ounterexample" in finding.remedy or "all the same" in finding.remedy
        found += [] if finding.place.line and finding.place.column and is_shown else finding.lines()
    return found


def answers(
    folder: Path, version: str, among: list[Figure], every: int = 1
) -> list[tuple[Figure, int, Inspection]]:
    return [
        (figure, value, inspect_bundle(edited(folder, version, figure, value)))
        for figure in among
        for value in other_values(figure)[::every]
    ]


@pytest.mark.slow
def test_one_figure_of_each_sort_can_be_anything(tmp_path: Path) -> None:
    """An inspection ends within its budget of states: a large step down, and one up."""
    found = answers(tmp_path, "v3", [figure for figure in figures("v3") if figure.path in CHEAP], every=2)
    assert {figure.path for figure, _, _ in found} == set(CHEAP)
    assert [(figure, value, wrong) for figure, value, each in found if (wrong := senseless(each))] == []
    assert {inspection.bundle is None for _, _, inspection in found} == {True, False}


@pytest.mark.slow
@pytest.mark.parametrize("version", EDITED)
def test_every_figure_can_be_anything(version: str, tmp_path: Path) -> None:
    """One step and a large step up and down, for every figure of a version."""
    found = answers(tmp_path, version, figures(version))
    assert len(found) > 300
    assert [(figure, value, wrong) for figure, value, each in found if (wrong := senseless(each))] == []


def test_a_floor_that_is_lowered_under_its_neighbour_is_refused_for_that(tmp_path: Path) -> None:
    """The reason and the place are told whether or not a state shows it."""
    floors = [figure for figure in figures("v3") if figure.path[-1] == "floor"]
    highest = max(floors, key=lambda figure: figure.value)
    inspection = inspect_bundle(edited(tmp_path, "v3", highest, 1))
    told = [(each.check, each.place.line, each.place.column) for each in inspection.errors]
    assert [(2, highest.line, highest.column)] == told
