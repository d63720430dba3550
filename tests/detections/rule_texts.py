"""Small Sigma rules, written and run."""

from __future__ import annotations

import json
from pathlib import Path

from evidence.detections.detecting import detect
from evidence.detections.loading import load_rules
from evidence.detections.rules import RuleSet
from evidence.detections.units import record_units

RULE_ID = "00000000-0000-4000-8000-{:012d}"


def rule(detection: object, number: int = 0, **more: object) -> dict[str, object]:
    return {
        "title": f"Rule {number}",
        "id": RULE_ID.format(number),
        "logsource": {"product": "aws", "service": "cloudtrail"},
        "detection": detection,
        **more,
    }


def written(folder: Path, *documents: object) -> Path:
    """The documents in one file; JSON is YAML."""
    path = folder / "rules.yml"
    path.write_text(
        "\n---\n".join(json.dumps(one, ensure_ascii=False) for one in documents), encoding="utf-8"
    )
    return path


def loaded(folder: Path, *documents: object, values: Path | None = None) -> RuleSet:
    return load_rules(written(folder, *documents), values)


def matched(folder: Path, item: object, *records: object, values: Path | None = None) -> list[int]:
    """Positions of the records that a rule of one selection matches."""
    rules = loaded(folder, rule({"selection": item, "condition": "selection"}), values=values)
    hits = detect(rules, record_units("cloudtrail", records))
    return [hit["records"][0]["ordinal"] for hit in hits.to_pylist()]
