"""Owns how tests read records that others have labelled, and what our rules say of them."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.detections.levels import Level
from evidence.detections.loading import load_rules
from evidence.errors import DetectionError
from evidence.strict_yaml import load_yaml
from simulator.detections.replay import is_grave
from tests.detections.changed_recordings import Recording
from tests.detections.our_rules import (
    FOLDER,
    LOG_SOURCE_BY_FOLDER,
    REAL,
    VALUES,
    hits,
    our_rules,
    part_ids,
    reporting_id,
    with_parts_shown,
)

STRATUS = REAL / "cloudtrail-stratus"
PANTHER = REAL / "panther-rule-tests" / "rule_tests.jsonl"
FALCO = REAL / "k8s-audit-falco-fixtures"
DISGUISE = (
    (r'"userAgent": *"[^"]*"', '"userAgent": "agent"'),
    (r'"sourceIPAddress": *"[^"]*"', '"sourceIPAddress": "198.51.100.9"'),
    (r'"awsRegion": *"[^"]*"', '"awsRegion": "eu-central-1"'),
    (r"(?i)stratus[-_ ]?red[-_ ]?team", "quarter"),
    (r"christophe", "somebody"),
    (r"(?i)malicious|backdoor(?=-)|exfiltration", "plain"),
)


@dataclass(frozen=True)
class Verdict:
    """One labelled record, or file, under one rule of ours."""

    source: str
    key: str
    label: str
    test: str
    expected: bool
    actual: bool


@functools.cache
def labels() -> dict[str, Any]:
    """The mapping of our rules to the labels of others."""
    found: dict[str, Any] = load_yaml(Path(__file__).parent / "labels.yaml", error=DetectionError).value
    return found


def as_recorded(recording: Recording) -> Recording:
    """The recording itself."""
    return recording


def disguised(recording: Recording) -> Recording:
    """The recording with other accounts, people, names, tags, addresses, regions and user agents."""
    text = json.dumps(recording)
    for pattern, other in DISGUISE:
        text = re.sub(pattern, other, text)
    text = re.sub(r"(?<![0-9a-zA-Z])[0-9]{12}(?![0-9a-zA-Z])", _other_account, text)
    found: Recording = json.loads(text)
    return found


@functools.cache
def stratus_hits(change: Callable[[Recording], Recording] = as_recorded) -> dict[str, dict[str, int]]:
    """Per technique the number of hits by rule id on its recording, changed."""
    batches = {
        path.stem: [("cloudtrail", record) for record in change(json.loads(path.read_bytes()))]
        for path in sorted((STRATUS / "detonation-logs").glob("*.json"))
    }
    return hits(our_rules(), batches)


def is_caught(by_rule: Mapping[str, int]) -> bool:
    """Whether a rule hits whose level counts, as `evidence detect` counts where no level is asked for."""
    return any(is_grave(_levels()[rule], Level.MEDIUM) for rule in by_rule)


@functools.cache
def _levels() -> dict[str, str]:
    return {each.heading.id: each.heading.level for each in [*our_rules().rules, *our_rules().correlations]}


def _other_account(found: re.Match[str]) -> str:
    return "".join(str((int(digit) * 7 + 3) % 10) for digit in found[0])


@functools.cache
def panther_verdicts() -> tuple[list[Verdict], int]:
    """What our rules say of Panther's samples, and how many of these are of another log source."""
    tests: dict[str, list[dict[str, Any]]] = {}
    for line in PANTHER.read_text(encoding="utf-8").splitlines():
        test = json.loads(line)
        tests.setdefault(test["rule_id"], []).append(test)
    elsewhere = labels()["other_log_source"]
    asked = [
        (entry, label, number, test)
        for entry in labels()["panther"]
        for label in entry["labels"]
        for number, test in enumerate(tests[label])
    ]
    here = [one for one in asked if elsewhere not in one[3]["log"]]
    batches = {
        f"{entry['rule']} {label} {number}": [
            (LOG_SOURCE_BY_FOLDER[entry["rule"].split("/")[0]], _unwrapped(test["log"]))
        ]
        for entry, label, number, test in here
    }
    found = hits(with_parts_shown(our_rules()), batches)
    verdicts = [
        Verdict(
            f"Panther, {entry['rule'].split('/')[0]}",
            entry["rule"],
            label,
            test["test"],
            test["expected"],
            not _ids(entry).isdisjoint(found[f"{entry['rule']} {label} {number}"]),
        )
        for entry, label, number, test in here
    ]
    return verdicts, len(asked) - len(here)


def _ids(entry: Mapping[str, Any]) -> set[str]:
    """The rule that reports, or the part named; sessions of roles may be a part of their own beside it."""
    if "part" not in entry:
        return {reporting_id(entry["rule"])}
    return part_ids(entry["rule"], {entry["part"], f"{entry['part']}_by_role"})


def _unwrapped(log: dict[str, Any]) -> dict[str, Any]:
    """The audit event that Azure passes on as text; all else as it is."""
    properties = log.get("properties")
    inner = properties.get("log") if isinstance(properties, dict) else None
    found: dict[str, Any] = json.loads(inner) if isinstance(inner, str) else log
    return found


def falco_verdicts(scratch: Path) -> list[Verdict]:
    """What our rules say of Falco's cases, each under its own settings; `scratch` holds the values."""
    by_settings: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for case in json.loads((FALCO / "expected_detections.json").read_bytes()):
        if case["case"] not in labels()["falco"]["left_out"]:
            settings = tuple(sorted({Path(name).name for name in case["rules_files"]}))
            by_settings.setdefault(settings, []).append(case)
    return [
        verdict
        for settings, cases in by_settings.items()
        for case, found in _hits_under(settings, cases, scratch)
        for verdict in _case_verdicts(case, settings, found)
    ]


def _hits_under(
    settings: tuple[str, ...], cases: list[dict[str, Any]], scratch: Path
) -> Iterator[tuple[dict[str, Any], Mapping[str, int]]]:
    """Each case of these settings with the hits on its file by rule id."""
    values: dict[str, Any] = load_yaml(VALUES, error=DetectionError).value
    for one in (labels()["falco"]["values"], *map(labels()["falco"]["settings"].get, settings)):
        values |= one or {}
    path = scratch / "values.yaml"
    path.write_text(json.dumps(values), encoding="utf-8")
    records = {
        case["case"]: [("kubernetes_audit", json.loads((FALCO / "k8s_audit" / case["file"]).read_bytes()))]
        for case in cases
    }
    found = hits(load_rules(FOLDER / "kubernetes", path), records)
    return ((case, found[case["case"]]) for case in cases)


def _case_verdicts(
    case: Mapping[str, Any], settings: tuple[str, ...], found: Mapping[str, int]
) -> Iterator[Verdict]:
    """Of a case that fires: the rules it names, as often as it says. Of one that does not: every rule."""
    for entry in labels()["falco"]["rules"]:
        named = [label for label in entry["labels"] if label in case["rules"]]
        is_off = entry.get("is_activity") and labels()["falco"]["without_activity"] in settings
        if (case["detect"] and not named) or is_off:
            continue
        expected = sum(case["rules"][label] for label in named)
        actual = found.get(reporting_id(entry["rule"]), 0)
        label = " / ".join(named or entry["labels"])
        agrees = expected == actual
        says = case["detect"] if agrees else not case["detect"]
        yield Verdict("Falco", entry["rule"], label, case["case"], case["detect"], says)
