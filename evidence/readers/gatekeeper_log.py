"""Reads Gatekeeper's log lines: JSON lines of the audit and admission pods.

Recognised by `event_type` beside `process`. A line whose event type is a violation is one policy event; the
other lines (an audit began or ended, a constraint's count) state nothing. Wrong can be: the time, a
violation without constraint. No identity but the bytes: each audit says again what still holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Json, Reader, SourceFacts
from evidence.readers.gatekeeper_verdicts import COMPLIANCE_FINDING, logged
from evidence.times import parse_rfc3339, parse_unix_seconds

VIOLATIONS = frozenset({"violation", "violation_audited"})


def is_record(record: Json) -> bool:
    """Whether it is a line that Gatekeeper marks with the type of what it tells."""
    return "event_type" in record and record.get("process") in ("admission", "audit") and "msg" in record


def read(record: Json, around: Around) -> Iterable[Event]:
    """One policy event for a violation, none for any other line."""
    if fields.text(record, "event_type") not in VIOLATIONS:
        return ()
    event_time, time_text = _time(record)
    event: Event = {
        **logged(record),
        "pointer": "",
        "message": fields.optional_text(record, "msg"),
        "event_time": event_time,
        "event_time_text": time_text,
    }
    return (event,)


def _time(record: Json) -> tuple[int, str]:
    """The line's `ts`: seconds since 1970 as zap writes them, or RFC 3339 where it is set to."""
    written = record.get("ts")
    if isinstance(written, str):
        return fields.in_time(parse_rfc3339, written, "/ts"), written
    if isinstance(written, bool) or not isinstance(written, int | Decimal):
        raise fields.missing("/ts", "the time of the line")
    return fields.in_time(parse_unix_seconds, written, "/ts"), str(written)


FACTS = SourceFacts(
    tool="Gatekeeper (OPA)",
    written_by="`kubectl logs -n gatekeeper-system deployment/gatekeeper-audit` (admission: "
    "`deployment/gatekeeper-controller-manager` with `--log-denies`)",
    record="one log line",
    read="lines with the event type `violation_audited` (*violated*) or `violation` (*denied* where "
    "admission refused the request, else *violated*), with who asked",
    ignored="every other line: audits that begin or end, counts of a constraint, the controllers' own words",
    forgeable=("message",),
    trust="written by Gatekeeper; the message may quote names that whoever made the object chose",
    class_uids=(COMPLIANCE_FINDING,),
)

READER = Reader("gatekeeper_log", "opa", is_record, read, facts=FACTS, is_exact=True)
