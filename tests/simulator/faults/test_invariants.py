"""The safety invariants notice what a kernel gone wrong would have decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import duckdb
import pytest

from evidence.decision import Bundle
from evidence.decision.codes import encode
from evidence.decision.kernel import Kernel
from evidence.decision.matrix import Mode
from evidence.decision.records import record_decisions
from simulator.faults.fault_plans import incidents_of, plan
from simulator.faults.invariants import INVARIANTS, Breach, check, check_as_of
from simulator.faults.variants import Alteration, Kind, Variant, open_variants

from ..recordings import active, matched, recorded, recorded_settings
from ..worlds import edited

RELEASE, NODE, ORPHAN = (
    "inc-0102-checkout-bad-release",
    "inc-0107-node-image-policy",
    "inc-0111-orphan-report-job",
)
LATE = (
    "(select variant_id, incident_id || '#as-is' as original_id, after from variants where after is not null)"
)


@pytest.fixture(scope="module")
def variants() -> Iterator[duckdb.DuckDBPyConnection]:
    """The recorded incidents, what eight seeds make of them, and one with later evidence dropped."""
    incidents = incidents_of(recorded())
    (release,) = incidents_of(recorded(), [RELEASE])
    late = release.arrivals[len(release.arrivals) * 9 // 10]
    made = [
        *(Variant(one.incident_id, "as-is") for one in incidents),
        *(plan(seed, one) for one in incidents for seed in range(1, 9)),
        Variant(RELEASE, "late", (Alteration("prometheus", Kind.DROPPED),), late),
    ]
    with closing(
        open_variants(recorded(), made, recorded_settings(), active().grading, matched())
    ) as connection:
        record_decisions(connection, Kernel.of([active()]))
        yield connection


@pytest.fixture
def decided(variants: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The variants as the active playbook decides them; what a test changes is taken back."""
    variants.execute("begin").fetchall()
    yield variants
    variants.execute("rollback").fetchall()


def tamper(connection: duckdb.DuckDBPyConnection, incident: str, action: str, mode: Mode) -> None:
    """Put another recommendation in the place of the incident's last one."""
    connection.execute(
        "update kernel_codes set code_0 = $code where incident_id = $id and moment ="
        " (select max(moment) from kernel_codes where incident_id = $id)",
        {"code": encode(active(), action, mode), "id": f"{incident}#as-is"},
    ).fetchall()


def broken(connection: duckdb.DuckDBPyConnection) -> dict[str, Breach]:
    return {breach.invariant: breach for breach in check(connection, active()).breaches}


def test_what_the_kernel_decides_breaks_nothing(decided: duckdb.DuckDBPyConnection) -> None:
    """On the recorded incidents every invariant holds at every decided moment."""
    found = check(decided, active())
    assert () == found.breaches
    assert [(found.moment_count,)] == decided.execute("select count(*) from kernel_codes").fetchall()
    assert [] == check_as_of(decided, LATE)


def test_an_automatic_action_without_minimum_context_is_noticed(decided: duckdb.DuckDBPyConnection) -> None:
    """Whatever the state says of its context, the columns of the set are looked at."""
    decided.execute(
        "create or replace temp view kernel_decided_states as select * replace (true as has_minimum_context)"
        " from enrichment.incident_states semi join kernel_codes using (incident_id, moment)"
    ).fetchall()
    tamper(decided, ORPHAN, "restart_failed_job", Mode.AUTOMATIC)
    breach = broken(decided)["minimum-context"]
    assert f"{ORPHAN}#as-is" == breach.incident_id
    assert "restart_failed_job (automatic) without owner" == breach.says


def test_a_passive_action_that_the_missing_context_does_not_allow_is_noticed(
    decided: duckdb.DuckDBPyConnection,
) -> None:
    """Without minimum context only enriching and escalating are left."""
    tamper(decided, ORPHAN, "keep_watching", Mode.AUTOMATIC)
    assert {"minimum-context"} == set(broken(decided))


def test_an_action_that_a_policy_denies_is_noticed(decided: duckdb.DuckDBPyConnection) -> None:
    """A node with a stateful workload on it is not drained, whoever approves."""
    tamper(decided, NODE, "cordon_and_drain_node", Mode.APPROVAL_REQUIRED)
    assert "which node_drain denies" in broken(decided)["policy"].says


def test_a_mode_below_what_is_demanded_is_noticed(decided: duckdb.DuckDBPyConnection) -> None:
    """A rollback in production is not automatic."""
    tamper(decided, RELEASE, "roll_back_release", Mode.AUTOMATIC)
    assert "roll_back_release is automatic" in broken(decided)["mode"].says


FIRST = (
    f"incident_id = '{RELEASE}#as-is' and moment = "
    f"(select min(moment) from kernel_codes where incident_id = '{RELEASE}#as-is')"
)


def test_a_moment_without_a_recommendation_is_noticed(decided: duckdb.DuckDBPyConnection) -> None:
    """A missing recommendation is no recommendation to do nothing."""
    decided.execute(f"delete from kernel_codes where {FIRST}").fetchall()
    assert "0 recommendations at one moment" == broken(decided)["one-decision"].says


def test_two_recommendations_at_one_moment_are_noticed(decided: duckdb.DuckDBPyConnection) -> None:
    """Nobody can follow both."""
    decided.execute(f"insert into kernel_codes from kernel_codes where {FIRST}").fetchall()
    assert "2 recommendations at one moment" == broken(decided)["one-decision"].says


@pytest.mark.parametrize(
    ("change", "count"),
    [("delete from kernel_records where incident_id = $id", 0),
     ("insert into kernel_records from kernel_records where incident_id = $id", 2)],
)  # fmt: skip
def test_an_incident_without_exactly_one_decision_of_record_is_noticed(
    decided: duckdb.DuckDBPyConnection, change: str, count: int
) -> None:
    """Neither none nor two."""
    decided.execute(change, {"id": f"{RELEASE}#as-is"}).fetchall()
    assert (
        Breach("one-decision", f"{RELEASE}#as-is", 0, None, f"{count} decisions of record")
        == broken(decided)["one-decision"]
    )


def test_an_earlier_state_that_later_evidence_changed_is_noticed(decided: duckdb.DuckDBPyConnection) -> None:
    """Had the altered evidence arrived before the moment, the states up to it would differ."""
    never = LATE.replace("after from", f"{2**62} as after from")
    assert f"{RELEASE}#late" in {breach.incident_id for breach in check_as_of(decided, never)}


def test_an_earlier_recommendation_that_changed_is_noticed(decided: duckdb.DuckDBPyConnection) -> None:
    """The same state, decided otherwise than in the original, is a break too."""
    decided.execute(
        f"update kernel_codes set code_0 = code_0 + 8 where incident_id = '{RELEASE}#late' and known_at <="
        f" (select after from variants where variant_id = '{RELEASE}#late')"
    ).fetchall()
    (breach,) = check_as_of(decided, LATE)
    assert "the recommendation differs" in breach.says


def test_breaches_come_by_incident_moment_and_invariant(decided: duckdb.DuckDBPyConnection) -> None:
    """The first line of a report is the first thing that went wrong."""
    for incident in (RELEASE, ORPHAN):
        tamper(decided, incident, "delete_resource", Mode.AUTOMATIC)
    found = check(decided, active()).breaches
    places = [invariant.id for invariant in INVARIANTS]
    order = [(each.incident_id, each.moment, places.index(each.invariant)) for each in found]
    assert sorted(order) == order
    assert len(order) > 4


# --- decided by one bundle, held to another


def without_floors(bundle: Bundle) -> Bundle:
    return edited(bundle, **{f"actions__{name}__floor": 0 for name in bundle.ladder})


def without_escalations_and_bounds(bundle: Bundle) -> Bundle:
    lax = {"mode": "automatic", "auto_blast": 1_000_000}
    changes = {f"actions__{name}__{key}": value for name in bundle.ladder for key, value in lax.items()}
    floors = {f"actions__{name}__auto_from": bundle.actions[name].floor for name in bundle.ladder}
    return edited(bundle, escalations=[], **changes, **floors)


def without_preconditions(bundle: Bundle) -> Bundle:
    bare = {f"actions__{name}__{key}": [] for name in bundle.ladder for key in ("needs", "guardrails")}
    return edited(bundle, **bare)


def without_approvers_by_clause(bundle: Bundle) -> Bundle:
    return edited(bundle, **{f"actions__{name}__also": [] for name in bundle.ladder})


def without_policies(bundle: Bundle) -> Bundle:
    return Bundle("candidate", bundle.playbook, bundle.approvers, (), bundle.detections)


def with_little_need(bundle: Bundle) -> Bundle:
    return edited(bundle, need=10)


WEAKENED = {
    "confidence-floor": without_floors,
    "mode": without_escalations_and_bounds,
    "preconditions": without_preconditions,
    "approvers": without_approvers_by_clause,
    "policy": without_policies,
    "support": with_little_need,
}


@pytest.mark.parametrize("invariant", sorted(WEAKENED))
def test_a_bundle_that_lost_a_bound_breaks_the_invariant_of_that_bound(
    decided: duckdb.DuckDBPyConnection, invariant: str
) -> None:
    """Decided by a bundle without the bound and held to the one with it, the break is found."""
    weak: Callable[[Bundle], Bundle] = WEAKENED[invariant]
    record_decisions(decided, Kernel.of([weak(active())]))
    found = {breach.invariant for breach in check(decided, weak(active()), active()).breaches}
    assert invariant in found
    assert found.isdisjoint({"as-of", "one-decision"})
    assert () == check(decided, weak(active())).breaches
