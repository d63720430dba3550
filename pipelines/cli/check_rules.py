"""What `evidence check` says of Sigma rules: whether they can be honoured, and whether their cases hold."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.wrapping import fitted

if TYPE_CHECKING:
    from simulator.detections.rule_cases import CaseRun

UNCASED_SHOWN_MAX = 20


def is_of_rules(reference: str) -> bool:
    """Whether it names a Sigma file, or a folder with some and with neither a playbook nor an active one."""
    from evidence.decision.loading import ACTIVE_FILE, PLAYBOOK_FILE
    from evidence.detections.rule_folders import rule_files

    path = Path(reference)
    if path.is_file():
        return path.suffix == ".yml"
    is_of_playbook = any((path / name).exists() for name in (PLAYBOOK_FILE, ACTIVE_FILE))
    return path.is_dir() and not is_of_playbook and bool(rule_files(path))


def print_rule_check(path: Path, output_format: str) -> bool:
    """Print what the rules make of their cases; true when all hold. Raises RefusedDetections."""
    from simulator.detections.rule_cases import run_cases

    run = run_cases(path)
    text = _json(run) if output_format == "json" else "".join(f"{line}\n" for line in _lines(path, run))
    sys.stdout.write(text)
    return not run.misjudged


def _lines(path: Path, run: CaseRun) -> Iterator[str]:
    from evidence.redaction import make_visible

    held = run.case_count - len(run.misjudged)
    verdict = "sound" if not run.misjudged else "cases come out otherwise"
    if run.warnings:
        verdict += f", {len(run.warnings)} warning{'' if len(run.warnings) == 1 else 's'}"
    yield fitted(f"{make_visible(str(path))}: {verdict}")
    yield ""
    yield f"  rules   {run.rule_count} report; every one can be honoured exactly"
    yield f"  cases   {held} of {run.case_count} come out as expected"
    if run.misjudged:
        yield from ("", "Cases that come out otherwise")
    for each in run.misjudged:
        wrong = (
            "a hit is expected, there is none" if each.is_hit_expected else "no hit is expected, there is one"
        )
        place = f"{each.place.path}:{each.place.line}"
        yield fitted(f"  {make_visible(place)}: {make_visible(each.shows)} ({wrong})")
    if run.warnings:
        yield from ("", f"Warnings, {len(run.warnings)}")
    for warning in run.warnings:
        place = f"{warning.place.path}:{warning.place.line}"
        yield fitted(f"  {make_visible(place)}: {make_visible(warning.what)}. {warning.remedy}")
    if run.uncased:
        yield from ("", f"Rules without a case, {len(run.uncased)}")
        yield from (fitted(f"  {make_visible(str(each))}") for each in run.uncased[:UNCASED_SHOWN_MAX])
    if len(run.uncased) > UNCASED_SHOWN_MAX:
        yield f"  and {len(run.uncased) - UNCASED_SHOWN_MAX} more"


def _json(run: CaseRun) -> str:
    said = {
        "is_sound": not run.misjudged,
        "rule_count": run.rule_count,
        "case_count": run.case_count,
        "misjudged": [
            {
                "path": str(each.place.path),
                "line": each.place.line,
                "shows": each.shows,
                "expected": "hit" if each.is_hit_expected else "no hit",
            }
            for each in run.misjudged
        ],
        "warnings": [
            {
                "path": str(each.place.path),
                "line": each.place.line,
                "column": each.place.column,
                "field": each.place.field,
                "what": each.what,
                "remedy": each.remedy,
            }
            for each in run.warnings
        ],
        "without_cases": [str(path) for path in run.uncased],
    }
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"
