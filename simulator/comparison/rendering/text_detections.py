"""Writes what other rules do for a terminal: rules, catches, noise, then incident by incident."""

from __future__ import annotations

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from evidence.redaction import shown
from simulator.comparison.detection_model import DetectionComparison, IncidentSignals
from simulator.comparison.rendering.detection_words import (
    by_gravity,
    catch_sentence,
    catch_words,
    count_words,
    effect_words,
    gained_sentence,
    hits_words,
    is_grave,
    level_sentence,
    lost_sentence,
    more_words,
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
from simulator.comparison.rendering.text_changes import Block, hanging

RULES_MAX, SIGNALS_MAX = 20, 12


def detections_block(found: DetectionComparison, told_max: int | None) -> Block:
    """The whole section but its title."""
    yield Text(rules_sentence(found))
    yield Text(catch_sentence(found))
    for sentence in (
        lost_sentence(found),
        gained_sentence(found),
        noise_sentence(found),
        level_sentence(found),
    ):
        if sentence:
            yield Text(shown(sentence, 600))
    if found.unattributed:
        yield Text(found.unattributed)
    yield Text()
    yield _rules(found)
    if len(found.rules) > RULES_MAX:
        yield Text(f"and {len(found.rules) - RULES_MAX} more rules, in the HTML page and in the JSON.")
    incidents = by_gravity(found.incidents)[:told_max]
    for incident in incidents:
        yield Text()
        yield from _incident(incident)
    if len(incidents) < found.changed_count:
        yield Text()
        yield Text(more_words(found, len(incidents)))


def _rules(found: DetectionComparison) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for place in range(4):
        table.add_column(no_wrap=place < 3, justify="right" if place == 2 else "left")
    table.add_row("rule", "level", "hits", "")
    for change in rules_by_effect(found.rules)[:RULES_MAX]:
        said = f"{shown(newest(change).title, 200)} ({shown(rule_place(change), 200)})"
        if effect := effect_words(change):
            said += f": {shown(effect, 500)}"
        table.add_row(change.edit.value, shown(rule_level(change), 60), hits_words(change), said)
    return table


def _incident(incident: IncidentSignals) -> Block:
    kind = f" ({incident.type})" if incident.type else ""
    heading = f"{shown(incident.incident_id, 100)}{kind}  {catch_words(incident)}, {outcome_words(incident)}"
    yield Text(heading)
    if times := time_words(incident):
        yield Padding(Text(f"{times}; {count_words(incident)}"), (0, 0, 0, 2))
    if is_grave(incident):
        for sign, line in list(signal_lines(incident))[:SIGNALS_MAX]:
            yield Padding(hanging(f"{sign} ", shown(line, 400)), (0, 0, 0, 2))
        total = len(incident.gained) + len(incident.lost) + len(incident.restated)
        if total > SIGNALS_MAX:
            yield Text(f"  and {total - SIGNALS_MAX} more signals, in the JSON.")
