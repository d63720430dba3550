"""Signals of rules: what a hit of a playbook's Sigma rule says in signals and states, and from when on."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from evidence import enrichment
from evidence.detections.levels import Level
from evidence.detections.signalling import Detections
from evidence.warehouse import parquet_bytes

from .ruled import detections, often, rows, rule, ruled, ruled_connection
from .tables import GRADING, INCIDENT, MINUTE, SECOND, SETTINGS, START, event, incident

STOPPED = rule(1, "Logging was stopped", name="StopLogging")
LOGGED = rule(2, "Odd line", name="line", level="high", tags="[]")


def call(number: int, name: str, minute: int = 0, **fields: Any) -> dict[str, Any]:
    return event(
        number, "aws_cloudtrail", "api_call", minute, name=name, activity="write", actor="alice",
        actor_kind="human", account_uid="111", status="success", **fields,
    )  # fmt: skip


def shell(number: int, minute: int = 0, **fields: Any) -> dict[str, Any]:
    return event(
        number, "falco", "detection", minute, name="Terminal shell in container", severity_id=3,
        namespace="payments", workload="checkout-api", pod="checkout-api-1", **fields,
    )  # fmt: skip


def last(events: list[dict[str, Any]], found: Detections | None, **rest: Any) -> dict[str, Any]:
    return rows(ruled(events, found, **rest), "incident_states")[-1]


def by_name(events: list[dict[str, Any]], found: Detections | None, **rest: Any) -> dict[str, dict[str, Any]]:
    return {row["signal_name"]: row for row in rows(ruled(events, found, **rest), "signals")}


def test_a_hit_is_a_signal_with_what_leads_to_rule_and_records() -> None:
    """Title, level, tags and id of the rule; time and tool of the record."""
    read = event(1, "aws_cloudtrail", "api_call", 3, name="GetTrail", actor="alice")
    found = by_name([read], detections(rule(1, "Trail was read", name="GetTrail", tags="[attack.T1078]")))
    assert {
        "incident_id": INCIDENT,
        "event_id": f"{1:032x}",
        "signal_name": "Trail was read",
        "source": "aws_cloudtrail",
        "rule_origin": "rule",
        "rule_id": "00000000-0000-4000-8000-000000000001",
        "attack_tags": ["attack.t1078"],
        "level": 4,
        "is_symptom": False,
        "is_clearing": False,
        "service": None,
        "entity_ref": None,
        "event_time": START + 3 * MINUTE,
        "known_at": START + 3 * MINUTE + SECOND,
        "event_ids": [f"{1:032x}"],
    } == found["Trail was read"]


def test_a_hit_counts_as_a_detection_by_its_own_level() -> None:
    """For severity and detection level, never as the word of the tool whose record it is."""
    before = last([shell(1)], None)
    after = last([shell(1)], detections(rule(1, "A shell", name="Terminal shell*", level="critical")))
    assert (None, 5) == (before["severity_watch"], after["severity_watch"])
    assert (3, 5) == (before["detection_level"], after["detection_level"])
    assert (3, 3) == (before["severity_falco"], after["severity_falco"])
    assert ["A shell", "Terminal shell in container"] == after["signal_names"]


def test_what_restates_a_tool_is_no_second_source() -> None:
    """The tool behind a hit is the tool of its record; nothing is corroborated, and the tool spoke first."""
    before = last([shell(1)], None)
    after = last([shell(1)], detections(rule(1, "A shell", name="Terminal shell*")))
    assert (["falco"], 1) == (after["signal_sources"], after["signal_source_count"])
    assert before["first_signal_name"] == after["first_signal_name"] == "Terminal shell in container"
    assert 10 == after["confidence"] - before["confidence"]  # for the level, which is the rule's


def test_a_rule_of_the_tools_own_name_adds_nothing() -> None:
    """One event is not twice the same signal."""
    found = detections(rule(1, "Terminal shell in container", name="Terminal shell*", level="critical"))
    assert [("source", 3)] == [
        (row["rule_origin"], row["level"]) for row in rows(ruled([shell(1)], found), "signals")
    ]


@pytest.mark.parametrize(("tags", "layer"), [("[attack.t1078]", "security"), ("[]", None)])
def test_a_rule_that_names_a_technique_tells_of_an_attack(tags: str, layer: str | None) -> None:
    """And one that names none tells of a weakness: it is a signal, and moves no layer."""
    line = event(1, "loki", "log", name="line", message="odd")
    state = last([line], detections(rule(1, "Odd line", name="line", tags=tags)))
    assert (["Odd line"], layer) == (state["signal_names"], state["layer"])


@pytest.mark.parametrize("level", ["informational", "low", "medium"])
def test_hits_below_the_level_are_no_signals(level: str) -> None:
    """The states are those of a playbook that names no rules."""
    quiet = detections(rule(1, "Trail was read", name="GetTrail", level=level))
    read = event(1, "aws_cloudtrail", "api_call", name="GetTrail", actor="alice")
    assert ruled([read], None) == ruled([read], quiet)


def test_a_lower_level_lets_more_in() -> None:
    """`from_level` is the bundle's choice."""
    read = event(1, "aws_cloudtrail", "api_call", name="GetTrail", actor="alice")
    found = detections(rule(1, "Trail was read", name="GetTrail", level="low"), from_level=Level.LOW)
    assert 2 == by_name([read], found)["Trail was read"]["level"]


def test_a_correlation_is_a_signal_when_its_last_record_has_arrived() -> None:
    """Three reads, the second of which arrives last: not a moment earlier, and of all three."""
    found = detections(rule(1, "Read", name="GetSecretValue", level="informational"), often("Reads", 1, 3))
    late = START + 30 * MINUTE
    reads = [call(n, "GetSecretValue", n, known_at=late if n == 2 else START + n * MINUTE) for n in (1, 2, 3)]
    tables = ruled(reads, found)
    (signal,) = [row for row in rows(tables, "signals") if row["signal_name"] == "Reads"]
    assert (f"{2:032x}", late) == (signal["event_id"], signal["known_at"])
    assert [f"{n:032x}" for n in (1, 2, 3)] == signal["event_ids"]
    seen = {row["known_at"]: row["signal_names"] for row in rows(tables, "incident_states")}
    assert [[], [], ["Reads"]] == [seen[START + n * MINUTE] for n in (1, 3)] + [seen[late]]


def test_a_record_that_arrives_after_a_hit_is_no_part_of_it() -> None:
    """What was enough stays what it rests on."""
    found = detections(rule(1, "Read", name="GetSecretValue", level="informational"), often("Reads", 1, 2))
    reads = [call(1, "GetSecretValue", 1), call(2, "GetSecretValue", 1, known_at=START + 60 * MINUTE)]
    reads.append(call(3, "GetSecretValue", 1))
    assert [f"{n:032x}" for n in (1, 3)] == by_name(reads, found)["Reads"]["event_ids"]


def test_hits_of_two_groups_on_one_event_are_one_signal() -> None:
    """It rests on the records of both."""
    found = detections(
        rule(1, "Read", name="GetSecretValue", level="informational"), often("Reads", 1, 2, by="message")
    )
    reads = [call(n, "GetSecretValue", n, message=text) for n, text in ((1, "a"), (2, "a"))]
    both = [row for row in rows(ruled(reads, found), "signals") if row["rule_origin"] == "rule"]
    assert [[f"{1:032x}", f"{2:032x}"]] == [row["event_ids"] for row in both]


def test_what_responders_did_is_part_of_no_hit() -> None:
    """Their calls after the remedy do not make the count full."""
    found = detections(rule(1, "Key", name="UpdateAccessKey", level="informational"), often("Keys", 1, 2))
    calls = [call(1, "UpdateAccessKey", 1), call(2, "UpdateAccessKey", 3)]
    acted = [incident(action_taken="deactivate_access_key", action_taken_at=START + 2 * MINUTE)]
    assert "Keys" in by_name(calls, found)
    assert "Keys" not in by_name(calls, found, incidents=acted)


def test_a_rule_over_an_alert_is_over_when_the_alert_is() -> None:
    """It opens with the alert's firing and closes with its end; it is no symptom itself."""
    found = detections(rule(1, "Odd alert", source="alertmanager", tags="[]"))
    alerts = [
        event(n, "alertmanager", "alert", n, name="Errors", activity=activity, service_name="checkout-api")
        for n, activity in ((1, "firing"), (2, "resolved"))
    ]
    states = rows(ruled(alerts, found), "incident_states")
    assert [False, True] == [row["is_signal_cleared"] for row in states]
    assert (None, 4) == (last(alerts, None)["detection_level"], states[-1]["detection_level"])


def test_rules_over_raw_records_read_what_the_tool_wrote() -> None:
    """Fields that no event has, by the tool's own names."""
    text = STOPPED.replace(
        '"product": "evidence", "service": "events"', '"product": "aws", "service": "cloudtrail"'
    )
    found = detections(text.replace('"name": "StopLogging"', '"requestParameters.name": "trail"'))
    called = call(1, "DescribeTrails", raw={"requestParameters": {"name": "trail"}})
    assert "Logging was stopped" in by_name([called], found)
    assert {} == by_name([call(1, "DescribeTrails")], found)


def histories(seed: int) -> list[dict[str, Any]]:
    """Calls, shells and lines of two incidents in a seeded order of arrival."""
    by = random.Random(seed)
    made = []
    for number in range(40):
        minute = by.randrange(20)
        known_at = START + (minute + by.choice((0, 0, 5, 30))) * MINUTE
        one = by.choice((call, shell, lambda n, m, **f: event(n, "loki", "log", m, name="line", **f)))
        given = (
            (number, by.choice(("StopLogging", "GetSecretValue")), minute)
            if one is call
            else (number, minute)
        )
        made.append({**one(*given, known_at=known_at), "incident_id": f"inc-{number % 2}"})
    return made


BOTH = [incident("inc-0"), incident("inc-1")]
ALL = (
    STOPPED,
    LOGGED,
    rule(3, "Read", name="GetSecretValue", level="informational"),
    often("Reads", 3, 2).replace("actor", "account_uid").replace("10m", "1h"),
    rule(4, "A shell", source="falco"),
)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (4, 5))])
def test_signals_as_of_a_moment_are_those_of_what_had_arrived(seed: int) -> None:
    """Signals and states up to a moment are the same whether or not anything arrived later."""
    events, found = histories(seed), detections(*ALL)
    whole = ruled(events, found, incidents=BOTH)
    assert "Reads" in {row["signal_name"] for row in rows(whole, "signals")}
    for now in sorted({row["known_at"] for row in events})[5::9]:
        then = ruled([row for row in events if row["known_at"] <= now], found, incidents=BOTH)
        for name in ("signals", "incident_states"):
            assert [row for row in rows(whole, name) if row["known_at"] <= now] == [
                row for row in rows(then, name) if row["known_at"] <= now
            ]


@pytest.mark.slow
def test_neither_order_nor_threads_change_a_byte() -> None:
    """Shuffled events, shuffled rules, one thread or two: the same six tables."""
    contents = []
    for threads, by in itertools.product((1, 2), (random.Random(1), random.Random(2))):
        events, texts = histories(7), list(ALL)
        by.shuffle(events)
        by.shuffle(texts)
        connection = ruled_connection(events, incidents=BOTH)
        connection.execute(f"set threads = {threads}").fetchall()
        tables = enrichment.build(connection, SETTINGS, GRADING, detections(*texts))
        contents.append({name: parquet_bytes(table) for name, table in tables.items()})
    assert contents[1:] == contents[:-1]
