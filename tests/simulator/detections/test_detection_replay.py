"""What rules catch in a small history: incidents, times, noise, silence and duplicates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence.detections.levels import Level
from simulator.detections.chosen_rules import load_chosen
from simulator.detections.model import Detection, Silence
from simulator.detections.recorded import open_incidents
from simulator.detections.rendering import duration, render_json, render_text
from simulator.detections.replay import is_grave, per_day, replay
from tests.simulator.detections.recorded_days import RULE_ID, call, rule, write_history, write_rules

STOP = {"eventName": "StopLogging"}
HISTORY = {
    "inc-a": ("security", [call("ListUsers", 5), call("StopLogging", 7)]),
    "inc-b": ("rollout", [call("StopLogging", 9, day=6)]),
    "inc-c": ("security", [call("GetUser", 1)]),
    "inc-d": ("rollout", [call("GetUser", 2)]),
}
CORRELATION = {
    "title": "Rule 9",
    "id": RULE_ID.format(9),
    "level": "high",
    "correlation": {"type": "event_count", "rules": ["part"], "timespan": "10m", "condition": {"gte": 3}},
}


def replayed(
    folder: Path, *documents: object, level: Level = Level.MEDIUM, chosen: tuple[str, ...] = ()
) -> Detection:
    """The rules on HISTORY."""
    history = write_history(folder / "incidents", HISTORY)
    rules = load_chosen(write_rules(folder / "rules.yml", *documents), None, chosen)
    return replay(rules, open_incidents(history), "rules.yml", level)


def test_incidents_are_caught_or_missed(tmp_path: Path) -> None:
    """Caught is what a rule of the level hits, of any type; missed is what is of type security and not."""
    found = replayed(tmp_path, rule(1, STOP))
    assert (("inc-a", "inc-b"), ("inc-c",)) == (found.incidents_caught, found.incidents_missed)


def test_times_run_from_the_earliest_record_that_any_hit_names(tmp_path: Path) -> None:
    """A low rule dates the first malicious event, the alert is later, and known when the file arrives."""
    found = replayed(tmp_path, rule(1, STOP), rule(2, {"eventName": "ListUsers"}, "low"))
    [first] = [each for each in found.incidents if each.incident_id == "inc-a"]
    assert "2026-01-05T10:05:00Z" == first.first_event_at
    assert ("2026-01-05T10:07:00Z", 120) == (first.detected_event_at, first.seconds_in_event_time)
    assert ("2026-01-05T10:20:00Z", 900) == (first.detected_known_at, first.seconds_in_arrival_time)
    assert 600 == first.seconds_earlier
    assert ((RULE_ID.format(1),), (RULE_ID.format(1), RULE_ID.format(2))) == (first.caught_by, first.hit_by)


def test_a_later_alert_than_recorded_is_negative(tmp_path: Path) -> None:
    """The incident of the sixth was recorded as detected on the fifth."""
    [later] = [each for each in replayed(tmp_path, rule(1, STOP)).incidents if each.incident_id == "inc-b"]
    assert -(23 * 3600 + 39 * 60) == later.seconds_earlier


def test_noise_is_what_hits_incidents_of_other_types(tmp_path: Path) -> None:
    """Alerts per day of the history, lower hits apart."""
    noise = replayed(tmp_path, rule(1, STOP), rule(2, {"eventName": "GetUser"}, "low")).noise
    assert noise is not None
    assert (2, 1, ("inc-b", "inc-d"), "0.50") == (
        noise.hit_count,
        noise.alert_count,
        noise.incident_ids,
        noise.alerts_per_day,
    )


@pytest.mark.parametrize(
    ("item", "reason", "fields", "words"),
    [
        ({"eventNam": "x"}, Silence.NO_FIELD, ("eventNam",), "no record holds eventNam"),
        ({"eventName": "Nope"}, Silence.NO_VALUE, ("eventName",), "in no record eventName is 'Nope'"),
        (
            [{"eventName": "Nope"}, {"eventName": "nope"}, {"eventName|contains": "*pe"}],
            Silence.NO_VALUE,
            ("eventName",),
            "in no record eventName is 'Nope' or eventName holds 'pe'",
        ),
        ({"eventName": "N*pe"}, Silence.NO_VALUE, ("eventName",), "eventName is like 'N*pe'"),
        (
            {"sourceIPAddress|cidr": "192.0.2.0/29"},
            Silence.NO_VALUE,
            ("sourceIPAddress",),
            "sourceIPAddress is an address of 192.0.2.0/29",
        ),
        ({"userIdentity": "x"}, Silence.NO_VALUE, ("userIdentity",), "holds no text"),
        ({"eventName|all": ["GetUser", "ListUsers"]}, Silence.NEVER_TOGETHER, (), "all of it by none"),
        (
            [{"nope": 1}, {"eventName": "No"}],
            Silence.NO_VALUE,
            ("eventName", "nope"),
            "nope = 1 or eventName is 'No'",
        ),
    ],
)
def test_a_rule_that_never_fires_says_why(
    tmp_path: Path, item: object, reason: Silence, fields: tuple[str, ...], words: str
) -> None:
    """The first thing that it needs and no record has."""
    [silent] = replayed(tmp_path, rule(1, item)).never_fired
    assert (reason, fields) == (silent.reason, silent.fields)
    assert words in silent.detail


def test_what_a_rule_hardly_means_is_told_first(tmp_path: Path) -> None:
    """A filter that no condition names, with file and line, in the text and in the JSON."""
    found = replayed(tmp_path, {**rule(1, STOP), "detection": {"s": STOP, "f": STOP, "condition": "s"}})
    [warned] = found.warnings
    assert (str(tmp_path / "rules.yml"), "detection.f") == (warned.file, warned.field)
    said = f"{warned.file}:{warned.line}: no condition names 'f', so that it changes nothing"
    assert said in render_text(found).split("Caught")[0]
    assert warned.what == json.loads(render_json(found))["warnings"][0]["what"]


def test_a_log_source_without_records_is_told(tmp_path: Path) -> None:
    """A rule over Falco's alerts on a history of CloudTrail."""
    [silent] = replayed(tmp_path, rule(1, {"rule": "x"}, logsource={"product": "falco"})).never_fired
    assert (Silence.NO_LOG_SOURCE, "no record of falco_json") == (silent.reason, silent.detail)


@pytest.mark.parametrize(
    ("name", "reason"), [("StopLogging", Silence.NEVER_WITHIN), ("Nope", Silence.SILENT_PART)]
)
def test_a_silent_correlation_blames_its_part_or_its_window(
    tmp_path: Path, name: str, reason: Silence
) -> None:
    """Its part never matches, or does so too seldom."""
    found = replayed(tmp_path, rule(1, {"eventName": name}, name="part"), CORRELATION)
    assert [("Rule 9", reason)] == [(each.title, each.reason) for each in found.never_fired]


def test_rules_that_catch_the_same_records_are_named(tmp_path: Path) -> None:
    """Two rules with the same records are one group; a third with more is not in it."""
    found = replayed(
        tmp_path, rule(1, STOP), rule(2, {"eventName|startswith": "Stop"}), rule(3, {"eventName": "*"})
    )
    assert [("Rule 1", "Rule 2")] == [each.titles for each in found.duplicates]


def test_only_chosen_rules_report(tmp_path: Path) -> None:
    """By title, whatever its case, or by id; a part that is asked for reports by itself."""
    documents = (rule(1, STOP, name="part"), CORRELATION, rule(3, {"eventName": "*"}))
    found = replayed(tmp_path, *documents, chosen=("rule 1", RULE_ID.format(9)))
    assert [("Rule 1", 2), ("Rule 9", 0)] == [(each.title, each.hit_count) for each in found.rules]


def test_a_rule_without_a_level_counts_as_medium() -> None:
    """It catches at medium, and not at high."""
    assert (True, False) == (is_grave("", Level.MEDIUM), is_grave("", Level.HIGH))


def test_a_higher_level_catches_less(tmp_path: Path) -> None:
    """With --level critical a rule of level high hits, and catches nothing."""
    found = replayed(tmp_path, rule(1, STOP), level=Level.CRITICAL)
    assert ((), ("inc-a", "inc-c"), 2) == (
        found.incidents_caught,
        found.incidents_missed,
        found.rules[0].hit_count,
    )
    assert "inc-a: hit by rules of lower levels only" in render_text(found)


def test_a_hit_names_the_bytes_of_its_records(tmp_path: Path) -> None:
    """Offset and length cut the record out of the file."""
    hit = replayed(tmp_path, rule(1, STOP)).hits[0]
    [anchor] = hit.records
    content = (tmp_path / "incidents" / anchor.path).read_bytes()
    cut = content[anchor.byte_offset : anchor.byte_offset + anchor.byte_length]
    assert ("StopLogging", 1) == (json.loads(cut)["eventName"], anchor.ordinal)


def test_the_same_history_gives_the_same_bytes(tmp_path: Path) -> None:
    """Two replays are one text, hits in order."""
    texts = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        found = replayed(tmp_path / name, rule(1, STOP), rule(2, {"eventName": "*"}))
        texts.append(render_json(found).replace(str(tmp_path / name), ""))
    assert texts[0] == texts[1]


def test_counts_per_day_are_rounded_half_up() -> None:
    """Two decimals from whole numbers."""
    assert ["0.33", "0.67", "0.13", "0.00"] == [per_day(*each) for each in ((1, 3), (2, 3), (1, 8), (1, 0))]


def test_a_duration_has_its_two_greatest_units() -> None:
    """From seconds to days, of either sign."""
    assert ["0 s", "1 min 1 s", "1 h 1 s", "2 d 1 h"] == [
        duration(each) for each in (0, -61, 3601, 2 * 86_400 + 3661)
    ]
