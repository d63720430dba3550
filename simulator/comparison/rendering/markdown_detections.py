"""Writes what other rules do in Markdown: rules and incidents as tables, signals folded in."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.handoff.inert import code_span
from evidence.handoff.words import counted
from evidence.redaction import shown
from simulator.comparison.detection_model import DetectionComparison, IncidentSignals, RuleChange
from simulator.comparison.rendering.detection_words import (
    by_gravity,
    catch_sentence,
    catch_words,
    count_words,
    effect_words,
    gained_sentence,
    hits_words,
    is_attack,
    is_grave,
    is_turned,
    level_sentence,
    lost_sentence,
    newest,
    noise_sentence,
    outcome_words,
    rule_level,
    rule_place,
    rules_by_effect,
    rules_sentence,
    signal_lines,
    time_words,
)
from simulator.comparison.rendering.identifiers import markdown
from simulator.comparison.rendering.markdown_changes import rest
from simulator.comparison.rendering.venues import Venue

RULES_MAX, INCIDENTS_MAX, SIGNALS_MAX = 20, 20, 30


def detections_lines(found: DetectionComparison, venue: Venue) -> Iterator[str]:
    """The whole section."""
    yield "### Detections"
    yield ""
    yield f"**{markdown(catch_sentence(found))}**"
    sentences = (lost_sentence(found), gained_sentence(found), rules_sentence(found), noise_sentence(found))
    for sentence in (*sentences, level_sentence(found), found.unattributed):
        if sentence:
            yield ""
            yield markdown(shown(sentence, 600))
    yield ""
    yield "| rule | | level | hits | what differs |"
    yield "|---|---|---|--:|---|"
    yield from map(_rule, rules_by_effect(found.rules)[:RULES_MAX])
    yield from rest(len(found.rules), RULES_MAX, venue)
    if not found.incidents:
        return
    yield ""
    yield "| incident | caught | first signal | signals | decision |"
    yield "|---|---|---|---|---|"
    incidents = by_gravity(found.incidents)[:INCIDENTS_MAX]
    yield from map(_incident, incidents)
    yield from rest(found.changed_count, len(incidents), venue)
    if venue.is_gate:
        yield from _signals([each for each in incidents if is_grave(each)])


def _rule(change: RuleChange) -> str:
    version = newest(change)
    cells = (
        f"{code_span(shown(version.title, 200))} {code_span(shown(rule_place(change), 200))}",
        change.edit.value,
        markdown(shown(rule_level(change), 60)),
        hits_words(change),
        markdown(shown(effect_words(change), 400)),
    )
    return f"| {' | '.join(cells)} |"


def _incident(incident: IncidentSignals) -> str:
    caught = catch_words(incident)
    cells = (
        code_span(shown(incident.incident_id, 100)),
        f"**{caught}**" if is_attack(incident) and is_turned(incident) else caught,
        markdown(shown(time_words(incident), 400)),
        count_words(incident),
        outcome_words(incident),
    )
    return f"| {' | '.join(cells)} |"


def _signals(incidents: list[IncidentSignals]) -> Iterator[str]:
    """Each signal with its records, of the incidents whose catch or decision changes."""
    lines = [
        f"- {code_span(shown(each.incident_id, 100))} {_SIGNS[sign]}: {code_span(shown(line, 300))}"
        for each in incidents
        for sign, line in signal_lines(each)
    ]
    if not lines:
        return
    yield ""
    yield f"<details><summary>{counted(len(lines), 'signal')} behind these</summary>"
    yield ""
    yield from lines[:SIGNALS_MAX]
    yield from rest(len(lines), SIGNALS_MAX)
    yield ""
    yield "</details>"


_SIGNS = {"+": "gains", "-": "loses", "~": "has otherwise"}
