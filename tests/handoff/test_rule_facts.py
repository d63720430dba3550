"""Rules of the playbook in a package: what had hit by the decision, each against the records behind it."""

from __future__ import annotations

from typing import Any

from evidence.handoff.rule_signals import GROUP

from .recorded import package, recorded_handoffs, section

SHELL, LATE = "inc-0101", "inc-0113"


def rule_facts(incident: str) -> dict[str, dict[str, Any]]:
    facts = package(recorded_handoffs(), incident)["known_facts"]
    return {fact["name"]: fact for fact in facts if fact["group"] == GROUP}


def test_a_rule_that_hit_is_a_fact_with_level_and_techniques() -> None:
    """Its title is quoted like every foreign text, so that nothing in it is a link."""
    fact = rule_facts(SHELL)["Program run that is not part of the image"]
    assert (
        "The rule “Program run that is not part of the image” of level high hits 1 record. It names these of "
        "ATT&CK: “defense-evasion”, “execution”, “t1036” and “t1059”."
    ) == fact["sentence"]
    assert "high" == fact["value"]
    told = "- The rule `Program run that is not part of the image` of level high hits 1 record."
    assert told in section(recorded_handoffs(), SHELL, "Known facts")


def test_each_record_of_a_correlation_is_a_claim() -> None:
    """Of two tools, where a rule looks across them."""
    fact = rule_facts(SHELL)["Command run in a pod, and then a program that is not of its image"]
    claims = {claim["claim"]: claim for claim in package(recorded_handoffs(), SHELL)["claims"]}
    anchors = [claims[number]["anchor"] for number in fact["claims"]]
    assert ["kubernetes-audit.log", "falco.jsonl"] == [each["path"].rpartition("/")[2] for each in anchors]
    assert ["kubernetes_audit", "falco"] == [claims[number]["source"] for number in fact["claims"]]


def test_a_rule_that_hit_after_the_decision_is_not_told() -> None:
    """Its records arrived when the decision was taken."""
    assert {} == rule_facts(LATE)


def test_a_rule_without_a_technique_says_so() -> None:
    """A weakness is no attack."""
    (fact,) = rule_facts("inc-0128").values()
    assert fact["sentence"].endswith("It names no technique of ATT&CK.")
