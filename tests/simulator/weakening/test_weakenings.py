"""What a candidate gives up of approvals and safeties is found in the bundles, whatever history shows."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.decision import Bundle, load_bundle
from evidence.decision.bundle import Escalation
from evidence.decision.matrix import AlsoApprovers, Mode, Precondition, Request, Scope
from evidence.decision.policies import Policy
from simulator.weakening.findings import Finding
from simulator.weakening.weakenings import Weakening, weakenings

from ...decision.deciding import ROOT, active, mini
from ..demanded import DENIED, demands, facts, is_less
from ..edits import bundles_near, small_policy, with_action, with_playbook, with_rule

Said = tuple[str, str, bool]


def said(baseline: Bundle, candidate: Bundle) -> list[Said]:
    return [(each.id, each.kind.value, each.is_approval) for each in weakenings(baseline, candidate)]


def only(baseline: Bundle, candidate: Bundle) -> Weakening:
    (found,) = weakenings(baseline, candidate)
    return found


def with_grading(bundle: Bundle, *path: str, value: Any) -> Bundle:
    grading = bundle.grading.model_dump()
    part = grading
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return with_playbook(bundle, grading=type(bundle.grading).model_validate(grading))


def with_policies(bundle: Bundle, *policies: Any) -> Bundle:
    return Bundle("candidate", bundle.playbook, bundle.approvers, tuple(policies), bundle.detections)


def escalation(**fields: Any) -> Escalation:
    given = {
        "id": "production",
        "when": "environment = 'production'",
        "mode": "policy_gated",
        "because": "Because.",
    }
    return Escalation(**{**given, "scopes": ("pod", "node"), **fields})


# --- nothing is lost in silence


def check_that_less_approval_is_reported(baseline: Bundle, candidate: Bundle, seed: int) -> None:
    states = [facts(random.Random(f"{seed}{number}")) for number in range(60)]
    found = [each for each in weakenings(baseline, candidate) if each.redirection is None]
    reported = {name for each in found for name in each.action.split(", ")}
    approvals = {name for each in found if each.is_approval for name in each.action.split(", ")}
    now_demanded = demands(candidate, states, is_floor_kept=True)
    for before, now in zip(demands(baseline, states), now_demanded, strict=True):
        for name in before.keys() & now.keys():
            if is_less(now[name], before[name]):
                assert name in (reported if before[name][0] == DENIED else approvals)


NEAR = bundles_near(mini(), edits_max=3)


@pytest.mark.slow
@settings(max_examples=30)
@given(NEAR, NEAR, st.integers(0, 10_000))
def test_wherever_less_approval_is_demanded_a_weakening_is_reported(
    baseline: Bundle, candidate: Bundle, seed: int
) -> None:
    """No state in which the kernel demands less of an action goes unreported for that action."""
    check_that_less_approval_is_reported(baseline, candidate, seed)


@pytest.mark.slow
@settings(max_examples=300)
@given(bundles_near(mini()), bundles_near(mini()), st.integers(0, 10_000))
def test_wherever_less_approval_is_demanded_a_weakening_is_reported_at_length(
    baseline: Bundle, candidate: Bundle, seed: int
) -> None:
    """The same over more bundles that lie further apart."""
    check_that_less_approval_is_reported(baseline, candidate, seed)


@settings(max_examples=40)
@given(bundles_near(mini()))
def test_a_bundle_weakens_nothing_of_itself(bundle: Bundle) -> None:
    """An A/A comparison reports nothing, also of the same content under another name."""
    assert (
        weakenings(
            bundle, Bundle("again", bundle.playbook, bundle.approvers, bundle.policies, bundle.detections)
        )
        == ()
    )


def test_rules_points_and_words_weaken_nothing() -> None:
    """What is chosen more often needs the same approval as before."""
    candidate = with_rule(mini(), 1, when="is_change_seen", supports={"drain": 90}, because="Other words.")
    assert [] == said(mini(), with_playbook(candidate, need=10))


@pytest.mark.parametrize(
    ("versions", "approvals"), [(("v1", "v3"), 11), (("v3", "v1"), 70), (("v2", "v3"), 22)]
)
def test_between_shipped_versions_every_removed_approval_has_a_name(
    versions: tuple[str, str], approvals: int
) -> None:
    """Each id is one that --allow can name, and is said once."""
    found = weakenings(*(load_bundle(ROOT / "playbooks" / name) for name in versions))
    assert approvals == len({each.id for each in found if each.is_approval})
    assert len(found) == len({(each.id, each.what) for each in found})


# --- each gate


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("drain", {"mode": Mode.AUTOMATIC}, ("actions.drain.mode", "mode", True)),
        ("rotate", {"mode": Mode.POLICY_GATED}, ("actions.rotate.mode", "mode", True)),
        ("draft", {"mode": Mode.AUTOMATIC}, ("actions.draft.mode", "mode", True)),
        ("drain", {"approvers": ("app_owner",)}, ("actions.drain.approvers", "approvers", True)),
        ("restart", {"auto_from": 50}, ("actions.restart.auto_from", "auto-from", True)),
        ("restart", {"auto_blast": 4}, ("actions.restart.auto_blast", "auto-blast", True)),
        ("rotate", {"auto_from": 80}, ("actions.rotate.auto_from", "auto-from", False)),
        ("restart", {"floor": 30}, ("actions.restart.floor", "floor", False)),
        ("restart", {"needs": ()}, ("actions.restart.needs.workload-is-stateless", "precondition", False)),
        ("drain", {"also": ()}, ("actions.drain.also.in-production", "also", True)),
        ("drain", {"scope": Scope.SERVICE}, ("actions.drain.scope", "escalation", True)),
        ("drain", {"request": Request(kind="Pod", operation="UPDATE")},
         ("actions.drain.request", "policy", True)),
    ],
)  # fmt: skip
def test_a_lowered_gate_is_reported_by_its_clause(name: str, fields: dict[str, Any], expected: Said) -> None:
    """And the same change the other way round is reported as nothing."""
    # A default mode that demands less shows what each gate does by itself.
    baseline = with_action(mini(), "drain", mode=Mode.AUTOMATIC) if "scope" in fields else mini()
    candidate = with_action(baseline, name, **fields)
    assert [expected] == said(baseline, candidate)
    is_exchange = name == "drain" and "approvers" in fields
    assert [expected] * is_exchange == said(candidate, baseline)


def test_a_weakening_says_what_where_and_in_which_state() -> None:
    """As it stands in a pull request."""
    candidate = with_action(mini(), "drain", also=())
    expected = Weakening(
        id="actions.drain.also.in-production",
        action="drain",
        kind=only(mini(), candidate).kind,
        what="drain no longer asks incident_commander; it did where `environment = 'production'` is true "
        "or unknown",
        witness="environment=production",
        finding=Finding.APPROVAL_REMOVED,
    )
    assert expected == only(mini(), candidate)


def test_an_approver_in_every_state_makes_up_for_an_also_clause() -> None:
    """What is asked anyway need not be asked again."""
    roles = ("cloud_team", "incident_commander")
    assert [] == said(mini(), with_action(mini(), "drain", also=(), approvers=roles))


@pytest.mark.parametrize(
    ("that", "expected"),
    [
        ("not is_stateful and known(workload)", []),
        ("is_restart_safe", [("actions.restart.needs.workload-is-stateless", "precondition", False)]),
    ],
)
def test_a_precondition_may_be_narrowed_but_not_exchanged(that: str, expected: list[Said]) -> None:
    """Decided exactly over the cells of both conditions."""
    needs = (Precondition(id="workload-is-stateless", that=that),)
    assert expected == said(mini(), with_action(mini(), "restart", needs=needs))


def test_a_new_also_clause_covers_the_old_one_where_it_holds_as_often() -> None:
    """Renamed, split or widened it is no weakening; narrowed it is, with the state that is left out."""

    def also(*whens: str) -> tuple[AlsoApprovers, ...]:
        return tuple(
            AlsoApprovers(id=f"new-{place}", when=when, approvers=("incident_commander",))
            for place, when in enumerate(whens)
        )

    widened = also("environment in ('production', 'staging')")
    split = also(
        "environment = 'production' and is_stateful", "environment = 'production' and not is_stateful"
    )
    assert [] == said(mini(), with_action(mini(), "drain", also=widened))
    assert [] == said(mini(), with_action(mini(), "drain", also=split))
    narrowed = only(mini(), with_action(mini(), "drain", also=split[:1]))
    assert "environment=production, is_stateful=false" == narrowed.witness


# --- policies


def test_a_removed_policy_is_reported_for_the_actions_that_it_held_back() -> None:
    """With inputs under which it did."""
    found = only(mini(), with_policies(mini()))
    assert ("policies.node_drain", "drain", True) == (found.id, found.action, found.is_approval)
    assert "policy node_drain no longer denies drain where it did" == found.what


def test_a_policy_of_another_name_makes_up_for_one_that_went() -> None:
    """Renaming a module or splitting it gives nothing up."""
    (policy,) = mini().policies
    assert [] == said(
        mini(), with_policies(mini(), type(policy)("drains", policy.source, policy.declaration))
    )


def test_a_denial_that_becomes_an_approval_is_no_removed_approval() -> None:
    """It is a safety that is given up, and told apart."""
    baseline = with_policies(mini(), small_policy("node_drain", "when_stateful"))
    candidate = with_policies(mini(), small_policy("node_drain", "without_approval"))
    found = {(each.id, each.what.split(" ")[4]): each.is_approval for each in weakenings(baseline, candidate)}
    assert found == {("policies.node_drain", "denies"): False}
    free = with_policies(mini(), small_policy("node_drain", "rollbacks"))
    assert ("policies.node_drain", "policy", True) in said(baseline, free)


def test_a_policy_that_the_default_mode_makes_up_for_is_a_safety() -> None:
    """Who is asked anyway need not be asked by a policy; that the policy asks no more is told."""
    baseline = with_policies(mini(), small_policy("asking", "in_production"))
    candidate = with_policies(with_action(mini(), "drain", mode=Mode.APPROVAL_REQUIRED))
    (found,) = [each for each in weakenings(baseline, candidate) if "drain" in each.action]
    assert ("policies.asking", Finding.SAFETY_WEAKENED) == (found.id, found.finding)
    assert "policy asking no longer asks for approval of drain, rotate where it did; the matrix asks all" in (
        found.what
    )
    assert found.witness.startswith("environment=production")


def test_a_shipped_policy_that_denies_nothing_any_more_is_a_safety_for_each_of_its_actions() -> None:
    """Of the network policies' guard only the kind that it looks at is misspelt; the matrix asks anyway."""
    policies = [
        Policy(each.name, each.source.replace('"NetworkPolicy"', '"Nope"'), each.declaration)
        for each in active().policies
    ]
    (found,) = weakenings(active(), with_policies(active(), *policies))
    assert ("policies.network_policy", Finding.SAFETY_WEAKENED) == (found.id, found.finding)
    assert "isolate_workload, block_egress, change_network_policy" == found.action


# --- grading


def test_more_confidence_for_the_same_evidence_is_a_weakening() -> None:
    """By the weight that gives it, with evidence that shows it; less confidence is none."""
    candidate = with_grading(mini(), "confidence", "source_trust", "falco", value=65)
    found = {each.kind.value for each in weakenings(mini(), candidate)}
    ids = {(each.id, each.is_approval) for each in weakenings(mini(), candidate)}
    assert (
        {"grading"},
        {("grading.confidence.source_trust.falco", True), ("grading.confidence.source_trust.falco", False)},
    ) == (found, ids)
    assert "signal_sources=[falco]" in weakenings(mini(), candidate)[0].witness
    assert [] == said(candidate, mini())


def test_weights_that_only_together_give_more_confidence_are_named_together() -> None:
    """Another source is worth something only where one is counted."""
    baseline = with_grading(mini(), "confidence", "corroboration_points", value=0)
    baseline = with_grading(baseline, "confidence", "corroboration_sources_max", value=0)
    expected = "grading.confidence.corroboration_points+grading.confidence.corroboration_sources_max"
    assert {expected} == {each.id for each in weakenings(baseline, mini())}


def test_a_severity_that_comes_out_lower_takes_escalations_with_it() -> None:
    """The condition is the same, what it reads is not."""
    critical = escalation(id="critical", when="severity >= 5", scopes=("pod",))
    baseline = with_playbook(mini(), escalations=(critical,))
    candidate = with_grading(baseline, "severity", "falco", "critical", value=4)
    found = only(baseline, candidate)
    assert ("grading.severity.falco.critical", "restart", True) == (found.id, found.action, found.is_approval)
    assert "severity_falco=5" in found.witness
    assert [] == said(candidate, baseline)


def test_a_threshold_takes_conditions_with_it() -> None:
    """Raised, it lets an escalation lapse; lowered, a precondition holds that did not."""
    over = escalation(when="is_error_rate_over_policy", scopes=("pod",))
    baseline = with_playbook(mini(), escalations=(over,))
    raised = with_grading(baseline, "thresholds", "error_rate_ppm", value=60_000)
    assert [("grading.thresholds.error_rate_ppm", "grading", True)] == said(baseline, raised)
    assert only(baseline, raised).witness.startswith("error_rate_ppm=50001, confidence>=")
    needs = (Precondition(id="validated", that="is_error_rate_over_policy"),)
    strict = with_action(mini(), "restart", needs=needs)
    lowered = with_grading(strict, "thresholds", "error_rate_ppm", value=40_000)
    assert [("grading.thresholds.error_rate_ppm", "grading", False)] == said(strict, lowered)


# --- actions and last resorts


def test_a_new_name_is_no_way_round_an_approval() -> None:
    """An action that goes and one like it that comes are compared."""
    renamed = {
        ("drain_again" if name == "drain" else name): action for name, action in mini().actions.items()
    }
    same = with_playbook(mini(), actions=renamed)
    assert [] == said(mini(), same)
    weaker = with_action(same, "drain_again", mode=Mode.AUTOMATIC)
    assert [("actions.drain_again", "mode", True)] == said(mini(), weaker)


def test_an_action_that_becomes_passive_passes_no_gate() -> None:
    """Which is said once, and not gate by gate."""
    candidate = with_playbook(mini(), actions={**mini().actions, "restart": mini().actions["hand_over"]})
    assert ("actions.restart", "action", True) in said(mini(), candidate)


def test_a_last_resort_that_asks_for_less_is_reported() -> None:
    """Whoever had to approve the old one is not asked about the new one."""
    actions = {
        **mini().actions,
        "call": mini()
        .actions["hand_over"]
        .model_copy(update={"mode": Mode.APPROVAL_REQUIRED, "approvers": ("app_owner",)}),
    }
    candidate = with_playbook(mini(), actions=actions)
    resorts = candidate.playbook.last_resorts.model_copy(update={"escalate": "call"})
    baseline = with_playbook(candidate, last_resorts=resorts)
    assert [("last_resorts.escalate", "last-resort", True)] == said(baseline, candidate)
    assert [] == said(candidate, baseline)


def test_clauses_that_only_together_remove_an_approval_are_named_together() -> None:
    """Either of two that each make up for the other may go alone."""
    asked = with_action(mini(), "restart", mode=Mode.POLICY_GATED)
    baseline = with_playbook(
        asked, escalations=(escalation(when="known(environment) or not known(environment)", scopes=("pod",)),)
    )
    candidate = with_playbook(with_action(baseline, "restart", mode=Mode.AUTOMATIC), escalations=())
    assert [("escalations.production+actions.restart.mode", "mode", True)] == said(baseline, candidate)[:1]
    assert [("actions.restart.mode", "mode", False)] == said(
        baseline, with_action(baseline, "restart", mode=Mode.AUTOMATIC)
    )


def test_one_cell_of_the_shipped_matrix_is_found() -> None:
    """A removed approval in the active playbook, which no recorded incident need show."""
    candidate = with_action(active(), "delete_resource", mode=Mode.POLICY_GATED)
    assert "actions.delete_resource.mode" in [
        each.id for each in weakenings(active(), candidate) if each.is_approval
    ]
