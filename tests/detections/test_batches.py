"""How many records are looked at together changes nothing: neither hits, nor what is seen beside them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.detections.detecting import detect, detect_and_survey
from evidence.detections.rules import RuleSet
from evidence.detections.units import Units, intake_units, record_units
from tests.detections.our_rules import our_rules
from tests.detections.recorded_labels import STRATUS
from tests.detections.rule_texts import loaded, rule
from tests.detections.test_correlations import base, correlation, happened
from tests.detections.test_units import FALCO, LOKI, OTLP, intake

RULES = (
    base(0),
    base(1),
    rule({"s": {"v|contains": "1"}, "f": {"w|exists": True}, "condition": "s and not f"}, 2),
    correlation(7, type="event_count", rules="rule0", group_by=["v"], condition={"gte": 2}),
    correlation(8, type="value_count", rules=["rule0", "rule1"], condition={"gte": 3, "field": "v"}),
    correlation(9, type="temporal_ordered", rules=["rule0", "rule1"], generate=True),
)
records = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.integers(0, 40),
        st.fixed_dictionaries(
            {"call": st.sampled_from(["c0", "c1", "c2"])},
            optional={"v": st.sampled_from(["1", "2", 12, None, ["1", "3"], {}]), "w": st.booleans()},
        ),
    ),
    min_size=1,
    max_size=12,
)


def all_seen(rules: RuleSet, units: Units | pa.Table, batch_rows: int) -> tuple[Any, ...]:
    """Hits and survey as plain values."""
    hits, survey = detect_and_survey(rules, units, batch_rows=batch_rows)
    fields = survey.fields.to_pylist()
    return hits.to_pylist(), survey.unit_count, survey.formats, fields, survey.passed, survey.matched


@pytest.mark.slow
@settings(max_examples=15)
@given(records, st.integers(1, 5))
def test_batches_of_any_size_give_the_same(found: list[tuple[int, int, Any]], batch_rows: int) -> None:
    """Plain rules, correlations, fields and tests that pass, whether few records are held or all."""
    units = happened(*((at, at + delay, record) for at, delay, record in found))
    with tempfile.TemporaryDirectory() as folder:
        rules = loaded(Path(folder), *RULES)
    whole = all_seen(rules, units, 1_000)
    assert all_seen(rules, units, batch_rows) == whole
    assert detect(rules, units, batch_rows=batch_rows).to_pylist() == whole[0]


@pytest.mark.parametrize("batch_rows", [1, 2, 1_000])
def test_entries_of_streams_are_seen_whatever_the_batch(batch_rows: int, tmp_path: Path) -> None:
    """Lines, log records, whole records and events of one intake, by rules for each."""
    pointers = ["/scopeLogs/0/logRecords/0", "/scopeLogs/0/logRecords/1"]
    connection = intake(
        ("loki_query_range", LOKI, [("/values/0", 2, 9), ("/values/1", 1, 5)]),
        ("otlp_json", OTLP, [(pointers[0], 1, 2), (pointers[1], 3, 4)]),
        ("falco_json", FALCO, [("", 5, 6)]),
        ("loki_query_range", LOKI, [("/values/0", 7, 9), ("/values/1", 8, 9)]),
    )
    rules = loaded(
        tmp_path,
        rule({"s": {"message|exists": True}, "condition": "s"}, 1, logsource={"category": "application"}),
        rule({"s": {"rule": "r"}, "condition": "s"}, 2, logsource={"product": "falco"}),
        rule(
            {"s": {"name": "n"}, "condition": "s"}, 3, logsource={"product": "evidence", "service": "events"}
        ),
    )
    hits, unit_count, formats, *_ = all_seen(rules, intake_units(connection, rules), batch_rows)
    assert (unit_count, len(formats)) == (7 + 7, 4)
    told = [(hit["rule_id"][-1], hit["event_time"], hit["records"][0]["entry"]) for hit in hits]
    assert told == [
        ("1", 1, "/values/1"),
        ("1", 1, "/scopeLogs/0/logRecords/0"),
        ("1", 2, "/values/0"),
        ("1", 3, "/scopeLogs/0/logRecords/1"),
        ("1", 7, "/values/0"),
        ("1", 8, "/values/1"),
        ("2", 5, ""),
        *(("3", at, pointer) for at, pointer in _events()),
    ]
    assert [hit["records"][0]["event_ids"] for hit in hits[:2]] == [
        ["0/values/11"],
        ["1/scopeLogs/0/logRecords/01"],
    ]


def _events() -> list[tuple[int, str]]:
    return [
        (1, "/values/1"),
        (1, "/scopeLogs/0/logRecords/0"),
        (2, "/values/0"),
        (3, "/scopeLogs/0/logRecords/1"),
        (5, ""),
        (7, "/values/0"),
        (8, "/values/1"),
    ]


@pytest.mark.slow
@pytest.mark.skipif(not STRATUS.is_dir(), reason="the recorded exports are not beside the repository")
def test_recorded_attacks_give_the_same_in_small_batches() -> None:
    """All of our rules on 310 records of 35 techniques, seventeen at a time."""
    logs = sorted((STRATUS / "detonation-logs").glob("*.json"))
    units = record_units("cloudtrail", [record for log in logs for record in json.loads(log.read_bytes())])
    whole = detect(our_rules(), units)
    assert whole.num_rows > 0
    assert detect(our_rules(), units, batch_rows=17).equals(whole)
