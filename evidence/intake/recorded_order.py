"""Owns which orders of recorded times are impossible, and refuses a declaration that states one.

Impossible is what the words themselves rule out. What is only odd is taken as recorded: an incident may end
by itself before anyone notices it, be closed before anyone takes it, or be acted on before the alert that
people name as its detection. Equal times are never out of order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evidence.errors import InputError
from evidence.strict_yaml import Document
from evidence.times import format_rfc3339

Field = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """`later` never lies before `earlier`; `because` says why, as the end of the error."""

    earlier: Field
    later: Field
    because: str


_STARTED, _DETECTED = ("recorded", "started_at"), ("recorded", "detected_at")
_MITIGATED, _RESOLVED = ("recorded", "mitigated_at"), ("recorded", "resolved_at")
REVIEWED = ("labels", "at")
_TAKEN, _FROM, _TO = ("response", "taken_at"), ("window", "from"), ("window", "to")

# In the order in which they are checked, and as the docs list them.
ORDERS = (
    Order(_STARTED, _DETECTED, "nothing is detected before it has begun"),
    Order(_STARTED, ("recorded", "acknowledged_at"), "nobody takes what has not begun"),
    Order(_STARTED, _MITIGATED, "harm that has not begun cannot stop"),
    Order(_STARTED, _RESOLVED, "nothing is closed before it has begun"),
    Order(_DETECTED, _RESOLVED, "nobody closes what nobody knows of"),
    Order(_MITIGATED, _RESOLVED, "an incident is not closed while the harm goes on"),
    Order(_STARTED, _TAKEN, "nobody responds to what has not begun"),
    Order(_STARTED, _TO, "a window that ends before the incident begins shows nothing of it"),
    Order(_FROM, _RESOLVED, "a window that begins after the incident is closed shows nothing of it"),
    Order(_STARTED, REVIEWED, "nobody reviews what has not begun"),
    Order(_DETECTED, REVIEWED, "nobody reviews what nobody knows of"),
)


def refuse_impossible_order(document: Document, times: Mapping[Field, int | None]) -> None:
    """Raises InputError for the first order that is broken, at the later field. Unknown times break none.

    `times` holds nanoseconds UTC by the field's path in the file.
    """
    for order in ORDERS:
        earlier, later = times.get(order.earlier), times.get(order.later)
        if earlier is None or later is None or later >= earlier:
            continue
        other = document.place(*order.earlier)
        told = f"{other.field} ({format_rfc3339(earlier)}, line {other.line})"
        raise InputError(
            f"{format_rfc3339(later)} lies before {told}: {order.because}",
            place=document.place(*order.later),
            remedy="Correct one of the two; leave out a time that nobody knows",
        )
