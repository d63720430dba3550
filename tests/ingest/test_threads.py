"""What is about one thing by its tool's own name for it stays together, whatever the time between."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from evidence.readers import alertmanager, alertmanager_api

from .ingesting import cloudtrail, falco, ingest, lines, put, written

FIRING, RESOLVED = "2026-01-06T12:00:00.123456Z", "2026-01-06T15:00:00Z"


def alert(status: str = "firing", started: str = FIRING, **labels: str) -> dict[str, Any]:
    """An alert of a webhook, alone in its body."""
    body = {
        "status": status,
        "labels": {"alertname": "HighErrors", "service": "checkout-api"} | labels,
        "annotations": {},
        "startsAt": started,
        "endsAt": RESOLVED if status == "resolved" else "0001-01-01T00:00:00Z",
        "fingerprint": labels.get("fingerprint", "a1b2"),
    }
    return {"version": "4", "groupKey": "{}", "receiver": "x", "alerts": [body]}


def posted(second: int, word: str, uid: str = "QPAGE", agent: str | None = None) -> dict[str, Any]:
    """A PagerDuty webhook about the incident of that id, so many seconds after noon."""
    clock = f"{12 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return {
        "event": {
            "id": f"{uid}-{word}-{second}",
            "event_type": f"incident.{word}",
            "occurred_at": f"2026-01-06T{clock}Z",
            "agent": {"type": agent, "summary": "somebody"} if agent else None,
            "data": {"id": uid, "type": "incident", "title": "it fails", "service": {"id": "PNOBODY"}},
        }
    }


def said(second: int, text: str = "lunch?") -> dict[str, Any]:
    """A Slack message so many seconds after noon on the same day."""
    return {"type": "message", "user": "U1", "text": text, "ts": f"{1767700800 + second}.000100"}


def silence(second: int) -> dict[str, Any]:
    """An Alertmanager silence that began so many seconds after noon."""
    return {
        "id": f"s{second}",
        "createdBy": "ann",
        "comment": "noise",
        "matchers": [{"name": "alertname", "value": "Noise", "isRegex": False}],
        "startsAt": f"2026-01-06T12:{second // 60:02}:{second % 60:02}Z",
        "updatedAt": "2026-01-06T12:00:00Z",
        "status": {"state": "active"},
    }


def formed(tmp_path: Path, *records: Any) -> list[dict[str, int]]:
    """The records by format of each incident, in order of time; each record is a file."""
    files = {str(number): lines([record]) for number, record in enumerate(records)}
    report = ingest(put(tmp_path / "exports", files), into=tmp_path / "in", is_dry=True)
    return [each.records for each in report.incidents]


def test_an_alert_and_its_resolution_hours_later_are_one_incident(tmp_path: Path) -> None:
    """By fingerprint and beginning, in webhooks and the API, which writes the time with less digits."""
    listed = alert("firing")["alerts"][0] | {
        "status": {"state": "active"},
        "startsAt": "2026-01-06T12:00:00.123Z",
    }
    expected = [{"alertmanager_api": 1, "alertmanager_webhook": 2}]
    assert expected == formed(tmp_path, alert("firing"), alert("resolved"), listed)
    assert alertmanager.thread(alert()["alerts"][0]) == alertmanager_api.thread(listed)


@pytest.mark.parametrize(
    "other",
    [
        alert("resolved", "2026-01-06T14:00:00Z"),
        alert("resolved", fingerprint="c3d4"),
    ],
)
def test_another_alert_hours_later_is_another_incident(tmp_path: Path, other: dict[str, Any]) -> None:
    """Another beginning, or other labels."""
    assert [{"alertmanager_webhook": 1}] * 2 == formed(tmp_path, alert("firing"), other)


def test_an_alert_without_a_fingerprint_is_known_by_its_labels(tmp_path: Path) -> None:
    """As the reader's identity has it."""
    both = [alert("firing"), alert("resolved")]
    for each in both:
        del each["alerts"][0]["fingerprint"]
    assert [{"alertmanager_webhook": 2}] == formed(tmp_path, *both)


def test_a_page_and_its_end_hours_later_are_one_incident(tmp_path: Path) -> None:
    """Whether the monitored system ends it or a person."""
    words = [posted(0, "triggered"), posted(9000, "acknowledged", agent="user_reference")]
    assert [{"pagerduty_webhooks": 3}] == formed(tmp_path / "a", *words, posted(20_000, "resolved"))
    assert [{"pagerduty_webhooks": 1}] * 2 == formed(
        tmp_path / "b", posted(0, "triggered"), posted(20_000, "resolved", "QOTHER")
    )


@pytest.mark.slow
def test_a_late_resolution_restates_its_incident_alone_in_any_order(tmp_path: Path) -> None:
    """Whichever file comes first, the same incidents with the same bytes; what it does not touch is left."""
    other = falco(0, "search", "search-api")
    files = {"1": lines([alert("firing")]), "2": lines([alert("resolved")]), "3": lines([other])}
    states = []
    for number, order in enumerate(permutations(files)):
        into = tmp_path / f"in{number}"
        for name in order:
            report = ingest(put(tmp_path / f"{number}{name}", {name: files[name]}), into=into)
        states.append(
            {path.partition("/")[2]: sha for path, sha in written(into).items() if "yaml" not in path}
        )
        assert 2 == len([path for path in into.iterdir() if (path / "incident.yaml").exists()])
        if order == ("1", "3", "2"):
            assert ["restated"] == [each.state for each in report.incidents if each.state != "unchanged"]
    assert all(states[0] == each for each in states)


def test_chatter_makes_no_incident_and_is_kept(tmp_path: Path) -> None:
    """Five messages an hour apart, and a silence: counted as of no incident, and looked at again."""
    into = tmp_path / "in"
    files = {"slack": lines([said(3600 * n) for n in range(5)]), "silence": lines([silence(60)])}
    report = ingest(put(tmp_path / "a", files), into=into)
    assert (6, 0, 6, []) == (report.records, report.evidence, report.unplaced, report.incidents)
    assert [("alertmanager_silences", 1, "no_incident"), ("slack_messages", 5, "no_incident")] == [
        (each.format, each.records, each.why) for each in report.unplaced_records
    ]
    late = ingest(put(tmp_path / "b", {"x": lines([falco(0)])}), into=into)
    assert [{"alertmanager_silences": 1, "falco_json": 1, "slack_messages": 1}] == [
        each.records for each in late.incidents
    ]
    assert 4 == (into / "unplaced" / "slack_messages.jsonl").read_bytes().count(b"\n")


def test_what_responders_say_while_two_incidents_are_open_belongs_to_none(tmp_path: Path) -> None:
    """Nothing tells whose it is, and it ties them not together; what is near one alone is of that one."""
    alerts = [falco(0), falco(1500), falco(60, "search", "search-api"), falco(1600, "search", "search-api")]
    assert [{"falco_json": 2}, {"falco_json": 2, "slack_messages": 1}] == formed(
        tmp_path, *alerts, said(700, "which one?"), said(3350)
    )


def test_a_message_never_carries_an_incident_on(tmp_path: Path) -> None:
    """Talk within the gap of talk, beyond the gap of the last signal, is not of the incident."""
    talk = [said(1200 * n) for n in range(1, 6)]
    assert [{"falco_json": 1, "slack_messages": 1}] == formed(tmp_path, falco(0), *talk)


def test_while_a_page_is_open_its_channel_is_of_the_incident(tmp_path: Path) -> None:
    """Open until the page's last entry."""
    pages = [posted(60, "triggered"), posted(9000, "resolved", agent="user_reference")]
    assert [{"falco_json": 1, "pagerduty_webhooks": 2, "slack_messages": 1}] == formed(
        tmp_path, falco(0), *pages, said(6000), said(12_000)
    )


def test_a_page_goes_to_the_incident_whose_alert_it_names(tmp_path: Path) -> None:
    """Of several open at once; the words of the alert's name count, not the characters between them."""
    page = posted(120, "triggered")
    page["event"]["data"]["title"] = "[FIRING:1] Terminal shell-in-container (search)"
    others = [cloudtrail(0, name="CreateUser"), cloudtrail(200, name="CreateUser")]
    assert [{"falco_json": 1, "pagerduty_webhooks": 1}, {"cloudtrail": 2}] == sorted(
        formed(tmp_path, falco(0), page, *others), key=lambda each: "cloudtrail" in each
    )


def test_the_catalogue_says_whose_an_identity_is(tmp_path: Path) -> None:
    """One that a single component uses: its calls are of that component's incident, and tie nothing else."""
    calls = [cloudtrail(60, actor="report-exporter", name="CreateUser")]
    assert [{"cloudtrail": 1, "falco_json": 1}] == formed(
        tmp_path / "a", falco(0, "data", "customer-export"), *calls
    )
    assert [{"falco_json": 1}, {"cloudtrail": 1}] == formed(tmp_path / "b", falco(0), *calls)
