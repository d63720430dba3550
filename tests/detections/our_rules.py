"""Owns how tests see the detections of the playbooks folder: the files, their cases, their hits."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from evidence.detections.detecting import detect
from evidence.detections.loading import load_rules
from evidence.detections.log_sources import LOG_SOURCES_BY_NAME
from evidence.detections.rules import RuleSet
from evidence.detections.units import UNITS, record_unit
from evidence.errors import DetectionError
from evidence.strict_yaml import load_yaml, survey_all_yaml
from simulator.detections.rule_cases import stated_time

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "playbooks" / "detections"
CASES = FOLDER / "cases"
VALUES = FOLDER / "values.yaml"
REAL = ROOT.parent / "shared" / "real"
LOG_SOURCE_BY_FOLDER = {
    "aws": "cloudtrail",
    "evidence": "events",
    "falco": "falco",
    "github": "github_audit",
    "kubernetes": "kubernetes_audit",
}
NS_PER_MS = 1_000_000

Seen = tuple[str, Mapping[str, Any]]
"""A record and the name of the log source that it is of."""


@functools.cache
def our_rules() -> RuleSet:
    """Every rule of the folder, with the values that it holds."""
    return load_rules(FOLDER, VALUES)


def rule_files() -> list[Path]:
    """Every file of rules, in order."""
    return sorted(FOLDER.rglob("*.yml"))


def key_of(file: Path) -> str:
    """A file's name as other files write it, e.g. `aws/root_activity`."""
    return file.relative_to(FOLDER).with_suffix("").as_posix()


@functools.cache
def documents_of(file: Path) -> list[dict[str, Any]]:
    """The documents of a file; the last one is the rule that reports, those before only serve it."""
    documents, faults = survey_all_yaml(file, error=DetectionError)
    assert faults == []
    return [document.value for document in documents]


def reporting_id(key: str) -> str:
    """Id of the rule that reports, of the file of that key."""
    return str(documents_of(FOLDER / f"{key}.yml")[-1]["id"])


def part_ids(key: str, names: Collection[str]) -> set[str]:
    """Ids of the parts of those names; not every one need be there."""
    return {str(one["id"]) for one in documents_of(FOLDER / f"{key}.yml") if one.get("name") in names}


def cases_of(key: str) -> list[dict[str, Any]]:
    """The cases of a file: what each shows, whether it is a hit, its records in order of time."""
    found: list[dict[str, Any]] = load_yaml(CASES / f"{key.split('/')[1]}.yaml", error=DetectionError).value[
        "cases"
    ]
    return found


def records_of(key: str, case: Mapping[str, Any]) -> list[Seen]:
    """The records of a case; of rules across log sources each record says what it is from."""
    if (log_source := LOG_SOURCE_BY_FOLDER.get(key.split("/")[0])) is not None:
        return [(log_source, record) for record in case["records"]]
    return [(each["from"], each["record"]) for each in case["records"]]


def with_parts_shown(rules: RuleSet) -> RuleSet:
    """The same rules, without correlations, each reporting by itself."""
    return RuleSet(tuple(replace(rule, is_output=True) for rule in rules.rules))


def hits(rules: RuleSet, batches: Mapping[str, Iterable[Seen]]) -> dict[str, dict[str, int]]:
    """Per batch the number of hits by rule id. Records of one batch are looked at together, and no others."""
    seen = [(name, log_source, record) for name, batch in batches.items() for log_source, record in batch]
    found: dict[str, dict[str, int]] = {name: defaultdict(int) for name in batches}
    for hit in detect(rules, _units(seen)).to_pylist():
        found[hit["incident_id"]][hit["rule_id"]] += 1
    return found


def _units(seen: Sequence[tuple[str, str, Mapping[str, Any]]]) -> pa.Table:
    """Units at the times that the records state; one that states none stands where it stood."""
    rows = []
    for position, (batch, log_source, record) in enumerate(seen):
        for format_name in LOG_SOURCES_BY_NAME[log_source].formats:
            row = record_unit(format_name, record, len(rows), batch)
            at = stated_time(record)
            stated = position * NS_PER_MS if at is None else at
            rows.append({**row, "event_time": stated, "known_at": stated})
    return pa.Table.from_pylist(rows, schema=UNITS)
