"""Owns a small invented history: incidents with a few calls in CloudTrail each, and rules over them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evidence.starter_files import write_starters

ROOT = Path(__file__).parents[3]
CLOUDTRAIL = {"product": "aws", "service": "cloudtrail"}
RULE_ID = "00000000-0000-4000-8000-{:012d}"
INCIDENT = """\
id: {id}
title: {id}
type: {type}
window:
  from: 2026-01-01T00:00:00Z
  to: 2026-01-31T00:00:00Z
recorded:
  detected_at: 2026-01-05T10:30:00Z
received:
  cloudtrail.json: 2026-01-05T10:20:00Z
"""


def call(name: str, minute: int, day: int = 5) -> dict[str, Any]:
    """A call of that name at 10:<minute> of a day in January."""
    [record] = json.loads((ROOT / "fixtures/incidents/inc-0106-public-bucket/cloudtrail.json").read_bytes())[
        "Records"
    ][:1]
    unlike = {"errorCode", "errorMessage"}
    return {key: value for key, value in record.items() if key not in unlike} | {
        "eventName": name,
        "eventTime": f"2026-01-{day:02d}T10:{minute:02d}:00Z",
        "eventID": f"00000000-0000-4000-8000-{day:02d}{minute:02d}{sum(name.encode()):08d}",
    }


def write_history(root: Path, incidents: Mapping[str, tuple[str, Sequence[dict[str, Any]]]]) -> Path:
    """A folder of incidents by id, each with its type and its calls."""
    root.mkdir()
    write_starters(root)
    for incident_id, (kind, calls) in incidents.items():
        folder = root / incident_id
        folder.mkdir()
        (folder / "incident.yaml").write_text(INCIDENT.format(id=incident_id, type=kind))
        (folder / "cloudtrail.json").write_text(json.dumps({"Records": list(calls)}))
    return root


def rule(number: int, item: object, level: str | None = "high", **more: object) -> dict[str, object]:
    """A rule of one selection, called `Rule <number>`."""
    stated = {} if level is None else {"level": level}
    return {
        "title": f"Rule {number}",
        "id": RULE_ID.format(number),
        "logsource": CLOUDTRAIL,
        "detection": {"s": item, "condition": "s"},
        **stated,
        **more,
    }


def write_rules(path: Path, *documents: object) -> Path:
    """The documents in one file; JSON is YAML."""
    path.write_text("\n---\n".join(json.dumps(one) for one in documents))
    return path
