"""The commands that tell what a run has published: explain and digest."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evidence.errors import InputError

ABLATIONS = "replay.ablations"


def print_explanation(warehouse: Path, playbooks: Path, incident_id: str) -> None:
    """Print how the active playbook decides, on states as it grades them, whatever the last run used.

    Raises InputError for an unknown incident.
    """
    from contextlib import closing

    from evidence import decision
    from evidence.warehouse import Warehouse
    from pipelines.cli.wrapping import wrapped
    from simulator.faults.ablation import sentences
    from simulator.histories.excerpts import graded_excerpt

    tables = Warehouse(warehouse)
    known = tables.read("decision.decisions").column("incident_id").to_pylist()
    if incident_id not in known:
        raise no_such_incident(incident_id, known)
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


def no_such_incident(incident_id: str, known: Sequence[str]) -> InputError:
    """The error about an incident that is not among those known; it names near ones, or else all."""
    from evidence.errors import InputError

    near = [each for each in known if incident_id and incident_id in each]
    near += [each for each in get_close_matches(incident_id, known, cutoff=0.7) if each not in near]
    remedy = f"Did you mean {' or '.join(near[:3])}?" if near else f"Known are {', '.join(known) or 'none'}"
    return InputError(f"there is no incident {incident_id!r}", remedy=remedy)


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
