"""Says what is known: one sentence per supported column of the state at the decision, each a claim."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evidence.handoff.case import Case, Row
from evidence.handoff.claims import ClaimBook
from evidence.handoff.fact_kinds import GROUPS, QUIET, SAME_EVIDENCE, SCOPE, FactKind
from evidence.handoff.inert import quote
from evidence.handoff.model import Fact, Section
from evidence.handoff.rule_signals import rule_facts
from evidence.handoff.words import counted, to_second
from evidence.redaction import shown
from evidence.times import format_rfc3339

NOTHING_ARRIVED = "nothing_arrived"  # name of the one fact that no claim can carry


def scope_facts(book: ClaimBook) -> tuple[Fact, ...]:
    """Where the incident is."""
    return (*_facts(book, SCOPE, "affected_scope", "Place"), *_resource_fact(book))


def _resource_fact(book: ClaimBook) -> Iterator[Fact]:
    """The object of the call that opened something, or that touched customer data."""
    event = book.case.supporting_event("is_public_exposure", "is_customer_data_touched")
    if event is None or not event["resource"]:
        return
    sentence = f"The resource concerned is {quote(event['resource'])}."
    claim = book.of_event("affected_scope", sentence, event, [event["resource"]])
    value = shown(event["resource"])
    yield Fact(
        name="resource", group="Place", label="Resource", value=value, sentence=sentence, claims=(claim,)
    )


def known_facts(book: ClaimBook) -> tuple[Fact, ...]:
    """What else is known and supported; whatever no event or catalogue entry supports is left out."""
    found = tuple(
        fact for group, kinds in GROUPS.items() for fact in _facts(book, kinds, "known_facts", group)
    )
    for conclusion, figure in SAME_EVIDENCE.items():
        if figure in book.by_column:
            book.by_column.setdefault(conclusion, book.by_column[figure])
    return (*_nothing_arrived(book), *found, *rule_facts(book))


def _nothing_arrived(book: ClaimBook) -> Iterator[Fact]:
    """Where there was nothing to decide on: that, and the horizon by which nothing had arrived.

    Responders' own records (an acknowledgement, a message) are in the timeline but decide nothing.
    """
    case = book.case
    if not case.is_blank and not case.has_nothing:
        return
    horizon = format_rfc3339(case.decided_at)
    what = "Nothing but records of the response" if case.known_events else "No evidence"
    yield Fact(
        name=NOTHING_ARRIVED,
        group="Evidence",
        label="Evidence by the horizon",
        value="none",
        sentence=f"{what} had arrived by the horizon, {to_second(horizon)}.",
        claims=(),
        derived_from=f"decision.decisions of {case.incident_id}, moment {case.moment}: decided_at {horizon}",
    )


def affected_services(book: ClaimBook) -> tuple[Fact, ...]:
    """The affected services and those that depend on them, nearest first, each with its catalogue entry."""
    found = []
    for row in book.case.blast:
        entry = book.case.catalogue.entry(row["service"])
        if entry is None:
            continue
        sentence, label = _reach_sentence(row), _reach_label(row)
        claim = book.of_entry("affected_scope", sentence, entry)
        name = shown(row["service"])
        found.append(
            Fact(name=name, group="Reach", label=label, value=name, sentence=sentence, claims=(claim,))
        )
    return tuple(found)


def _reach_label(row: Row) -> str:
    return "affected" if row["hops"] == 0 else f"{counted(row['hops'], 'hop')} away"


def _reach_sentence(row: Row) -> str:
    facing = " and faces customers" if row["is_customer_facing"] else ""
    if row["hops"] == 0:
        return f"{quote(row['service'])} is affected{facing}."
    via = f" {quote(row['via'])}" if row["via"] else " an affected service"
    directly = "" if row["hops"] == 1 else f" over {row['hops']} edges"
    return f"{quote(row['service'])} depends on{via}{directly}{facing}."


def _facts(book: ClaimBook, kinds: tuple[FactKind, ...], section: Section, group: str) -> tuple[Fact, ...]:
    found = (_fact(book, kind, section, group) for kind in kinds)
    return tuple(fact for fact in found if fact is not None)


def _fact(book: ClaimBook, kind: FactKind, section: Section, group: str) -> Fact | None:
    case, value = book.case, book.case.state[kind.column]
    if value is None or value in QUIET.get(kind.column, ()):
        return None
    sentence = kind.sentence(value, case.state)
    claim = _claim(book, kind, section, sentence, case)
    if claim is None:
        return None
    book.by_column.setdefault(kind.column, claim)
    return Fact(
        name=kind.column,
        group=group,
        label=kind.label,
        value=_value(value),
        sentence=sentence,
        claims=(claim,),
    )


def _value(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else shown(str(value))


def _claim(book: ClaimBook, kind: FactKind, section: Section, sentence: str, case: Case) -> int | None:
    support = case.support.get(kind.column)
    if support is None:
        return None
    if support["event_id"] in case.event_by_id:
        event = case.event_by_id[support["event_id"]]
        return book.of_event(section, sentence, event, [event[column] for column in kind.event_columns])
    entry = case.catalogue.entries.get(support["entity_ref"])
    return None if entry is None else book.of_entry(section, sentence, entry)
