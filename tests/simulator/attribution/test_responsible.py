"""The clauses held responsible are exactly those that turn a decision: the kernel tries every hybrid."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import combinations

import duckdb
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evidence import enrichment, intake, quality
from evidence.decision import Bundle, load_bundle
from evidence.decision.matrix import Mode
from evidence.settings import load_settings
from evidence.tables import open_memory, register
from simulator.attribution.responsible import responsible
from simulator.bundles.clauses import Clause, differences, hybrid
from simulator.comparison.model import Responsibility

from ...decision.deciding import ROOT, active, mini
from ...decision.histories import DRAIN, ERRORS, MINUTE, QUIET, RESTART, START, history, incident
from ..edits import bundles_near, small_policy, with_action, with_playbook, with_rule
from ..random_histories import decided_by_kernel, random_history

INCIDENTS = ["inc-0", "inc-1", "inc-2"]


@pytest.fixture(scope="module")
def recorded() -> Iterator[duckdb.DuckDBPyConnection]:
    """The recorded incidents up to their states."""
    settings_of = load_settings(ROOT / "fixtures" / "settings.yaml")
    with closing(open_memory()) as connection:
        digest = lambda content: hashlib.sha256(content).hexdigest()  # noqa: E731
        register(connection, intake.build(ROOT / "fixtures", settings_of, digest))
        register(connection, quality.build_completeness(connection))
        register(connection, enrichment.build(connection, settings_of, active().grading, active().detections))
        yield connection


def by_brute_force(
    connection: duckdb.DuckDBPyConnection, baseline: Bundle, candidate: Bundle
) -> dict[str, tuple[list[tuple[str, ...]], list[str]]]:
    """Per incident all minimal sets and what is necessary, by deciding every hybrid with the kernel."""
    clauses = differences(baseline, candidate)
    sets = [each for size in range(len(clauses) + 1) for each in combinations(clauses, size)]
    decided = decided_by_kernel(connection, [hybrid(baseline, candidate, each) for each in sets])
    found = {}
    for name, new in decided[-1].items():
        if new == decided[0][name]:
            found[name] = ([], [])
            continue
        true_of = [
            frozenset(each) for each, by_name in zip(sets, decided, strict=True) if by_name[name] == new
        ]
        minimal = [each for each in true_of if not any(other < each for other in true_of)]
        every = frozenset(clauses)
        found[name] = (
            [_ids(each, clauses) for each in minimal],
            [clause.id for clause in clauses if every - {clause} not in true_of],
        )
    return found


def _ids(among: frozenset[Clause], clauses: Sequence[Clause]) -> tuple[str, ...]:
    return tuple(clause.id for clause in clauses if clause in among)


def answers(
    connection: duckdb.DuckDBPyConnection, baseline: Bundle, candidate: Bundle, incidents: Sequence[str]
) -> dict[str, tuple[list[tuple[str, ...]], list[str]]]:
    found = responsible(connection, baseline, candidate, incidents)
    assert {each.is_exhaustive for each in found.values()} <= {True}
    return {name: (list(each.minimal_sets), list(each.necessary)) for name, each in found.items()}


def check_against_brute_force(baseline: Bundle, candidate: Bundle, seed: int, clauses_max: int) -> None:
    assume(len(differences(baseline, candidate)) <= clauses_max)
    with closing(random_history(seed)) as connection:
        expected = by_brute_force(connection, baseline, candidate)
        assert expected == answers(connection, baseline, candidate, INCIDENTS)


NEAR = bundles_near(mini(), edits_max=4)


@pytest.mark.slow
@settings(max_examples=10)
@given(NEAR, NEAR, st.integers(0, 10_000))
def test_all_minimal_sets_are_found(baseline: Bundle, candidate: Bundle, seed: int) -> None:
    """Every set of clauses of two random bundles is tried on a random history: no other answer is right."""
    check_against_brute_force(baseline, candidate, seed, clauses_max=5)


@pytest.mark.slow
@settings(max_examples=40)
@given(NEAR, NEAR, st.integers(0, 10_000))
def test_all_minimal_sets_are_found_at_length(baseline: Bundle, candidate: Bundle, seed: int) -> None:
    """The same over more bundles that lie further apart."""
    check_against_brute_force(baseline, candidate, seed, clauses_max=6)


def one(candidate: Bundle, *states: dict[str, object], baseline: Bundle | None = None) -> Responsibility:
    """What is responsible on one incident with these states."""
    with closing(history(states)) as connection:
        return responsible(connection, baseline or mini(), candidate, ["inc-1"])["inc-1"]


KNOWN = {"service": "cart", "owner": "payments", "is_change_seen": False, "severity_alertmanager": 3}
MEASURED = {"error_rate_ppm": 60_000, "signal_sources": ["alertmanager", "falco"], "signal_source_count": 2}
RESTARTED = {**RESTART, **KNOWN, **MEASURED}


def test_one_cell_is_responsible_by_itself() -> None:
    """The cell that changed, sufficient and necessary; what changed beside it is not named."""
    candidate = with_action(mini(), "restart", mode=Mode.APPROVAL_REQUIRED)
    candidate = with_action(candidate, "rotate", floor=75)
    expected = Responsibility(
        minimal_sets=(("actions.restart.mode",),), necessary=("actions.restart.mode",), is_exhaustive=True
    )
    assert expected == one(candidate, RESTARTED)


def test_alternatives_are_told_one_by_one_and_none_is_necessary() -> None:
    """Each of two clauses asks for approval, so that neither could be left out to avoid it."""
    candidate = with_action(mini(), "restart", mode=Mode.APPROVAL_REQUIRED, auto_from=99)
    found = one(candidate, RESTARTED)
    assert (("actions.restart.mode",), ("actions.restart.auto_from",)) == found.minimal_sets
    assert found.necessary == ()


def test_clauses_that_only_work_together_are_one_set() -> None:
    """Points are enough only where the need is lower as well, and neither can be left out."""
    candidate = with_playbook(with_rule(mini(), 1, supports={"restart": 30, "drain": 35}), need=35)
    without_signal = {**DRAIN, **KNOWN, **MEASURED, "signal_names": [], "workload": None}
    found = one(candidate, without_signal)
    together = ("need", "rules.errors.supports.drain")
    assert (together,) == found.minimal_sets
    assert together == found.necessary


def test_where_two_paths_part_is_not_where_the_decision_turns() -> None:
    """The passive recommendation parts at once; what acts later is a matter of another clause."""
    candidate = with_rule(mini(), 1, supports={"restart": 30, "drain": 20, "draft": 90})
    candidate = with_action(candidate, "restart", mode=Mode.POLICY_GATED)
    errors = {**ERRORS, **KNOWN, **MEASURED, "is_stateful": None}
    found = one(candidate, errors, {**RESTARTED, "known_at": START + MINUTE})
    assert (("actions.restart.mode",),) == found.minimal_sets


def test_time_is_part_of_the_decision() -> None:
    """The same action an hour earlier is another decision, and the threshold that did it is named."""
    grading = mini().grading
    thresholds = grading.thresholds.model_copy(update={"error_rate_ppm": 40_000})
    candidate = with_playbook(mini(), grading=grading.model_copy(update={"thresholds": thresholds}))
    low = {**RESTARTED, "error_rate_ppm": 45_000}
    found = one(candidate, low, {**RESTARTED, "known_at": START + 60 * MINUTE})
    assert (("grading.thresholds.error_rate_ppm",),) == found.minimal_sets


def test_an_unchanged_decision_has_no_one_responsible() -> None:
    """However much the bundles differ."""
    candidate = with_playbook(mini(), need=45)
    assert Responsibility(minimal_sets=(), necessary=(), is_exhaustive=True) == one(candidate, QUIET)


def test_of_no_incidents_nothing_is_asked() -> None:
    """And incidents that are not asked about are not answered."""
    with closing(history([RESTARTED])) as connection:
        assert responsible(connection, mini(), with_playbook(mini(), need=1000), []) == {}


def test_incidents_alike_have_one_answer() -> None:
    """Answered once, whatever their names and times."""
    candidate = with_action(mini(), "restart", mode=Mode.APPROVAL_REQUIRED)
    names = ["inc-1", "inc-2"]
    states = [{**RESTARTED, "incident_id": name} for name in names]
    with closing(history(states, [incident(name) for name in names])) as connection:
        found = responsible(connection, mini(), candidate, names)
    assert list(found) == names
    assert found["inc-1"] == found["inc-2"]


def test_a_policy_and_a_precondition_are_clauses_like_others() -> None:
    """A module that denies, and a condition that fails, each keep the action from being taken."""
    policies = (*mini().policies, small_policy("strict", "without_approval"))
    denied = Bundle("candidate", mini().playbook, mini().approvers, policies)
    stateful = {**RESTARTED, "is_stateful": True}
    baseline = with_action(mini(), "restart", needs=())
    candidate = Bundle("candidate", baseline.playbook, denied.approvers, policies, denied.detections)
    assert (("policies.strict",),) == one(candidate, stateful, baseline=baseline).minimal_sets
    assert (("actions.restart.needs.workload-is-stateless",),) == one(
        mini(), stateful, baseline=baseline
    ).minimal_sets


@pytest.mark.slow
def test_far_apart_versions_are_answered_by_sets_that_the_kernel_confirms(
    recorded: duckdb.DuckDBPyConnection,
) -> None:
    """Two hundred clauses between v1 and v3: a set named gives the new decision, and no part of it does."""
    baseline, candidate = (load_bundle(ROOT / "playbooks" / name) for name in ("v1", "v3"))
    clauses = {clause.id: clause for clause in differences(baseline, candidate)}
    old, new = decided_by_kernel(recorded, [baseline, candidate])
    changed = [name for name in old if old[name] != new[name]]
    found = responsible(recorded, baseline, candidate, changed)
    assert len(changed) >= 10
    assert [name for name in changed if not found[name].minimal_sets] == []
    shown = {name: found[name].minimal_sets[0] for name in changed[:3]}
    sets = [set(each) for ids in shown.values() for each in ({*ids}, *({*ids} - {one} for one in ids))]
    decided = decided_by_kernel(
        recorded, [hybrid(baseline, candidate, [clauses[each] for each in ids]) for ids in sets]
    )
    for name, ids in shown.items():
        for among, by_name in zip(sets, decided, strict=True):
            if among <= set(ids):
                assert (by_name[name] == new[name]) is (among == set(ids))
