"""What rules catch in the logs of GitHub and of applications, as these write them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from evidence.detections.levels import Level
from simulator.detections.chosen_rules import load_chosen
from simulator.detections.model import Detection
from simulator.detections.recorded import open_exports, open_incidents
from simulator.detections.replay import replay
from tests.simulator.detections.recorded_days import ROOT, rule, write_rules

AUDIT_LOG = ROOT / "tests/readers/exports/github_audit.jsonl"
GITHUB_RULES = ROOT / "playbooks/detections/github"


def caught(detection: Detection) -> list[tuple[str, int]]:
    """Rules that fired, with the records that they name."""
    return sorted((each.title, each.record_count) for each in detection.rules if each.hit_count)


def stream(path: Path, entries: list[dict[str, Any]]) -> Path:
    """A file of an enterprise's audit log stream."""
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, entries)).encode()))
    return path


def test_our_rules_catch_a_recorded_audit_log(tmp_path: Path) -> None:
    """A guard that is removed, a repository that is opened, a new owner, and ten clones by one account."""
    entries = [json.loads(line) for line in AUDIT_LOG.read_bytes().splitlines()]
    clones = [
        {
            **entries[0],
            "@timestamp": entries[0]["@timestamp"] + 3_600_000 + number * 20_000,
            "_document_id": f"clone-{number}",
            "repo": f"acme/service-{number}",
        }
        for number in range(10)
    ]
    exports = open_exports(stream(tmp_path / "audit.json.log.gz", [*entries, *clones, clones[3]]))
    found = replay(load_chosen(GITHUB_RULES, None, ()), exports, "github", Level.MEDIUM)
    assert caught(found) == [
        ("Guards of a repository taken down and the repository opened", 2),
        ("Many repositories cloned by one account", 10),
        ("Protection of a branch removed", 1),
        ("Role of a member changed", 1),
        ("Visibility of a repository changed", 1),
    ]


@pytest.mark.parametrize(
    ("log_source", "item", "line_count"),
    [
        ({"product": "loki"}, {"message|contains": "SLOW QUERY", "namespace": "search"}, 3),
        ({"category": "application"}, {"message|re": "took=[0-9]{4}ms", "app": "search-api"}, 3),
        ({"category": "application", "product": "loki"}, ["slow query"], 3),
        ({"product": "opentelemetry"}, {"message|contains": "facet", "severityNumber|gte": 17}, 3),
        ({"category": "application"}, {"message|contains": "FACET", "severityText": "error"}, 3),
        ({"product": "loki"}, {"message|contains": "facet", "severityText": "error"}, 0),
    ],
)
def test_rules_read_the_lines_of_applications(
    log_source: dict[str, str], item: object, line_count: int, tmp_path: Path
) -> None:
    """Of the recorded incidents: each line of a stream is a record, and labels stand by their names."""
    rules = write_rules(tmp_path / "rules.yml", rule(1, item, logsource=log_source))
    found = replay(load_chosen(rules, None, ()), open_incidents(ROOT / "fixtures"), "rules.yml", Level.MEDIUM)
    assert sum(each.hit_count for each in found.rules) == line_count
