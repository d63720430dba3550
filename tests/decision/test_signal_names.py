"""A signal's name that nothing carries is doubted where a known name is a slip away, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evidence.decision.bundle import Bundle
from evidence.decision.signal_names import edits_between, signal_name_faults
from evidence.detections.levels import Level
from evidence.detections.rules import Heading, Rule, RuleSet
from evidence.detections.signalling import Detections
from evidence.detections.terms import Match, Shape, TextTest
from evidence.errors import Place

from .deciding import mini


def reading(*conditions: str) -> Bundle:
    """The small bundle with rules of these conditions."""
    rule = mini().rules[0]
    rules = tuple(
        rule.model_copy(update={"id": f"rule-{place}", "when": when}) for place, when in enumerate(conditions)
    )
    return replace(mini(), playbook=mini().playbook.model_copy(update={"rules": rules}))


def doubts(bundle: Bundle, *seen: str) -> list[str]:
    return [fault.what for fault in signal_name_faults(bundle, seen)]


def test_a_slip_from_a_name_that_was_seen_is_told_with_that_name() -> None:
    """At the place of the name in its condition, and as a warning."""
    bundle = reading("is_stateful and has_signal('KubeJobFaild')")
    (fault,) = signal_name_faults(bundle, ["KubeJobFailed", "KubeJobNotCompleted"])
    assert "rule rule-0: no signal is called KubeJobFaild (did you mean KubeJobFailed?)" == fault.what
    assert (("rules", 0, "when"), 27, True) == (fault.path, fault.offset, fault.is_warning)


def test_another_case_is_a_slip() -> None:
    """Names are compared letter by letter, so that capitals matter to a rule and not to the hint."""
    assert 1 == len(doubts(reading("has_signal('kubejobfailed')"), "KubeJobFailed"))


def test_a_name_that_more_rules_read_is_known_without_any_history() -> None:
    """Where two names stand as often as each other nobody can tell which is the slip."""
    often = ("has_signal('CrashLoop')", "has_signal('CrashLoop') and is_stateful")
    assert 1 == len(doubts(reading(*often, "has_signal('CrashLop')")))
    assert [] == doubts(reading(often[0], "has_signal('CrashLop')"))


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("CrashLop", ("CrashLoop", "CrashLop")),
        ("stage-2-seen", ("stage-1-seen",)),
        ("oom", ("oob",)),
        ("KubeJobFailed", ("KubePodCrashLooping",)),
        ("KubeJobFailed", ()),
    ],
    ids=["seen", "series", "short", "far", "nothing-known"],
)
def test_what_may_be_meant_is_not_doubted(name: str, seen: tuple[str, ...]) -> None:
    """A name that was seen, one of a series, a short one, one that is like no other."""
    assert [] == doubts(reading(f"has_signal('{name}')"), *seen)


def test_edits_are_letters_put_in_left_out_or_exchanged() -> None:
    """As few as lead from one word to the other."""
    found = [edits_between("failed", other) for other in ("failed", "faild", "failled", "foiled", "")]
    assert [0, 1, 1, 1, 6] == found


def with_rules(bundle: Bundle, *said: tuple[str, str]) -> Bundle:
    """The bundle with rules of these titles and levels, of which the high ones are signals."""
    rules = tuple(
        Rule(
            Heading(f"id-{number}", title, Place(Path("rules.yml")), level=level),
            "cloudtrail",
            Match(TextTest("eventName", Shape.EQUALS, title)),
        )
        for number, (title, level) in enumerate(said)
    )
    return replace(bundle, detections=Detections(RuleSet(rules), Level.HIGH))


def test_the_title_of_a_rule_is_the_name_of_a_signal() -> None:
    """It needs no history to be known, and a slip from it is told."""
    rules = (("Trail was stopped", "high"),)
    assert [] == doubts(with_rules(reading("has_signal('Trail was stopped')"), *rules))
    (slip,) = doubts(with_rules(reading("has_signal('Trail was stoped')"), *rules))
    assert "rule rule-0: no signal is called Trail was stoped (did you mean Trail was stopped?)" == slip


def test_the_title_of_a_rule_below_the_level_is_doubted() -> None:
    """Its condition never holds, and the reason is told."""
    (doubt,) = doubts(
        with_rules(reading("has_signal('Trail was read')"), ("Trail was read", "low"), ("Other", "high"))
    )
    assert (
        "rule rule-0: the rule Trail was read is of level low, and hits are signals from high on"
    ) == doubt
