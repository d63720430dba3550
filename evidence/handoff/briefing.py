"""Condenses a package into the few lines that a message opens with: what a reader must know to answer it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evidence.handoff.facts import NOTHING_ARRIVED
from evidence.handoff.inert import quote
from evidence.handoff.model import Fact, Figure, OptionRow, Recommendation, Unknown
from evidence.handoff.words import lower_first

# Facts that a message carries, in this order; the second part says which values are news, none meaning any.
_TELLING: tuple[tuple[str, tuple[str, ...]], ...] = (
    (NOTHING_ARRIVED, ()),
    ("first_signal_name", ()),
    ("is_signal_cleared", ("yes",)),
    ("layer", ()),
    ("is_change_seen", ()),
    ("change_revision", ()),
    ("change_initiator", ()),
    ("change_to_symptom_seconds", ()),
    ("error_rate_ppm", ()),
    ("latency_ms", ()),
    ("resource_pressure_ppm", ()),
    ("hot_dependency", ()),
    ("actor", ()),
    ("credential_uid", ()),
    ("is_source_network_new", ("yes",)),
    ("is_mfa", ("no",)),
    ("is_emergency_access", ("yes",)),
    ("consumer_count", ()),
    ("is_public_exposure", ("yes",)),
    ("is_image_flagged", ("yes",)),
    ("is_stateful", ("yes",)),
    ("is_customer_data_touched", ("yes",)),
    ("is_spreading", ()),
    ("blast_radius", ()),
    ("customer_facing_count", ()),
)
_PLACES = ("service", "workload", "principal", "namespace", "cluster", "node", "environment")


def briefing(
    why: Recommendation, figures: Iterable[Figure], scope: tuple[Fact, ...], known: tuple[Fact, ...]
) -> tuple[str, ...]:
    """Why, where, how grave, and the telling facts; one sentence a line."""
    facts = {fact.name: fact for fact in known}
    return (
        *(reason.sentence for reason in why.reasons),
        *_where(scope),
        f"{'; '.join(map(_figure, figures))}.",
        *(
            facts[name].sentence
            for name, news in _TELLING
            if name in facts and (not news or facts[name].value in news)
        ),
    )


def open_points(missing: tuple[Unknown, ...]) -> tuple[str, ...]:
    """What is not known and how to find out; limits of exports are left to the package."""
    return tuple(
        f"{unknown.sentence} {unknown.how_to_find_out}"
        for unknown in missing
        if not unknown.name.startswith("gap-")
    )


def contenders(options: tuple[OptionRow, ...]) -> tuple[str, ...]:
    """Active actions for which enough speaks, each with why it is not recommended."""
    return tuple(
        f"{candidate.title}: {lower_first(candidate.lost_because)}"
        for row in options
        for candidate in (row.best, *row.others)
        if candidate.is_active
        and not candidate.is_chosen
        and candidate.effect_points >= candidate.need_points
    )


def _where(scope: tuple[Fact, ...]) -> Iterator[str]:
    places: dict[str, str] = {}
    for fact in scope:
        if fact.name in _PLACES and fact.value not in places:
            places[fact.value] = f"{fact.label.lower()} {quote(fact.value)}"
    if places:
        yield f"Where: {', '.join(places.values())}."


def _figure(figure: Figure) -> str:
    value = "not stated" if figure.value is None else f"{figure.value} of {figure.maximum} ({figure.word})"
    return f"{figure.name} {value}" if figure.name != "severity" else f"Severity {value}"
