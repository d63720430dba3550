"""The commands that read what a run has published: verify, explain and digest."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

ABLATIONS = "replay.ablations"


def print_findings(
    incidents: Path, warehouse: Path, out: Path, incident_id: str | None, output_format: str
) -> int:
    """Print what does not prove, one finding a line, and return how many there are."""
    from evidence.errors import WarehouseError
    from evidence.redaction import make_visible
    from evidence.verify import verify

    if not warehouse.is_dir():
        raise WarehouseError(f"nothing is published in {warehouse}", remedy="Run `evidence run` first")
    findings = verify(incidents, warehouse, out, incident_id)
    if output_format == "json":
        _write_json([dataclasses.asdict(finding) for finding in findings])
    elif findings:
        sys.stdout.write("".join(f"{make_visible(str(finding))}\n" for finding in findings))
        sys.stderr.write(f"evidence: {len(findings)} {'finding' if len(findings) == 1 else 'findings'}\n")
    else:
        sys.stdout.write(f"verified: {incident_id or 'every claim, input, handoff and table'}\n")
    return len(findings)


def print_explanation(warehouse: Path, playbooks: Path, incident_id: str) -> None:
    """Print the explanation of the decision of record. Raises InputError for an unknown incident."""
    from contextlib import closing

    from evidence import decision
    from evidence.errors import InputError
    from evidence.warehouse import Warehouse
    from simulator.faults.ablation import sentences

    tables = Warehouse(warehouse)
    known = tables.read("decision.decisions").column("incident_id").to_pylist()
    if incident_id not in known:
        raise InputError(f"no decision about {incident_id}", remedy=f"Known are {', '.join(known)}")
    with closing(tables.connect()) as connection:
        text = decision.explain(connection, incident_id, decision.load_active(playbooks))
        worth = sentences(connection, incident_id) if ABLATIONS in tables.published() else []
    sys.stdout.write(text)
    if worth:
        lines = "".join(f"- {sentence}\n" for sentence in worth)
        sys.stdout.write(f"\n## What each source was worth\n{lines}")


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
