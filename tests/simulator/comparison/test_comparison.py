"""A comparison on the recorded incidents: what it says changed is what changed, no more and no less."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from evidence.decision import Bundle
from evidence.times import parse_rfc3339
from simulator.comparison import compare as comparing
from simulator.comparison.compare import Side, compare
from simulator.comparison.model import ChangeClass, ChangeKind, Comparison, LabelEffect
from simulator.comparison.rendering import render
from simulator.histories.history import INCIDENTS, STATES, History, open_folder
from simulator.replays.replay import replay_history
from simulator.replays.runs import replay_runs
from tests.decision.deciding import active, version

from ..predicting import Edit, Predictor, candidate, cells
from ..worlds import edited

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "fixtures"
RECORDED = len(list(FIXTURES.glob("incidents/*/incident.yaml")))
SHELL, CART = "inc-0101-checkout-shell", "inc-0115-cart-saturation"
MINER, LEAK = "inc-0118-ci-runner-mining", "inc-0122-memory-leak"
RELEASE, KEY = "inc-0102-checkout-bad-release", "inc-0104-deploy-key-leak"


@pytest.fixture(scope="module")
def predictor(history: History) -> Predictor:
    return Predictor(history, "v3")


def compared(history: History, new: Bundle, old: Bundle | None = None, **options: Any) -> Comparison:
    """The comparison without attribution, unless that is asked for."""
    sides = Side(old or active(), "old"), Side(new, "new")
    return compare(history, *sides, **{"is_attributed": False, **options})


@pytest.fixture(scope="module")
def grown(history: History) -> Comparison:
    """From the first version to the active one: nearly everything changes."""
    return compared(history, active(), version("v1"))


def kinds(found: Comparison) -> dict[str, ChangeKind]:
    """Changed decisions and paths by incident."""
    return {each.incident_id: each.kind for each in found.changed if each.kind is not ChangeKind.COSMETIC}


# --- nothing changes


def test_a_playbook_compared_with_itself_changes_nothing(history: History) -> None:
    """No change of any kind, no class, no clause, no weakening, no discordant pair, no shift in time."""
    found = compared(history, edited(active(), name="a copy"))
    assert ((), (), ()) == (found.changed, found.clauses, found.weakenings)
    summary = found.summary
    assert (RECORDED, RECORDED) == (summary.incident_count, summary.same_count)
    assert (0, 0, 0) == (summary.decision_count, summary.path_count, summary.cosmetic_count)
    assert ({}, {}) == (summary.classes, summary.all_classes)
    paired = (
        summary.approval_required,
        summary.automatic,
        summary.active,
        summary.unattended,
        summary.labelled_right,
    )
    assert [(0, 0, None)] * 5 == [(each.gained_count, each.lost_count, each.p_value) for each in paired]
    shift = summary.time_to_decision
    assert (RECORDED, 0, 0) == (
        shift.median_seconds == 0 and shift.same_count,
        shift.earlier_count,
        shift.later_count,
    )


# --- exactly what a flipped cell changes

ALLOWED = ("actions.rotate_long_lived_key.approvers", "actions.no_such.mode")
FLIPPED: dict[str, tuple[Edit, set[ChangeClass]]] = {
    "mode": (
        {"actions__scale_replica_set__mode": "approval_required"},
        {ChangeClass.APPROVAL_STRENGTHENING},
    ),
    "approver": (
        {"actions__rotate_long_lived_key__approvers": ["resource_owner"]},
        {ChangeClass.APPROVAL_WEAKENING},
    ),
    # One never becomes that sure, the other does two minutes later.
    "floor": ({"actions__isolate_workload__floor": 80}, {ChangeClass.SAFER, ChangeClass.TIMING}),
    "precondition": ({"actions__restart_stateless_pod__needs__1__that": "is_stateful"}, {ChangeClass.SAFER}),
    # Approval is asked for by confidence and policy all the same.
    "mode that does not matter": ({"actions__disable_human_identity__mode": "automatic"}, set()),
}


@pytest.fixture(scope="module")
def flipped(history: History) -> Callable[[str], Comparison]:
    """The comparison of the active bundle with itself but for one cell, made once."""
    return functools.cache(
        lambda cell: compared(history, candidate(active(), FLIPPED[cell][0]), allowed=ALLOWED)
    )


@pytest.mark.parametrize("cell", FLIPPED)
def test_flipping_one_cell_changes_exactly_the_predicted_incidents(
    flipped: Callable[[str], Comparison], predictor: Predictor, cell: str
) -> None:
    """A plain model of the definition says which decisions and paths; each change has its class."""
    edit, expected = FLIPPED[cell]
    predicted, found = predictor.changed(edit), flipped(cell)
    assert predicted == kinds(found)
    classes = {each.change_class for each in found.changed if each.incident_id in predicted}
    assert expected == classes
    assert len(predicted) == found.summary.decision_count + found.summary.path_count
    assert 1 == len(found.clauses)


def test_the_options_of_the_baseline_say_what_a_mode_or_a_floor_changes(
    history: History, flipped: Callable[[str], Comparison]
) -> None:
    """Chosen under a lower mode, or with less confidence than the new floor: so say the published options."""
    (run,) = replay_runs(history, [active()])
    sure = {row["incident_id"]: row["confidence"] for row in run.decisions.to_pylist()}
    chosen = [row for row in run.tables["decision.option_scores"].to_pylist() if row["is_chosen"]]
    scaled = [row for row in chosen if row["action"] == "scale_replica_set"]
    unapproved = [row["incident_id"] for row in scaled if row["mode"] != "approval_required"]
    assert [CART] == unapproved == list(kinds(flipped("mode")))
    isolated = [row["incident_id"] for row in chosen if row["action"] == "isolate_workload"]
    unsure = [incident_id for incident_id in isolated if sure[incident_id] < 80]
    assert [SHELL, MINER] == unsure == list(kinds(flipped("floor")))


def changed_by(history: History, edits: Sequence[Edit]) -> list[dict[str, ChangeKind]]:
    """What a replay says of each edit of the active bundle, all of them in one pass."""
    bundles = [active(), *(candidate(active(), edit) for edit in edits)]
    pairs = [(0, place) for place in range(1, len(bundles))]
    replays = replay_history(history.connection, bundles, with_recommendations=False, pairs=pairs)
    found: list[dict[str, ChangeKind]] = [{} for _ in edits]
    for row in replays.partings.to_pylist():
        if row["is_decision_changed"]:
            found[row["pair"]][row["incident_id"]] = ChangeKind.DECISION
        elif row["is_path_changed"]:
            found[row["pair"]][row["incident_id"]] = ChangeKind.PATH
    return found


def test_every_kind_of_cell_changes_exactly_the_predicted_incidents(
    history: History, predictor: Predictor
) -> None:
    """Each cell of the action that scales: mode, approvers, bounds, preconditions, undo and scope."""
    edits = [edit for edit in cells(active()) if "__scale_replica_set__" in next(iter(edit))]
    predicted = [predictor.changed(edit) for edit in edits]
    assert predicted == changed_by(history, edits)
    moving = {next(iter(edit)).split("__")[2] for edit, found in zip(edits, predicted, strict=True) if found}
    assert {"mode", "auto_from", "auto_blast", "needs"} <= moving


@pytest.mark.slow
def test_every_cell_of_the_matrix_changes_exactly_the_predicted_incidents(
    history: History, predictor: Predictor
) -> None:
    """As before, for every active action, one cell at a time."""
    edits = list(cells(active()))
    changed = 0
    for start in range(0, len(edits), 12):
        some = edits[start : start + 12]
        predicted = [predictor.changed(edit) for edit in some]
        assert predicted == changed_by(history, some)
        changed += sum(map(len, predicted))
    assert (True, True) == (len(edits) > 200, changed > 40)


# --- approvals that are given up


def weakened(found: Comparison) -> list[tuple[str, bool, bool]]:
    """Each weakening with whether it is an approval, and whether it may pass."""
    return [(each.id, each.is_approval, each.is_allowed) for each in found.weakenings]


def test_a_removed_approval_is_found_although_no_incident_shows_it(
    flipped: Callable[[str], Comparison],
) -> None:
    """Whatever else asked for approval on the recorded incidents, the bundles alone say what is given up."""
    found = flipped("mode that does not matter")
    assert {} == kinds(found)
    assert [("actions.disable_human_identity.mode", True, False)] == weakened(found)


def test_a_removed_approver_passes_when_it_is_allowed_by_name(flipped: Callable[[str], Comparison]) -> None:
    """It is still told, as what may pass; a name that names nothing allows nothing."""
    assert [(ALLOWED[0], True, True)] == weakened(flipped("approver"))


@pytest.fixture(scope="module")
def redirected(history: History) -> Comparison:
    """The active bundle with somebody else behind a role."""
    role = active().approvers.roles["security_lead"].model_copy(update={"contact": "nobody@example.com"})
    approvers = active().approvers.model_copy(
        update={"roles": {**active().approvers.roles, "security_lead": role}}
    )
    return compared(
        history, Bundle("redirected", active().playbook, approvers, active().policies, active().detections)
    )


def test_a_redirected_approver_is_found_although_every_decision_is_the_same(redirected: Comparison) -> None:
    """It is given up in the bundle, with both addresses; no class of decision comes of it but cosmetic."""
    (found,) = redirected.weakenings
    assert ("approvers.security_lead.contact", True, False) == (found.id, found.is_approval, found.is_allowed)
    assert found.redirected is not None and "nobody@example.com" == found.redirected.new
    assert {"cosmetic"} == set(redirected.summary.classes)


def test_an_incident_says_who_is_asked_instead_of_whom(redirected: Comparison) -> None:
    """Per role, old and new."""
    said = {each.incident_id: each.reasons for each in redirected.changed}
    assert (
        "The same decision; other approver contacts (security_lead: security lead on call (pagerduty "
        "schedule PSSEC02) → nobody@example.com).",
    ) == said[SHELL]


def test_nothing_that_begins_automatically_is_said_to_demand_anybody(grown: Comparison) -> None:
    """The roles that stand beside a demand are those of the sentence."""
    automatic = [each for each in grown.changed if each.demanded_mode == "automatic"]
    assert automatic
    assert {()} == {each.demanded_approvers for each in automatic}


# --- what is said of a change


def test_recommendations_part_before_their_decisions_differ(grown: Comparison) -> None:
    """Wherever a decision or a path changes there is a first moment of it, within the horizon."""
    changed = [change for change in grown.changed if change.kind is not ChangeKind.COSMETIC]
    assert {ChangeKind.DECISION, ChangeKind.PATH} == {change.kind for change in changed}
    for change in changed:
        assert change.parting is not None and not change.parting.is_hindsight, change.incident_id
        sides = (change.baseline, change.candidate)
        latest = max(parse_rfc3339(side.decided_at) for side in sides)
        if change.kind is ChangeKind.DECISION:
            assert parse_rfc3339(change.parting.known_at) <= latest, change.incident_id


# --- how much is listed


@pytest.mark.slow
def test_a_cut_list_keeps_the_gravest_and_the_figures_count_all(history: History, grown: Comparison) -> None:
    """Three of all are listed, by incident; nothing else about the comparison is less."""
    cut = compared(history, active(), version("v1"), listed_max=3)
    order = list(ChangeClass)
    gravest = sorted(
        (change for change in grown.changed if change.kind is ChangeKind.DECISION),
        key=lambda change: (
            order.index(change.classes[0]),
            change.label is not LabelEffect.REGRESSES,
            change.incident_id,
        ),
    )[:3]
    assert sorted(change.incident_id for change in gravest) == [change.incident_id for change in cut.changed]
    assert grown.model_copy(update={"changed": cut.changed}) == cut
    assert RECORDED == len(grown.changed)


def test_differences_that_are_merely_cosmetic_are_told_and_counted(history: History) -> None:
    """Other words for every rule, and one action under another option.

    The action is the same, but the reviewer's answer is an option: the one that loses it comes first. All
    are counted, and none counts as the same, although but one is listed.
    """
    words = {f"rules__{place}__because": "Because." for place in range(len(active().rules))}
    edit = {**words, "actions__scale_replica_set__option": "isolate"}
    found = compared(history, edited(active(), **edit), listed_max=1)
    (change,) = found.changed
    assert (CART, ChangeKind.COSMETIC) == (change.incident_id, change.kind)
    options = (change.baseline.option, change.candidate.option)
    assert (LabelEffect.REGRESSES, "contain", "isolate") == (change.label, *options)
    assert ("The same decision; other option, reasons.",) == change.reasons
    assert 1 == found.summary.labelled_right.lost_count
    assert found.summary.cosmetic_count == found.summary.classes["cosmetic"] > 1
    assert RECORDED == found.summary.cosmetic_count + found.summary.same_count


@pytest.mark.slow
def test_a_large_history_is_told_about_where_decisions_or_paths_change(
    history: History, grown: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The changes are the same; that merely cosmetic ones are not looked for is said."""
    monkeypatch.setattr(comparing, "TOLD_MAX", 16)
    found = compared(history, active(), version("v1"))
    told = tuple(each for each in grown.changed if each.kind is not ChangeKind.COSMETIC)
    assert told == found.changed
    notes = [note for note in found.summary.notes if note not in grown.summary.notes]
    assert ([comparing.UNSOUGHT], None) == (notes, found.summary.cosmetic_count)


# --- the same again, and less of it


@pytest.mark.parametrize("threads", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_the_same_comparison_gives_the_same_bytes(history: History, grown: Comparison, threads: int) -> None:
    """Whatever ran before on the history, and on however many threads."""
    history.connection.execute(f"set threads = {threads}").fetchall()
    assert render(grown, "json") == render(compared(history, active(), version("v1")), "json")


@pytest.fixture
def copied(history: History, tmp_path: Path) -> Path:
    """The history as a folder of Parquet files."""
    for name in (STATES, INCIDENTS):
        target = tmp_path / f"{name.partition('.')[2]}.parquet"
        history.connection.sql(f"from {name} order by incident_id").write_parquet(str(target))
    return tmp_path


def test_as_of_a_moment_only_what_was_known_is_compared(copied: Path, grown: Comparison) -> None:
    """Incidents that had begun, decisions up to then; what had been decided before is decided alike."""
    as_of = "2026-02-03T16:15:50Z"  # between the first signal of the bucket's incident and its decision
    cut = compared(open_folder(copied, parse_rfc3339(as_of)), active(), version("v1"))
    assert (as_of, 6) == (cut.history.as_of, cut.history.incident_count)
    sides = [side for change in cut.changed for side in (change.baseline, change.candidate)]
    moments = [parse_rfc3339(side.decided_at) for side in sides]
    assert moments
    assert [] == [moment for moment in moments if moment > parse_rfc3339(as_of)]
    whole = {change.incident_id: change for change in grown.changed}
    *earlier, last = cut.changed
    assert [whole[change.incident_id].candidate for change in earlier] == [each.candidate for each in earlier]
    assert "inc-0106-public-bucket" == last.incident_id
    assert whole[last.incident_id].candidate != last.candidate
