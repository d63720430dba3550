"""Owns what `evidence verify` prints: a line per file that does not prove, and notes that are no findings."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any


def print_findings(
    incidents: Path, warehouse: Path, out: Path, playbooks: Path, incident: str | None, output_format: str
) -> int:
    """Print what does not prove, one file a line, then the notes, and return how many findings there are.

    `incident` is a name or the beginning of it; None for all. Raises InputError for an unknown one or a
    folder that is none, WarehouseError for no warehouse.
    """
    from evidence.redaction import make_visible
    from evidence.verify import notes, verify

    _require_folders(incidents, warehouse, out)
    incident_id = None if incident is None else _named(warehouse, incident)
    findings = verify(incidents, warehouse, out, incident_id)
    told = [*notes(warehouse), *_playbook_notes(out, playbooks, incident_id)]
    if output_format == "json":
        content = {"findings": [dataclasses.asdict(finding) for finding in findings], "notes": told}
        sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        return len(findings)
    if not findings:
        sys.stdout.write(f"verified: {incident_id or 'every claim, input, handoff and table'}\n")
    lines = [*map(str, findings), *(f"note: {note}" for note in told)]
    sys.stdout.write("".join(f"{make_visible(line)}\n" for line in lines))
    if findings:
        sys.stderr.write(f"evidence: {len(findings)} {'finding' if len(findings) == 1 else 'findings'}\n")
    return len(findings)


def _require_folders(incidents: Path, warehouse: Path, out: Path) -> None:
    from evidence.errors import InputError, WarehouseError
    from evidence.verify import HANDOFF_MANIFEST

    # What is there of a run that was damaged is a finding, not nothing.
    if not any((warehouse / name).exists() for name in ("published.json", "tables", HANDOFF_MANIFEST)):
        raise WarehouseError(f"nothing is published in {warehouse}", remedy="Run `evidence run` first")
    for option, folder in (("--incidents", incidents), ("--out", out)):
        if not folder.is_dir():
            raise InputError(
                f"{option} {folder}: is no folder", remedy="Name the one that `evidence run` was given"
            )


def _named(warehouse: Path, incident: str) -> str:
    """An incident that no run has seen is a wrong call; one whose package is gone is a finding."""
    from evidence.incident_names import find_incident
    from evidence.verify import known_incidents

    known = known_incidents(warehouse)
    return incident if known is None else find_incident(incident, known)


def _playbook_notes(out: Path, playbooks: Path, incident_id: str | None) -> list[str]:
    """Says so where the handoffs were written with another playbook than the one that is active now.

    They are right all the same: they tell what that playbook recommends. Nothing is said where there is
    no folder of playbooks, or no package to compare with.
    """
    from evidence.decision import load_active
    from evidence.errors import PlaybookError

    written = _bundles(out, incident_id)
    if not written or not playbooks.is_dir():
        return []
    words = " and ".join(f"{name} ({digest[:12]})" for name, digest in written)
    try:
        bundle = load_active(playbooks)
    except PlaybookError as error:
        return [f"the active playbook does not load, and the handoffs were written with {words}: {error}"]
    if written == [(bundle.name, bundle.digest)]:
        return []
    return [
        f"the active playbook is now {bundle.name} ({bundle.digest[:12]}); "
        f"the handoffs were written with {words}. Run `evidence run` to decide anew"
    ]


def _bundles(out: Path, incident_id: str | None) -> list[tuple[str, str]]:
    """Name and digest of the playbooks that the packages name, each once; other files are left out."""
    found = set()
    for path in sorted((out / "handoffs").glob("*.json")):
        if incident_id in (None, path.stem):
            inputs = _inputs(path)
            found.add((str(inputs.get("bundle_name", "")), str(inputs.get("bundle_sha256", ""))))
    return sorted(found - {("", "")})


def _inputs(path: Path) -> dict[str, Any]:
    try:
        inputs = json.loads(path.read_bytes())["inputs"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # a finding already
    return inputs if isinstance(inputs, dict) else {}
