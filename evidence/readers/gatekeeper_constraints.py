"""Reads Gatekeeper constraints with what the last audit found (`kubectl get constraints -o json`).

Recognised by the API group constraints.gatekeeper.sh. One constraint is one record; every row of
`status.violations` is one policy event at the audit's time. Wrong can be: a violation without kind, name or
message, violations without the audit's time. Identity: uid and resourceVersion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader, SourceFacts
from evidence.readers.gatekeeper_verdicts import COMPLIANCE_FINDING, about, strictest, verdict
from evidence.readers.kubernetes_views import list_gaps

_GROUP = "constraints.gatekeeper.sh/"


def is_record(record: Json) -> bool:
    """Whether it is an object of Gatekeeper's constraint group."""
    return str(record.get("apiVersion")).startswith(_GROUP) and "kind" in record and "metadata" in record


def is_envelope(envelope: Json) -> bool:
    """Whether it is a typed list of constraints, as the API server answers it."""
    is_list = str(envelope.get("kind", "")).endswith("List")
    return is_list and str(envelope.get("apiVersion")).startswith(_GROUP)


def read(record: Json, around: Around) -> Iterable[Event]:
    """One policy event per violation."""
    kind = fields.text(record, "kind")
    name = fields.text(fields.mapping(record, "metadata"), "name", "/metadata")
    status = fields.optional_mapping(record, "status")
    rows = fields.optional_objects(status, "violations", "/status")
    if not rows:
        return ()
    at_audit = fields.moment_at(status, "auditTimestamp", "/status")
    return [{**event, **at_audit} for event in _violations(kind, name, rows)]


def identity(record: Json) -> str | None:
    """The object and its version."""
    metadata = fields.optional_mapping(record, "metadata")
    uid, version = metadata.get("uid"), metadata.get("resourceVersion")
    return f"{uid} {version}" if uid and version else None


def record_gaps(record: Json, around: Around) -> Iterable[Gap]:
    """Violations that the audit counted and the status does not hold (`--constraint-violations-limit`)."""
    status = fields.optional_mapping(record, "status")
    total = fields.optional_integer(status, "totalViolations", "/status") or 0
    held = len(fields.optional_items(status, "violations", "/status"))
    if total > held:
        name = fields.text(fields.mapping(record, "metadata"), "name", "/metadata")
        detail = f"the audit counted {total} violations of {name}; its status holds {held}"
        yield Gap("records_truncated", name, detail, "/status/totalViolations")


def _violations(kind: str, name: str, rows: Iterable[Json]) -> Iterator[Event]:
    for index, row in enumerate(rows):
        at = f"/status/violations/{index}"
        action = fields.optional_text(row, "enforcementAction", at)
        yield {
            **verdict(kind, name, strictest(action, row.get("enforcementActions"))),
            **about(
                fields.text(row, "kind", at),
                fields.text(row, "name", at),
                fields.optional_text(row, "namespace", at),
            ),
            "pointer": at,
            "message": fields.text(row, "message", at),
        }


FACTS = SourceFacts(
    tool="Gatekeeper (OPA)",
    written_by="`kubectl get constraints -o json`",
    record="one constraint with its status",
    read="every row of `status.violations`, at `status.auditTimestamp`: a policy that is *violated*; "
    "severity by enforcement action (deny medium, warn low, dryrun informational)",
    ignored="`spec` (what the constraint matches), `status.byPod`, constraints without violations",
    gaps=("more_available", "records_truncated"),
    trust="written by the audit controller; only the last audit's findings, and no time but the audit's",
    class_uids=(COMPLIANCE_FINDING,),
)

READER = Reader(
    "gatekeeper_constraints",
    "opa",
    is_record,
    read,
    identity,
    containers=(("items",),),
    is_envelope=is_envelope,
    envelope_gaps=list_gaps,
    record_gaps=record_gaps,
    facts=FACTS,
)
