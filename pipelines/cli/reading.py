"""The commands that tell what a run has published: explain and digest."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evidence.decision import Bundle

ABLATIONS = "replay.ablations"


def print_explanation(warehouse: Path, playbooks: Path, incident: str, output_format: str) -> None:
    """Print how the active playbook decides, on states as it grades them, whatever the last run used.

    `incident` is its name or the beginning of it. Raises InputError for an unknown one.
    """
    from contextlib import closing

    from evidence import decision
    from evidence.incident_names import find_incident
    from evidence.warehouse import Warehouse
    from simulator.faults.ablation import sentences
    from simulator.histories.excerpts import graded_excerpt

    tables = Warehouse(warehouse)
    known = tables.read("decision.decisions").column("incident_id").to_pylist()
    incident_id = find_incident(incident, sorted(known))
    bundle = decision.load_active(playbooks)
    with (
        closing(tables.connect()) as connection,
        graded_excerpt(connection, bundle.grading, [incident_id]) as excerpt,
    ):
        sections = decision.explain_sections(excerpt, incident_id, bundle)
        worth = sentences(connection, incident_id, bundle) if ABLATIONS in tables.published() else []
    if worth:
        sections.append(["## What each source was worth", *(f"- {sentence}" for sentence in worth)])
    if output_format == "json":
        _write_json(_explanation(incident_id, bundle, sections))
    else:
        _write_text(sections)


def _explanation(incident_id: str, bundle: Bundle, sections: Sequence[Sequence[str]]) -> dict[str, object]:
    """The sections by their headings, lines as they are printed but not wrapped."""
    told = [{"heading": lines[0].lstrip("# "), "lines": lines[1:]} for lines in sections]
    return {
        "incident_id": incident_id,
        "playbook": {"name": bundle.name, "digest": bundle.digest},
        "sections": told,
    }


def _write_text(sections: Sequence[Sequence[str]]) -> None:
    from pipelines.cli.wrapping import wrapped

    sys.stdout.write(wrapped("\n\n".join("\n".join(section) for section in sections) + "\n"))


def print_digests(warehouse: Path, output_format: str) -> None:
    """Print `<sha256>  <schema.table>` per published table in order of name, last `<sha256>  root`."""
    from evidence.errors import WarehouseError
    from evidence.warehouse import Warehouse, root_digest

    published = Warehouse(warehouse).published()
    if not published:
        raise WarehouseError(f"nothing is published in {warehouse}", remedy="Run `evidence run` first")
    digests = {name: entry.digest for name, entry in sorted(published.items())}
    digests["root"] = root_digest(published)
    if output_format == "json":
        _write_json(digests)
    else:
        sys.stdout.write("".join(f"{digest}  {name}\n" for name, digest in digests.items()))


def _write_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
