"""Small sets of Sigma rules over the recorded incidents, edits of them, and a playbook that reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from evidence.decision import Bundle
from evidence.detections.levels import Level
from evidence.detections.loading import load_rules
from evidence.detections.signalling import Detections

from ...decision.deciding import active
from ...decision.flipping import with_rules

EXPORT, FEED = "inc-0114-customer-export", "inc-0125-damaged-exports"
ROTATION, BUCKET = "inc-0120-failed-secret-rotation", "inc-0106-public-bucket"
KEY, ADMIN = "inc-0104-deploy-key-leak", "inc-0105-admin-identity"
IDS = {
    name: f"10000000-0000-4000-8000-{number:012d}"
    for number, name in enumerate(("exports", "reads", "writes", "users", "quiet", "burst"))
}
Rules = Mapping[str, Mapping[str, Any]]


def rule(name: str, title: str, selection: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A rule of level high over CloudTrail."""
    return {
        "title": title,
        "id": IDS[name],
        "name": name,
        "tags": ["attack.t1530"],
        "logsource": {"product": "aws", "service": "cloudtrail"},
        "detection": {"selection": selection, "condition": "selection"},
        "level": "high",
        **more,
    }


RULES: Rules = {
    "exports": rule(
        "exports",
        "Exports read",
        {"eventName": "GetObject", "requestParameters.bucketName": "customer-exports"},
    ),
    "reads": rule("reads", "Secret read", {"eventName": "GetSecretValue"}),
    "writes": rule("writes", "Secret written", {"eventName": "PutSecretValue"}),
    "users": rule("users", "Users listed", {"eventName": "ListUsers"}),
    "quiet": rule("quiet", "Trail deleted", {"eventName": "DeleteTrail"}),
}
BURST = {
    "title": "Many exports read",
    "id": IDS["burst"],
    "tags": ["attack.t1530"],
    "correlation": {
        "type": "event_count",
        "rules": ["exports"],
        "group-by": ["userIdentity.arn"],
        "timespan": "5m",
        "condition": {"gte": 20},
        "generate": True,
    },
    "level": "high",
}


def edited(name: str, **fields: Any) -> Rules:
    """RULES in which one has other fields."""
    return {**RULES, name: {**RULES[name], **fields}}


def narrowed(name: str, field: str, value: str) -> Rules:
    """RULES in which one asks for one thing more."""
    selection = {**RULES[name]["detection"]["selection"], field: value}
    return edited(name, detection={"selection": selection, "condition": "selection"})


def without(*names: str) -> Rules:
    """RULES without some."""
    return {name: each for name, each in RULES.items() if name not in names}


def written(folder: Path, rules: Rules) -> Path:
    """A folder with a file for each rule."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in rules.items():
        (folder / f"{name}.yml").write_text(json.dumps(document), encoding="utf-8")
    return folder


def detections(folder: Path, rules: Rules) -> Detections:
    """As a playbook has them that takes hits from level high on for signals."""
    return Detections(load_rules(written(folder, rules)), Level.HIGH)


READERS = (
    {"id": "t-exports", "when": "has_signal('Exports read')", "supports": {"open_incident_channel": 900}},
    {"id": "t-users", "when": "has_signal('Users listed')", "supports": {"open_incident_channel": 900}},
    {
        "id": "t-both",
        "when": "has_signal('Secret read') and has_signal('Secret written')",
        "supports": {"open_incident_channel": 900},
    },
)


@cache
def deciding() -> Bundle:
    """The active playbook with rules that read the signals of RULES; it has no detections yet."""
    bundle = with_rules(active(), *READERS)
    return Bundle("deciding", bundle.playbook, bundle.approvers, bundle.policies, None)
