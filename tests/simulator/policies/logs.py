"""Owns decision logs for tests: what OPA 1.20.2 itself answered with the modules of `admission`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simulator.detections.recorded import open_exports
from simulator.policies.decision_model import PolicyReplay, ReplayedDecision
from simulator.policies.modules import load_modules
from simulator.policies.replaying import replay_decisions

HERE = Path(__file__).parent
ADMISSION = HERE / "admission"
LOG = HERE / "decisions.jsonl"


def entries() -> list[dict[str, Any]]:
    """The entries of the log, in their order."""
    return [json.loads(line) for line in LOG.read_text(encoding="utf-8").splitlines()]


def entry(path: str, number: int = 0) -> dict[str, Any]:
    """The entry of that number among those of a path."""
    return [each for each in entries() if each["path"] == path][number]


def written(folder: Path, logged: list[dict[str, Any]], name: str = "decisions.jsonl") -> Path:
    """The entries as a file of JSON lines in a folder of exports."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in logged)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def replayed(exports: Path, policies: Path = ADMISSION, listed_max: int = 0) -> PolicyReplay:
    """The exports replayed against the modules of a folder."""
    recorded = open_exports(exports)
    try:
        return replay_decisions(load_modules(policies), recorded, "policies", listed_max=listed_max)
    finally:
        recorded.connection.close()


def only(replay: PolicyReplay) -> ReplayedDecision:
    """The one decision that is listed."""
    (decision,) = replay.decisions
    return decision


def module(folder: Path, source: str, name: str = "policy.rego") -> Path:
    """A folder with one module."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(source, encoding="utf-8")
    return folder
