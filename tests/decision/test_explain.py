"""What a responder reads when asking why."""

from __future__ import annotations

import re

import pytest

from evidence.decision import explain
from evidence.decision.conditions import COLUMNS
from evidence.decision.news_words import news
from evidence.errors import InputError

from .deciding import mini
from .histories import DRAIN, ERRORS, QUIET, RESTART, SECOND, START, history, incident


def test_a_story_tells_what_was_known_what_fired_what_lost_and_who_must_agree() -> None:
    """Each question of a responder has its section, the urgent ones first."""
    connection = history([ERRORS, {**RESTART, "confidence": 50}], [incident(title="Cart fails")])
    told = explain(connection, "inc-1", mini())
    headings = [line for line in told.splitlines() if line.startswith("#")]
    assert headings == [
        "# inc-1: Cart fails",
        "## Who must approve",
        "## Which rules fired",
        "## What is missing",
        "## Options compared",
        "## What was known when",
        "## What would change it",
    ]
    assert "Recommended: contain / restart on cart (approval required). Nothing was executed." in told
    assert "moment 2: contain / restart (approval required); severity unknown, confidence 50" in told
    assert "  - signals: CrashLoop" in told
    assert "- crash-loop: A pod keeps failing.\n  - restart +20, drain +50\n  - when " in told
    assert "drain: Confidence 50 is below its floor of 60.\n" in told
    assert "  - effect 70 of 50, rung 2, approval required\n  - gates failed: confidence; passed: " in told
    assert "- app_owner: commander desk (fallback: no owner is known)" in told
    assert "- raised above automatic: confidence is below 60" in told


def test_a_denial_is_told_at_the_top() -> None:
    """What policy kept from being recommended is named with what the policy said."""
    told = explain(history([{**DRAIN, "is_stateful": True}]), "inc-1", mini())
    assert "Aborted by policy: drain would have been chosen. a node that runs a stateful" in told


def test_hindsight_is_marked() -> None:
    """What arrived after the horizon is told, and marked as hindsight."""
    told = explain(history([QUIET, RESTART], [incident(mitigated_at=START)]), "inc-1", mini())
    assert "what arrived later is hindsight, which recommends restart." in told
    assert "moment 2 (hindsight): contain / restart" in told


def test_guardrails_of_the_chosen_action_are_told() -> None:
    """An action with guardrails lists each as held, not held or not evaluable."""
    from .deciding import active

    state = {
        "signal_count": 1, "has_minimum_context": True, "confidence": 90, "blast_radius": 0, "severity": 4,
        "service": "cart", "owner": "storefront", "environment": "production", "criticality": "internal",
        "is_error_rate_over_policy": True, "is_latency_over_policy": True, "is_change_seen": True,
        "change_to_symptom_seconds": 100, "is_rollback_supported": True, "has_previous_revision": True,
        "release_service_count": 1, "deployment_path": "primary", "layer": "app",
    }  # fmt: skip
    told = explain(history([state]), "inc-1", active())
    assert "## Guardrails of roll_back_release" in told
    assert "- held: Error rate and latency are both over policy for the same service." in told
    assert "- not evaluable: The reconciler applies the change" in told


def test_an_unknown_incident_names_near_ones() -> None:
    """A mistyped id is an error that suggests what may have been meant."""
    connection = history([], [incident("inc-0102-checkout"), incident("inc-0103-search")])
    with pytest.raises(
        InputError, match=r"there is no incident 'inc-0102-chekout'\. Did you mean inc-0102-checkout"
    ):
        explain(connection, "inc-0102-chekout", mini())


def test_only_the_incident_asked_for_is_decided() -> None:
    """Another incident's states are left alone."""
    connection = history([RESTART, {**QUIET, "incident_id": "inc-2"}], [incident(), incident("inc-2")])
    assert "Recommended: monitor / watch" in explain(connection, "inc-2", mini())


def test_names_in_evidence_cannot_steer_the_readers_terminal() -> None:
    """Escape sequences and line breaks in a signal's name are shown, not obeyed."""
    evil = {**QUIET, "signal_names": ["\x1b[2Jall clear\n# inc-1: resolved"]}
    told = explain(history([evil]), "inc-1", mini())
    assert "\x1b" not in told
    assert "\n# inc-1: resolved" not in told
    assert "U+001B" in told


def test_what_is_missing_is_said_in_words_with_where_to_look() -> None:
    """The sentence is the handoff's own; the column's name is there for whoever edits the playbook."""
    state = {**RESTART, "has_minimum_context": False, "missing_context": ["owner"], "is_stateful": None}
    told = explain(history([state]), "inc-1", mini())
    assert (
        "- minimum context, owner: Who owns what is affected is not known. "
        "Ask the escalation policy's fallback who owns it" in told
    )
    assert "- is_stateful: Whether it keeps state is not known." in told


def test_what_would_change_the_recommendation_is_told() -> None:
    """The smallest changes of context that lead elsewhere, with what would be recommended then."""
    told = explain(history([RESTART]), "inc-1", mini())
    section = told.partition("## What would change it\n")[2]
    assert section.startswith("One fact is enough. Had only this been otherwise, ")
    assert "- contain / restart (approval required: app_owner)\n" in section
    assert "  - confidence: 85 → 40 to 59\n" in section


def test_a_policy_gated_action_asks_nobody_beforehand() -> None:
    """The roles of a policy-gated action answer for it; they need not agree before it begins."""
    gated = {**RESTART, "environment": "production"}
    text = explain(history([gated]), "inc-1", mini())
    said = text.partition("## Who must approve\n")[2].splitlines()
    assert said[0].startswith("Nobody beforehand")
    assert said[1].startswith("- app_owner: ")


def test_what_no_rule_speaks_for_is_one_line() -> None:
    """The chosen action first, then those with points, then all the others by option: none is left out."""
    bundle = mini()
    told = explain(history([RESTART]), "inc-1", bundle)
    lines = told.partition("## Options compared\n")[2].partition("\n\n")[0].splitlines()
    items = [line for line in lines if line.startswith("- ")]
    assert "- contain / restart: Chosen." == items[0]
    assert items[-1].startswith("- no rule speaks for: monitor / watch; ")
    assert 1 == told.count("no rule speaks for")
    assert all(re.search(rf"\b{name}\b", "\n".join(items)) for name in bundle.actions)


def test_the_rules_that_speak_for_what_is_recommended_come_first() -> None:
    """The others say what else was thought of."""
    told = explain(history([{**RESTART, "is_error_rate_over_policy": True}]), "inc-1", mini())
    fired = told.partition("## Which rules fired\n")[2].partition("\n\n")[0].split("\n- ")
    speaks = ["restart +" in each for each in fired]
    assert sorted(speaks, reverse=True) == speaks


def test_news_are_values_then_what_is_true_then_what_is_false() -> None:
    """Later only what changed, from what to what; parts per million as a percentage too."""
    blank = dict.fromkeys(COLUMNS) | {"signal_names": [], "missing_context": []}
    before = blank | {"service": "cart", "error_rate_ppm": 138_469, "is_stateful": False, "node": "n1"}
    after = before | {"error_rate_ppm": 999_950, "is_stateful": True, "is_change_seen": False, "node": None}
    assert [
        "  - known: service=cart, node=n1, error_rate_ppm=138469 (13.8%)",
        "  - false: is_stateful",
        "  - minimum context: complete",
    ] == list(news({}, before | {"missing_context": []}))
    assert [
        "  - known: node=n1 → unknown, error_rate_ppm=138469 (13.8%) → 999950 (100.0%)",
        "  - true: is_stateful",
        "  - false: is_change_seen",
    ] == list(news(before, after))
    assert [] == list(news(after, after))


def test_whoever_must_approve_is_told_before_what_it_takes() -> None:
    """All of them, before anybody acts."""
    told = explain(history([{**RESTART, "confidence": 50}]), "inc-1", mini())
    section = told.partition("## Who must approve\n")[2]
    assert section.startswith("Before anybody acts, all of these must approve:\n- app_owner: ")


def test_how_long_after_the_signal_is_told_in_hours_and_minutes() -> None:
    """As in a handoff, however long it took."""
    late = {**ERRORS, "first_signal_at": START - 686_549 * SECOND}
    told = explain(history([late]), "inc-1", mini())
    assert "190 h 42 min 29 s after the first signal" in told
