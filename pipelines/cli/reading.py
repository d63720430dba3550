"""The commands that tell what a run has published: explain and digest."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ABLATIONS = "replay.ablations"


def print_explanation(warehouse: Path, playbooks: Path, incident: str) -> None:
    """Print how the active playbook decides, on states as it grades them, whatever the last run used.

    `incident` is its name or the beginning of it. Raises InputError for an unknown one.
    """
    from contextlib import closing

    from evidence import decision
    from evidence.incident_names import find_incident
    from evidence.warehouse import Warehouse
    from pipelines.cli.wrapping import wrapped
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
        text = decision.explain(excerpt, incident_id, bundle)
        worth = sentences(connection, incident_id, bundle) if ABLATIONS in tables.published() else []
    if worth:
        lines = "".join(f"- {sentence}\n" for sentence in worth)
        text += f"\n## What each source was worth\n{lines}"
    sys.stdout.write(wrapped(text))


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
