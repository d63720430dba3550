"""Filters: joined to the rules that they are meant for."""

from __future__ import annotations

from pathlib import Path

from evidence.detections.detecting import detect
from evidence.detections.units import record_units
from tests.detections.rule_texts import RULE_ID, loaded, rule

RECORDS = [{"f": "a"}, {"f": "a", "user": "ci"}, {"f": "b", "user": "ci"}]


def filtering(rules: object, condition: str = "not 1 of trusted_*") -> dict[str, object]:
    return {
        "title": "Filter",
        "id": RULE_ID.format(9),
        "logsource": {"product": "aws"},
        "filter": {"rules": rules, "trusted_user": {"user": "ci"}, "condition": condition},
    }


def found(folder: Path, *filters: object) -> list[tuple[int, int]]:
    """Hits of two rules as (rule number, record)."""
    rules = [
        rule({"trusted_a": {"f": "a"}, "condition": "all of them"}, 0, name="first"),
        rule({"s": {"f": "*"}, "condition": "s"}, 1),
    ]
    hits = detect(loaded(folder, *rules, *filters), record_units("cloudtrail", RECORDS)).to_pylist()
    return [(int(hit["rule_id"][-3:]), hit["records"][0]["ordinal"]) for hit in hits]


def test_a_filter_is_joined_to_the_rule_that_it_names(tmp_path: Path) -> None:
    """By name or by id; names of its parts are its own."""
    assert [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)] == found(tmp_path)
    for named in ("first", ["first"], [RULE_ID.format(0)]):
        assert [(0, 0), (1, 0), (1, 1), (1, 2)] == found(tmp_path, filtering(named))


def test_a_filter_for_any_rule_is_joined_to_all_of_its_log_source(tmp_path: Path) -> None:
    """The log source of the filter contains that of the rules."""
    assert [(0, 0), (1, 0)] == found(tmp_path, filtering("any"))


def test_several_filters_hold_together(tmp_path: Path) -> None:
    """What either leaves out is out."""
    other = {
        **filtering(["first"], "not trusted_user"),
        "title": "Other",
        "id": RULE_ID.format(8),
    }
    only_b = {**filtering("any"), "filter": {"rules": "any", "s": {"f": "b"}, "condition": "not s"}}
    assert [(0, 0), (1, 0), (1, 1)] == found(tmp_path, other, only_b)
