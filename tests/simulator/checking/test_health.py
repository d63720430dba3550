"""What a history says about the parts of a playbook that never made a difference."""

from __future__ import annotations

from evidence.decision import Bundle
from simulator.checking.health import Health, NeverChosen, examine, unread_context
from simulator.checking.trials import Trials
from tests.decision.deciding import active, mini

from ..worlds import ERRORS_ONLY, RESTARTED, SURE, edited, world
from .test_trials import CHANGED, CRASHING, GRADED, case


def health_on(bundle: Bundle, *incidents: list[dict[str, object]]) -> Health:
    named = {f"inc-{place}": states for place, states in enumerate(incidents, start=1)}
    return examine(Trials.of(bundle, world(named), [case("crash", **CRASHING, **GRADED)]))


def test_a_rule_that_never_held_is_silent_and_its_cases_are_told() -> None:
    """History has no crash loop, one case has."""
    rules = {rule.rule: rule for rule in health_on(mini(), [SURE, ERRORS_ONLY]).rules}
    assert (True, 0, 1, 1) == (
        rules["crash-loop"].is_silent,
        rules["crash-loop"].moment_count,
        rules["crash-loop"].case_count,
        rules["crash-loop"].needing_case_count,
    )
    assert not rules["errors"].is_silent


def test_a_rule_is_idle_when_everything_would_be_recommended_without_it() -> None:
    """Errors alone never reach the need: the rule only gathers, as the last resort would."""
    health = health_on(mini(), [RESTARTED])
    assert [] == [rule.rule for rule in health.idle_rules if rule.rule == "errors"]
    assert ["errors"] == [rule.rule for rule in health_on(mini(), [CHANGED]).idle_rules]


def test_a_rule_that_is_needed_names_the_incidents() -> None:
    """Without the crash loop nothing would be restarted."""
    rules = {rule.rule: rule for rule in health_on(mini(), [RESTARTED], [SURE]).rules}
    assert ("inc-1",) == rules["crash-loop"].needing_incidents


def test_a_rung_is_overshadowed_when_a_lower_one_is_always_enough() -> None:
    """Wherever the node could be drained restarting the pod was enough."""
    shadowed = health_on(mini(), [RESTARTED]).overshadowed
    assert [("drain", ("restart",))] == [(each.action, each.instead) for each in shadowed]


def test_an_action_that_was_never_chosen_says_at_which_gate_it_failed() -> None:
    """No rule, no points, too few, kept out, or outweighed."""
    stateful = {**RESTARTED, "is_stateful": True}
    reasons = {each.action: each for each in health_on(mini(), [stateful, ERRORS_ONLY]).never_chosen}
    assert NeverChosen.NO_RULE is reasons["rotate"].never_because
    assert NeverChosen.NO_POINTS is reasons["roll_back"].never_because
    assert NeverChosen.KEPT_OUT is reasons["restart"].never_because
    assert (("preconditions", 1),) == reasons["restart"].kept_out_by
    assert (("policy", 1),) == reasons["drain"].kept_out_by
    few = {each.action: each for each in health_on(mini(), [ERRORS_ONLY]).never_chosen}
    assert NeverChosen.TOO_FEW_POINTS is few["restart"].never_because


def test_minimum_context_that_no_rule_reads_is_named() -> None:
    """The small bundle's rules read neither owner nor severity nor service; the change is read."""
    assert ("service_or_workload", "severity", "environment", "owner") == unread_context(mini())
    assert ("environment",) == unread_context(active())


def test_incidents_that_no_rule_speaks_to_are_named() -> None:
    """Nothing holds in a quiet incident but what says that little is sure."""
    rules = [rule.model_dump(mode="json", exclude_none=True) for rule in mini().rules]
    spoken = edited(rules=[rule for rule in rules if rule["id"] != "sure-of-little"])
    health = health_on(spoken, [SURE], [ERRORS_ONLY])
    assert (2, 2, ("inc-1",)) == (health.incident_count, health.moment_count, health.unspoken_incidents)
